"""Passages and highlights as people read them, with the words that matter marked."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from lib import markup
from lib.ui.cards import escape

# E up to which a first result is rarely chance: in one search of ten, if nothing is to be found.
RARE = 0.1


def show_passage(number: int, row: Any, words: list[str]) -> None:
    """One search result: where it stands, what its score is worth, and its words."""
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            chapter = f", chapter {row.chapter}" if isinstance(row.chapter, str) else ""
            title = row.title if isinstance(row.title, str) else "unknown book"
            st.markdown(f"**{number}. {escape(title + chapter)}**", width="content")
            st.badge(f"score {row.score:.3f}", color="gray")
            # Missing where there is no background, and for words, whose score is no cosine.
            if hasattr(row, "percentile") and row.percentile == row.percentile:
                st.badge(
                    f"percentile {percentile(row.percentile)}",
                    color="blue",
                    help="Share of random pairs that score lower.",
                )
                st.badge(
                    f"by chance: {row.chance}",
                    color="green"
                    if row.expected <= RARE
                    else "orange"
                    if row.expected >= 1
                    else "gray",
                    help="Unrelated passages of this library expected to score as high, or in how "
                    f"many searches there is one (E = {row.expected:,.2g}"
                    f"{' at most' if row.at_floor else ''}).",
                )
        st.markdown(markup.mark(row.content or "", words))


def percentile(value: float) -> str:
    """A percentile, never rounded up to 100 while a random pair scores as high."""
    return "100" if value == 100 else f"{min(value, 99.999):.3f}"


def choose_highlight(choices: pd.DataFrame, key: str) -> None:
    """A table of highlights; a chosen row puts its id into the widget of this key."""
    table_key = f"{key}-table"

    def take() -> None:
        rows = st.session_state[table_key].selection.rows
        if rows and rows[0] < len(choices):
            st.session_state[key] = str(choices["id"].iloc[rows[0]])

    st.dataframe(
        choices,
        hide_index=True,
        height=215,
        on_select=take,
        selection_mode="single-row",
        key=table_key,
        placeholder="",
        alt="Highlights to choose from: id, text, label and date",
        column_order=("id", "text", "model", "created_at"),
        column_config={
            "id": st.column_config.TextColumn("Id", width="small"),
            "text": st.column_config.TextColumn("Highlight", width="large"),
            "model": "Label",
            "created_at": st.column_config.DatetimeColumn("Date", format="YYYY-MM-DD"),
        },
    )
