"""Spaces without a label, halves, rotations about one mean, highlights: planted rows are found."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from lib.similarity.mixtures import separation, split
from lib.similarity.owners import shortened
from lib.similarity.scores import unit
from lib.similarity.spaces import fit
from lib.similarity.suspects import attribute, find_suspects, judge_foreign, learn_spaces

Matrix = NDArray[np.float32]
DIMENSION = 64
ROWS = 2_000


def _rotation(rng: np.random.Generator) -> NDArray[np.float64]:
    return np.asarray(np.linalg.qr(rng.normal(size=(DIMENSION, DIMENSION)))[0])


def _draw(rng: np.random.Generator, rotation: NDArray[np.float64], rows: int = ROWS) -> Matrix:
    """Rows of a space whose mean and spectrum do not depend on its rotation: twelve subjects of
    their own, and heavy tails."""
    scale = np.arange(1, DIMENSION + 1) ** -0.6
    subjects = np.random.default_rng(5).normal(size=(12, DIMENSION)) * scale
    noise = rng.normal(size=(rows, DIMENSION)) * scale
    noise += 0.7 * (subjects - subjects.mean(axis=0))[rng.integers(0, 12, rows)]
    noise *= np.sqrt(5 / rng.chisquare(5, rows))[:, None]
    mean = np.full(DIMENSION, 0.1)
    return np.asarray(noise @ rotation + mean, dtype=np.float32)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(11)


@pytest.mark.parametrize("planted", [60, 200, 600, 1_000])
def test_a_space_without_a_label_is_found(rng: np.random.Generator, planted: int) -> None:
    rows = _draw(rng, _rotation(rng))
    rows[:planted] = _draw(rng, _rotation(rng), planted)
    found = find_suspects({"red": list(range(ROWS))}, {"red": rows})
    suspected = set(found["id"])
    truth = set(range(planted))
    if 2 * planted == ROWS:  # Either half may be the right one.
        assert "holds two spaces" in found.attrs["notes"][0]
        truth = max(truth, set(range(planted, ROWS)), key=lambda half: len(half & suspected))
    else:
        assert found.attrs["notes"] == []
    assert len(suspected & truth) >= 0.99 * len(truth)
    assert len(suspected & truth) >= 0.99 * len(suspected)
    assert all(name is None for name in found["looks_like"])


@pytest.mark.parametrize("planted", [60, 600, 1_000])
def test_half_a_label_is_settled_by_another_label(rng: np.random.Generator, planted: int) -> None:
    red, blue = _rotation(rng), _rotation(rng)
    rows = {"red": _draw(rng, red), "blue": _draw(rng, blue)}
    rows["red"][:planted] = _draw(rng, blue, planted)
    ids = {label: list(range(ROWS)) for label in rows}
    found = find_suspects(ids, rows)
    assert set(found["label"]) == {"red"}
    assert set(found["looks_like"]) == {"blue"}
    assert len(set(found["id"]) ^ set(range(planted))) <= 0.01 * planted


def test_half_a_label_is_settled_by_anchors(rng: np.random.Generator) -> None:
    red, other = _rotation(rng), _rotation(rng)
    rows = np.concatenate([_draw(rng, red, 900), _draw(rng, other, 1_100)])
    anchors = {"red": _draw(rng, red, 40)}
    found = find_suspects({"red": list(range(ROWS))}, {"red": rows}, anchors=anchors)
    assert len(set(found["id"]) ^ set(range(900, ROWS))) <= 11
    assert "its anchors say" in found.attrs["notes"][0]


@pytest.mark.parametrize("seed", range(4))
def test_one_space_has_no_suspects_however_it_is_cut(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = _draw(rng, _rotation(rng))
    assert split(unit(rows)) is None
    assert find_suspects({"red": list(range(ROWS))}, {"red": rows}).empty
    order = np.argsort(rows[:, 0])
    halves = {"low": rows[order[:1_000]], "high": rows[order[1_000:]]}
    assert find_suspects({name: list(range(1_000)) for name in halves}, halves).empty


def test_a_prefix_is_not_another_space(rng: np.random.Generator) -> None:
    rotation = _rotation(rng)
    rows = _draw(rng, rotation)
    rows[:600] = _draw(rng, rotation, 600) + rng.normal(size=DIMENSION).astype(np.float32)
    assert separation(unit(rows), np.arange(ROWS) < 600).ratio > 0
    assert find_suspects({"red": list(range(ROWS))}, {"red": rows}).empty


def test_highlights_that_are_all_wrong_are_all_found(rng: np.random.Generator) -> None:
    red, blue, green = (_rotation(rng) for _ in range(3))
    spaces = learn_spaces({"red": _draw(rng, red), "blue": _draw(rng, blue)})
    ids = list(range(300))
    for rotation, name in ((blue, "blue"), (green, None)):
        found = judge_foreign("red", ids, _draw(rng, rotation, 300), spaces)
        assert len(found) >= 297
        assert set(found["looks_like"]) == {name}
    assert judge_foreign("red", ids, _draw(rng, red, 300), spaces).empty


def test_rows_without_a_label_are_attributed(rng: np.random.Generator) -> None:
    red, blue, green = (_rotation(rng) for _ in range(3))
    spaces = learn_spaces({"red": _draw(rng, red), "blue": _draw(rng, blue)})
    rows = np.concatenate([_draw(rng, rotation, 100) for rotation in (red, blue, green)])
    expected = ["red"] * 100 + ["blue"] * 100 + [None] * 100
    right = sum(a == b for a, b in zip(attribute(rows, spaces), expected, strict=True))
    assert right >= 297
    assert attribute(rows[:0], spaces) == []


def test_a_space_explains_its_own_rows_and_not_those_of_another(rng: np.random.Generator) -> None:
    red, blue = _rotation(rng), _rotation(rng)
    space = fit(_draw(rng, red))
    mine, theirs = _draw(rng, red), _draw(rng, blue)
    assert np.median(space.explains(mine)) > 0 > np.median(space.explains(theirs))
    # However far from the mean a row lies, only where it lies counts.
    further = space.mean + 9 * (mine - space.mean)
    assert space.explains(further) == pytest.approx(space.explains(mine), abs=1e-3)


def test_shortened_rows_keep_their_cosines(rng: np.random.Generator) -> None:
    rows = unit(rng.normal(size=(50, 1_000)).astype(np.float32))
    short = shortened(rows, 0)
    assert short.shape == (50, 256)
    assert np.abs(short @ short.T - rows @ rows.T).max() < 0.4
    assert shortened(short, 0) is short


def test_parts_of_any_sizes_can_be_compared(rng: np.random.Generator) -> None:
    red = _rotation(rng)
    rows = unit(np.concatenate([_draw(rng, red, 1_200), _draw(rng, _rotation(rng), 12)]))
    for part in (np.arange(1_212) < 1_200, np.arange(1_212) >= 1_200):
        assert separation(rows, part).ratio < 0
