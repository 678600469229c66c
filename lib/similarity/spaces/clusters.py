"""First guesses at a second space within some rows, by kernel k-means.

Rows are whitened together; the squares of their cosines are then large within a space and small
across. Clusters of that kernel are guesses and no more: subjects make clusters too.
(Kernel k-means: Schölkopf, Smola, Müller 1998.)
"""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from lib.similarity.scores import Matrix
from lib.similarity.spaces.oddness import oddness
from lib.similarity.spaces.shapes import Space, fit

Mask = NDArray[np.bool_]

FEWEST_INTRUDERS = 8
SEEDS = (0.005, 0.03, 0.1, 0.3)  # Shares of rows at either end of a feature.
EIGENVECTORS = 5
ROUNDS = 6
GUESSES = 3  # Of each class of size.
SIZES = (0.0, 0.02, 0.15, 0.5)
ALIKE = 0.7


def guesses(rows: Matrix, seed: int) -> list[Mask]:
    """Parts of rows of shape (n, d) that may be of another space, each at most half of them.

    The clearest clusters of each class of size, and the rows that lie oddest under a fit to all.
    """
    space = fit(rows)
    count = len(rows)
    kernel = _kernel(rows, space)
    parts = _cluster(kernel, _starts(kernel, oddness(rows, rows), seed))
    parts = np.where(parts.sum(axis=0) > count / 2, 1 - parts, parts)
    parts = parts[:, parts.sum(axis=0) >= FEWEST_INTRUDERS / 2]
    chosen = _clearest(kernel, parts) if parts.shape[1] else []
    oddest = np.zeros(count, dtype=bool)
    size = max(FEWEST_INTRUDERS, round(SEEDS[0] * count))
    oddest[np.argsort(space.explains(rows), kind="stable")[:size]] = True
    return [*chosen, oddest]


def overlap(one: Mask, other: Mask) -> float:
    """Rows in both parts, as a share of those in either (Jaccard)."""
    return float((one & other).sum() / max((one | other).sum(), 1))


def _kernel(rows: Matrix, space: Space) -> Matrix:
    """Squared cosines of whitened rows, of shape (n, n), without a row's with itself."""
    whitened = (rows - space.mean) @ space.whitening
    whitened /= np.linalg.norm(whitened, axis=1, keepdims=True) + 1e-12
    kernel = np.asarray(whitened @ whitened.T, dtype=np.float32)
    kernel *= kernel
    np.fill_diagonal(kernel, 0)
    return kernel


def _starts(kernel: Matrix, oddities: list[NDArray[np.float64]], seed: int) -> Matrix:
    """Parts to begin with, one a column: both ends of the mean square cosine, of the leading
    eigenvectors of the kernel, and of each way of being odd."""
    count = len(kernel)
    degree = kernel.sum(axis=1) + 1e-12
    root = np.sqrt(degree / degree.sum())[:, None]
    scale = (1 / np.sqrt(degree))[:, None]

    def times(block: Matrix) -> Matrix:
        return np.asarray(scale * (kernel @ (scale * block)) - root * (root.T @ block))

    rng = np.random.default_rng(seed)
    block: Matrix = rng.normal(size=(count, EIGENVECTORS + 4)).astype(np.float32)
    for _ in range(5):
        block = np.linalg.qr(times(block))[0].astype(np.float32)
    _, rotation = np.linalg.eigh(block.T @ times(block))
    vectors = (block @ rotation[:, ::-1])[:, :EIGENVECTORS] / root
    parts = []
    for feature in [degree, *vectors.T, *oddities]:
        order = np.argsort(feature, kind="stable")
        for share in SEEDS:
            size = max(FEWEST_INTRUDERS, round(share * count))
            for end in (order[:size], order[-size:]):
                part = np.zeros(count, dtype=np.float32)
                part[end] = 1
                parts.append(part)
    return np.column_stack(parts)


def _cluster(kernel: Matrix, parts: Matrix) -> Matrix:
    """Kernel k-means of two clusters, of all columns of `parts` at once."""
    for _ in range(ROUNDS):
        moved = _distinct(_contrast(kernel, parts) > 0)
        if moved.shape == parts.shape and np.array_equal(moved, parts):
            break
        parts = moved
    return parts


def _distinct(parts: NDArray[np.bool_]) -> Matrix:
    """The columns that differ from each other: many starts soon come to the same."""
    packed = np.packbits(parts, axis=0).T
    first = {column.tobytes(): index for index, column in reversed(list(enumerate(packed)))}
    return parts[:, sorted(first.values())].astype(np.float32)


def _contrast(kernel: Matrix, parts: Matrix) -> Matrix:
    """How much nearer each row is to the part than to the rest, for each column."""
    rest = 1 - parts
    to_part = kernel @ parts
    to_rest = kernel.sum(axis=1)[:, None] - to_part
    sizes, others = parts.sum(axis=0), rest.sum(axis=0)
    within = (to_part * parts).sum(axis=0) / np.maximum(sizes * (sizes - 1), 1)
    without = (to_rest * rest).sum(axis=0) / np.maximum(others * (others - 1), 1)
    near = to_part / np.maximum(sizes - parts, 1) - within / 2
    far = to_rest / np.maximum(others - rest, 1) - without / 2
    return np.asarray(near - far, dtype=np.float32)


def _clearest(kernel: Matrix, parts: Matrix) -> list[Mask]:
    contrast = _contrast(kernel, parts)
    inside = np.where(parts > 0, contrast, np.nan)
    outside = np.where(parts > 0, np.nan, contrast)
    clarity = (np.nanmean(inside, axis=0) - np.nanmean(outside, axis=0)) / (
        np.nanstd(inside, axis=0) + np.nanstd(outside, axis=0) + 1e-12
    )
    shares = parts.mean(axis=0)
    chosen: list[Mask] = []
    for low, high in itertools.pairwise(SIZES):
        mine: list[Mask] = []
        for index in np.argsort(-clarity, kind="stable"):
            part = parts[:, index] > 0
            if not low < shares[index] <= high or any(overlap(part, m) > ALIKE for m in mine):
                continue
            mine.append(part)
            if len(mine) == GUESSES:
                break
        chosen += mine
    return chosen
