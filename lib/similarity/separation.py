"""How far nearest passages stand out from random pairs: the area under the ROC curve.

The area and its interval are those of DeLong, DeLong and Clarke-Pearson 1988 (Biometrics 44, 837),
on the logit scale as in Pepe 2003 (*The Statistical Evaluation of Medical Tests*, section 5.2). A
nearest score is placed among the random pairs; the area is the mean of these placements, and their
spread, with that of the placements of random pairs, is its error. As random pairs share vectors,
it is drawn highlights and drawn passages that count as independent, not pairs: the error of the
background is that of the means of its rows and of its columns (Owen 2007, Ann. Appl. Stat. 1, 386).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Separation:
    """The chance that a nearest score exceeds a background score, with its 95% interval.

    `low` and `high` are None with fewer than two nearest scores.
    """

    area: float
    low: float | None
    high: float | None


def separation(nearest: NDArray[Any], background: NDArray[Any]) -> float | None:
    """The chance that a nearest score exceeds a background score, ties counting half.

    The area under the ROC curve: the Mann–Whitney U divided by the number of pairs. None where
    either side is empty.
    """
    if len(nearest) == 0 or len(background) == 0:
        return None
    return float(placements(nearest, np.sort(background)).mean())


def placements(scores: NDArray[Any], ordered: NDArray[Any]) -> NDArray[np.float64]:
    """The share of the ascending scores `ordered` below each of `scores`, ties counting half."""
    below = np.searchsorted(ordered, scores, side="left")
    tied = ordered[np.minimum(below, len(ordered) - 1)] == scores
    at_most = below.copy()
    at_most[tied] = np.searchsorted(ordered, scores[tied], side="right")
    placed: NDArray[np.float64] = (below + at_most) / (2 * len(ordered))
    return placed


def separate(
    nearest: NDArray[Any], pairs: NDArray[Any], ordered: NDArray[Any] | None = None
) -> Separation | None:
    """Separation and its interval.

    `nearest` has one score a highlight. `pairs`, of shape (a, b), has the scores of a drawn
    highlights with b drawn passages, NaN for a pair to leave out; scores that are independent of
    each other are given as a column. `ordered` are the same, ascending, for who has them already.
    None where either side is empty.
    """
    nearest = nearest[np.isfinite(nearest)]
    there = ~np.isnan(pairs)
    random = pairs[there]
    if len(nearest) == 0 or len(random) == 0:
        return None
    placed = placements(nearest, np.sort(random) if ordered is None else ordered)
    area = float(placed.mean())
    if len(nearest) < 2:
        return Separation(area, None, None)
    exceeded = np.zeros(pairs.shape)
    exceeded[there] = 1 - placements(random, np.sort(nearest))
    variance = float(placed.var(ddof=1)) / len(placed)
    variance += sum(_variance_of_mean(exceeded, there, axis) for axis in (0, 1))
    low, high = _interval(area, variance, len(nearest))
    return Separation(area, low, high)


def _variance_of_mean(values: NDArray[Any], there: NDArray[Any], axis: int) -> float:
    """The part of the variance of the mean of a table that is due to its rows or its columns."""
    counts = there.sum(axis=1 - axis)
    filled = counts > 0
    if filled.sum() < 2:
        return 0.0
    means = values.sum(axis=1 - axis)[filled] / counts[filled]
    return float(means.var(ddof=1)) / int(filled.sum())


def _interval(area: float, variance: float, highlights: int) -> tuple[float, float]:
    if variance <= 0 or area in (0, 1):
        # No spread to measure. Were less than this share placed at the end, so many highlights
        # would not all be (Clopper and Pearson).
        least = float(((1 - CONFIDENCE) / 2) ** (1 / highlights))
        return (least * area, 1 - least * (1 - area))
    logit = float(special.logit(area))
    spread = float(stats.t.ppf((1 + CONFIDENCE) / 2, highlights - 1)) * math.sqrt(variance)
    spread /= area * (1 - area)
    return (float(special.expit(logit - spread)), float(special.expit(logit + spread)))
