"""Covariance alignment and its null by books, against closed forms and against each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from lib.similarity.covariance import (
    CovarianceAlignment,
    _of_splits,
    covariance_alignment,
    mean_shift,
    null_by_books,
)

Matrix = NDArray[np.float32]
Spectrum = NDArray[np.float64]

D = 64
STEEP = 1 / np.arange(1, D + 1) ** 1.2
# As of models whose vectors nearly fill their space: two of them share most of ρ by chance.
FLAT = np.linspace(1.3, 0.7, D)
MIDDLING = 1 / np.arange(1, D + 1) ** 0.3
SPECTRA = [
    pytest.param(STEEP, id="the same"),
    pytest.param(STEEP[::-1].copy(), id="reversed"),
    pytest.param(FLAT, id="nearly flat"),
    pytest.param(np.roll(STEEP, 3), id="moved by three"),
    pytest.param(STEEP * 9, id="three times as long"),
]


def _rotation(rng: np.random.Generator) -> NDArray[np.float64]:
    q, r = np.linalg.qr(rng.normal(size=(D, D)))
    return np.asarray(q * np.sign(np.diag(r)))


def _sample(
    rng: np.random.Generator,
    rows: int,
    spectrum: Spectrum,
    turned: NDArray[np.float64] | None = None,
    mean: float = 0.0,
) -> Matrix:
    drawn = rng.normal(size=(rows, len(spectrum))) * np.sqrt(spectrum)
    return (mean + (drawn if turned is None else drawn @ turned)).astype(np.float32)


def _closed(a: NDArray[np.float64], b: NDArray[np.float64]) -> tuple[float, float]:
    """ρ and ρ* of two covariance matrices, by their definitions."""
    found = []
    for share in (0.0, 1.0):
        one = a - share * np.trace(a) / len(a) * np.eye(len(a))
        other = b - share * np.trace(b) / len(b) * np.eye(len(b))
        norms = np.trace(one @ one) * np.trace(other @ other)
        found.append(float(np.trace(one @ other) / np.sqrt(norms)))
    return found[0], found[1]


def _aligned(a: Matrix, b: Matrix) -> CovarianceAlignment:
    found = covariance_alignment(a, b)
    assert found is not None
    return found


def _excess(a: Matrix, b: Matrix) -> float:
    # Without directions to agree in there is nothing in excess of chance.
    return _aligned(a, b).excess or 0.0


@pytest.mark.parametrize("other", SPECTRA)
@pytest.mark.parametrize("mean", [0.0, 2.0])
def test_both_figures_are_the_closed_form(other: Spectrum, mean: float) -> None:
    rng = np.random.default_rng(2)
    rho, excess = _closed(np.diag(STEEP), np.diag(other))
    found = _aligned(_sample(rng, 2_000, STEEP, mean=mean), _sample(rng, 2_000, other))
    assert found.rho == pytest.approx(rho, abs=0.03)
    # What is left of a nearly flat spectrum is small, and so is known less well.
    assert found.excess == pytest.approx(excess, abs=0.06 if other is FLAT else 0.03)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("spectrum", [STEEP, FLAT])
def test_both_figures_of_rotated_spaces_are_the_closed_form(spectrum: Spectrum, seed: int) -> None:
    rng = np.random.default_rng(seed)
    turned = _rotation(rng)
    rho, excess = _closed(np.diag(spectrum), turned.T @ np.diag(spectrum) @ turned)
    found = _aligned(_sample(rng, 2_000, spectrum), _sample(rng, 2_000, spectrum, turned))
    assert found.rho == pytest.approx(rho, abs=0.03)
    assert found.excess == pytest.approx(excess, abs=0.08)


@pytest.mark.parametrize(("spectrum", "noise"), [(STEEP, 0.01), (MIDDLING, 0.03), (FLAT, 0.08)])
def test_unrelated_spaces_have_no_excess_whatever_they_reach_by_chance(
    spectrum: Spectrum, noise: float
) -> None:
    rng = np.random.default_rng(3)
    found = [
        _aligned(_sample(rng, 300, spectrum), _sample(rng, 300, spectrum, _rotation(rng)))
        for _ in range(40)
    ]
    by_chance = spectrum.sum() ** 2 / D / (spectrum @ spectrum)
    assert (by_chance > 0.85) == (spectrum is not STEEP)
    assert np.mean([one.rho for one in found]) == pytest.approx(by_chance, abs=0.02)
    assert np.mean([one.excess or 0.0 for one in found]) == pytest.approx(0, abs=noise)


@pytest.mark.parametrize(("spectrum", "noise"), [(STEEP, 0.05), (np.ones(D), 0.1)])
def test_small_samples_neither_raise_nor_lower_rho(spectrum: Spectrum, noise: float) -> None:
    # The traces of sample covariances would give about 40/(40+64) for vectors spread evenly.
    rng = np.random.default_rng(4)
    found = [
        _aligned(_sample(rng, 40, spectrum), _sample(rng, 40, spectrum)).rho for _ in range(100)
    ]
    assert np.mean(found) == pytest.approx(1, abs=noise)


@pytest.mark.parametrize(("spectrum", "noise"), [(STEEP, 0.04), (MIDDLING, 0.15)])
@pytest.mark.parametrize("related", [True, False])
def test_small_samples_neither_raise_nor_lower_the_excess(
    spectrum: Spectrum, noise: float, related: bool
) -> None:
    rng = np.random.default_rng(5)
    found = [
        _excess(
            _sample(rng, 40, spectrum),
            _sample(rng, 200, spectrum, None if related else _rotation(rng)),
        )
        for _ in range(100)
    ]
    assert np.mean(found) == pytest.approx(1 if related else 0, abs=noise)


def test_vectors_spread_evenly_have_no_directions_to_agree_in() -> None:
    rng = np.random.default_rng(6)
    even = _sample(rng, 2_000, np.ones(D))
    assert _aligned(even, _sample(rng, 2_000, np.ones(D))).excess is None
    assert _aligned(even, _sample(rng, 2_000, STEEP)).excess is None


def test_it_does_not_mind_the_order_of_the_sides_the_scale_or_the_mean() -> None:
    rng = np.random.default_rng(7)
    a, b = _sample(rng, 200, STEEP), _sample(rng, 300, np.roll(STEEP, 1))
    found = _aligned(a, b)
    far = (5 * b + rng.normal(size=D)).astype(np.float32)
    for other in (_aligned(b, a), _aligned(a, far)):
        assert other.rho == pytest.approx(found.rho, abs=1e-4)
        assert other.excess == pytest.approx(found.excess, abs=1e-4)


def test_it_needs_thirty_rows_of_one_dimension_that_differ() -> None:
    rows = _sample(np.random.default_rng(8), 60, np.ones(8))
    assert covariance_alignment(rows[:30], rows) is not None
    for a, b in (
        (rows[:29], rows),
        (rows, rows[:29]),
        (rows, rows[:, :4]),
        (np.zeros((60, 8), np.float32), rows),
        (rows, np.full((60, 8), 0.3, np.float32)),
    ):
        assert covariance_alignment(a, b) is None


@pytest.mark.parametrize("moved", [0.0, 0.5, 2.0])
def test_the_shift_of_means_is_squared_and_less_what_chance_adds(moved: float) -> None:
    rng = np.random.default_rng(9)
    step = np.zeros(D)
    step[3] = moved * np.sqrt(STEEP.sum())
    found = [
        mean_shift(_sample(rng, 40, STEEP), (_sample(rng, 60, STEEP) + step).astype(np.float32))
        for _ in range(80)
    ]
    assert np.mean(found) == pytest.approx(moved**2, abs=0.02 + 0.05 * moved**2)


def _library(seed: int, sizes: Sequence[int]) -> tuple[Matrix, NDArray[np.object_]]:
    """Rows of one model, each book about subjects of its own."""
    rng = np.random.default_rng(seed)
    parts = [
        _sample(rng, size, STEEP * rng.uniform(0.3, 3, D)) + 0.3 * rng.normal(size=D) * STEEP
        for size in sizes
    ]
    books = [f"b{book}" for book, size in enumerate(sizes) for _ in range(size)]
    rows: Matrix = np.concatenate(parts).astype(np.float32)
    return rows, np.array(books, dtype=object)


def _weights(inside: NDArray[np.bool_]) -> Matrix:
    return np.asarray(inside / inside.sum(axis=0), dtype=np.float32)


def test_all_splits_at_once_are_each_split_by_itself() -> None:
    rows, _ = _library(1, [70, 50, 90, 40])
    rng = np.random.default_rng(2)
    one = np.zeros((len(rows), 6), dtype=bool)
    other = np.zeros_like(one)
    for split, (mine, theirs) in enumerate(
        [(30, 30), (30, 220), (125, 125), (200, 50), (60, 45), (33, 150)]
    ):
        order = rng.permutation(len(rows))
        one[order[:mine], split] = True
        other[order[mine : mine + theirs], split] = True
    found = _of_splits(rows, _weights(one), _weights(other))
    direct = [_excess(rows[a], rows[b]) for a, b in zip(one.T, other.T, strict=True)]
    np.testing.assert_allclose(found.values, np.sort(direct), atol=1e-4)
    shifts = [mean_shift(rows[a], rows[b]) for a, b in zip(one.T, other.T, strict=True)]
    assert found.shift == pytest.approx(np.quantile(shifts, 0.95), abs=1e-4)


def test_no_row_lies_on_both_sides() -> None:
    # Each book spreads in sixteen directions of its own, so that any split is as unlike as can be.
    rng = np.random.default_rng(3)
    rows = np.zeros((400, D), dtype=np.float32)
    for book in range(4):
        own = slice(16 * book, 16 * book + 16)
        rows[100 * book : 100 * book + 100, own] = rng.normal(size=(100, 16))
    books = np.repeat(np.array(["a", "b", "c", "d"], dtype=object), 100)
    found = null_by_books(rows, books, size=50, splits=100)
    assert found is not None
    assert len(found.values) == 100
    assert found.values.max() < -0.85


def test_a_null_is_made_of_splits_into_whole_books() -> None:
    # Of four books, one or two lie on the first side: ten ways in all.
    rows, books = _library(4, [70, 50, 90, 40])
    found = null_by_books(rows, books, size=10_000, splits=60)
    assert found is not None
    ways = [{f"b{a}", f"b{b}"} for a in range(4) for b in range(a, 4)]
    possible = []
    for names in ways:
        inside = np.isin(books.astype(str), list(names))
        possible.append(_excess(rows[inside], rows[~inside]))
    nearest = np.abs(found.values[:, None] - np.array(possible)).min(axis=1)
    assert nearest.max() < 1e-4
    assert len(found.values) == 60
    assert (np.diff(found.values) >= 0).all()


def test_a_null_is_drawn_by_its_seed_and_says_how_much_lies_below() -> None:
    rows, books = _library(5, [60] * 8)
    first, second = (null_by_books(rows, books, 40, splits=50, seed=1) for _ in range(2))
    other = null_by_books(rows, books, 40, splits=50, seed=2)
    assert first is not None
    assert second is not None
    assert other is not None
    np.testing.assert_array_equal(first.values, second.values)
    assert first.shift == second.shift
    assert not np.array_equal(first.values, other.values)
    assert first.below(-1) == 0
    assert first.below(2) == 1
    assert first.below(float(first.values[20])) == pytest.approx(20 / 50)
    # Within one model every split agrees, and far more than two models do.
    assert first.values[0] > 0.3


@pytest.mark.parametrize(
    "sizes",
    [
        pytest.param([100] * 3, id="three books"),
        pytest.param([29] * 4, id="too few rows"),
        pytest.param([600, 2, 2, 2], id="no side of thirty rows"),
        pytest.param([], id="nothing"),
    ],
)
def test_there_is_no_null_of_few_books_or_rows(sizes: list[int]) -> None:
    rows, books = _library(6, sizes) if sizes else (np.empty((0, D), np.float32), np.array([]))
    assert null_by_books(rows, books.astype(object), 40) is None
