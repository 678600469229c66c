"""What a score is worth: its place in the scores of random pairs under the same model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lib.similarity.scores import Matrix, unit


@dataclass(frozen=True)
class Background:
    """Scores of random highlight–passage pairs under one model, ascending.

    They are all pairs of `highlights` drawn highlights and `passages` drawn passages.
    """

    scores: NDArray[np.float32]
    highlights: int
    passages: int
    seed: int

    def p_value(self, score: ArrayLike) -> NDArray[np.float64]:
        """The chance that a random pair scores as high: (1 + #{background ≥ s}) / (B + 1)."""
        at_least = len(self.scores) - np.searchsorted(self.scores, score, side="left")
        return np.asarray((1 + at_least) / (len(self.scores) + 1), dtype=np.float64)

    def percentile(self, score: ArrayLike) -> NDArray[np.float64]:
        """The share of random pairs that score lower, in percent, from 0 to 100."""
        below = np.searchsorted(self.scores, score, side="left")
        return np.asarray(100 * below / max(len(self.scores), 1), dtype=np.float64)

    def expected(self, score: ArrayLike, passages: int) -> NDArray[np.float64]:
        """E: how many of `passages` passages are expected to score as high by chance."""
        return passages * self.p_value(score)


def background(highlights: Matrix, passages: Matrix, seed: int) -> Background:
    """The background of two random samples of vectors, of shapes (a, d) and (b, d)."""
    scores: NDArray[Any] = (unit(highlights) @ unit(passages).T).ravel()
    return Background(np.sort(scores), len(highlights), len(passages), seed)
