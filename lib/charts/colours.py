"""Colours and sizes that all charts share.

Every model and every order keeps its colour on all pages. The colours stand out from both the light
and the dark background, and people with any of the common colour-vision deficiencies can tell them
apart (after Okabe and Ito).
"""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

Drawing = alt.Chart | alt.LayerChart | alt.FacetChart

HEIGHT = 320
COLOURS = ("#2E86C9", "#E0701A", "#12A37F", "#C25C9E", "#C99700", "#6C7FD8", "#8C6D4F")
GREY = "#8793A2"


def fixed_colour(field: str, names: Sequence[str], colours: Sequence[str] = COLOURS) -> alt.Color:
    """The colours of `names`, by their order, whichever of them the data hold."""
    colours = [colours[index % len(colours)] for index in range(len(names))]
    return alt.Color(
        f"{field}:N",
        scale=alt.Scale(domain=list(names), range=colours),
        legend=alt.Legend(title=None, orient="top", labelLimit=320, columns=2, symbolOpacity=1),
    )
