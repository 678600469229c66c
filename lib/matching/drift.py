"""Whether windows near the edges of a highlight hit less often: drift, put to a test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.special import expit

from lib.matching.clusters import FEWEST_CLUSTERS, Clusters
from lib.matching.rates import Hits
from lib.matching.statistics import CONFIDENCE

Unit = Literal["book", "highlight"]
FEWEST_BOOKS = 10
_STEPS = 50
_SETTLED = 1e-10

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Drift:
    """How the odds of a window to hit change from the middle of a highlight to its edges.

    `odds_ratio` is that of a window at the very edge against one in the very middle, below 1 where
    edges hit less, with its 95% interval; `middle_rate` and `edge_rate` are what the model fits to
    both places. `windows` and `clusters` took part; `clustered_by` says what is a cluster. None is
    what cannot be said: no ratio without hits and misses that overlap in position; no interval and
    no p-value with fewer than five clusters, without any variation between them, or where the ratio
    rests on one of them alone; no rates without windows at different distances from the middle.
    """

    windows: int
    clusters: int
    clustered_by: Unit
    odds_ratio: float | None
    low: float | None
    high: float | None
    p_value: float | None
    middle_rate: float | None
    edge_rate: float | None


def edge_drift(hits: Hits, clusters: Clusters) -> Drift:
    """Logistic regression of window hits on the distance from the middle, |2u − 1|.

    u = i/(W − 1) is the relative position of window i of W, so the distance is 0 in the middle and
    1 at either edge. A highlight's only window has no position and is left out. `clusters` are of
    highlights; with fewer than ten of them (books, mostly) each highlight is its own.

    Overlapping windows fail together and so do highlights of one book. Hence generalised estimating
    equations with independence as the working correlation (Liang and Zeger 1986, Biometrika 73,
    13): the estimate is that of ordinary logistic regression, its covariance a sandwich of the
    scores summed by cluster. The plain sandwich with the normal distribution rejects 9 to 12% of
    true null hypotheses of 10 to 20 unequal books; corrected for its bias (Mancl and DeRouen 2001,
    Biometrics 57, 126) and with Student's t of clusters − 1 degrees of freedom it rejects 5 to 6%.
    statsmodels fits the same model, but importing it costs two seconds of whoever opens the page
    first; the tests hold this to its figures.
    """
    several = hits.counts > 1
    counts = np.where(several, hits.counts, 0)
    by, unit = _clusters(clusters, several)
    highlight = np.repeat(np.arange(len(counts)), counts)
    starts = np.concatenate([[0], np.cumsum(counts)])
    number = np.arange(len(highlight)) - starts[highlight]
    # Divided last, so that equal distances are equal numbers.
    last = counts[highlight] - 1
    edgeness = np.abs(2 * number - last) / last
    hit = np.zeros(len(highlight))
    counted = several[hits.highlight]
    hit[starts[hits.highlight[counted]] + hits.window[counted]] = 1
    with np.errstate(over="ignore"):
        return _drift(edgeness, hit, by[highlight], unit)


def _clusters(clusters: Clusters, counted: NDArray[np.bool_]) -> tuple[Clusters, Unit]:
    distinct = len(np.unique(clusters[counted]))
    if distinct < FEWEST_BOOKS or distinct == counted.sum():
        return np.arange(len(clusters), dtype=np.int32), "highlight"
    return clusters, "book"


def _drift(edgeness: Floats, hit: Floats, clusters: Clusters, unit: Unit) -> Drift:
    """The regression, of one value per window."""
    numbers, cluster = np.unique(clusters, return_inverse=True)
    places, place = np.unique(edgeness, return_inverse=True)
    trials = np.bincount(place).astype(np.float64)
    successes = np.bincount(place, weights=hit).astype(np.float64)
    limits = _limits(places, trials, successes)
    if limits is not None:
        return Drift(len(hit), len(numbers), unit, None, None, None, None, *limits)
    # The estimate needs the windows only by their distance, which makes each step a short one.
    (intercept, slope), bread = _logistic(places, trials, successes)
    fitted = expit(intercept + slope * edgeness)
    error = _error(edgeness, hit - fitted, fitted * (1 - fitted), cluster, bread)
    low = high = p_value = None
    if len(numbers) >= FEWEST_CLUSTERS and error > _SETTLED:
        freedom = len(numbers) - 1
        reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, freedom)) * error
        low, high = float(np.exp(slope - reach)), float(np.exp(slope + reach))
        p_value = float(2 * stats.t.sf(abs(slope) / error, freedom))
    return Drift(
        windows=len(hit),
        clusters=len(numbers),
        clustered_by=unit,
        odds_ratio=float(np.exp(slope)),
        low=low,
        high=high,
        p_value=p_value,
        middle_rate=float(expit(intercept)),
        edge_rate=float(expit(intercept + slope)),
    )


def _error(
    edgeness: Floats, residual: Floats, weight: Floats, cluster: NDArray[np.int64], bread: Floats
) -> float:
    """The standard error of the slope: the sandwich by clusters, of Mancl and DeRouen.

    Every cluster's score is divided by what its own pull on the fit leaves of it, I − A·bread with
    A its information. (They invert I − H, as large as the cluster; this is the same.) Where one
    cluster determines the fit alone, nothing is left and the error is 0, that is unknown.
    """
    design = (np.ones_like(edgeness), edgeness)
    raw = np.stack([np.bincount(cluster, residual * x) for x in design], axis=-1)
    information = np.stack(
        [np.bincount(cluster, weight * x * y) for x in design for y in design], axis=-1
    ).reshape(-1, 2, 2)
    left = np.eye(2) - information @ bread
    if np.linalg.det(left).min() < _SETTLED:
        return 0.0
    scores = np.linalg.solve(left, raw[..., None])[..., 0]
    return float(np.sqrt((bread @ (scores.T @ scores) @ bread)[1, 1]))


def _limits(
    places: Floats, trials: Floats, successes: Floats
) -> tuple[float | None, float | None] | None:
    """Rates in the middle and at the edge where no finite slope fits best; None where one does.

    That is so where hits and misses do not overlap in position: all hits lie on one side of some
    distance and all misses on the other, or there are no hits or no misses (Albert and Anderson
    1984, Biometrika 71, 1). The best fit is then a step, whose ends are returned.
    """
    rates = successes / trials
    if len(places) < 2:
        # Two windows a highlight: all are at an edge.
        return None, float(rates[0]) if len(places) else None
    hit, missed = places[successes > 0], places[successes < trials]
    if len(hit) == 0 or len(missed) == 0:
        rate = float(len(missed) == 0)
        return rate, rate
    if missed.max() <= hit.min():
        # Hits only from some distance on: whatever lies nearer to the middle misses.
        return (float(rates[0]) if places[0] == 0 else 0.0), float(rates[-1])
    if hit.max() <= missed.min():
        return (float(rates[0]) if places[0] == 0 else 1.0), float(rates[-1])
    return None


def _logistic(
    places: Floats, trials: Floats, successes: Floats
) -> tuple[Floats, NDArray[np.float64]]:
    """Intercept and slope by Newton's method, and the inverse of the information matrix."""
    design = np.stack([np.ones_like(places), places])
    share = successes.sum() / trials.sum()
    estimate = np.array([np.log(share / (1 - share)), 0.0])
    for _ in range(_STEPS):
        fitted = expit(estimate @ design)
        inverse = np.linalg.inv((design * (trials * fitted * (1 - fitted))) @ design.T)
        step = inverse @ (design @ (successes - trials * fitted))
        # Halved while it overshoots: the likelihood is concave, so this always arrives.
        while (
            _likelihood(estimate + step, design, trials, successes)
            < _likelihood(estimate, design, trials, successes) - _SETTLED
            and np.abs(step).max() > _SETTLED
        ):
            step /= 2
        estimate = estimate + step
        if np.abs(step).max() < _SETTLED:
            break
    return estimate, inverse


def _likelihood(estimate: Floats, design: Floats, trials: Floats, successes: Floats) -> float:
    linear = estimate @ design
    return float(successes @ linear - trials @ np.logaddexp(0, linear))
