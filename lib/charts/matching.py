"""Charts of match rates."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from lib.charts.colours import COLOURS, GREY, HEIGHT, Drawing, fixed_colour
from lib.matching.orders import ORDERS, Order

ORDER_TITLES = {
    "middle_out": "middle out",
    "edge_first": "edge first",
    "sequential": "sequential",
    "spread": "spread",
    "random": "random order (expected)",
}


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
        .mark_rule(strokeDash=[2, 3], strokeWidth=1.5, color=GREY)
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


def difference_by_budget(frame: pd.DataFrame, a: Order, b: Order, claimed: float | None) -> Drawing:
    """By how many points order `a` is ahead of `b` at each budget, with both intervals.

    `frame`: the rows of `lib.matching.comparisons.compare` of this pair. The band is the interval
    by highlights, the thin bars that by books. `claimed` draws a line at a claimed difference.
    """
    colour = COLOURS[ORDERS.index(a)]
    data = frame.assign(name=f"{ORDER_TITLES[a]} ahead of {ORDER_TITLES[b]}")
    title = f"{ORDER_TITLES[a].capitalize()} − {ORDER_TITLES[b]}"
    x = alt.X(
        "budget:Q",
        title="Budget (windows that may be tried)",
        scale=alt.Scale(type="log", base=2),
        axis=alt.Axis(values=sorted(data["budget"].unique().tolist()), format="d"),
    )
    axis = alt.Axis(format="+.0%")
    base = alt.Chart(data).encode(x=x)
    band = base.mark_area(opacity=0.2, color=colour).encode(
        y=alt.Y("low:Q", title=title, axis=axis), y2="high:Q"
    )
    bars = base.mark_rule(strokeWidth=2, opacity=0.55, color=colour).encode(
        y="book_low:Q", y2="book_high:Q"
    )
    line = base.mark_line(point=True, strokeWidth=2, color=colour).encode(
        y="difference:Q",
        tooltip=[
            alt.Tooltip("budget:Q", title="Budget"),
            alt.Tooltip("difference:Q", title="Difference", format="+.1%"),
            alt.Tooltip("low:Q", title="95% from", format="+.1%"),
            alt.Tooltip("high:Q", title="to", format="+.1%"),
            alt.Tooltip("book_low:Q", title="by books from", format="+.1%"),
            alt.Tooltip("book_high:Q", title="to", format="+.1%"),
            alt.Tooltip("p_holm:Q", title="p, corrected", format=".2g"),
        ],
    )
    lines = pd.DataFrame({"difference": [0.0], "what": ["no difference"]})
    if claimed is not None:
        lines.loc[len(lines)] = [claimed, "what the claim would be"]
    rules = (
        alt.Chart(lines)
        .mark_rule(strokeDash=[4, 4], color=GREY, strokeWidth=1.5)
        .encode(y="difference:Q", tooltip=alt.Tooltip("what:N", title="Line"))
    )
    names = (
        alt.Chart(lines)
        .mark_text(align="right", dy=-7, color=GREY, fontSize=11)
        .encode(x=alt.value("width"), y="difference:Q", text="what:N")
    )
    return alt.layer(band, bars, line, rules, names).properties(height=HEIGHT - 40)
