"""What was judged on the Alignment page, and by how much of it."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from lib.similarity.audit import Audit
from lib.ui.asking import limits
from lib.ui.cards import escape


def rows_to_judge(models: Mapping[str, int]) -> int:
    """How many vectors of passages are read to judge these models, at most."""
    return sum(min(total, limits().alignment_rows) for total in models.values())


def show_figures(table: pd.DataFrame) -> None:
    """The figures behind the verdicts; `table` as of `lib.similarity.verdicts.as_table`."""
    with st.expander("Figures", icon=":material/table:"):
        st.dataframe(
            table.drop(columns=["caption", "note"]),
            hide_index=True,
            placeholder="–",
            alt="Verdict, anchors, recall with intervals and covariance alignment of each pair",
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
        f"{row.rows:,} of {row.total:,} {row.relation} labelled {escape(row.label)}"
        for row in found.read.itertuples()
        if row.rows < row.total
    ]
    if parts:
        said.append(f"Judged by a sample: {'; '.join(parts)}.")
    else:
        said.append("Every vector was read and judged.")
    said.append(
        "A change of query prefix or a quantised copy is not a different model and stays aligned."
    )
    st.caption(" ".join(said))
