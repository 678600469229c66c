"""Separation and its interval, against counting, closed forms and simulated collections."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from lib.similarity.separation import Separation, placements, separate, separation

Floats = NDArray[np.float64]
# Few different values, so that ties occur.
SCORES = st.lists(st.sampled_from([-0.5, 0.0, 0.25, 0.5, 0.75]), min_size=1, max_size=12)
MORE = st.lists(st.sampled_from([-0.5, 0.0, 0.25, 0.5, 0.75]), min_size=2, max_size=12)


def psi(a: Floats, b: Floats) -> Floats:
    """1 where a score of a wins over one of b, ½ where they tie."""
    return np.asarray((a[:, None] > b) + (a[:, None] == b) / 2)


def half_width(found: Separation, highlights: int) -> float:
    """The standard error that an interval was made from."""
    assert found.low is not None
    assert found.high is not None
    logits = np.log([found.low / (1 - found.low), found.high / (1 - found.high)])
    spread = float(logits[1] - logits[0]) / 2 / float(stats.t.ppf(0.975, highlights - 1))
    return spread * found.area * (1 - found.area)


@given(SCORES, SCORES)
def test_separation_counts_the_pairs_that_are_in_order(
    nearest: list[float], background: list[float]
) -> None:
    expected = psi(np.array(nearest), np.array(background)).mean()
    assert separation(np.array(nearest), np.array(background)) == pytest.approx(expected)
    found = separate(np.array(nearest), np.array(background)[:, None])
    assert found is not None
    assert found.area == pytest.approx(expected)


@given(SCORES, SCORES)
def test_placements_are_shares_of_what_lies_below(scores: list[float], others: list[float]) -> None:
    placed = placements(np.array(scores), np.sort(others))
    assert placed == pytest.approx(psi(np.array(scores), np.array(others)).mean(axis=1))


def test_separation_is_the_mann_whitney_u_of_scipy() -> None:
    rng = np.random.default_rng(3)
    nearest, background = rng.normal(1, 1, 90), rng.normal(0, 1, 70)
    u = stats.mannwhitneyu(nearest, background).statistic
    assert separation(nearest, background) == pytest.approx(u / (90 * 70))


def test_separation_of_two_normals_is_the_closed_form() -> None:
    rng = np.random.default_rng(1)
    found = separation(rng.normal(1, 1, 20_000), rng.normal(0, 1, 20_000))
    assert found == pytest.approx(stats.norm.cdf(1 / math.sqrt(2)), abs=0.01)


def test_separation_needs_both_sides() -> None:
    some, none = np.array([0.5]), np.empty(0)
    assert separation(none, some) is None
    assert separation(some, none) is None
    assert separate(none, some[:, None]) is None
    assert separate(some, np.empty((0, 0))) is None
    assert separate(some, np.full((2, 2), np.nan)) is None
    assert separate(np.array([-np.inf]), some[:, None]) is None


@given(MORE, MORE)
def test_of_independent_scores_the_error_is_delongs(
    nearest: list[float], background: list[float]
) -> None:
    a, b = np.array(nearest), np.array(background)
    won = psi(a, b)
    variance = won.mean(axis=1).var(ddof=1) / len(a) + won.mean(axis=0).var(ddof=1) / len(b)
    found = separate(a, b[:, None])
    assert found is not None
    if variance > 0 and 0 < found.area < 1:
        assert half_width(found, len(a)) == pytest.approx(math.sqrt(variance))


def test_of_two_exponentials_the_error_is_hanley_and_mcneils() -> None:
    # For exponential scores theirs is exact: Q1 = A/(2−A), Q2 = 2A²/(1+A).
    rng = np.random.default_rng(5)
    m, n, rate = 20_000, 30_000, 1 / 4
    a, b = rng.exponential(1 / rate, m), rng.exponential(1, n)
    found = separate(a, b[:, None])
    assert found is not None
    area = 1 / (1 + rate)
    assert found.area == pytest.approx(area, abs=0.01)
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    variance = area * (1 - area) + (m - 1) * (q1 - area**2) + (n - 1) * (q2 - area**2)
    assert half_width(found, m) == pytest.approx(math.sqrt(variance / (m * n)), rel=0.05)


def crossed(rng: np.random.Generator, rows: int, columns: int, spread: float) -> Floats:
    """Scores of pairs that share vectors: each row and each column has a level of its own."""
    noise = rng.normal(0, math.sqrt(1 - 2 * spread**2), (rows, columns))
    level = rng.normal(0, spread, (rows, 1)) + rng.normal(0, spread, (1, columns))
    return np.asarray(noise + level)


@pytest.mark.parametrize(("distance", "highlights"), [(1.0, 40), (2.5, 40), (2.5, 300)])
def test_intervals_hold_the_truth_as_often_as_they_say(distance: float, highlights: int) -> None:
    truth = float(stats.norm.cdf(distance / math.sqrt(2)))
    rng = np.random.default_rng(7)
    runs = 400
    held = 0
    for _ in range(runs):
        found = separate(rng.normal(distance, 1, highlights), crossed(rng, 30, 60, 0.4))
        assert found is not None
        assert found.low is not None
        assert found.high is not None
        held += found.low <= truth <= found.high
    # 95% of 400, give or take three standard errors.
    assert 0.917 <= held / runs <= 0.985


def test_pairs_that_share_vectors_are_not_taken_as_independent() -> None:
    rng = np.random.default_rng(11)
    nearest, pairs = rng.normal(1, 1, 2_000), crossed(rng, 30, 60, 0.6)
    shared = separate(nearest, pairs)
    alone = separate(nearest, pairs.reshape(-1, 1))
    assert shared is not None
    assert alone is not None
    assert shared.area == pytest.approx(alone.area)
    assert half_width(shared, 2_000) > 2 * half_width(alone, 2_000)


def test_pairs_that_are_left_out_count_for_nothing() -> None:
    rng = np.random.default_rng(13)
    nearest, pairs = rng.normal(1, 1, 50), crossed(rng, 20, 30, 0.3)
    pairs[rng.random(pairs.shape) < 0.1] = np.nan
    found = separate(nearest, pairs)
    assert found is not None
    assert found.area == separation(nearest, pairs[~np.isnan(pairs)])
    assert found == separate(nearest, pairs, np.sort(pairs[~np.isnan(pairs)]))


def test_one_highlight_has_no_interval() -> None:
    found = separate(np.array([0.5]), np.array([[0.1], [0.9]]))
    assert found == Separation(0.5, None, None)


@pytest.mark.parametrize(("value", "area"), [(9.0, 1.0), (-9.0, 0.0)])
def test_complete_separation_still_has_an_interval(value: float, area: float) -> None:
    found = separate(np.full(30, value), np.random.default_rng(0).normal(size=(20, 40)))
    assert found is not None
    assert found.area == area
    # Clopper and Pearson's bound for 30 of 30.
    bound = float(stats.beta.ppf(0.025, 30, 1))
    low, high = (bound, 1.0) if area == 1 else (0.0, 1 - bound)
    assert (found.low, found.high) == pytest.approx((low, high))


def test_scores_that_are_all_alike_are_not_taken_as_certain() -> None:
    found: Any = separate(np.full(20, 0.5), np.array([[0.1], [0.2], [0.3], [0.9]]))
    assert found.area == pytest.approx(0.75)
    assert 0 < found.low < 0.75 < found.high < 1
