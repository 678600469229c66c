"""Findings of a study as sentences that anyone understands."""

from __future__ import annotations

import math

import pandas as pd

from lib.matching.clusters import FEWEST_CLUSTERS
from lib.matching.drift import Drift
from lib.matching.orders import Order
from lib.matching.statistics import wilson
from lib.matching.study import Study
from lib.matching.wording import p_words, percent, percents, points, points_between, tries, turned

SIGNIFICANT = 0.05
# Ratios of widths from which an interval by books is another one.
WIDER, NARROWER = 1.25, 0.8


def order_at_budget(study: Study, order: Order, budget: int) -> pd.Series:
    """The row of `by_budget` for an order at the largest budget that is not above `budget`."""
    mine = study.by_budget[study.by_budget["order"] == order]
    return mine[mine["budget"] <= budget].iloc[-1]


def any_window_in_words(study: Study) -> str:
    """Both intervals of the rate of any window, in brackets; nothing without highlights."""
    interval = wilson(int(study.matched.sum()), study.eligible)
    if interval is None:
        return ""
    by_books = study.any_window_by_books
    books = f", by books {percents(by_books)}" if by_books else ""
    return f" (95% interval {percents(interval)}{books})"


def compare_in_words(study: Study, a: Order, b: Order, budget: int) -> str:
    """What the paired comparison of two orders says at a budget."""
    table = study.comparisons
    chosen = table[(table["a"] == a) & (table["b"] == b) & (table["budget"] == budget)]
    if chosen.empty or study.eligible == 0:
        return "There is nothing to compare."
    row = chosen.iloc[0]
    first, second = a.replace("_", " "), b.replace("_", " ")
    sign = 1 if row["difference"] >= 0 else -1
    interval = (
        f"95% interval of the difference {points_between(turned((row['low'], row['high']), sign))}"
    )
    chance = f"{p_words(row['p_holm'])} after Holm's correction"
    if row["p_holm"] >= SIGNIFICANT:
        return (
            f"With {tries(budget)}, {first} and {second} do equally well as far as "
            f"{study.eligible:,} highlights can tell ({interval}, {chance})."
        )
    better, worse = (first, second) if sign > 0 else (second, first)
    return (
        f"With {tries(budget)}, {better} matches {points(row['difference'])} more of the "
        f"highlights than {worse} ({interval}, {chance})."
    )


def drift_in_words(by_position: pd.DataFrame) -> str:
    """How often the ends of highlights hit, against their middles: figures without a test."""
    if by_position["windows"].sum() == 0:
        return "There are no windows."
    edges = by_position.iloc[[0, -1]]
    middle = by_position.iloc[2:-2]
    edge = edges["hits"].sum() / max(edges["windows"].sum(), 1)
    inner = middle["hits"].sum() / max(middle["windows"].sum(), 1)
    if inner == 0:
        return "No window in the middle of a highlight hits."
    change = 100 * (edge / inner - 1)
    direction = "less" if change < 0 else "more"
    return (
        f"Windows in the first and last tenth hit {abs(change):.0f}% {direction} often than those "
        f"in the middle ({percent(edge)} against {percent(inner)})."
    )


def edge_drift_in_words(drift: Drift) -> str:
    """Whether windows at the edges hit less often than in the middle, by the test of drift."""
    if drift.middle_rate is None or drift.edge_rate is None:
        return "Highlights have too few windows to tell their edges from their middle."
    rates = (
        f"A window at the very edge hits {percent(drift.edge_rate)} of the time, one in the middle "
        f"{percent(drift.middle_rate)}"
    )
    if drift.p_value is None or drift.odds_ratio is None:
        return f"{rates}; that is too little to test."
    test = f"odds ratio {drift.odds_ratio:.2f}"
    if drift.low is not None and drift.high is not None:
        test += f", 95% interval {drift.low:.2f} to {drift.high:.2f}"
    if drift.p_value >= SIGNIFICANT:
        finding = "no more of a difference than chance makes"
    else:
        finding = f"edges do hit {'less' if drift.odds_ratio < 1 else 'more'} often"
    return f"{rates}: {finding} ({test}, {p_words(drift.p_value)})."


def intervals_differ(low: float, high: float, book_low: float, book_high: float) -> bool:
    """Whether an interval by books is notably wider or narrower than one by highlights."""
    if math.isnan(low) or math.isnan(book_low) or high <= low:
        return False
    return not NARROWER <= (book_high - book_low) / (high - low) <= WIDER


def books_in_words(low: float, high: float, book_low: float, book_high: float) -> str:
    """What taking whole books changes about an interval, and which of both to trust."""
    if math.isnan(low):
        return "There is no interval without highlights."
    if math.isnan(book_low):
        return (
            f"There is no interval by books: they are fewer than {FEWEST_CLUSTERS}, or all alike."
        )
    if not intervals_differ(low, high, book_low, book_high):
        return "Taking whole books for the unit of chance changes the interval little."
    ratio = (book_high - book_low) / (high - low)
    if ratio > 1:
        return (
            f"By books the interval is {ratio:.1f} times as wide, because highlights of one book "
            "are found or missed together: trust the one by books."
        )
    return (
        f"By books the interval is narrower ({100 * ratio:.0f}% of the width), which a few books "
        "may be by chance: trust the wider one."
    )
