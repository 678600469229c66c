"""What was judged on the Alignment page, and by how much of it."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from lib import charts
from lib.markup import name
from lib.similarity import verdicts
from lib.similarity.audit import Audit
from lib.similarity.choosing import choose_pairs, paired
from lib.ui.asking import limits
from lib.ui.cards import chart, escape
from lib.ui.drawings import finished
from lib.ui.tables import listed
from lib.ui.tables import table as show_table

MOST_NOTES = 6
MOST_SAMPLES = 6
# Rows and columns of the matrix that can be read.
MOST_DRAWN = 8


def rows_to_judge(labels: Mapping[str, int], models: Mapping[str, int]) -> int:
    """How many vectors of passages are read to judge these labels and models, at most."""
    pairs = choose_pairs(labels, models, limits().alignment_pairs)
    _, judged = paired(pairs, labels, models)
    return sum(min(total, limits().alignment_rows) for total in judged.values())


def show_verdicts(table: pd.DataFrame) -> None:
    """The matrix of verdicts and the reasons; `table` as of `lib.similarity.verdicts.as_table`."""
    drawn = verdicts.to_draw(table, MOST_DRAWN)
    chart(
        finished(charts.verdict_matrix, drawn),
        table,
        "Matrix of highlight labels by passage models: " + verdicts.in_words(drawn),
        "verdicts",
    )
    if len(drawn) < len(table):
        st.caption(
            f"Drawn are {len(drawn):,} of {len(table):,} pairs, mismatched labels first; the "
            "figures below have all."
        )
    with st.expander("Why", expanded=len(table) <= MOST_NOTES, icon=":material/gavel:"):
        for row in drawn.itertuples():
            pair = f"{name(row.highlight_model)} with {name(row.passage_model)}"
            st.markdown(f"**{pair}: {row.verdict}.** {escape(row.note)}")


def show_figures(table: pd.DataFrame) -> None:
    """The figures behind the verdicts; `table` as of `lib.similarity.verdicts.as_table`."""
    with st.expander("Figures", icon=":material/table:"):
        show_table(
            # The notes stand above, but not where only some of them are.
            table.drop(columns="caption" if len(table) > MOST_NOTES else ["caption", "note"]),
            "Verdict, anchors, recall with intervals and covariance alignment of each pair",
            placeholder="–",
            column_config={
                "highlight_model": "Highlights",
                "passage_model": "Passages",
                "verdict": "Verdict",
                "anchors": st.column_config.NumberColumn("Anchors", format="localized"),
                "recall_at_1": st.column_config.NumberColumn("Recall@1", format="percent"),
                "recall_at_10": st.column_config.NumberColumn("Recall@10", format="percent"),
                "low": st.column_config.NumberColumn("95% from", format="percent"),
                "high": st.column_config.NumberColumn("to", format="percent"),
                "chance": st.column_config.NumberColumn(
                    "Chance", format="percent", help="Recall@10 of vectors that mean nothing."
                ),
                "shuffled": st.column_config.NumberColumn(
                    "Shuffled",
                    format="percent",
                    help="How often the passage of another anchor is among the first ten.",
                ),
                "standing": st.column_config.NumberColumn(
                    "Standing",
                    format="%.1f",
                    help="Median score of the true passages, in standard deviations above all "
                    "passages: about 0 between two models.",
                ),
                "rho": st.column_config.NumberColumn(
                    "ρ", format="%.2f", help="Covariance alignment: near 1 within one model."
                ),
                "excess": st.column_config.NumberColumn(
                    "ρ*", format="%.2f", help="The same less what two spaces share by chance."
                ),
                "null_low": st.column_config.NumberColumn("ρ* within, from", format="%.2f"),
                "null_high": st.column_config.NumberColumn("to", format="%.2f"),
                "null_below": st.column_config.NumberColumn(
                    "Splits below", format="percent", help="Splits by book with a lower ρ*."
                ),
                "note": st.column_config.TextColumn("Why", width="large"),
            },
        )


def show_what_was_read(found: Audit) -> None:
    """How many anchors there are and where they were looked for; what was judged by a sample."""
    most, anchors = limits().anchors, found.alignment.anchors
    searched = f"{anchors.passages:,} passages"
    if anchors.passages < anchors.passages_total:
        searched = f"{searched} (whole books, drawn from {anchors.passages_total:,} passages)"
    said = [
        f"{len(anchors.rows):,} anchors among {anchors.highlights:,} highlights, looked for in "
        f"{searched}; at most {most:,} of a label are used.",
    ]
    parts = [
        f"{row.rows:,} of {row.total:,} {row.relation} labelled {name(row.label)}"
        for row in found.read.itertuples()
        if row.rows < row.total
    ]
    if found.truncated:
        said.append(
            f"Of {found.pairs_in_all:,} pairs of a label and a model {len(found.alignment.pairs):,}"
            " were judged: those of one label first, then labels that no passage carries. "
            "limits.alignment_pairs sets how many."
        )
    if parts:
        said.append(f"Judged by a sample: {listed(parts, MOST_SAMPLES, '; ')}.")
    else:
        said.append("Every vector was read and judged.")
    said.append(
        "A change of query prefix or a quantised copy is not a different model and stays aligned."
    )
    st.caption(" ".join(said))
