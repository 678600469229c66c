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
from lib.matching.orders import BUDGETS, Order
from lib.matching.rates import Scope
from lib.matching.scan import OnCount, Scan, scan
from lib.matching.windows import Mode


@dataclass(frozen=True)
class Study:
    """The rates of one scan within one scope.

    `attempts` by order, one number per highlight (inf: never). `by_budget`, `random_order`,
    `comparisons` and `by_position` as of `lib.matching.rates`, `landings` as of
    `lib.matching.landings.land`.
    """

    highlights: int
    eligible: int
    matched: NDArray[np.bool_]
    too_short: NDArray[np.bool_]
    attempts: dict[Order, NDArray[np.float64]]
    by_budget: pd.DataFrame
    random_order: pd.DataFrame
    comparisons: pd.DataFrame
    by_position: pd.DataFrame
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
    return Study(
        highlights=len(hits.counts),
        eligible=hits.eligible,
        matched=hits.matched,
        too_short=hits.counts == 0,
        attempts=tried,
        by_budget=rates.by_budget(tried, hits.eligible, budgets),
        random_order=rates.random_order(hits, budgets),
        comparisons=rates.compare(tried, hits.counts, budgets),
        by_position=rates.by_position(hits),
        landings=landings.land(found, hits),
    )
