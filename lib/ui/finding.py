"""Where the misses are: rates by group, the highlights behind them, and each of them explained."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from lib import charts
from lib.matching import breakdown, first_hits
from lib.matching.breakdown import BYS, SORTINGS
from lib.matching.explanation import explain
from lib.matching.fallback import Fallen, default_threshold
from lib.matching.orders import ORDERS
from lib.ui.asking import Counted, ask, derive
from lib.ui.cards import card, choosing_chart, nothing
from lib.ui.drawings import finished
from lib.ui.explanations import show_explanation
from lib.ui.login import fragment
from lib.ui.matched import Matched
from lib.ui.tables import offered
from lib.ui.tables import table as show_table

Key = tuple[Any, ...]

GROUPS_SHOWN = 40
COLUMNS = ("id", "state", "attempts", "landing", "distance", "title", "text", "content")


@fragment
def browse_highlights(
    matched: Matched, fallen: Fallen | None, threshold: float, budget: int
) -> None:
    """Breakdown, table and explanation; a click in one narrows or opens the next."""
    with card(
        "Where the misses are",
        "Match rates of groups of highlights; lines are 95% intervals, wide where there are few. "
        "Orange and green groups differ from all others by more than chance. Click a row to see "
        "its highlights below.",
    ):
        controls = st.container(horizontal=True, vertical_alignment="bottom")
        with controls:
            table, key = _table(matched, fallen, threshold, budget)
        table, chosen = _break_down(controls, table, key)
    with card(
        "Every highlight explained",
        "Choose a row to see what was heard beside what is written, and why it is found or not.",
    ):
        by_alignment = fallen is not None and fallen.method == "alignment"
        limit = threshold if by_alignment else default_threshold("alignment")
        _browse(matched, table, chosen, limit)


def _table(
    matched: Matched, fallen: Fallen | None, threshold: float, budget: int
) -> tuple[pd.DataFrame, Key]:
    """Every highlight with its state, under the controls that decide it, and what names it."""
    order = st.selectbox("Order", ORDERS, key="order", bind="query-params", width=160)
    within = st.toggle(f"Within the budget of {budget}", key="within", bind="query-params")
    method = (fallen.method, fallen.operator, threshold) if fallen else None
    limit = budget if within else None
    key = (*matched.key, order, limit, method)
    hits = derive(
        first_hits.first_hits,
        key,
        matched.scan,
        matched.study,
        order,
        limit,
        fallen,
        threshold,
    )
    return ask(first_hits.read_first_passages, hits, matched.titles, key=key), key


def _break_down(
    controls: DeltaGenerator, table: pd.DataFrame, key: Key
) -> tuple[pd.DataFrame, list[str]]:
    """The chart of one breakdown; returns the table with `group`, and the groups chosen."""
    with controls:
        by = st.segmented_control(
            "By", BYS, default="book", required=True, key="by", bind="query-params"
        )
        sorting = st.segmented_control(
            "Sort by", SORTINGS, default="rate", required=True, key="sort", bind="query-params"
        )
    eligible = table["state"] != "too short"
    found = table["state"].isin(first_hits.FOUND)
    groups = breakdown.group_names(table, by)
    rates = derive(breakdown.break_down, (*key, by), groups, eligible, found)
    shown = breakdown.sort_groups(rates, sorting, GROUPS_SHOWN)
    known = rates["group"].tolist()
    # A group of another breakdown, from a click or an address, is not one of this one.
    kept = [group for group in st.session_state.get("only", []) if group in known]
    if kept != st.session_state.get("only", []):
        st.session_state["only"] = kept
    chosen = st.multiselect(
        "Only",
        offered(known, "only"),
        key="only",
        bind="query-params",
        placeholder="All groups: choose here or click a row",
    )
    overall = float(found.sum() / max(int(eligible.sum()), 1))
    with st.container(height=460 if len(shown) > 16 else "content", border=False):
        choosing_chart(
            finished(charts.breakdown, shown, overall, chosen),
            rates,
            f"Points of the match rate by {by}, with intervals; a click chooses one.",
            "breakdown",
            "group",
            "only",
        )
    if len(shown) < len(rates):
        st.caption(f"{len(shown):,} of {len(rates):,} groups; the download has all.")
    return table.assign(group=groups), chosen


def _browse(matched: Matched, table: pd.DataFrame, chosen: list[str], threshold: float) -> None:
    """The table, and the explanation of the row that is chosen."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        state = st.segmented_control(
            "Show", first_hits.STATES, key="state", bind="query-params", help="None chosen: all."
        )
        words = st.text_input(
            "Holding",
            placeholder="words of the highlight",
            key="holding",
            bind="query-params",
        )
    shown = first_hits.select(table, state, words or "", chosen)
    if shown.empty:
        nothing("No highlight is like that.", "Choose another state, group or other words.")
    else:
        st.caption(f"{len(shown):,} of {len(table):,} highlights.")
        _list(shown)
    asked = st.text_input(
        "Explain the highlight of id",
        key="highlight",
        bind="query-params",
        placeholder="or choose a row above",
        width=320,
    ).strip()
    if not asked:
        return
    mine = table.index[table["id"].astype(str) == asked]
    if not len(mine):
        nothing("No highlight has that id.", "Choose a row of the table.")
        return
    row = int(table["row"].iat[mine[0]])
    order = st.session_state["order"]
    explanation = ask(
        explain,
        matched.scan,
        matched.study,
        row,
        order,
        matched.scope,
        threshold,
        key=(*matched.key, row, order, threshold),
        counted=Counted("on_passages", "Passages compared", matched.passages),
    )
    show_explanation(asked, explanation, matched.title_of)


def _list(shown: pd.DataFrame) -> None:
    """The highlights as a table; a chosen row is the one that is explained."""

    def take() -> None:
        rows = st.session_state["highlights"].selection.rows
        if rows and rows[0] < len(shown):
            st.session_state["highlight"] = str(shown["id"].iat[rows[0]])

    show_table(
        shown,
        "Highlights with state, attempts, landing, book and the passage they are found in",
        "highlights",
        hidden=["row"],
        height=330,
        on_select=take,
        selection_mode="single-row",
        key="highlights",
        placeholder="",
        column_order=COLUMNS,
        column_config={
            "id": st.column_config.TextColumn("Id", width="small"),
            "state": "State",
            "attempts": st.column_config.NumberColumn("Attempts", width="small"),
            "landing": st.column_config.TextColumn("First hit"),
            "distance": st.column_config.NumberColumn("Distance", format="%.2f", width="small"),
            "title": "Book",
            "text": st.column_config.TextColumn("Highlight", width="large"),
            "content": st.column_config.TextColumn("Passage", width="large"),
        },
    )
