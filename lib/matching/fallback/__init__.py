"""The fallback: a passage for the highlights that no window finds, by the whole highlight.

Two methods behind one question. `alignment` compares in this process with the joined text of whole
books; `pg_trgm` asks the database for the passage that is nearest by trigrams.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lib.databases.pools import Databases
from lib.databases.relations import Relations
from lib.matching.fallback.alignment import align
from lib.matching.fallback.limits import Method, default_threshold, limit, near_enough
from lib.matching.fallback.trigrams import (
    DEFAULT_OPERATOR,
    OPERATORS,
    Operator,
    nearest_by_trigrams,
)
from lib.matching.rates import Scope
from lib.matching.windows import normalise

METHODS: tuple[Method, ...] = ("none", "alignment", "pg_trgm")

OnCount = Callable[[int], object]

__all__ = [
    "DEFAULT_OPERATOR",
    "METHODS",
    "OPERATORS",
    "Fallen",
    "Method",
    "Operator",
    "default_threshold",
    "find_places",
    "limit",
]


@dataclass(frozen=True)
class Fallen:
    """What the fallback found, whatever is accepted of it.

    `places` has columns `highlight` (row), `passage` (id of the nearest passage, None where there
    was nowhere to look), `distance` (0 same to 1 nothing in common; NaN where nowhere) and `words`
    (normalised ones of the highlight); for `alignment` also `first` and `last` (ids of the passages
    where the place begins and ends), for `pg_trgm` `candidates` (how many passages were compared)
    and an `operator`, else None.
    """

    method: Method
    operator: Operator | None
    places: pd.DataFrame
    seconds: float

    def accepted(self, threshold: float) -> pd.DataFrame:
        """The places that are near enough (see `lib.matching.fallback.limits`)."""
        return self.places[near_enough(self.places, threshold)]


async def find_places(
    databases: Databases,
    relations: Relations,
    highlights: pd.DataFrame,
    rows: Sequence[int],
    method: Method,
    scope: Scope,
    operator: Operator = DEFAULT_OPERATOR,
    on_count: OnCount = lambda done: None,
) -> Fallen:
    """The nearest passage of each highlight of `rows`.

    In scope `book` a highlight that has a book looks there only. `on_count` is told how many
    passages (`alignment`) or highlights (`pg_trgm`) have been compared.
    """
    started = time.perf_counter()
    if method == "pg_trgm":
        places = await nearest_by_trigrams(
            databases, relations, highlights, rows, scope, operator, on_count
        )
    else:
        asked = rows if method == "alignment" else ()
        places = await align(databases, relations, highlights, asked, scope, on_count)
    words = [len(normalise(highlights["text"].iat[row])) for row in places["highlight"]]
    places = places.assign(words=np.array(words, dtype=np.int64))
    seconds = time.perf_counter() - started
    return Fallen(method, operator if method == "pg_trgm" else None, places, seconds)
