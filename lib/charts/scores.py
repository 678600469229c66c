"""Charts of scores."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import pandas as pd

from lib.charts.colours import COLOURS, GREY, HEIGHT, Drawing, fixed_colour
from lib.similarity.scores import RANDOM_PAIRS

DASHES = [[1, 0], [6, 4]]


def distributions(
    frame: pd.DataFrame, model: str, models: Sequence[str], as_histogram: bool
) -> Drawing:
    """Score distributions over each other in the same bins, each of area 1.

    `frame` as of `lib.similarity.scores.histogram`. The nearest passages have the colour of
    `model`, whose place in `models` decides it, the random pairs are grey.
    """
    colour = COLOURS[list(models).index(model) % len(COLOURS)]
    names = list(dict.fromkeys(frame["series"]))
    nearest = [name for name in names if name != RANDOM_PAIRS]
    order = [*nearest, RANDOM_PAIRS]
    dashes = alt.StrokeDash(
        "series:N",
        scale=alt.Scale(domain=order, range=[*DASHES[: len(nearest)], [1, 0]]),
        legend=alt.Legend(title=None, orient="top", labelLimit=320),
    )
    base = alt.Chart(frame).encode(
        color=fixed_colour("series", order, [*_tones(colour, len(nearest)), GREY]),
        y=alt.Y("density:Q", title="Density (each area is 1)", stack=None),
        tooltip=[
            alt.Tooltip("series:N", title="Scores of"),
            alt.Tooltip("left:Q", title="From", format=".3f"),
            alt.Tooltip("right:Q", title="To", format=".3f"),
            alt.Tooltip("share:Q", title="Share of them", format=".2%"),
        ],
    )
    axis = "Cosine similarity (−1 to 1)"
    if as_histogram:
        bars = base.mark_bar(opacity=0.5, binSpacing=0).encode(
            x=alt.X("left:Q", title=axis, bin="binned"), x2="right:Q"
        )
        return alt.layer(bars).properties(height=HEIGHT)
    x = alt.X("middle:Q", title=axis)
    area = base.mark_area(opacity=0.22, interpolate="monotone").encode(x=x)
    line = base.mark_line(strokeWidth=2, interpolate="monotone").encode(x=x, strokeDash=dashes)
    return alt.layer(area, line).properties(height=HEIGHT)


def _tones(colour: str, count: int) -> list[str]:
    """A colour and paler ones of its hue, halfway to grey each time."""
    tones = [colour]
    while len(tones) < count:
        mixed = zip(bytes.fromhex(tones[-1][1:]), bytes.fromhex("BFC6CE"), strict=True)
        tones.append("#" + bytes((a + b) // 2 for a, b in mixed).hex())
    return tones[:count]
