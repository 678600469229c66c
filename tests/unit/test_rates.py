"""What hits mean for orders and budgets, against counting by brute force."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.matching import rates
from lib.matching.clusters import Clusters
from lib.matching.orders import ORDERS, Order
from lib.matching.rates import Hits
from tests.unit.builders import SEQUENCES, Hit, make_hits, make_scan

Made = tuple[list[int], list[Hit]]


@st.composite
def collections(draw: st.DrawFn, most_windows: int = 6) -> Made:
    """Window counts of a few highlights, and hits of theirs in a few passages."""
    counts = draw(st.lists(st.integers(0, most_windows), min_size=1, max_size=5))
    possible = [(h, w, p) for h, count in enumerate(counts) for w in range(count) for p in range(3)]
    hits = draw(st.lists(st.sampled_from(possible), unique=True)) if possible else []
    return counts, hits


def _first_attempt(order: Order, count: int, windows: set[int]) -> float:
    tried = SEQUENCES[order].get(count, ())
    return next((n for n, window in enumerate(tried, start=1) if window in windows), math.inf)


def _each_alone(hits: Hits) -> Clusters:
    """Every highlight a cluster."""
    return np.arange(len(hits.counts), dtype=np.int32)


def _windows(hits: list[Hit], highlight: int) -> set[int]:
    return {window for row, window, _ in hits if row == highlight}


def test_scope_book_leaves_out_hits_in_other_books() -> None:
    elsewhere = (0, 1, 4)
    scan = make_scan([3, 2], [(0, 0, 1), elsewhere, (1, 1, 2)], elsewhere=[elsewhere])
    book, library = rates.within(scan, "book"), rates.within(scan, "library")
    assert list(zip(book.highlight, book.window, book.passage, strict=True)) == [
        (0, 0, 1),
        (1, 1, 2),
    ]
    assert list(zip(library.highlight, library.window, library.passage, strict=True)) == [
        (0, 0, 1),
        (0, 1, 4),
        (1, 1, 2),
    ]


@given(collections())
def test_eligible_and_matched_highlights_are_counted(made: Made) -> None:
    counts, placed = made
    hits = make_hits(counts, placed)
    assert hits.eligible == sum(count > 0 for count in counts)
    assert hits.matched.tolist() == [bool(_windows(placed, row)) for row in range(len(counts))]


@given(collections())
def test_attempts_are_those_of_trying_one_by_one(made: Made) -> None:
    counts, placed = made
    tried = rates.all_attempts(make_hits(counts, placed))
    assert list(tried) == list(ORDERS)
    for order, first in tried.items():
        assert first.tolist() == [
            _first_attempt(order, count, _windows(placed, row)) for row, count in enumerate(counts)
        ]


@given(collections())
def test_by_budget_counts_what_is_found_in_time(made: Made) -> None:
    counts, placed = made
    hits = make_hits(counts, placed)
    table = rates.by_budget(rates.all_attempts(hits), hits.counts, _each_alone(hits), (1, 2, 6))
    assert len(table) == 4 * 3
    for row in table.itertuples():
        matched = sum(
            bool(set(SEQUENCES[row.order].get(count, ())[: row.budget]) & _windows(placed, h))
            for h, count in enumerate(counts)
        )
        assert row.matched == matched
        if hits.eligible:
            assert row.rate == pytest.approx(matched / hits.eligible)
            assert row.low - 1e-9 <= row.rate <= row.high + 1e-9
        else:
            assert math.isnan(row.rate)
            assert math.isnan(row.low)


def test_by_budget_has_wilsons_interval() -> None:
    tried: dict[Order, np.ndarray] = {"spread": np.array([1.0] * 81 + [np.inf] * 182)}
    counts = np.full(263, 9, np.int32)
    row = rates.by_budget(tried, counts, np.zeros(263, np.int32), (1,)).iloc[0]
    assert (row["low"], row["high"]) == pytest.approx((0.2553, 0.3662), abs=5e-5)


@settings(max_examples=25)
@given(collections(most_windows=5))
def test_random_order_is_the_mean_over_all_permutations(made: Made) -> None:
    counts, placed = made
    budgets = (1, 2, 3, 9)
    table = rates.random_order(make_hits(counts, placed), budgets)
    assert table["budget"].tolist() == list(budgets)
    for budget, rate in zip(budgets, table["rate"], strict=True):
        shares = []
        for row, count in enumerate(counts):
            if count:
                orders = list(permutations(range(count)))
                found = sum(bool(set(order[:budget]) & _windows(placed, row)) for order in orders)
                shares.append(Fraction(found, len(orders)))
        if shares:
            assert rate == pytest.approx(float(sum(shares) / len(shares)))
        else:
            assert math.isnan(rate)


@given(collections())
def test_by_position_counts_windows_and_hits_by_tenths(made: Made) -> None:
    counts, placed = made
    table = rates.by_position(make_hits(counts, placed))
    windows, hitting = [0] * 10, [0] * 10
    for row, count in enumerate(counts):
        for window in range(count):
            share = Fraction(window, count - 1) if count > 1 else Fraction(1, 2)
            tenth = min(9, math.floor(share * 10))
            windows[tenth] += 1
            hitting[tenth] += window in _windows(placed, row)
    assert table["position"].tolist() == pytest.approx([0.05 + tenth / 10 for tenth in range(10)])
    assert table["windows"].tolist() == windows
    assert table["hits"].tolist() == hitting
    for rate, n, k in zip(table["rate"], windows, hitting, strict=True):
        assert math.isnan(rate) if n == 0 else rate == pytest.approx(k / n)


@given(st.integers(2, 400))
def test_by_position_puts_every_window_into_its_exact_tenth(count: int) -> None:
    windows = [0] * 10
    for window in range(count):
        windows[min(9, 10 * window // (count - 1))] += 1
    assert rates.by_position(make_hits([count], []))["windows"].tolist() == windows


def test_median_attempts_is_over_the_highlights_that_are_hit() -> None:
    assert rates.median_attempts(np.array([1, 9, np.inf, 4, 2, np.inf])) == 3.0
    assert rates.median_attempts(np.array([np.inf])) is None
    assert rates.median_attempts(np.empty(0)) is None


def test_no_highlights_at_all_give_empty_figures() -> None:
    hits = make_hits([], [])
    tried = rates.all_attempts(hits)
    assert hits.eligible == 0
    assert rates.by_budget(tried, hits.counts, _each_alone(hits))["matched"].sum() == 0
    assert rates.random_order(hits, (1,))["rate"].isna().all()
    assert rates.by_position(hits)["windows"].sum() == 0


@given(collections(), st.integers(1, 7))
def test_budgets_nest_up_to_any_window(made: Made, budget: int) -> None:
    hits = make_hits(*made)
    for first in rates.all_attempts(hits).values():
        within, within_more = first <= budget, first <= budget + 1
        assert not (within & ~within_more).any()
        exhausted = hits.counts <= budget
        assert (within[exhausted] == hits.matched[exhausted]).all()
        assert not (within & ~hits.matched).any()


@given(collections())
def test_without_a_limit_all_orders_match_the_same(made: Made) -> None:
    hits = make_hits(*made)
    table = rates.by_budget(rates.all_attempts(hits), hits.counts, _each_alone(hits), (6, 99))
    assert set(table["matched"]) == {int(hits.matched.sum())}


@given(collections(most_windows=30))
def test_random_order_rises_with_the_budget_to_any_window(made: Made) -> None:
    hits = make_hits(*made)
    if hits.eligible:
        found = rates.random_order(hits, tuple(range(1, 31)))["rate"].to_numpy()
        assert (np.diff(found) >= -1e-12).all()
        assert found[-1] == pytest.approx(hits.matched.sum() / hits.eligible)
        # A first try at random hits as often as the mean window does.
        shares = [len(_windows(made[1], row)) / count for row, count in enumerate(made[0]) if count]
        assert found[0] == pytest.approx(np.mean(shares))


def test_by_budget_has_intervals_by_books_from_five_books_on() -> None:
    # Six books of ten highlights, all of a book found or none: books are all there is to know.
    tried: dict[Order, np.ndarray] = {"spread": np.repeat([1.0, np.inf], 30)}
    counts = np.full(60, 9, np.int32)
    books = np.repeat(np.arange(6), 10).astype(np.int32)
    row = rates.by_budget(tried, counts, books, (1,)).iloc[0]
    assert row["book_low"] < row["low"] < 0.5 < row["high"] < row["book_high"]
    few = rates.by_budget(tried, counts, np.minimum(books, 3), (1,)).iloc[0]
    assert math.isnan(few["book_low"])
    assert math.isnan(few["book_high"])
