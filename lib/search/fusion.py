"""Several rankings made into one. Pure functions."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import TypeVar

Item = TypeVar("Item", bound=Hashable)

# The smaller, the more a first place counts against many middling ones. The authors took 60, for
# lists a thousand long; over all collections of benchmarks/search.py 1 puts most highlights first.
CONSTANT = 1


def fuse(rankings: Iterable[Sequence[Item]], constant: float = CONSTANT) -> list[Item]:
    """Reciprocal rank fusion: items by the sum of 1 / (constant + rank) over the rankings.

    Each ranking is best first, without repeats. Of equal sums the item that some ranking has
    higher comes first, then the one of the earlier ranking. Source: Cormack, Clarke and Büttcher
    (2009), Reciprocal rank fusion outperforms Condorcet and individual rank learning methods.
    """
    sums: dict[Item, float] = {}
    best: dict[Item, int] = {}
    for ranking in rankings:
        for rank, item in enumerate(ranking, start=1):
            sums[item] = sums.get(item, 0.0) + 1 / (constant + rank)
            best[item] = min(best.get(item, rank), rank)
    return sorted(sums, key=lambda item: (-sums[item], best[item]))
