"""A scan read as match rates: everything that the Matches page and the report say of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lib.databases import highlights
from lib.databases.pools import Databases
from lib.databases.relations import Relations
from lib.matching import landings, rates
from lib.matching.clusters import (
    Clusters,
    as_interval,
    clusters_of,
    count_clusters,
    intervals_by_books,
)
from lib.matching.comparisons import compare, compare_attempts
from lib.matching.drift import Drift, edge_drift
from lib.matching.orders import BUDGETS, Order
from lib.matching.rates import Scope
from lib.matching.scan import OnCount, Scan, scan
from lib.matching.statistics import Interval
from lib.matching.windows import Mode


@dataclass(frozen=True)
class Study:
    """The rates of one scan within one scope.

    `attempts` by order, one number per highlight (inf: never). `by_budget`, `random_order` and
    `by_position` as of `lib.matching.rates`, `comparisons` and `attempts_compared` as of
    `lib.matching.comparisons`, `landings` as of `lib.matching.landings.land`. `cluster_of` is the
    book of each highlight as a number, `clusters` how many of these have eligible highlights (see
    `lib.matching.clusters`); `any_window_by_books` is the 95% interval by books of the rate of
    `matched`, None with fewer than five clusters.
    """

    highlights: int
    eligible: int
    clusters: int
    cluster_of: Clusters
    matched: NDArray[np.bool_]
    any_window_by_books: Interval | None
    too_short: NDArray[np.bool_]
    attempts: dict[Order, NDArray[np.float64]]
    by_budget: pd.DataFrame
    random_order: pd.DataFrame
    comparisons: pd.DataFrame
    attempts_compared: pd.DataFrame
    by_position: pd.DataFrame
    drift: Drift
    landings: pd.DataFrame

    @property
    def unmatched(self) -> list[int]:
        """Rows of the highlights that have windows, none of which hits."""
        return [int(row) for row in np.flatnonzero(~self.matched & ~self.too_short)]


async def scan_highlights(
    databases: Databases,
    relations: Relations,
    size: int = 6,
    stride: int = 1,
    mode: Mode = "ilike",
    on_passages: OnCount = lambda seen: None,
) -> Scan:
    """Read all highlights and find all their windows in all passages."""
    texts = await highlights.read_texts(databases, relations)
    return await scan(databases, relations, texts, size, stride, mode, on_passages)


def study(found: Scan, scope: Scope, budgets: tuple[int, ...] = BUDGETS) -> Study:
    """What a scan says within a scope."""
    hits = rates.within(found, scope)
    tried = rates.all_attempts(hits)
    clusters = clusters_of(found.highlights["book"])
    takes_part = hits.counts > 0
    return Study(
        highlights=len(hits.counts),
        eligible=hits.eligible,
        clusters=count_clusters(clusters, takes_part),
        cluster_of=clusters,
        matched=hits.matched,
        any_window_by_books=as_interval(
            intervals_by_books(hits.matched[None, :], takes_part, clusters)[0]
        ),
        too_short=~takes_part,
        attempts=tried,
        by_budget=rates.by_budget(tried, hits.counts, clusters, budgets),
        random_order=rates.random_order(hits, budgets),
        comparisons=compare(tried, hits.counts, clusters, budgets),
        attempts_compared=compare_attempts(tried),
        by_position=rates.by_position(hits),
        drift=edge_drift(hits, clusters),
        landings=landings.land(found, hits),
    )
