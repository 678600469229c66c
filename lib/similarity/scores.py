"""Cosine scores of vectors: nearest passages, summaries, histograms. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Matrix = NDArray[np.float32]
Scores = NDArray[np.float32]

RANDOM_PAIRS = "random pairs"


@dataclass(frozen=True)
class Summary:
    """A distribution of scores in six figures; None for what it is too small to have."""

    n: int
    mean: float | None
    sd: float | None
    p50: float | None
    p95: float | None
    p99: float | None


def unit(matrix: Matrix) -> Matrix:
    """The rows scaled to length 1, so that a dot product is a cosine; zero rows stay zero."""
    # In double precision: squares of numbers of single precision may be out of the range of it.
    norms = np.sqrt(np.einsum("ij,ij->i", matrix, matrix, dtype=np.float64))[:, None]
    scaled: Matrix = np.divide(matrix, norms, out=np.zeros_like(matrix), where=norms > 0)
    return scaled


def summarise(scores: NDArray[Any]) -> Summary:
    """Number, mean, sample standard deviation and three percentiles."""
    if len(scores) == 0:
        return Summary(0, None, None, None, None, None)
    p50, p95, p99 = (float(p) for p in np.percentile(scores, [50, 95, 99]))
    sd = float(np.std(scores, ddof=1, dtype=np.float64)) if len(scores) > 1 else None
    return Summary(len(scores), float(np.mean(scores, dtype=np.float64)), sd, p50, p95, p99)


@dataclass
class NearestPassages:
    """The `k` nearest passages of each query, kept up while passages stream by.

    `queries` and every batch have rows of length 1. `scores` has shape (queries, k), best first;
    `ids` likewise; places that no passage has filled hold −inf and None.
    """

    queries: Matrix
    k: int
    scores: Scores = field(init=False)
    ids: NDArray[Any] = field(init=False)

    def __post_init__(self) -> None:
        self.scores = np.full((len(self.queries), self.k), -np.inf, dtype=np.float32)
        self.ids = np.full((len(self.queries), self.k), None, dtype=object)

    def add(self, ids: list[Any], scores: Scores) -> None:
        """Take in a batch: `scores` has shape (queries, len(ids))."""
        if len(ids) == 0 or len(self.queries) == 0:
            return
        # Few batches hold anything better than what is kept: look only at the rows that do.
        better = np.flatnonzero(scores.max(axis=1) > self.scores[:, -1])
        if len(better) == 0:
            return
        most = min(self.k, len(ids))
        mine = scores[better]
        candidates = np.argpartition(mine, len(ids) - most, axis=1)[:, len(ids) - most :]
        new_scores = np.concatenate(
            [self.scores[better], np.take_along_axis(mine, candidates, axis=1)], axis=1
        )
        new_ids = np.concatenate(
            [self.ids[better], np.asarray(ids, dtype=object)[candidates]], axis=1
        )
        best = np.argsort(-new_scores, axis=1, kind="stable")[:, : self.k]
        self.scores[better] = np.take_along_axis(new_scores, best, axis=1)
        self.ids[better] = np.take_along_axis(new_ids, best, axis=1)


def histogram(series: dict[str, NDArray[Any]], bins: int = 60) -> pd.DataFrame:
    """Several distributions in the same bins, each as a density.

    Columns `series`, `left`, `right`, `middle`, `density` (integrates to 1 within a series) and
    `share` (of the series, in the bin).
    """
    filled = {name: scores for name, scores in series.items() if len(scores)}
    columns = ["series", "left", "right", "middle", "density", "share"]
    if not filled:
        return pd.DataFrame(columns=columns)
    low = min(float(scores.min()) for scores in filled.values())
    high = max(float(scores.max()) for scores in filled.values())
    edges = np.linspace(low, high if high > low else low + 1e-6, bins + 1)
    frames = []
    for name, scores in filled.items():
        counts = np.histogram(scores, edges)[0]
        share = counts / counts.sum()
        frames.append(
            pd.DataFrame(
                {
                    "series": name,
                    "left": edges[:-1],
                    "right": edges[1:],
                    "middle": (edges[:-1] + edges[1:]) / 2,
                    "density": share / np.diff(edges),
                    "share": share,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)[columns]


def histogram_by_model(series: dict[str, dict[str, NDArray[Any]]]) -> pd.DataFrame:
    """`histogram` of each model's series, with a column `model`; each model has bins of its own."""
    frames = [
        histogram(mine).assign(model=model)
        for model, mine in series.items()
        if any(len(scores) for scores in mine.values())
    ]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
