"""The space of a model, and a second one under the same label: fits, guesses and splits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from lib.similarity.scores import unit
from lib.similarity.spaces import shapes
from lib.similarity.spaces.clusters import guesses, overlap
from lib.similarity.spaces.mixtures import believed, refine, separation, split
from lib.similarity.spaces.oddness import oddest, oddness
from lib.similarity.spaces.shapes import Space, fit, shortened
from tests.unit.spaces import DIMENSION, draw, rotation

Matrix = NDArray[np.float32]
Mask = NDArray[np.bool_]
ROWS = 1_000


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(11)


@pytest.fixture
def red(rng: np.random.Generator) -> NDArray[np.float64]:
    return rotation(rng)


def _mixed(
    rng: np.random.Generator, red: NDArray[np.float64], planted: int, rows: int = ROWS
) -> tuple[Matrix, Mask]:
    """Rows of one space, in which `planted` ones are of another."""
    mask = np.zeros(rows, dtype=bool)
    mask[rng.permutation(rows)[:planted]] = True
    mixed = draw(rng, red, rows)
    mixed[mask] = draw(rng, rotation(rng), planted)
    return unit(mixed), mask


def _near(rng: np.random.Generator, row: Matrix) -> Matrix:
    """Fifty rows that vary in one direction about a given one."""
    return unit((row + 0.1 * rng.normal(size=(50, 1)) * row[:, ::-1]).astype(np.float32))


def test_a_space_explains_its_own_rows_and_not_those_of_another(
    rng: np.random.Generator, red: NDArray[np.float64]
) -> None:
    space = fit(draw(rng, red, ROWS))
    own = space.explains(draw(rng, red, ROWS))
    other = space.explains(draw(rng, rotation(rng), ROWS))
    even = space.explains((rng.normal(size=(ROWS, DIMENSION)) + 0.1).astype(np.float32))
    assert (own > 0).mean() > 0.95
    assert (other < 0).mean() > 0.95
    assert np.median(own) > 0.1
    # No direction is a space's own; a random one is worth nothing, or a loss.
    assert np.median(even) < 0


def test_how_far_a_row_lies_from_the_mean_explains_nothing(
    rng: np.random.Generator, red: NDArray[np.float64]
) -> None:
    space, rows = fit(draw(rng, red, ROWS)), draw(rng, red, 50)
    for scale in (0.1, 1.0, 40.0):
        moved = (space.mean + scale * (rows - space.mean)).astype(np.float32)
        np.testing.assert_allclose(space.explains(moved), space.explains(rows), atol=1e-3)
        # Nor does the distance make it a stranger, but for what its own length says.
        further = space.log_likelihood(moved) - space.log_likelihood(rows)
        np.testing.assert_allclose(further, -np.log(scale), atol=1e-3)


@pytest.mark.parametrize("steps", [1, 3])
def test_the_likelihood_is_the_density_that_is_stated(
    rng: np.random.Generator, red: NDArray[np.float64], steps: int
) -> None:
    space, rows = fit(draw(rng, red, 300), steps), draw(rng, red, 40)
    whitening = space.whitening.astype(np.float64)
    shape = np.linalg.inv(whitening @ whitening.T)
    away = rows.astype(np.float64) - space.mean
    # In nats per dimension, and but for a constant: |Σ|^(−1/2) · (x'Σ⁻¹x)^(−d/2).
    distances = np.einsum("ij,ij->i", away @ np.linalg.inv(shape), away)
    determinant = np.linalg.slogdet(shape)[1]
    expected = (-0.5 * determinant - DIMENSION / 2 * np.log(distances)) / DIMENSION
    np.testing.assert_allclose(space.log_likelihood(rows), expected, atol=1e-4)
    assert space.log_determinant == pytest.approx(determinant / DIMENSION, abs=1e-4)
    # Against no model at all: the same density with the identity for a shape.
    nothing = -0.5 * np.log(np.einsum("ij,ij->i", away, away))
    np.testing.assert_allclose(space.explains(rows), expected - nothing, atol=1e-4)


@pytest.mark.parametrize("rows", [60, 1_000, 20_000])
def test_the_shape_is_that_of_directions_shrunk_by_five_hundredths_at_least(
    rng: np.random.Generator, red: NDArray[np.float64], rows: int
) -> None:
    drawn = draw(rng, red, rows)
    space = fit(drawn)
    away = drawn.astype(np.float64) - drawn.mean(axis=0, dtype=np.float64)
    directions = away / np.linalg.norm(away, axis=1, keepdims=True)
    shape = DIMENSION * directions.T @ directions / rows
    whitening = space.whitening.astype(np.float64)
    fitted = np.linalg.inv(whitening @ whitening.T)
    left = fitted - np.eye(DIMENSION)
    kept = (
        np.trace(left @ (shape - np.eye(DIMENSION)))
        / np.linalg.norm(shape - np.eye(DIMENSION)) ** 2
    )
    np.testing.assert_allclose(left, kept * (shape - np.eye(DIMENSION)), atol=0.05)
    assert kept < 0.951
    assert (kept > 0.94) == (rows >= 1_000)


def test_two_figures_at_once_are_those_of_two_methods_in_blocks_of_any_size(
    rng: np.random.Generator, red: NDArray[np.float64], monkeypatch: pytest.MonkeyPatch
) -> None:
    space, rows = fit(draw(rng, red, 200)), draw(rng, red, 103)
    likelihoods, explained = space.both(rows)
    np.testing.assert_array_equal(likelihoods, space.log_likelihood(rows))
    np.testing.assert_array_equal(explained, space.explains(rows))
    np.testing.assert_array_equal(explained, space.explains(rows, space.mean))
    for block in (1, 10, 103):
        monkeypatch.setattr(shapes, "BLOCK", block)
        np.testing.assert_allclose(space.both(rows)[0], likelihoods, atol=1e-5)
        np.testing.assert_allclose(space.both(rows)[1], explained, atol=1e-5)
    assert len(space.explains(rows[:0])) == 0


def test_rows_that_do_not_differ_can_be_fitted(rng: np.random.Generator) -> None:
    same = np.full((50, 8), 0.3, dtype=np.float32)
    space: Space = fit(same)
    assert np.isfinite(space.explains(same)).all()
    assert np.isfinite(space.log_likelihood(rng.normal(size=(5, 8)).astype(np.float32))).all()


def test_shortened_rows_keep_their_cosines_but_for_noise(rng: np.random.Generator) -> None:
    rows = unit((rng.normal(size=(200, 1_000)) + rng.normal(size=1_000)).astype(np.float32))
    short = shortened(rows, 250, seed=1)
    assert short.shape == (200, 250)
    error = unit(short) @ unit(short).T - rows @ rows.T
    assert np.abs(error).mean() < 0.1
    # The sum of squares is kept on the average, and the same seed shortens alike.
    assert np.square(short).sum(axis=1).mean() == pytest.approx(1, abs=0.1)
    np.testing.assert_array_equal(short, shortened(rows, 250, seed=1))
    assert not np.array_equal(short, shortened(rows, 250, seed=2))
    assert shortened(rows, 1_000, 1) is rows
    assert shortened(rows, 4_000, 1) is rows
    assert shortened(rows, 999, 1).shape == (200, 999)


@pytest.mark.parametrize("percent", [3, 10, 30, 50])
def test_a_second_space_is_found(
    rng: np.random.Generator, red: NDArray[np.float64], percent: int
) -> None:
    mixed, planted = _mixed(rng, red, percent * ROWS // 100)
    found = split(mixed)
    assert found is not None
    assert 2 * found.sum() <= ROWS
    assert max(overlap(found, planted), overlap(found, ~planted)) > 0.95
    np.testing.assert_array_equal(found, split(mixed))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", ["as it is", "prefix", "sorted halves", "one subject"])
def test_one_space_is_not_split(seed: int, kind: str) -> None:
    rng = np.random.default_rng(seed)
    rows = draw(rng, rotation(rng), ROWS)
    if kind == "prefix":
        rows[:300] += (0.3 * rng.normal(size=DIMENSION)).astype(np.float32)
    elif kind == "sorted halves":
        half = np.argsort(rows[:, 0])[: ROWS // 2]
        rows[half] += (0.2 * rng.normal(size=DIMENSION)).astype(np.float32)
    elif kind == "one subject":
        rows[:200] = rows[:200] * 0.5 + (0.5 * rng.normal(size=DIMENSION)).astype(np.float32)
    assert split(unit(rows)) is None


@pytest.mark.parametrize("few", [0, 1, 31])
def test_too_few_rows_are_not_split(
    rng: np.random.Generator, red: NDArray[np.float64], few: int
) -> None:
    assert split(draw(rng, red, few)) is None


@pytest.mark.parametrize("planted", [30, 200, 500])
def test_separation_tells_two_spaces_from_parts_of_one(
    rng: np.random.Generator, red: NDArray[np.float64], planted: int
) -> None:
    mixed, mask = _mixed(rng, red, planted)
    found = separation(mixed, mask)
    # By chance two spaces of so few dimensions share more than two models do.
    assert -1 < found.ratio < -0.35
    assert found.outside < 0
    assert found.is_clear
    assert believed(mixed, mask, found)
    one = unit(draw(rng, red, ROWS))
    shifted = one.copy()
    shifted[mask] += (0.1 * rng.normal(size=DIMENSION)).astype(np.float32)
    for rows in (one, unit(shifted)):
        same = separation(rows, mask)
        assert same.ratio > 0
        assert not same.is_clear
        assert not believed(rows, mask, same)


def test_separation_is_minus_one_of_spaces_with_nothing_in_common(
    rng: np.random.Generator, red: NDArray[np.float64]
) -> None:
    # The directions that one spreads in most are those that the other spreads in least.
    rows = np.concatenate([draw(rng, red, 500), draw(rng, red[::-1], 500)])
    found = separation(unit(rows), np.arange(ROWS) >= 500)
    assert found.ratio < -0.8
    assert found.outside < 0
    # Cut at random, the parts of one space explain each other as well as themselves.
    drawn = separation(unit(rows[:500]), np.arange(500) % 2 > 0)
    assert drawn.ratio == pytest.approx(1, abs=0.1)
    assert drawn.outside > 0
    assert drawn.gap < 0


@pytest.mark.parametrize(
    ("ratio", "outside", "gap", "clear"),
    [
        (-0.66, -0.1, 0.2, True),
        (-0.17, -0.1, 0.2, False),
        (-0.66, 0.1, 0.2, False),
        (-0.66, -0.1, 0.05, False),
    ],
)
def test_a_separation_is_clear_if_all_three_figures_are(
    rng: np.random.Generator, ratio: float, outside: float, gap: float, clear: bool
) -> None:
    rows = unit(rng.normal(size=(400, DIMENSION)).astype(np.float32))
    measured = separation(rows, np.arange(400) < 50)
    found = replace(measured, ratio=ratio, outside=outside, gap=gap)
    assert found.is_clear == clear
    assert believed(rows, np.arange(400) < 50, found) == clear
    # Fewer rows must be further apart, and a formula that a text repeats is no model.
    assert not believed(rows, np.arange(400) < 30, found)
    rows[:50] = _near(rng, rows[:1])
    assert not believed(rows, np.arange(400) < 50, found)


@pytest.mark.parametrize("wrong", [0, 20, 60])
def test_refining_a_guess_moves_rows_to_where_they_belong(
    rng: np.random.Generator, red: NDArray[np.float64], wrong: int
) -> None:
    mixed, mask = _mixed(rng, red, 200)
    guess = mask.copy()
    guess[rng.permutation(np.flatnonzero(mask))[:wrong]] = False
    guess[rng.permutation(np.flatnonzero(~mask))[:wrong]] = True
    for start in (guess, ~guess):
        found = refine(mixed, start)
        assert found is not None
        assert overlap(found, mask) > 0.97
    one = unit(draw(rng, red, ROWS))
    assert refine(one, np.arange(ROWS) < 7) is None
    # Any part of one space is explained by the rest of it.
    assert refine(one, np.arange(ROWS) < 300) is None


@pytest.mark.parametrize("planted", [30, 100, 300, 500])
def test_one_of_the_guesses_is_near_the_truth(
    rng: np.random.Generator, red: NDArray[np.float64], planted: int
) -> None:
    mixed, mask = _mixed(rng, red, planted)
    found = guesses(mixed, seed=0)
    assert all(part.shape == (ROWS,) and part.dtype == bool for part in found)
    assert all(0 < part.sum() <= ROWS / 2 for part in found)
    nearest = max(max(overlap(part, mask), overlap(part, ~mask)) for part in found)
    assert nearest > 0.4
    again = guesses(mixed, seed=0)
    assert all(np.array_equal(a, b) for a, b in zip(found, again, strict=True))


def test_overlap_is_the_share_of_rows_in_both() -> None:
    one, other = np.array([1, 1, 1, 0, 0], bool), np.array([0, 1, 1, 1, 0], bool)
    assert overlap(one, other) == 0.5
    assert overlap(one, one) == 1
    assert overlap(one, ~one) == overlap(~one & one, ~one & one) == 0


def test_intruders_are_among_the_oddest(rng: np.random.Generator, red: NDArray[np.float64]) -> None:
    mixed, mask = _mixed(rng, red, 5, rows=3_000)
    usual = mixed[~mask][:600]
    features = oddness(mixed, usual)
    assert len(features) == 5
    for feature in features:
        assert feature.shape == (3_000,)
        assert np.isfinite(feature).all()
        assert (feature >= 0).all()
    found = oddest(mixed, usual, 500)
    assert set(np.flatnonzero(mask)) <= set(found)
    assert len(found) <= 500
    assert (np.diff(found) > 0).all()
    np.testing.assert_array_equal(oddest(mixed[:40], usual, 40), np.arange(40))
