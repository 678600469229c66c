"""How anchors rank: the score and rank of each anchor's true passage among all passages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lib.similarity.scores import Matrix

BLOCK = 8_192
RANDOM_PASSAGES = 200
# A passage must not outrank itself by the rounding of another order of summation.
ROUNDING = 1e-6


@dataclass(frozen=True)
class Ranks:
    """Anchors of one label under one passage model, in no order.

    `ranks` are those of the true passages among `passages`, from 1; `shuffled` those of the
    passages of other anchors, which anchors of vectors that mean nothing reach as well.
    `standing[i]` is the true score in standard deviations above the mean of all passages.
    `scores` are the true scores and `random_scores` scores with random passages.
    """

    ranks: NDArray[np.float64]
    shuffled: NDArray[np.float64]
    standing: NDArray[np.float64]
    scores: NDArray[np.float32]
    random_scores: NDArray[np.float32]
    passages: int


def rank(
    anchors: Matrix,
    true: Matrix,
    passages: Matrix,
    extra: int,
    seed: int,
    names: Sequence[Any] | None = None,
) -> Ranks:
    """Rank `true[i]`, the true passage of `anchors[i]`, among `passages`; all rows of length 1.

    `extra` of the true passages are not among `passages`, which are then a sample: a true passage
    counts once whether it is or not. `names` are the true passages' ids, where several anchors
    may share one.
    """
    mine = np.einsum("ij,ij->i", anchors, true)
    other = _others(range(len(anchors)) if names is None else names, seed)
    theirs = np.einsum("ij,ij->i", anchors, true[np.maximum(other, 0)])
    theirs[other < 0] = -np.inf
    better, worse = np.zeros(len(anchors)), np.zeros(len(anchors))
    total, squares = np.zeros(len(anchors)), np.zeros(len(anchors))
    for start in range(0, len(passages), BLOCK):
        scores = anchors @ passages[start : start + BLOCK].T
        better += (scores > mine[:, None] + ROUNDING).sum(axis=1)
        worse += (scores > theirs[:, None] + ROUNDING).sum(axis=1)
        total += scores.sum(axis=1, dtype=np.float64)
        squares += np.einsum("ij,ij->i", scores, scores)
    mean = total / max(len(passages), 1)
    spread = np.sqrt(np.maximum(squares / max(len(passages), 1) - mean**2, 0))
    drawn = np.random.default_rng(seed).permutation(len(passages))[:RANDOM_PASSAGES]
    return Ranks(
        ranks=1 + better,
        shuffled=1 + worse,
        standing=np.divide(mine - mean, spread, out=np.zeros(len(anchors)), where=spread > 0),
        scores=mine.astype(np.float32),
        random_scores=(anchors @ passages[drawn].T).ravel().astype(np.float32),
        passages=len(passages) + extra,
    )


def _others(names: Sequence[Any], seed: int) -> NDArray[np.int64]:
    """For each anchor another one with another true passage, drawn; −1 where there is none."""
    order = np.random.default_rng(seed).permutation(len(names))
    other = np.full(len(names), -1, dtype=np.int64)
    for place, anchor in enumerate(order):
        for step in range(1, len(order)):
            candidate = order[(place + step) % len(order)]
            if names[candidate] != names[anchor]:
                other[anchor] = candidate
                break
    return other


def no_ranks() -> Ranks:
    """Of no anchors."""
    empty = np.empty(0)
    scores = np.empty(0, np.float32)
    return Ranks(empty, empty, empty, scores, scores, 0)
