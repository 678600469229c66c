"""Rows whose label lies: a shrunk-Gaussian discriminant between labels, cross-fitted.

Each label's vectors are taken as a Gaussian whose covariance is shrunk towards a multiple of the
identity; a row is suspect when another label explains it better than its own. A row is never
judged by a fit that it took part in. (Friedman 1989, regularized discriminant analysis.)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import linalg

from lib.similarity.scores import Matrix, unit

SHRINKAGE = 0.3
FOLDS = 5
FEWEST_ROWS = 300
MARGIN = 0.05  # nats per dimension: at 256 dimensions, odds of 360,000 to one
UNUSUAL_SHARE = 0.001
USUAL_ROWS = 5_000
TINY = 1e-12
Likelihoods = NDArray[np.float64]
COLUMNS = ["id", "label", "looks_like", "score"]


@dataclass(frozen=True)
class Gaussian:
    """A fitted label: its mean, what whitens rows about it, and the log determinant."""

    mean: Matrix
    whitening: Matrix
    log_determinant: float

    def log_likelihood(self, rows: Matrix) -> Likelihoods:
        """Log density of each row, per dimension, without the constant that all labels share."""
        whitened = (rows - self.mean) @ self.whitening
        distances = np.einsum("ij,ij->i", whitened, whitened, dtype=np.float64)
        likelihood = -0.5 * (distances + self.log_determinant) / len(self.mean)
        return np.asarray(likelihood, dtype=np.float64)


@dataclass(frozen=True)
class Moments:
    """Number, sum and sum of squares of rows, counted from `origin`: they can be subtracted, so
    that leaving a fold out costs nothing."""

    origin: Matrix
    count: int
    total: NDArray[np.float64]
    squares: NDArray[np.float64]

    @classmethod
    def of(cls, rows: Matrix, origin: Matrix) -> Moments:
        """The moments of some rows."""
        shifted = rows - origin
        squares = (shifted.T @ shifted).astype(np.float64)
        return cls(origin, len(rows), shifted.sum(axis=0, dtype=np.float64), squares)

    def without(self, part: Moments) -> Moments:
        """The moments of the rows that are not in `part`."""
        return Moments(
            self.origin,
            self.count - part.count,
            self.total - part.total,
            self.squares - part.squares,
        )

    def fit(self) -> Gaussian:
        """The Gaussian of .7 of the sample covariance and .3 of its average variance."""
        mean = self.total / self.count
        covariance = (self.squares - self.count * np.outer(mean, mean)) / max(self.count - 1, 1)
        dimension = len(mean)
        spread = np.trace(covariance) / dimension
        shrunk = (1 - SHRINKAGE) * covariance
        shrunk += (SHRINKAGE * spread + TINY) * np.eye(dimension)
        factor = linalg.cholesky(shrunk, lower=True)
        whitening = linalg.solve_triangular(factor, np.eye(dimension), lower=True).T
        return Gaussian(
            mean=self.origin + mean.astype(np.float32),
            whitening=np.ascontiguousarray(whitening, dtype=np.float32),
            log_determinant=float(2 * np.log(np.diag(factor)).sum()),
        )


def fit(rows: Matrix) -> Gaussian:
    """Fit one label to all of its rows."""
    return Moments.of(rows, rows.mean(axis=0)).fit()


def find_suspects(
    ids: Mapping[str, list[Any]], rows: Mapping[str, Matrix], seed: int = 0
) -> pd.DataFrame:
    """Suspects among the rows of several labels of one relation, of one dimension.

    Labels of fewer than 300 rows are left out; with fewer than two labels there is nothing to
    compare. Columns `id`, `label`, `looks_like` and `score` (how much better the other label
    explains the row, in nats per dimension), worst first.
    """
    labels = [label for label, matrix in rows.items() if len(matrix) >= FEWEST_ROWS]
    if len(labels) < 2:
        return pd.DataFrame(columns=COLUMNS)
    # Only directions count, in a score as here.
    rows = {label: unit(rows[label]) for label in labels}
    rng = np.random.default_rng(seed)
    fold_of = {label: rng.integers(0, FOLDS, len(rows[label])) for label in labels}
    whole = {label: Moments.of(rows[label], rows[label].mean(axis=0)) for label in labels}
    found = []
    for fold in range(FOLDS):
        chosen = {label: np.flatnonzero(fold_of[label] == fold) for label in labels}
        fits = {
            label: whole[label].without(Moments.of(rows[label][indices], whole[label].origin)).fit()
            for label, indices in chosen.items()
        }
        likelihoods = {
            label: _likelihoods(fits, rows[label][indices]) for label, indices in chosen.items()
        }
        usual = {label: _usual(likelihoods[label][label]) for label in labels}
        for label in labels:
            others = _separable(label, likelihoods[label])
            mine = [ids[label][index] for index in chosen[label]]
            found.append(_judge(label, others, mine, likelihoods[label], usual))
    return _ranked(found)


def find_foreign(
    label: str, ids: list[Any], rows: Matrix, references: Mapping[str, Matrix]
) -> pd.DataFrame:
    """Suspects among `rows`, which are labelled `label`, by fits to the rows of `references`.

    For highlights, judged by the passages of each label. Columns as of `find_suspects`; empty
    unless `label` and another one have reference rows enough.
    """
    known = {
        name: unit(matrix) for name, matrix in references.items() if len(matrix) >= FEWEST_ROWS
    }
    if label not in known or len(known) < 2 or len(rows) == 0:
        return pd.DataFrame(columns=COLUMNS)
    fits = {name: fit(matrix) for name, matrix in known.items()}
    samples = {name: _likelihoods(fits, matrix[:USUAL_ROWS]) for name, matrix in known.items()}
    usual = {name: _usual(samples[name][name]) for name in known}
    others = _separable(label, samples[label])
    return _ranked([_judge(label, others, ids, _likelihoods(fits, unit(rows)), usual)])


def _separable(label: str, likelihoods: Mapping[str, Likelihoods]) -> list[str]:
    """The other labels that a typical row of `label` is clearly told from: two labels of one model
    are not, and must not accuse each other."""
    return [
        name
        for name, theirs in likelihoods.items()
        if name != label and np.median(likelihoods[label] - theirs) > MARGIN
    ]


def _likelihoods(fits: Mapping[str, Gaussian], rows: Matrix) -> dict[str, Likelihoods]:
    return {name: gaussian.log_likelihood(rows) for name, gaussian in fits.items()}


def _usual(own: Likelihoods) -> float:
    """What all but a thousandth of a label's rows reach under their own fit."""
    return float(np.quantile(own, UNUSUAL_SHARE))


def _judge(
    label: str,
    others: list[str],
    ids: list[Any],
    likelihoods: Mapping[str, Likelihoods],
    usual: Mapping[str, float],
) -> pd.DataFrame:
    if not others:
        return pd.DataFrame(columns=COLUMNS)
    theirs = np.stack([likelihoods[name] for name in others])
    best = theirs.argmax(axis=0)
    score = theirs.max(axis=0) - likelihoods[label]
    # A row that is odd under every label is an odd text, not another model's vector.
    plausible = theirs.max(axis=0) >= np.array([usual[name] for name in others])[best]
    frame = pd.DataFrame(
        {
            "id": pd.Series(ids, dtype=object),
            "label": label,
            "looks_like": np.array(others, dtype=object)[best],
            "score": score,
        }
    )
    return frame[(score > MARGIN) & plausible]


def _ranked(frames: list[pd.DataFrame]) -> pd.DataFrame:
    found = pd.concat([frame for frame in frames if len(frame)] or frames, ignore_index=True)
    return found.sort_values("score", ascending=False, ignore_index=True)[COLUMNS]
