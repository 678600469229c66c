"""Pairs of orders, compared on the same highlights. Pure functions of attempts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lib.matching.clusters import Clusters, intervals_by_books
from lib.matching.orders import BUDGETS, Order
from lib.matching.statistics import holm, mcnemar, newcombe, signed_rank


def compare(
    tried: dict[Order, NDArray[np.float64]],
    counts: NDArray[np.int32],
    clusters: Clusters,
    budgets: Sequence[int] = BUDGETS,
) -> pd.DataFrame:
    """Every pair of orders at every budget, on the same highlights.

    `tried`, `counts` (W) and `clusters` are by highlight. Columns `a`, `b`, `budget`, `only_a`,
    `only_b`, `difference` (rate of a minus rate of b), `low`, `high` (Newcombe), `p_value` (exact
    McNemar), `p_holm` (over the budgets of the pair), `book_low`, `book_high` (95% by books, NaN
    with fewer than five; see `lib.matching.clusters`).
    """
    eligible = counts > 0
    rows = []
    for a, b in combinations(tried, 2):
        pair = [
            _paired(tried[a][eligible] <= budget, tried[b][eligible] <= budget)
            for budget in budgets
        ]
        corrected = holm([row[-1] for row in pair])
        rows += [
            (a, b, budget, *row, p) for budget, row, p in zip(budgets, pair, corrected, strict=True)
        ]
    columns = [
        "a",
        "b",
        "budget",
        "only_a",
        "only_b",
        "difference",
        "low",
        "high",
        "p_value",
        "p_holm",
    ]
    table = pd.DataFrame(rows, columns=columns)
    by_books = _differences_by_books(tried, eligible, clusters, budgets)
    return table.assign(book_low=by_books[:, 0], book_high=by_books[:, 1])


def _paired(
    a: NDArray[np.bool_], b: NDArray[np.bool_]
) -> tuple[int, int, float, float, float, float]:
    only_a, only_b = int((a & ~b).sum()), int((b & ~a).sum())
    both, neither = int((a & b).sum()), int((~a & ~b).sum())
    n = len(a)
    low, high = newcombe(both, only_a, only_b, neither) or (np.nan, np.nan)
    difference = (only_a - only_b) / n if n else np.nan
    return only_a, only_b, difference, low, high, mcnemar(only_a, only_b)


def _differences_by_books(
    tried: dict[Order, NDArray[np.float64]],
    eligible: NDArray[np.bool_],
    clusters: Clusters,
    budgets: Sequence[int],
) -> NDArray[np.float64]:
    """Intervals by books of the differences, in the order of the rows of `compare`."""
    found = np.array([first <= budget for first in tried.values() for budget in budgets])
    # The rate of order number o at budget number k is in row o·(number of budgets) + k.
    rows = np.arange(len(found)).reshape(len(tried), len(budgets))
    pairs = list(combinations(range(len(tried)), 2))
    a = np.concatenate([rows[first] for first, _ in pairs] or [rows[:0].ravel()])
    b = np.concatenate([rows[second] for _, second in pairs] or [rows[:0].ravel()])
    return intervals_by_books(found, eligible, clusters, lambda rates: rates[a] - rates[b])


def compare_attempts(tried: dict[Order, NDArray[np.float64]]) -> pd.DataFrame:
    """Which of two orders hits sooner, for every pair, on the highlights that both hit.

    Columns `a`, `b`, `both` (highlights that both hit), `median_a`, `median_b` (attempts; NaN
    without such highlights), `faster_a`, `faster_b` (highlights that one hits in fewer attempts
    than the other), `p_value` (Wilcoxon's signed-rank test), `p_holm` (over the pairs).
    """
    rows = []
    for a, b in combinations(tried, 2):
        both = np.isfinite(tried[a]) & np.isfinite(tried[b])
        ours, theirs = tried[a][both], tried[b][both]
        rows.append(
            (
                a,
                b,
                len(ours),
                float(np.median(ours)) if len(ours) else np.nan,
                float(np.median(theirs)) if len(theirs) else np.nan,
                int((ours < theirs).sum()),
                int((theirs < ours).sum()),
                signed_rank(ours - theirs),
            )
        )
    columns = ["a", "b", "both", "median_a", "median_b", "faster_a", "faster_b", "p_value"]
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(p_holm=holm(table["p_value"].tolist()))
