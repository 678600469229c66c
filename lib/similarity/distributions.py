"""Distributions of scores over each other: histogram, density and cumulative share.

Whatever the shape, all series of a frame stand at the same places of one axis. Pure functions.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lib.similarity.scores import RANDOM_PAIRS, Scores, histogram, summarise
from lib.similarity.separation import separate

Array = NDArray[np.float64]
Series = dict[str, NDArray[Any]]

SHAPES = ("density", "histogram", "ECDF")
NEAREST = "nearest passage"
ORDINALS = {2: "2nd", 3: "3rd"}
POINTS = 241
FINE = 2_048


def ordinal(k: int) -> str:
    """The ordinal of a rank from 2 to 20."""
    return ORDINALS.get(k, f"{k}th")


def series_of_pair(nearest: Scores, background: NDArray[Any], k: int) -> Series:
    """The three distributions of one pair of labels: nearest, k-th nearest, and random pairs.

    `nearest` has shape (highlights, at least k), best first; places that are empty are left out.
    """
    columns = {NEAREST: nearest[:, 0], f"{ordinal(k)} nearest": nearest[:, k - 1]}
    return {name: scores[np.isfinite(scores)] for name, scores in columns.items()} | {
        RANDOM_PAIRS: background
    }


def distribution(series: Series, shape: str) -> pd.DataFrame:
    """The series as one of `SHAPES`, in the columns that the charts draw.

    `series`, `score` (middle), `left`, `right` (of the bin, or of half a step either way) and
    `height`: the density, or for ECDF the share of the scores at or below. Empty without scores.
    """
    columns = ["series", "score", "left", "right", "height"]
    if shape == "histogram":
        frame = histogram(series).rename(columns={"middle": "score", "density": "height"})
        return frame[columns]
    filled = {name: scores for name, scores in series.items() if len(scores)}
    if not filled:
        return pd.DataFrame(columns=columns)
    grid = _grid(filled, POINTS, ends=(-1.0, 1.0))
    half = (grid[1] - grid[0]) / 2
    frames = []
    for name, scores in filled.items():
        height = ecdf(scores, grid) if shape == "ECDF" else density(scores, grid)
        frames.append(
            pd.DataFrame(
                {
                    "series": name,
                    "score": grid,
                    "left": grid - half,
                    "right": grid + half,
                    "height": height,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def ecdf(scores: NDArray[Any], places: NDArray[Any]) -> Array:
    """The share of `scores` at or below each of `places`."""
    at_most = np.searchsorted(np.sort(scores), places, side="right")
    return np.asarray(at_most / len(scores), dtype=np.float64)


def density(scores: NDArray[Any], places: NDArray[Any]) -> Array:
    """A Gaussian kernel density of `scores` at ascending, evenly spaced `places`.

    The bandwidth is Silverman's rule of thumb (1986, *Density Estimation*, eq. 3.31), and at least
    the distance of the places. Computed from counts in fine bins, so that its cost hardly depends
    on how many scores there are.
    """
    step = float(places[1] - places[0])
    width = max(_bandwidth(scores), step)
    # So fine that putting a score into the middle of its bin changes nothing visible.
    low, high = float(places[0]) - 4 * width, float(places[-1]) + 4 * width
    bins = max(FINE, int(np.ceil((high - low) / (width / 8))))
    counts, edges = np.histogram(scores, bins=min(bins, 8 * FINE), range=(low, high))
    middles = (edges[:-1] + edges[1:]) / 2
    held = counts > 0
    kernels = np.exp(-0.5 * ((places[:, None] - middles[held][None, :]) / width) ** 2)
    heights = kernels @ counts[held] / (len(scores) * width * np.sqrt(2 * np.pi))
    return np.asarray(heights, dtype=np.float64)


def overlap(a: NDArray[Any], b: NDArray[Any]) -> float | None:
    """The area under both densities at once: 1 for the same distribution, 0 for none in common.

    The overlapping coefficient (Inman and Bradley 1989, Commun. Stat. Theory Methods 18, 3851) of
    two kernel densities. None where either side is empty.
    """
    if len(a) == 0 or len(b) == 0:
        return None
    grid = _grid({"a": a, "b": b}, 2 * POINTS)
    both = np.minimum(density(a, grid), density(b, grid))
    return min(1.0, float(np.trapezoid(both, grid)))


def describe_pair(
    nearest: Scores, background: NDArray[Any], pairs: NDArray[Any], k: int
) -> pd.DataFrame:
    """The same distributions in figures, with what separates them from the background.

    Columns `series`, `n`, `mean`, `sd`, `p50`, `p95`, `p99`, `separation`, `low`, `high` (its 95%
    interval) and `overlap`; the last four are None for the background itself. Empty when nothing
    could be compared. `background` is ascending, `pairs` is as `separate` takes it.
    """
    rows = []
    for name, scores in series_of_pair(nearest, background, k).items():
        if not len(scores):
            continue
        found = None if name == RANDOM_PAIRS else separate(scores, pairs, background)
        rows.append(
            {
                "series": name,
                **asdict(summarise(scores)),
                "separation": found.area if found else None,
                "low": found.low if found else None,
                "high": found.high if found else None,
                "overlap": overlap(scores, background) if found else None,
            }
        )
    return pd.DataFrame(rows)


def _grid(filled: Series, points: int, ends: tuple[float, float] = (-np.inf, np.inf)) -> Array:
    """Evenly spaced places that hold all series and what a kernel adds, but for what is no score.

    Scores beyond `ends` are rounding errors, and are held all the same.
    """
    low = min(float(scores.min()) for scores in filled.values())
    high = max(float(scores.max()) for scores in filled.values())
    margin = max(3 * max(_bandwidth(scores) for scores in filled.values()), 0.01)
    return np.linspace(
        max(low - margin, min(low, ends[0])), min(high + margin, max(high, ends[1])), points
    )


def _bandwidth(scores: NDArray[Any]) -> float:
    if len(scores) < 2:
        return 0.0
    quartiles = np.percentile(scores, [25, 75])
    spreads = [float(np.std(scores, ddof=1, dtype=np.float64)), float(np.ptp(quartiles)) / 1.349]
    positive = [spread for spread in spreads if spread > 0]
    return float(0.9 * min(positive, default=0.0) * len(scores) ** -0.2)
