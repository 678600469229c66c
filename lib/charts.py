"""Charts: data in, Altair out.

Every model and every order keeps its colour on all pages. The colours stand out from both the light
and the dark background, and people with any of the common colour-vision deficiencies can tell them
apart (after Okabe and Ito).
"""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import numpy as np
import pandas as pd

from lib.matching.orders import ORDERS
from lib.similarity.scores import RANDOM_PAIRS

Drawing = alt.Chart | alt.LayerChart | alt.FacetChart

HEIGHT = 320
COLOURS = ("#2E86C9", "#E0701A", "#12A37F", "#C25C9E", "#C99700", "#6C7FD8", "#8C6D4F")
DASHES = [[1, 0], [6, 4]]
GREY = "#8793A2"
TRUE_PASSAGE = "true passage"

ORDER_TITLES = {
    "middle_out": "middle out",
    "edge_first": "edge first",
    "sequential": "sequential",
    "spread": "spread",
    "random": "random order (expected)",
}


def fixed_colour(field: str, names: Sequence[str], colours: Sequence[str] = COLOURS) -> alt.Color:
    """The colours of `names`, by their order, whichever of them the data hold."""
    colours = [colours[index % len(colours)] for index in range(len(names))]
    return alt.Color(
        f"{field}:N",
        scale=alt.Scale(domain=list(names), range=colours),
        legend=alt.Legend(title=None, orient="top", labelLimit=320, columns=3, symbolOpacity=1),
    )


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


def verdict_matrix(frame: pd.DataFrame) -> Drawing:
    """Highlight labels × passage models, coloured and labelled by verdict.

    Columns `highlight_model`, `passage_model`, `verdict`, `anchors`, `recall_at_1`,
    `recall_at_10`, `caption`.
    """
    verdicts = ["aligned", "mismatched", "inconclusive"]
    base = alt.Chart(frame).encode(
        x=alt.X(
            "passage_model:N",
            title="Model of the passages",
            axis=alt.Axis(labelAngle=0, orient="top", labelLimit=220),
        ),
        y=alt.Y(
            "highlight_model:N", title="Label of the highlights", axis=alt.Axis(labelLimit=220)
        ),
    )
    cells = base.mark_rect(cornerRadius=6, stroke="white", strokeWidth=3).encode(
        color=alt.Color(
            "verdict:N",
            scale=alt.Scale(domain=verdicts, range=["#0B7A5B", "#B4470A", "#66717F"]),
            legend=alt.Legend(title=None, orient="bottom"),
        ),
        tooltip=[
            alt.Tooltip("highlight_model:N", title="Highlights"),
            alt.Tooltip("passage_model:N", title="Passages"),
            alt.Tooltip("verdict:N", title="Verdict"),
            alt.Tooltip("anchors:Q", title="Anchors"),
            alt.Tooltip("recall_at_1:Q", title="Recall@1", format=".1%"),
            alt.Tooltip("recall_at_10:Q", title="Recall@10", format=".1%"),
        ],
    )
    # White on any of the three colours has a contrast of 4.5 and more.
    words = base.mark_text(color="white", fontWeight="bold", fontSize=14, dy=-9).encode(
        text="verdict:N"
    )
    captions = base.mark_text(color="white", fontSize=12, dy=10).encode(text="caption:N")
    return alt.layer(cells, words, captions).properties(
        height=90 * frame["highlight_model"].nunique() + 80
    )


def anchor_scores(frame: pd.DataFrame) -> Drawing:
    """Anchors under one passage model: scores with the true passage and with random ones.

    Columns as of `lib.similarity.scores.histogram`.
    """
    base = alt.Chart(frame).encode(
        x=alt.X("middle:Q", title="Cosine similarity (−1 to 1)"),
        y=alt.Y("density:Q", title="Density (each area is 1)", stack=None),
        color=fixed_colour("series", [TRUE_PASSAGE, RANDOM_PAIRS], [COLOURS[2], GREY]),
        tooltip=[
            alt.Tooltip("series:N", title="Scores with"),
            alt.Tooltip("middle:Q", title="Score", format=".3f"),
            alt.Tooltip("share:Q", title="Share of them", format=".2%"),
        ],
    )
    area = base.mark_area(opacity=0.25, interpolate="monotone")
    line = base.mark_line(strokeWidth=2, interpolate="monotone")
    return alt.layer(area, line).properties(height=260)


def rate_by_budget(frame: pd.DataFrame, baseline: pd.DataFrame, ceiling: float) -> Drawing:
    """Match rate of each order against budget, with Wilson bands and the random-order baseline.

    `frame` as of `lib.matching.rates.by_budget`, `baseline` as of `random_order`; `ceiling` is the
    rate without a budget, the same for every order.
    """
    frame = frame.assign(name=frame["order"].map(ORDER_TITLES))
    domain = [ORDER_TITLES[order] for order in ORDERS] + [ORDER_TITLES["random"]]
    expected = baseline.assign(name=ORDER_TITLES["random"])
    x = alt.X(
        "budget:Q",
        title="Budget (windows that may be tried)",
        scale=alt.Scale(type="log", base=2),
        axis=alt.Axis(values=sorted(frame["budget"].unique().tolist()), format="d"),
    )
    colour = fixed_colour("name", domain, [*COLOURS[: len(ORDERS)], GREY])
    rate = alt.Y("rate:Q", title="Highlights matched", axis=alt.Axis(format="%"))
    tooltip = [
        alt.Tooltip("name:N", title="Order"),
        alt.Tooltip("budget:Q", title="Budget"),
        alt.Tooltip("matched:Q", title="Matched", format=","),
        alt.Tooltip("rate:Q", title="Rate", format=".1%"),
        alt.Tooltip("low:Q", title="95% from", format=".1%"),
        alt.Tooltip("high:Q", title="to", format=".1%"),
    ]
    band = (
        alt.Chart(frame)
        .mark_area(opacity=0.15)
        .encode(x=x, y=alt.Y("low:Q", title="Highlights matched"), y2="high:Q", color=colour)
    )
    lines = (
        alt.Chart(frame)
        .mark_line(point=True, strokeWidth=2)
        .encode(x=x, y=rate, color=colour, tooltip=tooltip)
    )
    dashed = (
        alt.Chart(expected)
        .mark_line(strokeDash=[5, 4], strokeWidth=2)
        .encode(x=x, y=rate, color=colour, tooltip=[tooltip[0], tooltip[1], tooltip[3]])
    )
    limit = (
        alt.Chart(pd.DataFrame({"rate": [ceiling], "what": ["no budget: every order"]}))
        .mark_rule(strokeDash=[2, 3], opacity=0.7)
        .encode(y="rate:Q", tooltip=[alt.Tooltip("what:N"), alt.Tooltip("rate:Q", format=".1%")])
    )
    return alt.layer(band, lines, dashed, limit).properties(height=HEIGHT + 40)


def rate_by_position(frame: pd.DataFrame) -> Drawing:
    """Hit rate of windows by where in the highlight they stand, with Wilson intervals.

    `frame` as of `lib.matching.rates.by_position`.
    """
    base = alt.Chart(frame).encode(
        x=alt.X(
            "position:Q",
            title="Position of the window in its highlight (first to last)",
            scale=alt.Scale(domain=[0, 1]),
            axis=alt.Axis(format="%", values=list(np.linspace(0, 1, 11))),
        )
    )
    tooltip = [
        alt.Tooltip("position:Q", title="Around", format=".0%"),
        alt.Tooltip("windows:Q", title="Windows", format=","),
        alt.Tooltip("hits:Q", title="Hits", format=","),
        alt.Tooltip("rate:Q", title="Hit rate", format=".1%"),
        alt.Tooltip("low:Q", title="95% from", format=".1%"),
        alt.Tooltip("high:Q", title="to", format=".1%"),
    ]
    bars = base.mark_rule(strokeWidth=2, opacity=0.6, color=COLOURS[0]).encode(
        y=alt.Y("low:Q", title="Windows that hit", axis=alt.Axis(format="%")), y2="high:Q"
    )
    point = alt.OverlayMarkDef(size=60, filled=True, color=COLOURS[0])
    line = base.mark_line(point=point, strokeWidth=2, color=COLOURS[0]).encode(
        y=alt.Y("rate:Q", scale=alt.Scale(zero=True)), tooltip=tooltip
    )
    return alt.layer(bars, line).properties(height=HEIGHT + 40)


def distances(frame: pd.DataFrame, threshold: float) -> Drawing:
    """How far the fallback's places are: a histogram of `distance`, with the accepted part marked.

    `frame` as of `lib.matching.fallback.align`.
    """
    verdicts = ["accepted", "rejected"]
    data = frame.dropna(subset="distance")[["distance"]].assign(
        verdict=lambda rows: np.where(rows["distance"] <= threshold, *verdicts)
    )
    bars = (
        alt.Chart(data)
        .mark_bar()
        .encode(
            x=alt.X(
                "distance:Q",
                bin=alt.Bin(step=0.05, extent=[0, 1]),
                title="Distance (0 same, 1 nothing in common)",
            ),
            y=alt.Y("count():Q", title="Highlights"),
            color=fixed_colour("verdict", verdicts, [COLOURS[2], GREY]),
            tooltip=[
                alt.Tooltip("verdict:N", title="Place"),
                alt.Tooltip("count():Q", title="Highlights"),
            ],
        )
    )
    return alt.layer(bars).properties(height=220)
