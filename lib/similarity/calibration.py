"""What a score is worth: its place in the scores of random pairs under the same model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lib.similarity.scores import Matrix, unit

# Below this share of pairs between different books a library is too small to leave others out.
LEAST_OF_OTHER_BOOKS = 0.5


@dataclass(frozen=True)
class Background:
    """Scores of random highlight–passage pairs under one model.

    `scores` are all of them, ascending. `pairs`, of shape (highlights, passages), holds them where
    they belong, NaN where a pair was left out. `left_out` are the pairs within a highlight's own
    book: they may belong together, and the few that do would fill the upper end.
    """

    scores: NDArray[np.float32]
    highlights: int
    passages: int
    seed: int
    pairs: Matrix = field(default_factory=lambda: np.empty((0, 0), np.float32))
    left_out: int = 0

    def p_value(self, score: ArrayLike) -> NDArray[np.float64]:
        """The chance that a random pair scores as high: (1 + #{background ≥ s}) / (B + 1)."""
        return np.asarray((1 + self._at_least(score)) / (len(self.scores) + 1), dtype=np.float64)

    def percentile(self, score: ArrayLike) -> NDArray[np.float64]:
        """The share of random pairs that score lower, in percent, from 0 to 100."""
        below = np.searchsorted(self.scores, self._asked(score), side="left")
        return np.asarray(100 * below / max(len(self.scores), 1), dtype=np.float64)

    def expected(self, score: ArrayLike, passages: int) -> NDArray[np.float64]:
        """E: how many of `passages` passages are expected to score as high by chance."""
        return passages * self.p_value(score)

    def at_floor(self, score: ArrayLike) -> NDArray[np.bool_]:
        """Where no random pair scores as high, so that E can only be said to be below N/(B+1)."""
        return np.asarray(self._at_least(score) == 0)

    def score_for(self, expected: float, passages: int) -> float | None:
        """The lowest score at which E is at most `expected`; None where E never gets so low."""
        allowed = int(np.floor(expected * (len(self.scores) + 1) / max(passages, 1))) - 1
        if allowed < 0:
            return None
        if allowed >= len(self.scores):
            return float(self.scores[0]) if len(self.scores) else None
        return float(np.nextafter(self.scores[-1 - allowed], np.float32(np.inf)))

    def _at_least(self, score: ArrayLike) -> NDArray[np.intp]:
        found: NDArray[np.intp] = len(self.scores) - np.searchsorted(
            self.scores, self._asked(score), side="left"
        )
        return found

    def _asked(self, score: ArrayLike) -> NDArray[np.float32]:
        # A score of the background itself, handed back as a wider float, must equal itself.
        return np.asarray(score, dtype=np.float32)


@dataclass(frozen=True)
class Calibrated:
    """What scores are worth, one entry for each.

    `percentile`: random pairs that score lower, in percent. `expected`: E, passages of the library
    expected to score as high by chance. `at_floor`: E is only known to be below that.
    """

    percentile: NDArray[np.float64]
    expected: NDArray[np.float64]
    at_floor: NDArray[np.bool_]

    def words(self) -> list[str]:
        """E of each score in words."""
        return [
            chance_in_words(float(expected), bool(at_floor))
            for expected, at_floor in zip(self.expected, self.at_floor, strict=True)
        ]


def calibrate(scores: ArrayLike, background: Background, passages: int) -> Calibrated:
    """What cosine scores are worth among `passages` passages under the background's model.

    The one way from a score to its percentile and to E, whoever asks. NaN where there is no score
    or no background.
    """
    asked = np.atleast_1d(np.asarray(scores, dtype=np.float32))
    known = np.isfinite(asked) & (len(background.scores) > 0)
    filled = np.where(known, asked, 0)
    return Calibrated(
        percentile=np.where(known, background.percentile(filled), np.nan),
        expected=np.where(known, background.expected(filled, passages), np.nan),
        at_floor=known & background.at_floor(filled),
    )


def chance_in_words(expected: float, at_floor: bool) -> str:
    """E as anybody reads it: how often, or how many times, chance alone does as well."""
    if not np.isfinite(expected):
        return "unknown"
    if expected >= 2 / 3:
        number = f"{_two_digits(expected):,}"
        passages = "passage" if number == "1" else "passages"
        return f"{'fewer than' if at_floor else 'about'} {number} {passages}"
    searches = f"1 search in {_two_digits(1 / max(expected, 1e-9)):,}"
    return f"less than {searches}" if at_floor else searches


def _two_digits(number: float) -> int:
    digits = max(0, int(np.floor(np.log10(max(number, 1)))) - 1)
    step = int(10**digits)
    return max(1, round(number / step) * step)


def background(
    highlights: Matrix, passages: Matrix, seed: int, same_book: NDArray[Any] | None = None
) -> Background:
    """The background of two random samples of vectors, of shapes (a, d) and (b, d).

    `same_book`, of shape (a, b), says which pairs are of one book. They are left out unless that
    leaves less than half.
    """
    pairs: Matrix = unit(highlights) @ unit(passages).T
    left_out = 0
    if same_book is not None and same_book.mean() <= 1 - LEAST_OF_OTHER_BOOKS:
        left_out = int(same_book.sum())
        pairs[same_book] = np.nan
    scores = np.sort(pairs[~np.isnan(pairs)])
    return Background(scores, len(highlights), len(passages), seed, pairs, left_out)
