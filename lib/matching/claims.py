"""Findings of a study as sentences that anyone understands."""

from __future__ import annotations

import pandas as pd

from lib.matching.orders import Order
from lib.matching.study import Study


def order_at_budget(study: Study, order: Order, budget: int) -> pd.Series:
    """The row of `by_budget` for an order at the largest budget that is not above `budget`."""
    mine = study.by_budget[study.by_budget["order"] == order]
    return mine[mine["budget"] <= budget].iloc[-1]


def compare_in_words(study: Study, a: Order, b: Order, budget: int) -> str:
    """What the paired comparison of two orders says at a budget."""
    table = study.comparisons
    chosen = table[(table["a"] == a) & (table["b"] == b) & (table["budget"] == budget)]
    if chosen.empty or study.eligible == 0:
        return "There is nothing to compare."
    row = chosen.iloc[0]
    first, second = a.replace("_", " "), b.replace("_", " ")
    tries = "try" if budget == 1 else "tries"
    points = 100 * abs(row["difference"])
    low, high = sorted(100 * bound for bound in (row["low"], row["high"]))
    interval = f"95% interval of the difference {low:+.1f} to {high:+.1f} points"
    if row["p_holm"] >= 0.05:
        return (
            f"With {budget} {tries}, {first} and {second} do equally well as far as "
            f"{study.eligible:,} highlights can tell ({interval}, p = {row['p_holm']:.2g})."
        )
    better, worse = (first, second) if row["difference"] > 0 else (second, first)
    return (
        f"With {budget} {tries}, {better} matches {points:.1f} points more of the highlights than "
        f"{worse} ({interval}, p = {row['p_holm']:.2g} after Holm's correction)."
    )


def drift_in_words(by_position: pd.DataFrame) -> str:
    """Whether the ends of highlights hit less often than their middles, by the intervals."""
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
        f"in the middle ({100 * edge:.1f}% against {100 * inner:.1f}%)."
    )
