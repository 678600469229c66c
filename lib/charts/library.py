"""Charts of what both databases hold."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import pandas as pd

from lib.charts.colours import COLOURS, GREY, Drawing, fixed_colour
from lib.charts.naming import named
from lib.names import distinct, readable


def coverage(frame: pd.DataFrame) -> Drawing:
    """Books × models: the share of a book's passages that a model covers.

    Columns `book` (its id), `title`, `model`, `share`, `embedded`, `passages`; books in the order
    of the frame, those of one title told apart by their ids.
    """
    title_of = dict(zip(frame["book"], frame["title"], strict=True))
    repeated = pd.Series(title_of.values()).value_counts()
    shown = {
        book: title if repeated[title] == 1 else f"{title} ({readable(str(book))})"
        for book, title in title_of.items()
    }
    frame = named(frame.assign(title=frame["book"].map(shown)), "title").assign(
        model=named(frame, "model")["model"]
    )
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

    Columns `model` and `column` ("highlights" or "embeddings"); `models` in colour order. A label
    that is not one of them, such as that of all others, is grey.
    """
    here = set(frame["model"])
    colour_of = {model: COLOURS[n % len(COLOURS)] for n, model in enumerate(models)}
    order = [model for model in models if model in here]
    order += [model for model in frame["model"] if model not in colour_of]
    shown = distinct(order)
    colours = [colour_of.get(model, GREY) for model in order]
    chart = alt.Chart(named(frame, "model", names=shown))
    bars = chart.mark_bar(cornerRadiusEnd=4, height={"band": 0.7}).encode(
        y=alt.Y("model:N", title=None, sort=list(shown.values()), axis=alt.Axis(labelLimit=220)),
        x=alt.X(f"{column}:Q", title=f"{column.capitalize()}, count", axis=alt.Axis(tickCount=5)),
        color=fixed_colour("model", list(shown.values()), colours).legend(None),
        tooltip=[
            alt.Tooltip("model:N", title="Label"),
            alt.Tooltip(f"{column}:Q", title=column.capitalize(), format=","),
        ],
    )
    return alt.layer(bars).properties(height=90 + 36 * len(frame))
