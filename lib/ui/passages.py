"""Highlights to choose from, and percentiles as people read them."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from lib.ui.tables import table


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

    table(
        choices,
        "Highlights to choose from: id, text, label and date",
        height=215,
        on_select=take,
        selection_mode="single-row",
        key=table_key,
        placeholder="",
        column_order=("id", "text", "model", "created_at"),
        column_config={
            "id": st.column_config.TextColumn("Id", width="small"),
            "text": st.column_config.TextColumn("Highlight", width="large"),
            "model": "Label",
            "created_at": st.column_config.DatetimeColumn("Date", format="YYYY-MM-DD"),
        },
    )
