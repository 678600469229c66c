"""What a threshold on the score lets pass. Pure functions of scores that are measured already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lib.matching.statistics import Interval, wilson
from lib.similarity.calibration import Background, calibrate, chance_in_words
from lib.similarity.scores import Scores

STEP = 0.005
# Where no score is as rare as one passage by chance, or nothing is to be compared.
FALLBACK = 0.5


@dataclass(frozen=True)
class Passing:
    """What scores at least `threshold`.

    `nearest` and `kth`: the share of highlights whose nearest, or k-th nearest, passage passes,
    `nearest_ci95` with Wilson's interval over highlights. `random`: the share of random pairs.
    `expected`: E at the threshold, passages that a search lets pass by chance; `at_floor`: only
    known to be below that. Shares are None where there is nothing to count.
    """

    threshold: float
    highlights: int
    nearest: float | None
    nearest_ci95: Interval | None
    kth: float | None
    random: float | None
    expected: float
    at_floor: bool

    @property
    def words(self) -> str:
        """E in words."""
        return chance_in_words(self.expected, self.at_floor)


def passing(
    nearest: Scores, background: Background, passages: int, k: int, threshold: float
) -> Passing:
    """What passes a threshold: `nearest` of shape (highlights, at least k), best first."""
    best = nearest[:, 0][np.isfinite(nearest[:, 0])]
    kth = nearest[:, k - 1][np.isfinite(nearest[:, k - 1])]
    worth = calibrate(threshold, background, passages)
    return Passing(
        threshold=threshold,
        highlights=len(best),
        nearest=_share(best, threshold),
        nearest_ci95=wilson(int((best >= np.float32(threshold)).sum()), len(best)),
        kth=_share(kth, threshold),
        random=_share(background.scores, threshold),
        expected=float(worth.expected[0]),
        at_floor=bool(worth.at_floor[0]),
    )


def _share(scores: NDArray[Any], threshold: float) -> float | None:
    return float((scores >= np.float32(threshold)).mean()) if len(scores) else None


def suggested(background: Background, passages: int) -> float:
    """The threshold at which chance is expected to give one passage a search, on the slider."""
    score = background.score_for(1, passages)
    return FALLBACK if score is None else on_slider(score)


def on_slider(score: float) -> float:
    """The lowest place of the slider at which nothing below `score` passes."""
    return round(float(np.ceil(round(score / STEP, 6))) * STEP, 3)


def slider_range(nearest: Scores, background: Background) -> tuple[float, float]:
    """Where a slider over all scores of a pair begins and ends, to a twentieth."""
    filled = nearest[np.isfinite(nearest)]
    everything = [scores for scores in (filled, background.scores) if len(scores)]
    if not everything:
        return (0.0, 1.0)
    low = min(float(scores.min()) for scores in everything)
    high = max(float(scores.max()) for scores in everything)
    return (
        float(np.floor(low * 20)) / 20,
        max(float(np.ceil(high * 20)), np.floor(low * 20) + 1) / 20,
    )
