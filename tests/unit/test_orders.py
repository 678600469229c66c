"""The four orders, against their definitions and sequences written by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.matching.orders import ORDERS, Order, attempt_numbers, attempts_of, sequence
from tests.unit.builders import SEQUENCES

ORDER = st.sampled_from(ORDERS)
COUNT = st.integers(0, 300)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("count", range(1, 7))
def test_short_sequences_are_as_written_by_hand(order: Order, count: int) -> None:
    assert sequence(order, count) == SEQUENCES[order][count]


@given(ORDER, COUNT)
def test_every_order_tries_each_window_once(order: Order, count: int) -> None:
    assert sorted(sequence(order, count)) == list(range(count))


@given(ORDER, st.integers(1, 100), st.integers(1, 100), st.integers(1, 100))
def test_what_a_budget_tries_a_larger_one_tries_too(
    order: Order, count: int, budget: int, more: int
) -> None:
    tried = attempt_numbers(order, count)
    small, large = set(np.flatnonzero(tried <= budget)), set(np.flatnonzero(tried <= budget + more))
    assert small <= large
    assert len(small) == min(budget, count)
    assert small == set(sequence(order, count)[:budget])


@given(COUNT)
def test_middle_out_never_comes_nearer_to_the_middle_again(count: int) -> None:
    middle = (count - 1) // 2
    distances = [abs(window - middle) for window in sequence("middle_out", count)]
    assert distances == sorted(distances)


@given(COUNT)
def test_edge_first_never_comes_nearer_to_an_edge_again(count: int) -> None:
    distances = [min(window, count - 1 - window) for window in sequence("edge_first", count)]
    assert distances == sorted(distances)


def _bisections(low: int, high: int, depth: int = 0) -> list[tuple[int, int]]:
    """Depth and number of every middle between `low` and `high`, by recursion."""
    if low > high:
        return []
    middle = (low + high) // 2
    left = _bisections(low, middle - 1, depth + 1)
    return [*left, (depth, middle), *_bisections(middle + 1, high, depth + 1)]


@given(COUNT)
def test_spread_is_bisection_breadth_first(count: int) -> None:
    # Of one depth, the middles further left come first.
    expected = [window for _, window in sorted(_bisections(0, count - 1))]
    assert list(sequence("spread", count)) == expected


@given(ORDER, COUNT)
def test_attempt_numbers_say_when_each_window_is_tried(order: Order, count: int) -> None:
    tried = sequence(order, count)
    assert attempt_numbers(order, count).tolist() == [
        tried.index(window) + 1 for window in range(count)
    ]


@given(ORDER, st.lists(st.tuples(st.integers(1, 6), st.integers(0, 5)), max_size=20))
def test_attempts_of_windows_are_those_of_their_own_highlight(
    order: Order, drawn: list[tuple[int, int]]
) -> None:
    counts = np.array([count for count, _ in drawn], dtype=np.int32)
    windows = np.array([number % count for count, number in drawn], dtype=np.int32)
    expected = [
        SEQUENCES[order][count].index(window) + 1
        for count, window in zip(counts.tolist(), windows.tolist(), strict=True)
    ]
    assert attempts_of(order, counts, windows).tolist() == expected
