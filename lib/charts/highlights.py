"""Charts of single highlights and groups of them: breakdowns, windows, the fallback."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import numpy as np
import pandas as pd

from lib.charts.colours import COLOURS, GREY, Drawing, fixed_colour


def distances(frame: pd.DataFrame) -> Drawing:
    """How far the fallback's places are: a histogram, coloured by whether they are accepted.

    Columns `distance` and `accepted`.
    """
    verdicts = ["accepted", "rejected"]
    data = frame.dropna(subset="distance")[["distance", "accepted"]].assign(
        verdict=lambda rows: np.where(rows["accepted"], *verdicts)
    )
    bars = (
        alt.Chart(data[["distance", "verdict"]])
        .mark_bar()
        .encode(
            x=alt.X(
                "distance:Q",
                bin=alt.Bin(step=0.025, extent=[0, 1]),
                title="Distance (0 same, 1 nothing in common)",
                axis=alt.Axis(values=list(np.linspace(0, 1, 11))),
            ),
            y=alt.Y("count():Q", title="Highlights"),
            color=fixed_colour("verdict", verdicts, [COLOURS[2], GREY]),
            tooltip=[
                alt.Tooltip("verdict:N", title="Place"),
                alt.Tooltip("count():Q", title="Highlights"),
            ],
        )
    )
    return alt.layer(bars).properties(height=240)


def breakdown(frame: pd.DataFrame, overall: float, chosen: Sequence[str]) -> Drawing:
    """Match rate of each group as a point on its interval; a click on its row chooses a group.

    `frame` as of `lib.matching.breakdown.break_down`, groups from top to bottom in its order;
    `overall` is the rate of all. Groups that are not among the `chosen`, if any are, are pale.
    """
    verdicts = ["below the rest", "as the rest", "above the rest"]
    groups = frame["group"].tolist()
    data = frame.assign(
        count=[f"{m:,} of {n:,}" for m, n in zip(frame["matched"], frame["eligible"], strict=True)],
        shown=[not len(chosen) or group in chosen for group in groups],
        all=1.0,
    )
    click = alt.selection_point(name="group", fields=["group"], on="click")
    rate_axis = alt.Axis(format="%", orient="top", values=list(np.linspace(0, 1, 11)))
    base = alt.Chart(data).encode(
        y=alt.Y("group:N", sort=groups, title=None, axis=alt.Axis(labelLimit=180)),
        opacity=alt.condition("datum.shown", alt.value(1), alt.value(0.25)),
        tooltip=[
            alt.Tooltip("group:N", title="Group"),
            alt.Tooltip("count:N", title="Matched"),
            alt.Tooltip("rate:Q", title="Rate", format=".1%"),
            alt.Tooltip("low:Q", title="95% from", format=".1%"),
            alt.Tooltip("high:Q", title="to", format=".1%"),
            alt.Tooltip("highlights:Q", title="Highlights, short ones too", format=","),
            alt.Tooltip("against:N", title="Compared"),
        ],
    )
    # The whole row answers to a click, also where the rate is 0.
    rows = (
        base.mark_bar(color=GREY, height={"band": 0.86}, cursor="pointer")
        .encode(
            x=alt.X(
                "all:Q",
                title="Highlights matched",
                scale=alt.Scale(domain=[0, 1]),
                axis=rate_axis,
            ),
            opacity=alt.condition("datum.shown", alt.value(0.13), alt.value(0.05)),
        )
        .add_params(click)
    )
    colour = fixed_colour("against", verdicts, [COLOURS[1], COLOURS[0], COLOURS[2]])
    whiskers = base.mark_rule(strokeWidth=3).encode(x="low:Q", x2="high:Q", color=colour)
    points = base.mark_circle(size=110).encode(x="rate:Q", color=colour)
    counts = base.mark_text(align="left", dx=7, color=GREY, fontSize=11).encode(
        x="high:Q", text="count:N"
    )
    line = (
        alt.Chart(pd.DataFrame({"rate": [overall], "what": ["all highlights"]}))
        .mark_rule(strokeDash=[4, 4], color=GREY)
        .encode(x="rate:Q", tooltip=[alt.Tooltip("what:N"), alt.Tooltip("rate:Q", format=".1%")])
    )
    return alt.layer(rows, line, whiskers, points, counts).properties(height=110 + 24 * len(groups))


def window_strip(frame: pd.DataFrame) -> Drawing:
    """The windows of one highlight from first to last, coloured by where they hit.

    `frame` as of `lib.matching.explanation.strip`.
    """
    states = ["hits here", "hits elsewhere", "no hit"]
    base = alt.Chart(frame).encode(
        x=alt.X(
            "window:O",
            title="Window, from the first of the highlight to the last",
            axis=alt.Axis(labelOverlap=True, labelAngle=0, ticks=False),
            scale=alt.Scale(paddingInner=0.12, paddingOuter=0),
        ),
        tooltip=[
            alt.Tooltip("window:O", title="Window"),
            alt.Tooltip("words:N", title="Words"),
            alt.Tooltip("state:N", title="It"),
            alt.Tooltip("attempt:Q", title="Tried as number"),
        ],
    )
    cells = base.mark_bar(cornerRadius=2).encode(
        y=alt.value(0),
        y2=alt.value("height"),
        color=fixed_colour("state", states, [COLOURS[2], COLOURS[1], GREY]),
    )
    return alt.layer(cells).properties(height=160)


def agreement(frame: pd.DataFrame, threshold: float, trigram_threshold: float) -> Drawing:
    """Distances of both fallbacks against each other, coloured by whether they agree.

    `frame` as of `lib.matching.fallback.agreement.agree`.
    """
    outcomes = ["same place", "different places", "only alignment", "only pg_trgm", "neither"]
    data = frame.dropna(subset=["distance_alignment", "distance_pg_trgm"])
    points = (
        alt.Chart(data[["distance_alignment", "distance_pg_trgm", "outcome"]])
        .mark_circle(size=36, opacity=0.6)
        .encode(
            x=alt.X("distance_alignment:Q", title="Distance by alignment"),
            y=alt.Y("distance_pg_trgm:Q", title="Distance by pg_trgm"),
            color=fixed_colour(
                "outcome", outcomes, [COLOURS[2], COLOURS[3], COLOURS[0], COLOURS[1], GREY]
            ),
            tooltip=[
                alt.Tooltip("outcome:N", title="Outcome"),
                alt.Tooltip("distance_alignment:Q", title="alignment", format=".2f"),
                alt.Tooltip("distance_pg_trgm:Q", title="pg_trgm", format=".2f"),
            ],
        )
    )
    rule = alt.Chart(pd.DataFrame({"x": [threshold], "y": [trigram_threshold]}))
    across = rule.mark_rule(strokeDash=[4, 4], color=GREY).encode(x="x:Q")
    along = rule.mark_rule(strokeDash=[4, 4], color=GREY).encode(y="y:Q")
    return alt.layer(points, across, along).properties(height=300)
