"""Charts of the alignment of spaces."""

from __future__ import annotations

import altair as alt
import pandas as pd

from lib.charts.colours import COLOURS, GREY, Drawing, fixed_colour
from lib.charts.naming import named
from lib.names import distinct
from lib.similarity.scores import RANDOM_PAIRS

TRUE_PASSAGE = "true passage"


# A long name after its first hyphen on a second line: narrow windows have no room for more.
TWO_LINES = r"split(replace(datum.label, /^(.{5,}?-)/, '$1\n'), '\n')"
GAPS = alt.Scale(paddingInner=0.04)
VERDICTS = ["aligned", "mismatched", "inconclusive"]
VERDICT_COLOURS = ["#0B7A5B", "#B4470A", "#66717F"]


def verdict_matrix(frame: pd.DataFrame) -> Drawing:
    """Highlight labels × passage models, coloured and labelled by verdict.

    Columns as of `lib.similarity.verdicts.as_table`.
    """
    frame = named(frame, "highlight_model", "passage_model")
    base = alt.Chart(frame).encode(
        x=alt.X(
            "passage_model:N",
            title="Model of the passages",
            scale=GAPS,
            axis=alt.Axis(labelAngle=0, orient="top", labelLimit=220, labelExpr=TWO_LINES),
        ),
        y=alt.Y(
            "highlight_model:N",
            title="Label of the highlights",
            scale=GAPS,
            axis=alt.Axis(labelLimit=220, labelExpr=TWO_LINES),
        ),
    )
    cells = base.mark_rect(cornerRadius=6).encode(
        # Every cell says its verdict in words.
        color=_by_verdict().legend(None),
        tooltip=[
            alt.Tooltip("highlight_model:N", title="Highlights"),
            alt.Tooltip("passage_model:N", title="Passages"),
            alt.Tooltip("verdict:N", title="Verdict"),
            alt.Tooltip("anchors:Q", title="Anchors"),
            alt.Tooltip("recall_at_1:Q", title="Recall@1", format=".1%"),
            alt.Tooltip("recall_at_10:Q", title="Recall@10", format=".1%"),
            alt.Tooltip("excess:Q", title="ρ*", format=".2f"),
        ],
    )
    # White on any of the three colours has a contrast of 4.5 and more.
    words = base.mark_text(color="white", fontWeight="bold", fontSize=13, dy=-18).encode(
        text="verdict:N"
    )
    captions = base.mark_text(
        color="white", fontSize=11, dy=-4, lineBreak="\n", baseline="top"
    ).encode(text="caption:N")
    return alt.layer(cells, words, captions).properties(
        height=70 * frame["highlight_model"].nunique() + 60
    )


def _by_verdict() -> alt.Color:
    return alt.Color(
        "verdict:N",
        scale=alt.Scale(domain=VERDICTS, range=VERDICT_COLOURS),
        legend=alt.Legend(title=None, orient="top", columns=2),
    )


def spread_within_models(nulls: pd.DataFrame, observed: pd.DataFrame) -> Drawing:
    """What ρ* comes to within each model, and where each pair of labels lies.

    `nulls` has columns `passage_model` and `excess`, one row a split by book; `observed` as of
    `lib.similarity.verdicts.as_table`.
    """
    labels = [*observed["highlight_model"], *observed["passage_model"], *nulls["passage_model"]]
    names = distinct(labels)
    nulls = named(nulls, "passage_model", names=names)
    observed = named(observed, "highlight_model", "passage_model", names=names)
    y = alt.Y("passage_model:N", title="Model of the passages", axis=alt.Axis(labelLimit=220))
    x = alt.X(
        "excess:Q", title="ρ* (0: unrelated spaces, 1: one space)", scale=alt.Scale(nice=True)
    )
    ticks = (
        alt.Chart(nulls)
        .mark_tick(color=GREY, opacity=0.45, thickness=1.5, size=30)
        .encode(x=x, y=y, tooltip=[alt.Tooltip("excess:Q", title="ρ* of a split", format=".2f")])
    )
    points = (
        alt.Chart(observed.dropna(subset=["excess"]))
        .mark_point(filled=True, size=130, opacity=1, stroke="white", strokeWidth=1)
        .encode(
            x=x,
            y=y,
            color=_by_verdict(),
            shape=alt.Shape(
                "highlight_model:N",
                legend=alt.Legend(title="Highlights labelled", orient="top", labelLimit=220),
            ),
            tooltip=[
                alt.Tooltip("highlight_model:N", title="Highlights"),
                alt.Tooltip("passage_model:N", title="Passages"),
                alt.Tooltip("excess:Q", title="ρ*", format=".2f"),
                alt.Tooltip("null_below:Q", title="Splits below it", format=".0%"),
            ],
        )
    )
    return alt.layer(ticks, points).properties(height=64 * observed["passage_model"].nunique() + 90)


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
