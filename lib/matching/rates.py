"""Match rates: what the hits of one scan mean for every order and budget. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from lib.matching.clusters import Clusters, intervals_by_books
from lib.matching.orders import BUDGETS, ORDERS, Order, attempts_of
from lib.matching.scan import Scan
from lib.matching.statistics import wilson

Scope = Literal["book", "library"]
SCOPES: tuple[Scope, ...] = ("book", "library")
POSITION_BINS = 10


@dataclass(frozen=True)
class Hits:
    """The hits of a scan within one scope.

    `counts[h]` is W of highlight h. Hit k: window number `window[k]` of highlight `highlight[k]`
    in the passage of row `passage[k]` of the scan.
    """

    size: int
    stride: int
    counts: NDArray[np.int32]
    highlight: NDArray[np.int32]
    window: NDArray[np.int32]
    passage: NDArray[np.int32]

    @property
    def eligible(self) -> int:
        """The number of highlights that have at least one window."""
        return int((self.counts > 0).sum())

    @property
    def matched(self) -> NDArray[np.bool_]:
        """Which highlights have any hit."""
        found = np.zeros(len(self.counts), dtype=bool)
        found[self.highlight] = True
        return found


def within(scan: Scan, scope: Scope) -> Hits:
    """The hits that count in a scope."""
    kept = scan.hit_own_book if scope == "book" else np.ones(len(scan.hit_window), dtype=bool)
    window = scan.hit_window[kept]
    return Hits(
        size=scan.windows.size,
        stride=scan.windows.stride,
        counts=scan.windows.counts,
        highlight=scan.windows.highlight[window],
        window=scan.windows.index[window],
        passage=scan.hit_passage[kept],
    )


def attempts(hits: Hits, order: Order) -> NDArray[np.float64]:
    """For each highlight the attempt, from 1, at which `order` first hits; inf where never."""
    first = np.full(len(hits.counts), np.inf)
    tried = attempts_of(order, hits.counts[hits.highlight], hits.window)
    np.minimum.at(first, hits.highlight, tried)
    return first


def all_attempts(hits: Hits) -> dict[Order, NDArray[np.float64]]:
    """`attempts` of every order."""
    return {order: attempts(hits, order) for order in ORDERS}


def by_budget(
    tried: dict[Order, NDArray[np.float64]],
    counts: NDArray[np.int32],
    clusters: Clusters,
    budgets: Sequence[int] = BUDGETS,
) -> pd.DataFrame:
    """Match rate of each order within each budget.

    `tried`, `counts` (W) and `clusters` are by highlight. Columns `order`, `budget`, `matched`,
    `eligible`, `rate`, `low`, `high` (Wilson's 95% interval; all three NaN without eligible
    highlights), `book_low`, `book_high` (95% by books, NaN with fewer than five; see
    `lib.matching.clusters`).
    """
    takes_part = counts > 0
    eligible = int(takes_part.sum())
    rows = []
    for order, first in tried.items():
        for budget in budgets:
            matched = int((first <= budget).sum())
            rows.append((order, budget, matched, eligible, *_rate(matched, eligible)))
    columns = ["order", "budget", "matched", "eligible", "rate", "low", "high"]
    table = pd.DataFrame(rows, columns=columns)
    found = np.array([first <= budget for first in tried.values() for budget in budgets])
    by_books = intervals_by_books(found, takes_part, clusters)
    return table.assign(book_low=by_books[:, 0], book_high=by_books[:, 1])


def random_order(hits: Hits, budgets: Sequence[int] = BUDGETS) -> pd.DataFrame:
    """What trying windows in random order would match on average: columns `budget` and `rate`.

    With m of W windows hitting, k draws without replacement miss them all with probability
    C(W−m, k)/C(W, k), the hypergeometric distribution at zero.
    """
    pairs = np.unique(np.stack([hits.highlight, hits.window]), axis=1)
    hitting = np.bincount(pairs[0], minlength=len(hits.counts))
    eligible = hits.counts > 0
    total, marked = hits.counts[eligible], hitting[eligible]
    rates = [
        float(np.mean(stats.hypergeom.sf(0, total, marked, np.minimum(budget, total))))
        if eligible.any()
        else np.nan
        for budget in budgets
    ]
    return pd.DataFrame({"budget": list(budgets), "rate": rates})


def by_position(hits: Hits) -> pd.DataFrame:
    """Hit rate by where in its highlight a window stands, in tenths from first to last.

    Columns `position` (middle of the tenth, 0.05 to 0.95), `windows`, `hits`, `rate`, `low`,
    `high` (Wilson). A highlight's only window counts as its middle.
    """
    pairs = np.unique(np.stack([hits.highlight, hits.window]), axis=1)
    hitting = np.bincount(_bins(hits.counts[pairs[0]], pairs[1]), minlength=POSITION_BINS)
    counts = np.repeat(hits.counts, hits.counts)
    numbers = np.concatenate(
        [np.arange(count) for count in hits.counts] or [np.empty(0, dtype=np.int64)]
    )
    windows = np.bincount(_bins(counts, numbers), minlength=POSITION_BINS)
    rows = [
        ((place + 0.5) / POSITION_BINS, int(n), int(k), *_rate(int(k), int(n)))
        for place, (n, k) in enumerate(zip(windows, hitting, strict=True))
    ]
    return pd.DataFrame(rows, columns=["position", "windows", "hits", "rate", "low", "high"])


def _bins(counts: NDArray[Any], numbers: NDArray[Any]) -> NDArray[np.int64]:
    """The tenth of the highlight that window `numbers` of `counts` stands in."""
    share = np.where(counts > 1, numbers / np.maximum(counts - 1, 1), 0.5)
    return np.minimum((share * POSITION_BINS).astype(np.int64), POSITION_BINS - 1)


def median_attempts(first: NDArray[np.float64]) -> float | None:
    """The median attempt of the first hit, over the highlights that have one."""
    found = first[np.isfinite(first)]
    return float(np.median(found)) if len(found) else None


def _rate(matched: int, trials: int) -> tuple[float, float, float]:
    interval = wilson(matched, trials)
    if interval is None:
        return np.nan, np.nan, np.nan
    return matched / trials, *interval
