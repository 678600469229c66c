"""The share of the nearest passages that an index found."""

from __future__ import annotations

import numpy as np
import pytest

from lib.search.recall import SAME, found_shares
from lib.similarity.ways import Nearest


def _nearest(*scores: list[float]) -> Nearest:
    """As many places as the longest list has, the others filled up as `Nearest` fills them."""
    width = max(map(len, scores))
    matrix = np.full((len(scores), width), -np.inf, dtype=np.float32)
    for row, mine in enumerate(scores):
        matrix[row, : len(mine)] = mine
    return Nearest("exact", matrix, np.full(matrix.shape, None), 100)


def test_everything_found_is_one_and_nothing_zero() -> None:
    exact = _nearest([0.9, 0.8, 0.7], [0.6, 0.5, 0.4])
    assert found_shares(exact, exact).tolist() == [1, 1]
    found = _nearest([0.69, 0.68, 0.6], [0.1])
    assert found_shares(_nearest([0.69, 0.68, 0.6], [0.1, 0.1, 0.1]), exact).tolist() == [0, 0]
    assert found_shares(found, exact).tolist() == [0, 0]


def test_each_question_has_its_own_share() -> None:
    exact = _nearest([0.9, 0.8, 0.7, 0.6], [0.9, 0.8, 0.7, 0.6])
    found = _nearest([0.9, 0.7, 0.6, 0.5], [0.8, 0.5, 0.4, 0.3])
    assert found_shares(found, exact).tolist() == [0.75, 0.25]


def test_of_equally_near_passages_any_will_do() -> None:
    """The exact comparison kept two of five passages that score .5; the index found others."""
    exact = _nearest([0.9, 0.5, 0.5])
    assert found_shares(_nearest([0.9, 0.5 - SAME / 2, 0.5 - SAME / 2]), exact).tolist() == [1]
    assert found_shares(_nearest([0.9, 0.5, 0.5 - 3 * SAME]), exact)[0] == pytest.approx(2 / 3)


def test_where_there_are_fewer_passages_than_places_all_of_these_are_wanted() -> None:
    exact = _nearest([0.9, 0.8], [0.9, 0.8, 0.7])
    found = _nearest([0.9], [0.9, 0.8, 0.7])
    assert found_shares(found, exact).tolist() == [0.5, 1]


def test_a_negative_score_is_a_score() -> None:
    exact = _nearest([-0.1, -0.2])
    assert found_shares(_nearest([-0.2, -0.3]), exact).tolist() == [0.5]


def test_nothing_to_find_is_nothing_found() -> None:
    nothing = _nearest([], [0.5])
    assert found_shares(nothing, nothing).tolist() == [0, 1]
