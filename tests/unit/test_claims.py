"""Sentences about a study, and the numbers in them."""

from __future__ import annotations

import math

import pytest

from lib.matching import claims, wording
from lib.matching.drift import Drift
from lib.matching.study import study
from tests.unit.builders import make_scan


@pytest.mark.parametrize(
    ("number", "text"),
    [(3.24, "3.2"), (0, "0.0"), (0.04, "0.0"), (-0.04, "0.0"), (-1.25, "−1.2"), (100, "100.0")],
)
def test_tenths_have_a_sign_only_where_there_is_something(number: float, text: str) -> None:
    assert wording.tenths(number) == text


@pytest.mark.parametrize(
    ("p_value", "text"),
    [
        (0, "p < .001"),
        (0.00099, "p < .001"),
        (0.001, "p = .001"),
        (0.0312, "p = .031"),
        (0.0499, "p < .05"),
        (0.05, "p = .050"),
        (0.0994, "p = .099"),
        (0.0996, "p = .10"),
        (0.27, "p = .27"),
        (0.99, "p = .99"),
        (1, "p > .99"),
    ],
)
def test_p_values_are_printed_as_in_print(p_value: float, text: str) -> None:
    assert wording.p_words(p_value) == text


def test_shares_are_told_as_per_cent_and_points() -> None:
    assert wording.percent(0.123) == "12.3%"
    assert wording.percents((-0.012, 0.034)) == "−1.2% to 3.4%"
    assert wording.points(-0.032) == "3.2 points"
    assert wording.points_between((-0.0001, 0.032)) == "0.0 to 3.2 points"
    assert wording.turned((-0.1, 0.3), -1) == (-0.3, 0.1)
    assert wording.turned((-0.1, 0.3), 1) == (-0.1, 0.3)
    assert (wording.tries(1), wording.tries(12)) == ("1 try", "12 tries")


def test_the_interval_of_a_lead_has_the_sign_of_the_lead() -> None:
    # Only the first window hits: the edge is ahead, so its interval is above 0.
    read = study(make_scan([9] * 40, [(n, 0, 0) for n in range(20)]), "library")
    sentence = claims.compare_in_words(read, "middle_out", "edge_first", 1)
    assert "edge first matches 50.0 points more of the highlights than middle out" in sentence
    assert "interval of the difference 3" in sentence
    assert "p < .001" in sentence
    turned = claims.compare_in_words(read, "edge_first", "sequential", 1)
    assert "equally well" in turned
    assert "p > .99" in turned


@pytest.mark.parametrize(
    ("by_books", "differ", "words"),
    [
        ((0.30, 0.50), True, "2.0 times as wide"),
        ((0.35, 0.474), False, "changes the interval little"),
        ((0.35, 0.476), True, "1.3 times as wide"),
        ((0.36, 0.4402), False, "changes the interval little"),
        ((0.36, 0.438), True, "narrower (78% of the width)"),
        ((math.nan, math.nan), False, "no interval by books"),
    ],
)
def test_intervals_differ_from_a_quarter_more_or_a_fifth_less(
    by_books: tuple[float, float], differ: bool, words: str
) -> None:
    assert claims.intervals_differ(0.35, 0.45, *by_books) == differ
    assert words in claims.books_in_words(0.35, 0.45, *by_books)


def test_it_is_said_which_interval_to_trust() -> None:
    assert "trust the one by books" in claims.books_in_words(0.35, 0.45, 0.3, 0.5)
    assert "trust the wider one" in claims.books_in_words(0.35, 0.45, 0.38, 0.42)
    nothing = math.nan
    assert not claims.intervals_differ(nothing, nothing, nothing, nothing)
    assert "without highlights" in claims.books_in_words(nothing, nothing, nothing, nothing)


TESTED = Drift(900, 30, "book", 0.79, 0.71, 0.88, 0.00002, 0.49, 0.43)


def test_drift_is_told_with_both_rates_and_its_test() -> None:
    assert claims.edge_drift_in_words(TESTED) == (
        "A window at the very edge hits 43.0% of the time, one in the middle 49.0%: edges do hit "
        "less often (odds ratio 0.79, 95% interval 0.71 to 0.88, p < .001)."
    )
    more = Drift(900, 30, "book", 1.3, 1.1, 1.5, 0.004, 0.43, 0.49)
    assert "edges do hit more often" in claims.edge_drift_in_words(more)


def test_no_drift_and_no_test_are_said() -> None:
    chance = Drift(900, 30, "book", 0.97, 0.8, 1.2, 0.74, 0.49, 0.48)
    assert "no more of a difference than chance makes" in claims.edge_drift_in_words(chance)
    untested = Drift(900, 30, "book", None, None, None, None, 0.0, 0.0)
    assert claims.edge_drift_in_words(untested) == (
        "A window at the very edge hits 0.0% of the time, one in the middle 0.0%; that is too "
        "little to test."
    )
    nowhere = Drift(2, 1, "highlight", None, None, None, None, None, 0.5)
    assert "too few windows" in claims.edge_drift_in_words(nowhere)
