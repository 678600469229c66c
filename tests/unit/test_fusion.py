"""Fusing rankings, against sums worked out by hand."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.search.fusion import CONSTANT, fuse

rankings = st.lists(st.lists(st.integers(0, 15), unique=True, max_size=10), max_size=4)


def _sums(lists: list[list[int]], constant: float) -> dict[int, float]:
    return {
        item: sum(1 / (constant + ranked.index(item) + 1) for ranked in lists if item in ranked)
        for item in set(itertools.chain.from_iterable(lists))
    }


def test_items_come_by_the_sum_of_their_reciprocal_ranks() -> None:
    """With 60: a 1/61 + 1/63 = .03227, b 1/62 + 1/61 = .03252, c 1/63, d 1/62 = .01613."""
    assert fuse([["a", "b", "c"], ["b", "d", "a"]], 60) == ["b", "a", "d", "c"]


def test_the_constant_weighs_one_first_place_against_two_middling_ones() -> None:
    """With 0: a 1, b 1/3 + 1/3; with 60: a 1/61 = .0164, b 2/63 = .0317."""
    lists = [["a", "x", "b"], ["y", "z", "b"]]
    assert fuse(lists, 0)[0] == "a"
    assert fuse(lists, 60)[0] == "b"


def test_of_equal_sums_the_one_with_the_higher_rank_comes_first() -> None:
    """With 1: a 1/3 + 1/6 = .5 and b 1/2, which is a first place."""
    lists = [["x", "a"], ["b", "y", "z", "w", "a"]]
    assert fuse(lists, 1).index("b") < fuse(lists, 1).index("a")
    assert fuse(list(reversed(lists)), 1).index("b") < fuse(lists, 1).index("a")


def test_of_equal_places_the_earlier_ranking_comes_first() -> None:
    assert fuse([["a"], ["b"], ["c"]]) == ["a", "b", "c"]
    assert fuse([["c"], ["a"], ["b"]]) == ["c", "a", "b"]


@pytest.mark.parametrize("nothing", [[], [[]], [[], [], []]])
def test_of_nothing_comes_nothing(nothing: list[list[int]]) -> None:
    assert fuse(nothing) == []


def test_an_empty_ranking_changes_nothing() -> None:
    assert fuse([[3, 1, 2], []]) == [3, 1, 2]
    assert fuse([[], [3, 1, 2]]) == [3, 1, 2]


def test_a_generator_is_read_once() -> None:
    assert fuse(ranked for ranked in (["a", "b"], ["a"])) == ["a", "b"]


@given(rankings, st.sampled_from([0.5, CONSTANT, 10, 60]))
def test_everything_found_is_there_once_by_falling_sums(
    lists: list[list[int]], constant: float
) -> None:
    fused = fuse(lists, constant)
    sums = _sums(lists, constant)
    assert sorted(fused) == sorted(sums)
    assert all(sums[a] >= sums[b] - 1e-12 for a, b in itertools.pairwise(fused))


@given(st.lists(st.integers(), unique=True), st.integers(1, 4))
def test_rankings_that_agree_stay_as_they_are(ranked: list[int], times: int) -> None:
    assert fuse([ranked] * times) == ranked


@given(rankings)
def test_what_every_ranking_has_first_is_first(lists: list[list[int]]) -> None:
    first = [[99, *ranked] for ranked in lists]
    assert fuse(first)[:1] == ([99] if lists else [])
