"""Rows whose label lies: planted ones are found, and no others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lib.similarity.scores import unit
from lib.similarity.spaces.owners import Spaces
from lib.similarity.suspects import (
    Suspects,
    attribute,
    expected_beyond,
    find_foreign,
    find_suspects,
    gather,
    learn_spaces,
)
from tests.unit.spaces import DIMENSION, draw, rotation

Matrix = NDArray[np.float32]
ROWS = 2_000


def suspects_of(
    rows: dict[str, Matrix], anchors: dict[str, Matrix] | None = None
) -> tuple[Suspects, Spaces]:
    """Suspects among rows whose ids are their numbers, and the spaces that they were judged by."""
    known = {label: unit(matrix) for label, matrix in rows.items()}
    spaces = learn_spaces(known)
    if anchors:
        spaces = spaces.with_anchors({label: unit(matrix) for label, matrix in anchors.items()})
    ids: dict[str, list[Any]] = {label: list(range(len(m))) for label, m in known.items()}
    return find_suspects(ids, known, spaces), spaces


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.fixture
def red(rng: np.random.Generator) -> NDArray[np.float64]:
    return rotation(rng)


@pytest.fixture
def blue(rng: np.random.Generator) -> NDArray[np.float64]:
    return rotation(rng)


@pytest.fixture
def rows(
    rng: np.random.Generator, red: NDArray[np.float64], blue: NDArray[np.float64]
) -> dict[str, Matrix]:
    return {"red": draw(rng, red, ROWS), "blue": draw(rng, blue, ROWS)}


@pytest.mark.parametrize("planted", [4, 10, 60, 200, 600])
def test_swapped_rows_are_all_found_and_no_others(rows: dict[str, Matrix], planted: int) -> None:
    # From 0.2% to 30% of each label.
    swapped = slice(100, 100 + planted)
    rows["red"][swapped], rows["blue"][swapped] = (
        rows["blue"][swapped].copy(),
        rows["red"][swapped].copy(),
    )
    found = suspects_of(rows)[0].rows
    expected = {(label, row) for label in rows for row in range(100, 100 + planted)}
    said = set(zip(found["label"], found["id"], strict=True))
    assert len(said) == len(found)
    assert len(said & expected) >= 0.99 * len(expected)
    assert len(said & expected) >= 0.99 * len(said)
    assert ((found["label"] == "red") == (found["looks_like"] == "blue")).all()
    assert found["score"].is_monotonic_decreasing
    assert (found["score"] > 0).all()


@pytest.mark.parametrize("planted", [60, 200, 600])
def test_a_model_without_a_label_of_its_own_is_found(
    rng: np.random.Generator, red: NDArray[np.float64], planted: int
) -> None:
    mixed = draw(rng, red, ROWS)
    mixed[:planted] = draw(rng, rotation(rng), planted)
    found, spaces = suspects_of({"red": mixed})
    said, truth = set(found.rows["id"]), set(range(planted))
    assert len(said & truth) >= 0.99 * planted
    assert len(said & truth) >= 0.99 * len(said)
    assert found.rows["looks_like"].isna().all()
    assert spaces.notes == []


def test_half_a_label_is_settled_by_highlights(
    rng: np.random.Generator, red: NDArray[np.float64]
) -> None:
    mixed = np.concatenate([draw(rng, red, 900), draw(rng, rotation(rng), 1_100)])
    found, spaces = suspects_of({"red": mixed}, {"red": draw(rng, red, 40)})
    assert len(set(found.rows["id"]) ^ set(range(900, ROWS))) <= 11
    assert "highlights say which is its own" in spaces.notes[0]


def test_half_a_label_is_settled_by_another_label(
    rng: np.random.Generator, rows: dict[str, Matrix], blue: NDArray[np.float64]
) -> None:
    rows["red"][:1_000] = draw(rng, blue, 1_000)
    found, spaces = suspects_of(rows)
    assert set(found.rows["label"]) == {"red"}
    assert set(found.rows["looks_like"]) == {"blue"}
    assert len(set(found.rows["id"]) ^ set(range(1_000))) <= 10
    assert "another label's own" in spaces.notes[0]


def test_half_a_label_that_nothing_settles_is_said_so(
    rng: np.random.Generator, red: NDArray[np.float64]
) -> None:
    mixed = np.concatenate([draw(rng, red, 1_000), draw(rng, rotation(rng), 1_000)])
    found, spaces = suspects_of({"red": mixed})
    assert "the larger is taken for its own" in spaces.notes[0]
    assert len(set(found.rows["id"]) ^ set(range(1_000, ROWS))) in {
        *range(11),
        *range(1_990, 2_001),
    }


def test_honest_labels_have_no_suspects(rows: dict[str, Matrix]) -> None:
    found = suspects_of(rows)[0]
    assert len(found.rows) == 0
    assert found.judged == 2 * ROWS
    assert found.false_alarms < 1


@pytest.mark.parametrize("seed", range(4))
def test_one_space_has_no_suspects_however_it_is_cut(seed: int) -> None:
    rng = np.random.default_rng(seed)
    one = draw(rng, rotation(rng), ROWS)
    order = np.argsort(one[:, 0])
    assert len(suspects_of({"red": one})[0].rows) == 0
    halves = {"low": one[order[:1_000]], "high": one[order[1_000:]]}
    assert len(suspects_of(halves)[0].rows) == 0


def test_a_prefix_is_not_another_model(rng: np.random.Generator, red: NDArray[np.float64]) -> None:
    one = draw(rng, red, ROWS)
    shift = (0.3 * rng.normal(size=DIMENSION)).astype(np.float32)
    one[:600] += shift
    assert len(suspects_of({"red": one})[0].rows) == 0
    assert len(suspects_of({"query": one[:600], "passage": one[600:]})[0].rows) == 0


def test_a_row_that_is_odd_under_both_labels_is_not_suspected(
    rng: np.random.Generator, rows: dict[str, Matrix]
) -> None:
    rows["red"][15:20] *= 3
    rows["blue"][5] = 0
    rows["blue"][6:9] = rng.normal(size=(3, DIMENSION))
    assert len(suspects_of(rows)[0].rows) == 0


def test_the_length_of_a_vector_accuses_nobody(rows: dict[str, Matrix]) -> None:
    # Scores are cosines: a vector and a hundred times it are the same.
    rows["red"][5] *= 100
    assert len(suspects_of(rows)[0].rows) == 0


def test_among_three_labels_the_likeliest_is_named(
    rng: np.random.Generator, rows: dict[str, Matrix]
) -> None:
    green = rotation(rng)
    rows["green"] = draw(rng, green, ROWS)
    rows["red"][:3] = draw(rng, green, 3)
    found = suspects_of(rows)[0].rows
    assert set(zip(found["label"], found["id"], found["looks_like"], strict=True)) == {
        ("red", 0, "green"),
        ("red", 1, "green"),
        ("red", 2, "green"),
    }


def test_two_names_of_one_model_do_not_accuse_each_other(
    rng: np.random.Generator, red: NDArray[np.float64]
) -> None:
    assert len(suspects_of({"one": draw(rng, red, 600), "two": draw(rng, red, 600)})[0].rows) == 0


@pytest.mark.parametrize("few", [0, 1, 299])
def test_labels_of_few_rows_are_left_out(rows: dict[str, Matrix], few: int) -> None:
    rows["blue"] = rows["blue"][:few]
    found, spaces = suspects_of(rows)
    assert len(found.rows) == 0
    assert list(spaces.owned) == ["red"]
    assert found.rows.columns.tolist() == ["id", "label", "looks_like", "score"]
    assert len(suspects_of({})[0].rows) == 0


def test_highlights_are_judged_by_passages(
    rng: np.random.Generator,
    rows: dict[str, Matrix],
    red: NDArray[np.float64],
    blue: NDArray[np.float64],
) -> None:
    spaces = suspects_of(rows)[1]
    mine = unit(np.concatenate([draw(rng, red, 40), draw(rng, blue, 5)]))
    found = find_foreign("red", list(range(45)), mine, spaces).rows
    assert set(found["id"]) == {40, 41, 42, 43, 44}
    assert set(found["looks_like"]) == {"blue"}
    assert set(found["label"]) == {"red"}


@pytest.mark.parametrize("known", [True, False])
def test_highlights_that_are_all_wrong_are_all_found(
    rng: np.random.Generator, rows: dict[str, Matrix], blue: NDArray[np.float64], known: bool
) -> None:
    spaces = suspects_of(rows)[1]
    wrong = unit(draw(rng, blue if known else rotation(rng), 300))
    found = find_foreign("red", list(range(300)), wrong, spaces).rows
    assert len(found) >= 297
    assert set(found["looks_like"]) == {"blue" if known else None}


def test_highlights_without_passages_of_their_label_are_not_judged(
    rows: dict[str, Matrix],
) -> None:
    spaces = suspects_of(rows)[1]
    assert find_foreign("green", [1], unit(rows["red"][:1]), spaces).judged == 0
    assert find_foreign("red", [], rows["blue"][:0], spaces).judged == 0


def test_rows_without_a_label_are_attributed(
    rng: np.random.Generator,
    rows: dict[str, Matrix],
    red: NDArray[np.float64],
    blue: NDArray[np.float64],
) -> None:
    spaces = suspects_of(rows)[1]
    unknown = [unit(draw(rng, one, 100)) for one in (red, blue, rotation(rng))]
    expected = ["red"] * 100 + ["blue"] * 100 + [None] * 100
    found = attribute(np.concatenate(unknown), spaces)
    assert sum(a == b for a, b in zip(found, expected, strict=True)) >= 297
    assert attribute(unknown[0][:0], spaces) == []
    assert attribute(unknown[0][:2], learn_spaces({})) == [None, None]


def test_the_same_seed_finds_the_same(rows: dict[str, Matrix]) -> None:
    rows["red"][:20] = rows["blue"][:20]
    first, second = suspects_of(rows)[0].rows, suspects_of(rows)[0].rows
    assert first.equals(second)
    assert len(first) >= 20


def test_false_alarms_are_those_of_an_exponential_tail() -> None:
    scores = np.random.default_rng(0).exponential(size=200_000)
    # Of an exponential tail as many lie beyond 9 as e^-9 says.
    assert expected_beyond(scores, 9.0) == pytest.approx(200_000 * np.exp(-9), rel=0.25)
    assert expected_beyond(scores[:299], 9.0) == 0
    assert expected_beyond(np.zeros(400), 9.0) == 0


def test_gathering_nothing_is_nothing() -> None:
    assert gather([]).rows.columns.tolist() == ["id", "label", "looks_like", "score"]
