"""Intervals and tests, against published values and their definitions."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import optimize, stats
from statsmodels.stats import contingency_tables, multitest, proportion

from lib.matching.statistics import holm, mcnemar, newcombe, wilson

COUNT = st.integers(0, 60)
Z = 1.959963984540054


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_gives_the_values_of_newcombe_1998(
    successes: int, trials: int, low: float, high: float
) -> None:
    # Statistics in Medicine 17, 857, Table I, method 3.
    assert wilson(successes, trials) == pytest.approx((low, high), abs=5e-5)


def _score(share: float, successes: int, trials: int) -> float:
    """How far the observed share is from `share`, in standard errors of `share`, less z."""
    return abs(successes / trials - share) - Z * math.sqrt(share * (1 - share) / trials)


@given(st.integers(1, 500), st.data())
def test_wilson_ends_where_the_score_test_begins_to_reject(
    trials: int, data: st.DataObject
) -> None:
    successes = data.draw(st.integers(0, trials))
    share = successes / trials
    # Within the interval the score is below zero; at 0 and 1 it is above, unless observed there.
    within = min(max(share, 1e-12), 1 - 1e-12)
    expected = [0.0, 1.0]
    if successes > 0:
        expected[0] = optimize.brentq(_score, 0, within, args=(successes, trials), xtol=1e-14)
    if successes < trials:
        expected[1] = optimize.brentq(_score, within, 1, args=(successes, trials), xtol=1e-14)
    assert wilson(successes, trials) == pytest.approx(expected, abs=1e-9)


@given(st.integers(1, 5_000), st.data())
def test_wilson_is_that_of_statsmodels_and_scipy(trials: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, trials))
    ours = wilson(successes, trials)
    theirs = proportion.proportion_confint(successes, trials, method="wilson")
    assert ours == pytest.approx([float(bound) for bound in theirs], abs=1e-12)
    scipys = stats.binomtest(successes, trials).proportion_ci(0.95, method="wilson")
    assert ours == pytest.approx([float(scipys.low), float(scipys.high)], abs=1e-12)


def test_without_trials_there_is_no_interval() -> None:
    assert wilson(0, 0) is None
    assert newcombe(0, 0, 0, 0) is None


@given(st.integers(1, 100))
def test_none_and_all_have_intervals_that_end_at_zero_and_one(trials: int) -> None:
    none, every = wilson(0, trials), wilson(trials, trials)
    assert none is not None
    assert every is not None
    assert none[0] == pytest.approx(0, abs=1e-12)
    assert every == pytest.approx((1 - none[1], 1), abs=1e-12)
    assert none[1] == pytest.approx(Z**2 / (trials + Z**2))


@pytest.mark.parametrize(
    ("only_a", "only_b", "p_value"),
    [(1, 7, 0.0703), (6, 16, 0.0525), (0, 0, 1.0), (5, 5, 1.0), (0, 5, 0.0625)],
)
def test_mcnemar_gives_published_values(only_a: int, only_b: int, p_value: float) -> None:
    # The first two: Fagerland, Lydersen and Laake 2017, chapter 8, exact conditional test.
    assert mcnemar(only_a, only_b) == pytest.approx(p_value, abs=5e-5)


@given(COUNT, COUNT)
def test_mcnemar_is_twice_the_smaller_tail_of_fair_coins(only_a: int, only_b: int) -> None:
    n = only_a + only_b
    tail = sum(math.comb(n, k) for k in range(min(only_a, only_b) + 1))
    expected = min(Fraction(1), Fraction(2 * tail, 2**n))
    assert mcnemar(only_a, only_b) == pytest.approx(float(expected), rel=1e-9)
    assert mcnemar(only_a, only_b) == mcnemar(only_b, only_a)


@given(st.integers(0, 400), st.integers(0, 400), COUNT, COUNT)
def test_mcnemar_is_that_of_statsmodels(only_a: int, only_b: int, both: int, neither: int) -> None:
    theirs = contingency_tables.mcnemar([[both, only_a], [only_b, neither]], exact=True)
    # The chance is 1 where there is nothing to toss for; statsmodels agrees.
    assert mcnemar(only_a, only_b) == pytest.approx(float(theirs.pvalue), rel=1e-9)


@pytest.mark.parametrize(
    ("table", "low", "high"),
    [
        # Newcombe 1998, Statistics in Medicine 17, 2635, method 10.
        ((36, 12, 2, 0), 0.0569, 0.3404),
        ((18, 12, 2, 18), 0.0562, 0.3290),
        ((53, 0, 0, 1), -0.0729, 0.0729),
        ((0, 30, 0, 0), 0.8395, 1.0),
        # Fagerland, Lydersen and Laake 2017, chapter 8, after Cavo et al. 2012.
        ((59, 6, 16, 80), -0.1186, -0.0046),
    ],
)
def test_newcombe_gives_published_values(
    table: tuple[int, int, int, int], low: float, high: float
) -> None:
    assert newcombe(*table) == pytest.approx((low, high), abs=5e-5)


def _wilson_limits(successes: int, n: int) -> tuple[float, float]:
    """Both roots of Wilson's quadratic (p − π)² n = z² π (1 − π)."""
    share = successes / n
    roots = np.roots([1 + Z**2 / n, -(2 * share + Z**2 / n), share**2]).real
    return float(roots.min()), float(roots.max())


def _square_and_add(a: int, b: int, c: int, d: int) -> tuple[float, float]:
    """Method 10 in the paper's own letters: e f g h, phi corrected when it is positive."""
    n = a + b + c + d
    l2, u2 = _wilson_limits(a + b, n)
    l3, u3 = _wilson_limits(a + c, n)
    p2, p3 = (a + b) / n, (a + c) / n
    margins = (a + b, c + d, a + c, b + d)
    numerator: float = a * d - b * c
    if numerator > n / 2:
        numerator -= n / 2
    elif numerator > 0:
        numerator = 0
    phi = 0.0 if 0 in margins else numerator / math.sqrt(math.prod(margins))
    delta = (p2 - l2) ** 2 - 2 * phi * (p2 - l2) * (u3 - p3) + (u3 - p3) ** 2
    epsilon = (u2 - p2) ** 2 - 2 * phi * (u2 - p2) * (p3 - l3) + (p3 - l3) ** 2
    return p2 - p3 - math.sqrt(max(delta, 0)), p2 - p3 + math.sqrt(max(epsilon, 0))


@given(COUNT, COUNT, COUNT, COUNT)
def test_newcombe_is_the_square_and_add_interval(a: int, b: int, c: int, d: int) -> None:
    assume(a + b + c + d > 0)
    assert newcombe(a, b, c, d) == pytest.approx(_square_and_add(a, b, c, d), abs=1e-7)


@given(COUNT, COUNT, COUNT, COUNT)
def test_newcombe_turns_round_with_its_arguments(a: int, b: int, c: int, d: int) -> None:
    assume(a + b + c + d > 0)
    low, high = newcombe(a, b, c, d) or (math.nan, math.nan)
    assert newcombe(a, c, b, d) == pytest.approx((-high, -low), abs=1e-12)
    assert -1 - 1e-9 <= low <= (b - c) / (a + b + c + d) <= high <= 1 + 1e-9


def test_newcombe_covers_the_true_difference() -> None:
    # By enumeration of all tables of 12 pairs, over a few true distributions.
    tables = [t for t in product(range(13), repeat=4) if sum(t) == 12]
    intervals = [newcombe(*table) or (math.nan, math.nan) for table in tables]
    for shares in ((0.4, 0.2, 0.2, 0.2), (0.3, 0.3, 0.1, 0.3), (0.25, 0.5, 0.05, 0.2)):
        chances = stats.multinomial.pmf(np.array(tables), 12, shares)
        true = shares[1] - shares[2]
        covered = [low <= true <= high for low, high in intervals]
        assert 0.92 < chances[covered].sum() < 0.995


def test_holm_gives_an_example_worked_by_hand() -> None:
    # Ascending .01 .02 .03 .04: times 4, 3, 2, 1 is .04 .06 .06 .04; never falling: .06 at last.
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([0.5, 0.9, 0.6]) == [1.0, 1.0, 1.0]
    assert holm([0.2]) == [0.2]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.floats(0.001, 0.2))
def test_holm_rejects_as_the_step_down_procedure_does(p_values: list[float], level: float) -> None:
    rejected = set()
    for rank, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        if p_values[place] * (len(p_values) - rank) > level:
            break
        rejected.add(place)
    assert {i for i, p in enumerate(holm(p_values)) if p <= level} == rejected


@pytest.mark.parametrize("seed", range(4))
def test_holm_is_that_of_statsmodels(seed: int) -> None:
    # Fourth powers are small enough for some to stay below 1; rounding makes ties.
    p_values = (np.random.default_rng(seed).random(8) ** 4).round(2).tolist()
    _, theirs, _, _ = multitest.multipletests(p_values, method="holm")
    assert holm(p_values) == pytest.approx(theirs.tolist(), abs=1e-12)
