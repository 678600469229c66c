"""Which of the nearest places are near enough."""

from __future__ import annotations

from typing import Literal, overload

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lib.matching.fallback.trigrams import DEFAULT_OPERATOR, Operator

Method = Literal["alignment", "pg_trgm", "none"]

# Largest distances that are accepted. `benchmarks/fallback.py thresholds` holds them against real
# transcripts whose true passage is known: up to .38 by alignment, and .66, .57 and .58 by the three
# operators, at least 99 of 100 accepted are right at any length of highlights and passages. That is
# in eight books. In more books wrong places come nearer, so none is larger than need be.
ALIGNMENT_THRESHOLD = 0.35
TRIGRAM_THRESHOLDS: dict[Operator, float] = {"<->": 0.65, "<<->": 0.57, "<<<->": 0.57}

# The fewer words, the nearer the nearest wrong place: among the demo's 31,102 passages, one of 100
# highlights that are in none has one within .15 by alignment if it is of 6 words, within .28 if of
# 10, .34 if of 15, .37 if of 20, and .40 if longer.
FULL_WORDS = 20


def default_threshold(method: Method, operator: Operator = DEFAULT_OPERATOR) -> float:
    """The largest distance that a method accepts unless told otherwise."""
    if method == "pg_trgm":
        return TRIGRAM_THRESHOLDS[operator]
    return ALIGNMENT_THRESHOLD if method == "alignment" else 0.0


@overload
def limit(threshold: float, words: int) -> float: ...
@overload
def limit(threshold: float, words: NDArray[np.int64]) -> NDArray[np.float64]: ...
def limit(threshold: float, words: int | NDArray[np.int64]) -> float | NDArray[np.float64]:
    """The largest distance accepted of a highlight of so many words.

    That is `threshold` from 20 words on; for shorter ones it falls in proportion to their words.
    """
    share = np.minimum(1.0, np.asarray(words) / FULL_WORDS)
    return float(threshold * share) if isinstance(words, int) else threshold * share


def near_enough(places: pd.DataFrame, threshold: float) -> NDArray[np.bool_]:
    """Which rows of places (columns `distance` and `words`) are accepted."""
    words = places["words"].to_numpy(dtype=np.int64)
    distance = places["distance"].to_numpy(dtype=np.float64)
    return np.asarray(distance <= limit(threshold, words), dtype=bool)
