"""Charts of what both databases hold."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import pandas as pd

from lib.charts.colours import Drawing, fixed_colour


def coverage(frame: pd.DataFrame) -> Drawing:
    """Books × models: the share of a book's passages that a model covers.

    Columns `title`, `model`, `share`, `embedded`, `passages`; books in the order of the frame.
    """
    titles = list(dict.fromkeys(frame["title"]))
    cells = (
        alt.Chart(frame)
        .mark_rect(stroke="white", strokeWidth=0.4)
        .encode(
            x=alt.X("title:N", sort=titles, title="Book", axis=alt.Axis(labelAngle=-60)),
            y=alt.Y("model:N", title="Embedding model", axis=alt.Axis(labelLimit=220)),
            color=alt.Color(
                "share:Q",
                scale=alt.Scale(domain=[0, 1]),
                legend=alt.Legend(title="Passages with a vector", format=".0%", orient="top"),
            ),
            tooltip=[
                alt.Tooltip("title:N", title="Book"),
                alt.Tooltip("model:N", title="Model"),
                alt.Tooltip("embedded:Q", title="Passages with a vector", format=","),
                alt.Tooltip("passages:Q", title="Passages", format=","),
                alt.Tooltip("share:Q", title="Share", format=".1%"),
            ],
        )
    )
    return alt.layer(cells).properties(height=230 + 40 * frame["model"].nunique())


def counts_by_model(frame: pd.DataFrame, column: str, models: Sequence[str]) -> Drawing:
    """Bars of how many rows carry each label.

    Columns `model` and `column` ("highlights" or "embeddings"); `models` in colour order.
    """
    chart = alt.Chart(frame)
    bars = chart.mark_bar(cornerRadiusEnd=4, height={"band": 0.7}).encode(
        y=alt.Y("model:N", title=None, sort=list(models), axis=alt.Axis(labelLimit=220)),
        x=alt.X(f"{column}:Q", title=f"{column.capitalize()}, count", axis=alt.Axis(tickCount=5)),
        color=fixed_colour("model", models).legend(None),
        tooltip=[
            alt.Tooltip("model:N", title="Label"),
            alt.Tooltip(f"{column}:Q", title=column.capitalize(), format=","),
        ],
    )
    return alt.layer(bars).properties(height=90 + 36 * len(frame))
