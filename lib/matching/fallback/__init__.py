"""The fallback: a passage for the highlights that no window finds, by the whole highlight.

Two methods behind one question. `alignment` compares in this process with the joined text of whole
books; `pg_trgm` asks the database for the passage that is nearest by trigrams.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from lib.databases.pools import Databases
from lib.databases.relations import Relations
from lib.matching.fallback.alignment import align
from lib.matching.fallback.trigrams import (
    DEFAULT_OPERATOR,
    OPERATORS,
    Operator,
    nearest_by_trigrams,
)
from lib.matching.rates import Scope

Method = Literal["alignment", "pg_trgm", "none"]
METHODS: tuple[Method, ...] = ("none", "alignment", "pg_trgm")

# Largest distances that are accepted, set by `benchmarks/fallback.py` on real transcripts whose
# true passage is known, for a precision of at least 99%.
ALIGNMENT_THRESHOLD = 0.35
TRIGRAM_THRESHOLDS: dict[Operator, float] = {"<->": 0.60, "<<->": 0.60, "<<<->": 0.60}

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
]


@dataclass(frozen=True)
class Fallen:
    """What the fallback found, whatever is accepted of it.

    `places` has columns `highlight` (row), `passage` (id of the nearest passage, None where there
    was nowhere to look) and `distance` (0 same to 1 nothing in common; NaN where nowhere), for
    `pg_trgm` also `candidates` (how many passages were compared). `operator` is None but for
    `pg_trgm`.
    """

    method: Method
    operator: Operator | None
    places: pd.DataFrame
    seconds: float

    def accepted(self, threshold: float) -> pd.DataFrame:
        """The places that are near enough."""
        return self.places[self.places["distance"] <= threshold]


def default_threshold(method: Method, operator: Operator = DEFAULT_OPERATOR) -> float:
    """The largest distance that a method accepts unless told otherwise."""
    if method == "pg_trgm":
        return TRIGRAM_THRESHOLDS[operator]
    return ALIGNMENT_THRESHOLD if method == "alignment" else 0.0


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
    seconds = time.perf_counter() - started
    return Fallen(method, operator if method == "pg_trgm" else None, places, seconds)
