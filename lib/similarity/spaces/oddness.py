"""In how many ways a row may be odd among its like: where a few intruders are looked for.

No single feature finds the vectors of every other model, and some intruders are odd by being too
usual; each feature is therefore taken from both sides.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lib.similarity.scores import Matrix
from lib.similarity.spaces.shapes import fit

COMPONENTS = 48
COMPARED = 400
TINY = 1e-9


def oddest(rows: Matrix, usual: Matrix, most: int) -> NDArray[np.int64]:
    """The indices of at most `most` rows of shape (n, d), the oddest by each of five features as
    seen from the `usual` rows."""
    if len(rows) <= most:
        return np.arange(len(rows))
    found: set[int] = set()
    for feature in oddness(rows, usual):
        found.update(np.argsort(-feature, kind="stable")[: most // 5].tolist())
    return np.array(sorted(found), dtype=np.int64)


def oddness(rows: Matrix, usual: Matrix) -> list[NDArray[np.float64]]:
    """Distance from the median, in robust standard deviations, of five features.

    What the space of the `usual` rows explains of each row; its score with their mean; the
    largest of its leading principal components; what these leave; and how widely its centred
    scores with them scatter.
    """
    mean = usual.mean(axis=0)
    space = fit(usual)
    centred = usual - mean
    directions = np.linalg.eigh(centred.T @ centred)[1][:, ::-1][:, :COMPONENTS]
    away = rows - mean
    components = away @ directions
    squares = np.einsum("ij,ij->i", away, away)
    left = squares - np.einsum("ij,ij->i", components, components)
    scatter = (away @ centred[:COMPARED].T).std(axis=1) / (np.sqrt(squares) + TINY)
    return [
        _from_median(space.explains(rows)),
        _from_median(rows @ mean / (np.linalg.norm(mean) + TINY)),
        _from_median(components).max(axis=1),
        _from_median(left),
        _from_median(scatter),
    ]


def _from_median(feature: NDArray[np.floating]) -> NDArray[np.float64]:
    distance = np.abs(feature - np.median(feature, axis=0))
    spread = 1.4826 * np.median(distance, axis=0) + TINY
    return np.asarray(distance / spread, dtype=np.float64)
