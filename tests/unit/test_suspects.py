"""Rows whose label lies: planted ones are found, and no others."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from lib.similarity.suspects import find_foreign, find_suspects, fit

Matrix = NDArray[np.float32]
DIMENSION = 64
ROWS = 800


def _space(rng: np.random.Generator) -> NDArray[np.float64]:
    """A rotation and scale that makes a model's vectors of noise."""
    rotation = np.linalg.qr(rng.normal(size=(DIMENSION, DIMENSION)))[0]
    scale = np.arange(1, DIMENSION + 1) ** -0.6
    return np.asarray(scale[:, None] * rotation)


def _draw(rng: np.random.Generator, space: NDArray[np.float64], rows: int = ROWS) -> Matrix:
    return (rng.normal(size=(rows, DIMENSION)) @ space).astype(np.float32)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.fixture
def spaces(rng: np.random.Generator) -> dict[str, NDArray[np.float64]]:
    return {"red": _space(rng), "blue": _space(rng)}


@pytest.fixture
def rows(rng: np.random.Generator, spaces: dict[str, NDArray[np.float64]]) -> dict[str, Matrix]:
    return {label: _draw(rng, space) for label, space in spaces.items()}


IDS = {label: [f"{label}{row}" for row in range(ROWS)] for label in ("red", "blue")}


def test_a_fit_is_a_gaussian_of_shrunk_covariance(rng: np.random.Generator) -> None:
    sample = (rng.normal(size=(50, 6)) * [1, 2, 3, 1, 2, 3] + 5).astype(np.float32)
    covariance = np.cov(sample.astype(np.float64).T)
    shrunk = 0.7 * covariance + 0.3 * np.eye(6) * np.trace(covariance) / 6
    expected = stats.multivariate_normal.logpdf(sample[:9], sample.mean(axis=0), shrunk)
    expected += 3 * np.log(2 * np.pi)  # The constant that all labels share.
    assert fit(sample).log_likelihood(sample[:9]) * 6 == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("planted", [4, 16, 40])
def test_swapped_rows_are_all_found_and_no_others(rows: dict[str, Matrix], planted: int) -> None:
    # From 0.5% to 5% of each label.
    swapped = slice(100, 100 + planted)
    rows["red"][swapped], rows["blue"][swapped] = (
        rows["blue"][swapped].copy(),
        rows["red"][swapped].copy(),
    )
    found = find_suspects(IDS, rows)
    expected = {f"{label}{row}" for label in rows for row in range(100, 100 + planted)}
    assert set(found["id"]) == expected
    assert len(found) == len(expected)
    assert ((found["label"] == "red") == (found["looks_like"] == "blue")).all()
    assert all(row.id.startswith(row.label) for row in found.itertuples())
    assert found["score"].is_monotonic_decreasing
    assert (found["score"] > 0).all()


def test_honest_labels_have_no_suspects(rows: dict[str, Matrix]) -> None:
    assert len(find_suspects(IDS, rows)) == 0


def test_a_row_that_is_odd_under_both_labels_is_not_suspected(rows: dict[str, Matrix]) -> None:
    rng = np.random.default_rng(8)
    rows["red"][5:15] = _draw(rng, _space(rng), 10)
    rows["red"][15:20] *= 3
    rows["blue"][5] = 0
    rows["blue"][6:9] = rng.normal(size=(3, DIMENSION))
    assert len(find_suspects(IDS, rows)) == 0


def test_the_length_of_a_vector_accuses_nobody(rows: dict[str, Matrix]) -> None:
    # Scores are cosines: a vector and a hundred times it are the same.
    rows["red"][5] *= 100
    assert len(find_suspects(IDS, rows)) == 0


def test_among_three_labels_the_likeliest_is_named(
    rng: np.random.Generator, rows: dict[str, Matrix]
) -> None:
    green = _space(rng)
    rows["green"] = _draw(rng, green)
    rows["red"][:3] = _draw(rng, green, 3)
    ids = {**IDS, "green": [f"green{row}" for row in range(ROWS)]}
    found = find_suspects(ids, rows)
    assert set(zip(found["id"], found["looks_like"], strict=True)) == {
        ("red0", "green"),
        ("red1", "green"),
        ("red2", "green"),
    }


def test_two_names_of_one_model_do_not_accuse_each_other(
    rng: np.random.Generator, spaces: dict[str, NDArray[np.float64]]
) -> None:
    one = {label: _draw(rng, spaces["red"], 400) for label in ("red", "blue")}
    ids = {label: list(range(400)) for label in one}
    assert len(find_suspects(ids, one)) == 0


@pytest.mark.parametrize("few", [0, 1, 299])
def test_labels_of_few_rows_are_left_out(rows: dict[str, Matrix], few: int) -> None:
    rows["blue"] = rows["blue"][:few]
    found = find_suspects(IDS, rows)
    assert len(found) == 0
    assert found.columns.tolist() == ["id", "label", "looks_like", "score"]
    assert len(find_suspects({}, {})) == 0


def test_highlights_are_judged_by_passages(
    rng: np.random.Generator,
    spaces: dict[str, NDArray[np.float64]],
    rows: dict[str, Matrix],
) -> None:
    mine = np.concatenate([_draw(rng, spaces["red"], 40), _draw(rng, spaces["blue"], 5)])
    found = find_foreign("red", list(range(45)), mine, rows)
    assert set(found["id"]) == {40, 41, 42, 43, 44}
    assert set(found["looks_like"]) == {"blue"}
    assert set(found["label"]) == {"red"}


def test_highlights_without_passages_of_their_label_are_not_judged(
    rows: dict[str, Matrix],
) -> None:
    assert len(find_foreign("green", [1], rows["red"][:1], rows)) == 0
    assert len(find_foreign("red", [1], rows["blue"][:1], {"red": rows["red"]})) == 0
    assert len(find_foreign("red", [], rows["blue"][:0], rows)) == 0


def test_the_same_seed_finds_the_same(rows: dict[str, Matrix]) -> None:
    rows["red"][:20] = rows["blue"][:20]
    first, second = find_suspects(IDS, rows, 3), find_suspects(IDS, rows, 3)
    assert first.equals(second)
    assert len(first) >= 20
