"""The space of a model: in which directions its vectors lie, whatever their distance from the
middle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from lib.similarity.scores import Matrix

LEAST_SHRINKAGE = 0.05
BLOCK = 4_096
TINY = 1e-12
Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Space:
    """Rows seen from `mean`, whitened by `whitening`; the shape's log determinant, per dimension.

    What its methods return is in nats per dimension: in d dimensions a difference of .05 is odds
    of e^(.05·d) to one.
    """

    mean: Matrix
    whitening: Matrix
    log_determinant: float

    def log_likelihood(self, rows: Matrix) -> Scores:
        """Log density of each row of shape (n, d), but for a constant that all spaces share: a
        Cauchy-like density, to which a far row is no stranger than a near one."""
        return self._density(self._measure(rows, self.mean)[1])

    def explains(self, rows: Matrix, centre: Matrix | None = None) -> Scores:
        """How much better than no model at all the space says in which direction from `centre`
        (its own mean, unless given) each row lies: 0 is a random direction's worth."""
        return self._gain(*self._measure(rows, self.mean if centre is None else centre))

    def both(self, rows: Matrix) -> tuple[Scores, Scores]:
        """`log_likelihood` and `explains`, for little more than the price of one."""
        lengths, distances = self._measure(rows, self.mean)
        return self._density(distances), self._gain(lengths, distances)

    def _measure(self, rows: Matrix, centre: Matrix) -> tuple[Scores, Scores]:
        """Squared lengths of the rows seen from `centre`, as they are and whitened."""
        lengths, distances = np.empty(len(rows)), np.empty(len(rows))
        # Block by block: what is in between stays in the processor's cache, and small.
        for start in range(0, len(rows), BLOCK):
            block = slice(start, start + BLOCK)
            centred = rows[block] - centre
            lengths[block] = _squares(centred)
            distances[block] = _squares(centred @ self.whitening)
        return lengths, distances

    def _density(self, distances: Scores) -> Scores:
        return np.asarray(-0.5 * (self.log_determinant + np.log(distances + TINY)))

    def _gain(self, lengths: Scores, distances: Scores) -> Scores:
        gain = np.log(lengths + TINY) - np.log(distances + TINY) - self.log_determinant
        return np.asarray(0.5 * gain)


def fit(rows: Matrix, steps: int = 1) -> Space:
    """Fit the space of rows of shape (n, d).

    The shape is the covariance of directions from the mean (Tyler 1987, stopped after `steps`
    steps), shrunk towards the identity as far as so few rows deserve (Chen, Wiesel, Hero 2011), at
    least by .05.
    """
    mean = rows.mean(axis=0)
    centred = rows - mean
    space = _shaped(mean, centred, _squares(centred))
    for _ in range(steps - 1):
        space = _shaped(mean, centred, _squares(centred @ space.whitening))
    return space


def _squares(rows: NDArray[Any]) -> Scores:
    return np.asarray(np.einsum("ij,ij->i", rows, rows), dtype=np.float64)


def _shaped(mean: Matrix, centred: Matrix, lengths: Scores) -> Space:
    rows, dimension = centred.shape
    weights = 1 / np.maximum(lengths, 0.01 * np.median(lengths) + TINY)
    scaled = centred * np.sqrt(weights / weights.sum()).astype(np.float32)[:, None]
    shape: Scores = (scaled.T @ scaled).astype(np.float64)
    shape *= dimension / max(float(np.trace(shape)), TINY)
    share = _shrinkage(shape, rows)
    shape *= 1 - share
    shape[np.diag_indices(dimension)] += share
    # No variance is below the shrinkage: single precision is enough.
    factor = np.linalg.cholesky(shape.astype(np.float32))
    inverse, _ = linalg.lapack.strtri(factor, lower=1)
    return Space(
        mean=mean,
        whitening=np.ascontiguousarray(inverse.T),
        log_determinant=float(2 * np.log(np.diag(factor).astype(np.float64)).mean()),
    )


def _shrinkage(shape: Scores, rows: int) -> float:
    """Oracle-approximating shrinkage for a shape matrix of trace d."""
    dimension = len(shape)
    squares, trace = float((shape**2).sum()), float(np.trace(shape))
    above = (1 - 2 / dimension) * squares + trace**2
    below = (rows + 1 - 2 / dimension) * (squares - trace**2 / dimension)
    return float(np.clip(above / max(below, TINY), LEAST_SHRINKAGE, 1.0))


def shortened(rows: Matrix, dimensions: int, seed: int) -> Matrix:
    """Rows of at most `dimensions` dimensions, each the sum of some of theirs with random signs:
    cosines stay as they are, but for a little noise (Charikar, Chen, Farach-Colton 2002)."""
    dimension = rows.shape[1]
    if dimension <= dimensions:
        return rows
    rng = np.random.default_rng(seed)
    signs = rng.choice(np.array([-1, 1], dtype=np.float32), dimension)
    order = rng.permutation(dimension)
    bounds = np.linspace(0, dimension, dimensions + 1).astype(int)[:-1]
    return np.asarray(np.add.reduceat(rows[:, order] * signs[order], bounds, axis=1))
