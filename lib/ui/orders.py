"""Orders against each other: the claim on trial, and every pair in a table."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from lib import charts
from lib.charts import ORDER_TITLES
from lib.matching.claims import books_in_words
from lib.matching.study import Study
from lib.matching.trial import CLAIMED_LOSS, Trial, Verdict
from lib.ui.cards import chart
from lib.ui.drawings import finished
from lib.ui.tables import table as show_table

BADGES: dict[Verdict, tuple[str, Literal["green", "orange", "red", "gray"], str]] = {
    "holds": ("The claim holds", "green", ":material/check_circle:"),
    "smaller": ("Less than claimed", "orange", ":material/trending_down:"),
    "larger": ("More than claimed", "orange", ":material/trending_up:"),
    "no difference": ("Not so here", "red", ":material/cancel:"),
    "reversed": ("The other way round", "red", ":material/swap_horiz:"),
    "undecided": ("Too few to tell", "gray", ":material/balance:"),
    "nothing to compare": ("Nothing to compare", "gray", ":material/balance:"),
}


def show_trial(trial: Trial, study: Study) -> None:
    """The verdict in words beside the paired difference at every budget."""
    left, right = st.columns([2, 3])
    with left:
        verdict: Verdict = trial.verdict
        title, colour, icon = BADGES[verdict]
        st.badge(title, color=colour, icon=icon)
        for sentence in trial.sentences:
            st.markdown(sentence)
        if trial.interval and trial.by_books:
            st.caption(books_in_words(*trial.interval, *trial.by_books))
    pairs = study.comparisons
    pair = pairs[(pairs["a"] == "middle_out") & (pairs["b"] == "edge_first")]
    claimed = CLAIMED_LOSS * trial.middle_rate if trial.middle_rate else None
    with right:
        chart(
            finished(charts.difference_by_budget, pair, "middle_out", "edge_first", claimed),
            pair,
            "Line of the rate of middle out minus that of edge first against the budget, with "
            "intervals, beside no difference and the claimed one.",
            "claim",
        )


def show_pairs(study: Study, budget: int) -> None:
    """Six pairs: rates at a budget, and attempts to the first hit."""
    rates = study.comparisons[study.comparisons["budget"] == budget]
    table = rates.merge(study.attempts_compared, on=["a", "b"], suffixes=("", "_attempts"))
    table = table.assign(
        pair=[
            f"{ORDER_TITLES[a]} against {ORDER_TITLES[b]}"
            for a, b in zip(table["a"], table["b"], strict=True)
        ],
        interval=[
            f"{100 * low:+.1f} to {100 * high:+.1f}"
            for low, high in zip(table["low"], table["high"], strict=True)
        ],
        by_books=[
            "–" if low != low else f"{100 * low:+.1f} to {100 * high:+.1f}"
            for low, high in zip(table["book_low"], table["book_high"], strict=True)
        ],
        points=100 * table["difference"],
        medians=[
            f"{a:g} and {b:g}" if a == a else "–"
            for a, b in zip(table["median_a"], table["median_b"], strict=True)
        ],
    )
    show_table(
        table,
        "Pairs of orders with the difference of their rates, intervals, p-values and attempts",
        "orders-compared",
        column_order=(
            "pair",
            "points",
            "interval",
            "by_books",
            "p_holm",
            "medians",
            "faster_a",
            "faster_b",
            "p_holm_attempts",
        ),
        column_config={
            "pair": "Orders",
            "points": st.column_config.NumberColumn("Difference, points", format="%+.1f"),
            "interval": "95% interval",
            "by_books": "By books",
            "p_holm": st.column_config.NumberColumn("p", format="%.3f", help="McNemar, Holm"),
            "medians": st.column_config.TextColumn(
                "Attempts, medians", help="Where both hit: median attempts of the first and second."
            ),
            "faster_a": st.column_config.NumberColumn("First sooner", format="localized"),
            "faster_b": st.column_config.NumberColumn("Second sooner", format="localized"),
            "p_holm_attempts": st.column_config.NumberColumn(
                "p of attempts", format="%.3f", help="Wilcoxon's signed ranks, Holm"
            ),
        },
    )
