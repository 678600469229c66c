"""Does one label hold the vectors of two models? A split of its rows into two spaces, or none.

Rows are whitened together; the squares of their cosines are then large within a space and small
across, so that k-means on that kernel, from many seeds, finds a split of any size. Each is
refined by likelihood, and believed only where neither part's space says anything about where the
other part's rows lie: a subject, a book or a prefix is another part of one space, not another
space. (Kernel k-means: Schölkopf, Smola, Müller 1998.)
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lib.similarity.scores import Matrix, unit
from lib.similarity.spaces import fit

SEEDS = (0.005, 0.05, 0.3)  # Shares of rows at either end of a feature.
FEATURES = 5
ROUNDS = 8
REFINEMENTS = 6
FEWEST_INTRUDERS = 10
CANDIDATES = 4  # Of each class of size.
SIZES = (0.0, 0.02, 0.15, 0.5)
ALIKE = 0.7
# Measured on four models: other models −.66 and less, whole books and prefixes −.17 and more.
APART = -0.3
CLEAR = 0.1
HOPELESS = 0.2
SAMPLE = 500
FEW = 100
VARIED = 4
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Separation:
    """How far two parts of some rows are two spaces.

    `ratio` is what each part's space explains of the other's directions (about their own mean)
    over what it explains of its own: 1 for one space, −1 for two. `outside` is what the space of
    the larger part explains of the smaller one; `gap` the width of the valley between the parts'
    likelihood ratios, as a share of the distance of their medians.
    """

    ratio: float
    outside: float
    gap: float

    @property
    def is_clear(self) -> bool:
        """Whether the parts are two spaces."""
        return self.ratio < APART and self.outside < 0 and self.gap > CLEAR


def split(rows: Matrix, seed: int = 0) -> Mask | None:
    """Which of `rows`, of shape (n, d) with n at most some thousand, are of a second space: the
    smaller one. None where all are of one."""
    if len(rows) < 4 * FEWEST_INTRUDERS:
        return None
    best: tuple[float, Mask] | None = None
    tried: list[Mask] = []
    for candidate in _candidates(rows, seed):
        part = refine(rows, candidate)
        if part is None or any(_overlap(part, other) > ALIKE for other in tried):
            continue
        tried.append(part)
        found = separation(rows, part, seed)
        if found.is_clear and _is_varied(rows, part) and (best is None or found.ratio < best[0]):
            best = (found.ratio, part)
    return None if best is None else best[1]


def _is_varied(rows: Matrix, part: Mask) -> bool:
    """Whether few rows vary about their mean in as many directions as the rest, give or take:
    a formula that a text repeats does not."""
    theirs = _mean_square_cosine(rows[part])
    return bool(part.sum() >= FEW or theirs < VARIED * _mean_square_cosine(rows[~part][:SAMPLE]))


def _mean_square_cosine(rows: Matrix) -> float:
    directions = unit(rows - rows.mean(axis=0))
    count = len(rows)
    return float((np.square(directions @ directions.T).sum() - count) / (count * (count - 1)))


def refine(rows: Matrix, part: Mask) -> Mask | None:
    """Move rows to the part that makes them likelier, until none moves.

    The smaller part; None where one of them vanishes, or where the larger one's space turns out
    to explain the smaller.
    """
    for _ in range(REFINEMENTS):
        part = part if 2 * part.sum() <= len(part) else ~part
        if part.sum() < FEWEST_INTRUDERS:
            return None
        mine, theirs = rows[~part], rows[part]
        space = fit(mine)
        own = float(np.median(space.explains(mine[:SAMPLE])))
        if np.median(space.explains(theirs, theirs.mean(axis=0))) > HOPELESS * own:
            return None
        moved = fit(theirs).log_likelihood(rows) > space.log_likelihood(rows)
        # What the larger part explains well is at home there: a subject may not change sides.
        moved &= space.explains(rows) < own
        if np.array_equal(moved, part):
            break
        part = moved
    part = part if 2 * part.sum() <= len(part) else ~part
    return part if part.sum() >= FEWEST_INTRUDERS else None


def separation(rows: Matrix, part: Mask, seed: int = 0) -> Separation:
    """Judge a split by fits to one half of the rows on the other half, both ways."""
    half = np.random.default_rng(seed).random(len(rows)) < 0.5
    explained: dict[str, list[NDArray[np.float64]]] = {key: [] for key in ("AA", "AB", "BA", "BB")}
    ratio = np.zeros(len(rows))
    for judged in (half, ~half):
        a, b = fit(rows[~judged & ~part]), fit(rows[~judged & part])
        mine, theirs = rows[judged & ~part], rows[judged & part]
        explained["AA"].append(a.explains(mine))
        explained["BB"].append(b.explains(theirs))
        explained["AB"].append(a.explains(theirs, b.mean))
        explained["BA"].append(b.explains(mine, a.mean))
        ratio[judged] = b.log_likelihood(rows[judged]) - a.log_likelihood(rows[judged])
    median = {key: float(np.median(np.concatenate(parts))) for key, parts in explained.items()}
    own = max(median["AA"] + median["BB"], 1e-6)
    return Separation(
        ratio=(median["AB"] + median["BA"]) / own, outside=median["AB"], gap=_gap(ratio, part)
    )


def _gap(ratio: NDArray[np.float64], part: Mask) -> float:
    strays = min(0.1, 0.1 * part.sum() / (~part).sum())
    valley = np.quantile(ratio[part], 0.1) - np.quantile(ratio[~part], 1 - strays)
    return float(valley / max(np.median(ratio[part]) - np.median(ratio[~part]), 1e-9))


def _candidates(rows: Matrix, seed: int) -> list[Mask]:
    """Splits worth refining, smaller parts: the clearest of each class of size."""
    kernel = _kernel(rows)
    parts = _cluster(kernel, _seeds(rows, kernel, seed))
    count = len(rows)
    parts = np.where(parts.sum(axis=0) > count / 2, 1 - parts, parts)
    parts = parts[:, parts.sum(axis=0) >= FEWEST_INTRUDERS / 2]
    if parts.shape[1] == 0:
        return []
    contrast = _contrast(kernel, parts)
    inside = np.where(parts > 0, contrast, np.nan)
    outside = np.where(parts > 0, np.nan, contrast)
    clarity = (np.nanmean(inside, axis=0) - np.nanmean(outside, axis=0)) / (
        np.nanstd(inside, axis=0) + np.nanstd(outside, axis=0)
    )
    chosen: list[Mask] = []
    shares = parts.mean(axis=0)
    for low, high in itertools.pairwise(SIZES):
        mine: list[Mask] = []
        for index in np.argsort(-clarity, kind="stable"):
            part = parts[:, index] > 0
            if not low < shares[index] <= high or any(_overlap(part, m) > ALIKE for m in mine):
                continue
            mine.append(part)
            if len(mine) == CANDIDATES:
                break
        chosen += mine
    space = fit(rows)
    order = np.argsort(space.explains(rows), kind="stable")
    for share in SEEDS[:1]:
        part = np.zeros(count, dtype=bool)
        part[order[: max(FEWEST_INTRUDERS, round(share * count))]] = True
        chosen.append(part)
    return chosen


def _kernel(rows: Matrix) -> Matrix:
    """Squared cosines of whitened rows, of shape (n, n), without a row's with itself."""
    space = fit(rows)
    whitened = (rows - space.mean) @ space.whitening
    whitened /= np.linalg.norm(whitened, axis=1, keepdims=True) + 1e-12
    kernel = np.asarray(whitened @ whitened.T, dtype=np.float32)
    kernel *= kernel
    np.fill_diagonal(kernel, 0)
    return kernel


def _seeds(rows: Matrix, kernel: Matrix, seed: int) -> Matrix:
    """First guesses, one a column: both ends of the mean square cosine and of the leading
    eigenvectors of the kernel."""
    count = len(rows)
    degree = kernel.sum(axis=1) + 1e-12
    root = np.sqrt(degree / degree.sum())[:, None]
    scale = (1 / np.sqrt(degree))[:, None]

    def times(block: Matrix) -> Matrix:
        return np.asarray(scale * (kernel @ (scale * block)) - root * (root.T @ block))

    rng = np.random.default_rng(seed)
    block: Matrix = rng.normal(size=(count, FEATURES + 4)).astype(np.float32)
    for _ in range(5):
        block = np.linalg.qr(times(block))[0].astype(np.float32)
    _, rotation = np.linalg.eigh(block.T @ times(block))
    vectors = (block @ rotation[:, ::-1])[:, :FEATURES] / root
    parts = []
    for feature in [degree, *vectors.T]:
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
        moved = (_contrast(kernel, parts) > 0).astype(np.float32)
        if np.array_equal(moved, parts):
            break
        parts = moved
    return parts


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


def _overlap(one: Mask, other: Mask) -> float:
    return float((one & other).sum() / max((one | other).sum(), 1))
