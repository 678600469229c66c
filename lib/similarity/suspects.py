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

from lib.similarity.scores import Matrix

SHRINKAGE = 0.3
FOLDS = 5
FEWEST_ROWS = 300
MARGIN = 0.05  # nats per dimension: at 256 dimensions, odds of 360,000 to one
UNUSUAL_SHARE = 0.001
USUAL_ROWS = 5_000
Likelihoods = NDArray[np.float64]
COLUMNS = ["id", "label", "looks_like", "score"]


@dataclass(frozen=True)
class Gaussian:
    """A fitted label: mean, Cholesky factor of the shrunk covariance, and its log determinant."""

    mean: NDArray[np.float64]
    factor: NDArray[np.float64]
    log_determinant: float

    def log_likelihood(self, rows: Matrix) -> NDArray[np.float64]:
        """Log density of each row, per dimension, without the constant that all labels share."""
        centred = (rows - self.mean).T
        distances = (linalg.solve_triangular(self.factor, centred, lower=True) ** 2).sum(axis=0)
        likelihood = -0.5 * (distances + self.log_determinant) / len(self.mean)
        return np.asarray(likelihood, dtype=np.float64)


def fit(rows: Matrix) -> Gaussian:
    """Fit one label: .7 of the sample covariance and .3 of its average variance."""
    mean = rows.mean(axis=0, dtype=np.float64)
    centred = rows - mean.astype(np.float32)
    covariance = (centred.T @ centred).astype(np.float64) / max(len(rows) - 1, 1)
    dimension = len(mean)
    spread = np.trace(covariance) / dimension
    shrunk = (1 - SHRINKAGE) * covariance + SHRINKAGE * spread * np.eye(dimension)
    shrunk += 1e-12 * np.eye(dimension)
    factor = linalg.cholesky(shrunk, lower=True)
    return Gaussian(mean, factor, float(2 * np.log(np.diag(factor)).sum()))


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
    rng = np.random.default_rng(seed)
    fold_of = {label: rng.integers(0, FOLDS, len(rows[label])) for label in labels}
    found = []
    for fold in range(FOLDS):
        fits = {label: fit(rows[label][fold_of[label] != fold]) for label in labels}
        chosen = {label: np.flatnonzero(fold_of[label] == fold) for label in labels}
        likelihoods = {
            label: _likelihoods(fits, rows[label][indices]) for label, indices in chosen.items()
        }
        usual = {label: _usual(likelihoods[label][label]) for label in labels}
        found += [
            _judge(label, [ids[label][i] for i in chosen[label]], likelihoods[label], usual)
            for label in labels
        ]
    return _ranked(found)


def find_foreign(
    label: str, ids: list[Any], rows: Matrix, references: Mapping[str, Matrix]
) -> pd.DataFrame:
    """Suspects among `rows`, which are labelled `label`, by fits to the rows of `references`.

    For highlights, judged by the passages of each label. Columns as of `find_suspects`; empty
    unless `label` and another one have reference rows enough.
    """
    known = {name: matrix for name, matrix in references.items() if len(matrix) >= FEWEST_ROWS}
    if label not in known or len(known) < 2 or len(rows) == 0:
        return pd.DataFrame(columns=COLUMNS)
    fits = {name: fit(matrix) for name, matrix in known.items()}
    usual = {
        name: _usual(fits[name].log_likelihood(matrix[:USUAL_ROWS]))
        for name, matrix in known.items()
    }
    return _ranked([_judge(label, ids, _likelihoods(fits, rows), usual)])


def _likelihoods(fits: Mapping[str, Gaussian], rows: Matrix) -> dict[str, Likelihoods]:
    return {name: gaussian.log_likelihood(rows) for name, gaussian in fits.items()}


def _usual(own: Likelihoods) -> float:
    """What all but a thousandth of a label's rows reach under their own fit."""
    return float(np.quantile(own, UNUSUAL_SHARE))


def _judge(
    label: str,
    ids: list[Any],
    likelihoods: Mapping[str, Likelihoods],
    usual: Mapping[str, float],
) -> pd.DataFrame:
    others = [name for name in likelihoods if name != label]
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
    found = pd.concat(frames, ignore_index=True)
    return found.sort_values("score", ascending=False, ignore_index=True)[COLUMNS]
