"""How far several rankings of the same passages agree. Pure functions."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd


def overlap(rankings: Mapping[str, Sequence[Any]], k: int) -> pd.DataFrame:
    """What each pair of rankings has in common among its first `k`.

    Columns `a`, `b`, `shared` (passages among the first k of both), `of` (the k, or fewer where a
    ranking is shorter) and `share` (their quotient; NaN where a ranking is empty).
    """
    rows = []
    for (a, first), (b, second) in itertools.combinations(rankings.items(), 2):
        of = min(k, len(first), len(second))
        shared = len(set(first[:k]) & set(second[:k]))
        rows.append((a, b, shared, of, min(shared, of) / of if of else float("nan")))
    return pd.DataFrame(rows, columns=["a", "b", "shared", "of", "share"])
