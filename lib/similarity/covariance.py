"""Whether two sets of vectors spread in the same directions: covariance alignment, with its null.

It needs neither text nor labels. All traces are estimated without bias, so that small samples
neither inflate nor deflate it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lib.similarity.scores import Matrix

FEWEST_VECTORS = 30
FEWEST_BOOKS = 4
NULL_ROWS = 1_000
LEAST = 1e-12


@dataclass(frozen=True)
class CovarianceAlignment:
    """ρ = tr ΣAΣB / √(tr ΣA² · tr ΣB²), and ρ* = the same of Σ − (tr Σ/d)·I.

    ρ lies between 0 and 1, and two spaces that have nothing in common reach
    (tr ΣA · tr ΣB/d) / √(tr ΣA² · tr ΣB²) of it by chance: nearly 1 where vectors spread evenly.
    From ρ* that share is taken off, so that it is 0 for them whatever their spectra; None where
    vectors spread so evenly that they have no directions to agree in.
    """

    rho: float
    excess: float | None


@dataclass(frozen=True)
class BookNull:
    """What ρ* comes to within one model: `values` of splits of its passages by book, ascending,
    and the largest squared distance of two means, `shift`, of all but one in twenty splits (in
    units of the mean variance)."""

    values: NDArray[np.float64]
    shift: float

    def below(self, value: float) -> float:
        """The share of splits with a smaller ρ*."""
        return float(np.searchsorted(self.values, value) / max(len(self.values), 1))


def covariance_alignment(a: Matrix, b: Matrix) -> CovarianceAlignment | None:
    """ρ and ρ* of rows of shapes (n, d) and (m, d); None for too few rows or none that differ."""
    if min(len(a), len(b)) < FEWEST_VECTORS or a.shape[1] != b.shape[1]:
        return None
    centred_a, centred_b = a - a.mean(axis=0), b - b.mean(axis=0)
    across = float(np.mean((centred_a @ centred_b.T) ** 2, dtype=np.float64))
    across /= (1 - 1 / len(a)) * (1 - 1 / len(b))
    return _align(across, *_moments(centred_a), *_moments(centred_b), a.shape[1])


def mean_shift(a: Matrix, b: Matrix) -> float:
    """The squared distance of two means, less what chance adds, in units of the mean variance."""
    variances = [float(rows.var(axis=0, ddof=1, dtype=np.float64).sum()) for rows in (a, b)]
    apart = float(np.square(a.mean(axis=0) - b.mean(axis=0), dtype=np.float64).sum())
    apart -= variances[0] / len(a) + variances[1] / len(b)
    return apart / max(sum(variances) / 2, LEAST)


def null_by_books(
    rows: Matrix, books: NDArray[np.object_], size: int, splits: int = 200, seed: int = 0
) -> BookNull | None:
    """ρ* and shift of `splits` splits of one model's rows, whole books on either side.

    On one side lie at most `size` rows of a random number of books, up to half of them; on the
    other the rest. None with fewer than four books, or too few rows.
    """
    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.permutation(len(rows))[:NULL_ROWS])
    rows, books = rows[chosen], books[chosen]
    names, number = np.unique(books.astype(str), return_inverse=True)
    if len(names) < FEWEST_BOOKS or len(rows) < 4 * FEWEST_VECTORS:
        return None
    one, other = [], []
    for _ in range(splits):
        few = rng.permutation(len(names))[: rng.integers(1, len(names) // 2 + 1)]
        inside = np.isin(number, few)
        mine = rng.permutation(np.flatnonzero(inside))[: max(size, FEWEST_VECTORS)]
        if len(mine) >= FEWEST_VECTORS and (~inside).sum() >= FEWEST_VECTORS:
            weights = np.zeros(len(rows), dtype=np.float32)
            weights[mine] = 1 / len(mine)
            one.append(weights)
            other.append(~inside / np.float32((~inside).sum()))
    if not one:
        return None
    return _of_splits(rows, np.column_stack(one), np.column_stack(other).astype(np.float32))


def _of_splits(rows: Matrix, a: Matrix, b: Matrix) -> BookNull:
    """All splits at once, from one matrix of products: columns of `a` and `b` are the weights of
    the rows on either side, each column's of one size and sum 1."""
    # About the mean of all, so that single precision suffices for what is squared below.
    centred = rows - rows.mean(axis=0)
    gram = np.asarray(centred @ centred.T, dtype=np.float32)
    squared = gram**2
    v, u = gram @ a, gram @ b
    aa, ab, bb = ((a * v).sum(axis=0), (a * u).sum(axis=0), (b * u).sum(axis=0))
    across = (a * (squared @ b)).sum(axis=0) - (b * v**2).sum(axis=0) - (a * u**2).sum(axis=0)
    across += ab**2
    for weights in (a, b):
        across /= 1 - 1 / (weights > 0).sum(axis=0)
    moments = []
    for weights, products, own in ((a, v, aa), (b, u, bb)):
        counts = (weights > 0).sum(axis=0)
        diagonal = np.diag(gram)[:, None] - 2 * products + own
        every = (weights * (squared @ weights)).sum(axis=0)
        every += own**2 - 2 * (weights * products**2).sum(axis=0)
        lengths = (weights * diagonal).sum(axis=0) * counts
        fourths = (weights * diagonal**2).sum(axis=0) * counts
        square, trace = _unbiased(every * counts**2, lengths, fourths, counts)
        moments.append((square, trace, counts))
    (square_a, trace_a, count_a), (square_b, trace_b, count_b) = moments
    values = []
    for one, sa, ta, sb, tb in zip(across, square_a, trace_a, square_b, trace_b, strict=True):
        found = _align(float(one), float(sa), float(ta), float(sb), float(tb), rows.shape[1])
        if found is not None and found.excess is not None:
            values.append(found.excess)
    spread = (trace_a + trace_b) / 2
    apart = aa - 2 * ab + bb - trace_a / count_a - trace_b / count_b
    return BookNull(np.sort(np.array(values)), float(np.quantile(apart / spread, 0.95)))


def _align(
    across: float, square_a: float, trace_a: float, square_b: float, trace_b: float, dimension: int
) -> CovarianceAlignment | None:
    """Both figures from tr ΣAΣB and, of each side, tr Σ² and tr Σ."""
    if min(square_a, square_b) <= LEAST * max(trace_a, trace_b, LEAST) ** 2:
        return None
    left_a = square_a - trace_a**2 / dimension
    left_b = square_b - trace_b**2 / dimension
    excess = None
    if left_a > 0.01 * square_a and left_b > 0.01 * square_b:
        excess = (across - trace_a * trace_b / dimension) / float(np.sqrt(left_a * left_b))
    return CovarianceAlignment(across / float(np.sqrt(square_a * square_b)), excess)


def _moments(centred: Matrix) -> tuple[float, float]:
    """tr Σ² and tr Σ of centred rows."""
    gram = (centred @ centred.T).astype(np.float64)
    diagonal = np.diag(gram)
    square, trace = _unbiased(
        (gram**2).sum(), diagonal.sum(), (diagonal**2).sum(), np.float64(len(centred))
    )
    return float(square), float(trace)


def _unbiased(squares: Any, lengths: Any, fourths: Any, count: Any) -> tuple[Any, Any]:
    """tr Σ² and tr Σ without bias (Himeno and Yamada 2014), from the sums of all squared products
    of centred rows, of their squared lengths, and of the squares of these."""
    trace = lengths / (count - 1)
    inner = ((count - 2) * squares - count * fourths) / (count - 1) + trace**2
    return (count - 1) / (count * (count - 2) * (count - 3)) * inner, trace


def as_table(nulls: Mapping[str, NDArray[np.float64]]) -> pd.DataFrame:
    """Values of ρ* by model, as rows: columns `passage_model` and `excess`."""
    frames = [
        pd.DataFrame({"passage_model": model, "excess": values})
        for model, values in nulls.items()
        if len(values)
    ]
    if not frames:
        return pd.DataFrame(columns=["passage_model", "excess"])
    return pd.concat(frames, ignore_index=True)
