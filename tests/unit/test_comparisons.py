"""Pairs of orders, against published examples and enumeration."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.matching.clusters import Clusters, intervals_by_books
from lib.matching.comparisons import compare, compare_attempts
from lib.matching.orders import ORDERS, Order
from lib.matching.statistics import signed_rank


def _alone(count: int) -> Clusters:
    return np.arange(count, dtype=np.int32)


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
    table = compare(_paired(36, 12, 2, 0), np.full(50, 9, np.int32), _alone(50), (1,))
    assert len(table) == 1
    row = table.iloc[0]
    assert (row["a"], row["b"], row["budget"]) == ("spread", "sequential", 1)
    assert (row["only_a"], row["only_b"], row["difference"]) == (12, 2, pytest.approx(0.2))
    assert (row["low"], row["high"]) == pytest.approx((0.0569, 0.3404), abs=5e-5)
    # 2 · (1 + 14 + 91) / 2¹⁴.
    assert row["p_value"] == pytest.approx(212 / 16384)


def test_compare_leaves_out_highlights_that_are_too_short() -> None:
    counts = np.array([9] * 50 + [0] * 30, np.int32)
    table = compare(_paired(36, 12, 2, 30), counts, _alone(80), (1,))
    assert table.iloc[0]["difference"] == pytest.approx(0.2)


def test_compare_corrects_over_the_budgets_of_each_pair() -> None:
    tried: dict[Order, np.ndarray] = {
        "middle_out": np.array([1.0] * 5 + [2.0] * 5),
        "edge_first": np.array([np.inf] * 10),
        "sequential": np.array([1.0] * 10),
    }
    table = (
        compare(tried, np.full(10, 9, np.int32), _alone(10), (1, 2))
        .set_index(["a", "b", "budget"])
        .sort_index()
    )
    assert len(table) == 6
    pair = table.loc[("middle_out", "edge_first")]
    # 2/2⁵ and 2/2¹⁰; the smaller is doubled, the larger not.
    assert pair["p_value"].tolist() == pytest.approx([2 / 2**5, 2 / 2**10])
    assert pair["p_holm"].tolist() == pytest.approx([2 / 2**5, 4 / 2**10])
    assert table.loc[("middle_out", "sequential", 2), "p_holm"] == 1.0


def test_compare_has_the_interval_of_the_difference_by_books() -> None:
    rng = np.random.default_rng(5)
    books = np.repeat(np.arange(12), 20).astype(np.int32)
    counts = np.where(rng.random(240) < 0.1, 0, 9).astype(np.int32)
    tried: dict[Order, np.ndarray] = {
        order: np.where(counts > 0, rng.integers(1, 6, 240).astype(float), np.inf)
        for order in ORDERS
    }
    table = compare(tried, counts, books, (1, 3)).set_index(["a", "b", "budget"]).sort_index()
    for a, b, budget in (("middle_out", "edge_first", 3), ("sequential", "spread", 1)):
        both = np.array([tried[a] <= budget, tried[b] <= budget])  # type: ignore[index]
        low, high = intervals_by_books(both, counts > 0, books, lambda r: r[:1] - r[1:])[0]
        row = table.loc[(a, b, budget)]
        assert (row["book_low"], row["book_high"]) == pytest.approx((low, high))
        assert row["book_low"] < row["difference"] < row["book_high"]


def test_compare_has_no_interval_by_four_books() -> None:
    books = np.arange(50, dtype=np.int32) % 4
    row = compare(_paired(36, 12, 2, 0), np.full(50, 9, np.int32), books, (1,)).iloc[0]
    assert math.isnan(row["book_low"])
    assert math.isnan(row["book_high"])


def test_compare_of_no_highlights_is_empty_of_figures() -> None:
    tried: dict[Order, np.ndarray] = dict.fromkeys(ORDERS, np.empty(0))
    table = compare(tried, np.empty(0, np.int32), _alone(0), (1,))
    assert len(table) == 6
    assert table["difference"].isna().all()
    assert table["book_low"].isna().all()


@pytest.mark.parametrize(
    ("differences", "p_value"),
    [
        # Darwin's crossed and self-fertilised maize, in eighths of an inch (Fisher 1935, III).
        ([49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48], 0.0413),
        # Depression under a tranquillizer: Hollander and Wolfe 1973, page 29 (T+ = 40, n = 9).
        ([0.952, -0.147, 1.022, 0.43, 0.62, 0.59, 0.49, -0.08, 0.01], 0.0391),
        # The least that six differences can give: 2 of 2⁶ signs.
        ([1, 2, 3, 4, 5, 6], 2 / 64),
    ],
)
def test_signed_rank_gives_published_values(differences: list[float], p_value: float) -> None:
    assert signed_rank(np.array(differences)) == pytest.approx(p_value, abs=5e-5)
    # Zeros tell nothing.
    assert signed_rank(np.array([0.0, *differences, 0.0])) == pytest.approx(p_value, abs=5e-5)


@settings(max_examples=30)
@given(st.lists(st.integers(-4, 4), max_size=8))
def test_signed_rank_is_exact_over_all_signs_of_few_differences(drawn: list[int]) -> None:
    told = np.array([value for value in drawn if value != 0], dtype=float)
    sizes = np.abs(told)
    ranks = np.array([(sizes < size).sum() + ((sizes == size).sum() + 1) / 2 for size in sizes])
    sums = np.array([float(ranks @ np.array(signs)) for signs in product((0, 1), repeat=len(told))])
    observed = float(ranks @ (told > 0))
    tails = np.mean(sums <= observed + 1e-9), np.mean(sums >= observed - 1e-9)
    assert signed_rank(np.array(drawn, dtype=float)) == pytest.approx(min(1, 2 * min(tails)))


def test_compare_attempts_counts_highlights_that_both_hit() -> None:
    inf = np.inf
    tried: dict[Order, np.ndarray] = {
        "middle_out": np.array([1, 1, 5, 2, inf, 9, 1.0]),
        "edge_first": np.array([2, 3, 1, 2, 1.0, inf, 5]),
    }
    row = compare_attempts(tried).iloc[0]
    assert (row["a"], row["b"], row["both"]) == ("middle_out", "edge_first", 5)
    assert (row["median_a"], row["median_b"]) == (1, 2)
    assert (row["faster_a"], row["faster_b"]) == (3, 1)
    # Differences −1 −2 4 −4 have ranks 1 2 3½ 3½. Six of all 16 signs bring the ranks above zero to
    # 3½ or less (0 1 2 3 3½ 3½), as many to 6½ or more.
    assert row["p_value"] == pytest.approx(2 * 6 / 16)
    assert row["p_holm"] == row["p_value"]


def test_compare_attempts_corrects_over_the_pairs() -> None:
    steps = np.arange(1.0, 11)
    tried: dict[Order, np.ndarray] = {
        "middle_out": steps,
        "edge_first": steps + steps / 16,
        "sequential": steps,
    }
    table = compare_attempts(tried)
    # All ten differences lie one way, in two pairs; the third has none.
    assert table["p_value"].tolist() == pytest.approx([2 / 2**10, 1, 2 / 2**10])
    assert table["p_holm"].tolist() == pytest.approx([6 / 2**10, 1, 6 / 2**10])


def test_compare_attempts_without_common_hits_claims_nothing() -> None:
    tried: dict[Order, np.ndarray] = {
        "middle_out": np.array([np.inf, 1]),
        "spread": np.array([1, np.inf]),
    }
    row = compare_attempts(tried).iloc[0]
    assert (row["both"], row["faster_a"], row["faster_b"]) == (0, 0, 0)
    assert math.isnan(row["median_a"])
    assert (row["p_value"], row["p_holm"]) == (1, 1)
    assert len(compare_attempts(dict.fromkeys(ORDERS, np.empty(0)))) == 6
