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
from lib.matching.orders import ORDERS, Order
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
    table = rates.by_budget(rates.all_attempts(hits), hits.eligible, (1, 2, 6))
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
    row = rates.by_budget(tried, 263, (1,)).iloc[0]
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


def _paired(both: int, only_a: int, only_b: int, neither: int) -> dict[Order, np.ndarray]:
    """Attempts of two orders, of which 1 is in time."""
    return {
        "spread": np.array([1.0] * (both + only_a) + [np.inf] * (only_b + neither)),
        "sequential": np.array(
            [1.0] * both + [np.inf] * only_a + [1.0] * only_b + [np.inf] * neither
        ),
    }


def test_compare_gives_a_published_example() -> None:
    # Newcombe 1998, method 10.
    table = rates.compare(_paired(36, 12, 2, 0), np.full(50, 9, np.int32), (1,))
    assert len(table) == 1
    row = table.iloc[0]
    assert (row["a"], row["b"], row["budget"]) == ("spread", "sequential", 1)
    assert (row["only_a"], row["only_b"], row["difference"]) == (12, 2, pytest.approx(0.2))
    assert (row["low"], row["high"]) == pytest.approx((0.0569, 0.3404), abs=5e-5)
    # 2 · (1 + 14 + 91) / 2¹⁴.
    assert row["p_value"] == pytest.approx(212 / 16384)


def test_compare_leaves_out_highlights_that_are_too_short() -> None:
    counts = np.array([9] * 50 + [0] * 30, np.int32)
    table = rates.compare(_paired(36, 12, 2, 30), counts, (1,))
    assert table.iloc[0]["difference"] == pytest.approx(0.2)


def test_compare_corrects_over_the_budgets_of_each_pair() -> None:
    tried: dict[Order, np.ndarray] = {
        "middle_out": np.array([1.0] * 5 + [2.0] * 5),
        "edge_first": np.array([np.inf] * 10),
        "sequential": np.array([1.0] * 10),
    }
    table = (
        rates.compare(tried, np.full(10, 9, np.int32), (1, 2))
        .set_index(["a", "b", "budget"])
        .sort_index()
    )
    assert len(table) == 6
    pair = table.loc[("middle_out", "edge_first")]
    # 2/2⁵ and 2/2¹⁰; the smaller is doubled, the larger not.
    assert pair["p_value"].tolist() == pytest.approx([2 / 2**5, 2 / 2**10])
    assert pair["p_holm"].tolist() == pytest.approx([2 / 2**5, 4 / 2**10])
    assert table.loc[("middle_out", "sequential", 2), "p_holm"] == 1.0


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
    assert rates.by_budget(tried, 0)["matched"].sum() == 0
    assert rates.random_order(hits, (1,))["rate"].isna().all()
    assert rates.by_position(hits)["windows"].sum() == 0
    assert rates.compare(tried, hits.counts, (1,))["difference"].isna().all()
