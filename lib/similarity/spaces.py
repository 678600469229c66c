"""The space of a model: where its vectors lie, whatever their distance from the middle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from lib.similarity.scores import Matrix

LEAST_SHRINKAGE = 0.05
TINY = 1e-12
Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Space:
    """Rows seen from `mean`, whitened by `whitening`; the shape's log determinant."""

    mean: Matrix
    whitening: Matrix
    log_determinant: float

    def log_likelihood(self, rows: Matrix) -> Scores:
        """Log density of each row of shape (n, d), per dimension, but for a constant that all
        spaces share: a Cauchy-like density, to which a far row is no stranger than a near one."""
        whitened = (rows - self.mean) @ self.whitening
        distances = np.einsum("ij,ij->i", whitened, whitened, dtype=np.float64)
        likelihood = -0.5 * (self.log_determinant / len(self.mean) + np.log(distances + TINY))
        return np.asarray(likelihood, dtype=np.float64)

    def explains(self, rows: Matrix, centre: Matrix | None = None) -> Scores:
        """How much better than no model at all the space says in which direction from `centre`
        (its own mean, unless given) each row lies: nats per dimension, 0 for a random direction's
        worth."""
        centred = rows - (self.mean if centre is None else centre)
        whitened = centred @ self.whitening
        distances = np.einsum("ij,ij->i", whitened, whitened, dtype=np.float64)
        lengths = np.einsum("ij,ij->i", centred, centred, dtype=np.float64)
        gain = np.log(lengths + TINY) - np.log(distances + TINY)
        return np.asarray(0.5 * (gain - self.log_determinant / len(self.mean)), dtype=np.float64)


def fit(rows: Matrix, steps: int = 1) -> Space:
    """Fit the space of rows of shape (n, d).

    The shape is the covariance of directions from the mean (Tyler's estimator, stopped after
    `steps` steps), shrunk towards the identity as far as so few rows deserve (Chen, Wiesel,
    Hero 2011), at least by .05.
    """
    mean = rows.mean(axis=0)
    centred = rows - mean
    lengths = np.einsum("ij,ij->i", centred, centred)
    space = _shaped(mean, centred, lengths)
    for _ in range(steps - 1):
        whitened = centred @ space.whitening
        space = _shaped(mean, centred, np.einsum("ij,ij->i", whitened, whitened))
    return space


def _shaped(mean: Matrix, centred: Matrix, lengths: Matrix) -> Space:
    rows, dimension = centred.shape
    weights = 1 / np.maximum(lengths, 0.01 * np.median(lengths) + TINY)
    weights /= weights.sum()
    shape = ((centred * weights[:, None]).T @ centred).astype(np.float64)
    shape *= dimension / max(float(np.trace(shape)), TINY)
    share = _shrinkage(shape, rows)
    shape = (1 - share) * shape + share * np.eye(dimension)
    factor = linalg.cholesky(shape, lower=True)
    whitening = linalg.solve_triangular(factor, np.eye(dimension), lower=True).T
    return Space(
        mean=mean,
        whitening=np.ascontiguousarray(whitening, dtype=np.float32),
        log_determinant=float(2 * np.log(np.diag(factor)).sum()),
    )


def _shrinkage(shape: Scores, rows: int) -> float:
    """Oracle-approximating shrinkage for a shape matrix of trace d."""
    dimension = len(shape)
    squares, trace = float((shape**2).sum()), float(np.trace(shape))
    above = (1 - 2 / dimension) * squares + trace**2
    below = (rows + 1 - 2 / dimension) * (squares - trace**2 / dimension)
    return float(np.clip(above / max(below, TINY), LEAST_SHRINKAGE, 1.0))
