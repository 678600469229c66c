"""How similar two texts can be at most, by their sets of trigrams.

pg_trgm's similarity of a text with a passage is |A ∩ B| / |A ∪ B|. Its word similarities take for
B the trigrams of one stretch of the passage, so with all of B they are at most |A ∩ B| / |A|. All
told, such a bound takes a twentieth of the time of a word similarity.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from lib.databases.trigrams import Operator

Bounds = NDArray[np.float64]


def bound_similarities(
    texts: Sequence[Sequence[str]], passages: Sequence[Sequence[str]], operator: Operator
) -> Bounds:
    """For texts and passages, both as distinct trigrams, the largest similarity each pair may have.

    Of shape (texts, passages), from 0 to 1; for `<->` it is the similarity itself.
    """
    column: dict[str, int] = {}
    for text in texts:
        for trigram in text:
            column.setdefault(trigram, len(column))
    # Trigrams of no text are left out: they are in no intersection.
    ours, theirs = _incidence(texts, column), _incidence(passages, column)
    shared = (ours @ theirs.T).toarray()
    sizes = np.array([len(text) for text in texts], dtype=np.float64)[:, None]
    if operator == "<->":
        sizes = sizes + np.array([len(passage) for passage in passages]) - shared
    # Where there are no trigrams at all, nothing is shared either.
    return np.asarray(shared / np.maximum(sizes, 1))


def _incidence(sets: Sequence[Sequence[str]], column: dict[str, int]) -> sparse.csr_array:
    """Which of the trigrams of `column` each set holds, of shape (sets, trigrams)."""
    known = [[column[trigram] for trigram in held if trigram in column] for held in sets]
    ends = np.cumsum([0, *map(len, known)])
    places = np.fromiter((place for held in known for place in held), np.int64, count=ends[-1])
    return sparse.csr_array((np.ones(ends[-1]), places, ends), shape=(len(sets), len(column)))
