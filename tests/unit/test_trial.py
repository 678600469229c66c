"""The claim on trial: each verdict on collections made for it, and the figures behind it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from lib.matching.claims import edge_drift_in_words
from lib.matching.clusters import RESAMPLES, clusters_of, expanded_level
from lib.matching.comparisons import compare
from lib.matching.drift import Drift
from lib.matching.orders import Order
from lib.matching.rates import by_budget
from lib.matching.statistics import mcnemar, newcombe
from lib.matching.study import Study, study
from lib.matching.trial import Trial, Verdict, put_on_trial
from tests.unit.builders import make_scan

DRIFT = Drift(900, 30, "book", 0.97, 0.8, 1.2, 0.74, 0.49, 0.48)


def _study(
    both: int,
    only_middle: int,
    only_edge: int,
    neither: int,
    books: Sequence[str] | None = None,
    budgets: tuple[int, ...] = (1,),
) -> Study:
    """What both orders find at the first try or never; without books each highlight is alone."""
    total = both + only_middle + only_edge + neither
    row = np.arange(total)
    middle = row < both + only_middle
    edge = (row < both) | ((row >= both + only_middle) & (row < total - neither))
    tried: dict[Order, NDArray[np.float64]] = {
        "middle_out": np.where(middle, 1, np.inf),
        "edge_first": np.where(edge, 1, np.inf),
    }
    counts = np.full(total, 9, np.int32)
    clusters = clusters_of(pd.Series([None] * total if books is None else books, dtype=object))
    nothing = pd.DataFrame()
    return Study(
        highlights=total,
        eligible=total,
        clusters=len(set(clusters)),
        cluster_of=clusters,
        matched=middle | edge,
        any_window_by_books=None,
        too_short=counts == 0,
        attempts=tried,
        by_budget=by_budget(tried, counts, clusters, budgets),
        random_order=nothing,
        comparisons=compare(tried, counts, clusters, budgets),
        attempts_compared=nothing,
        by_position=nothing,
        drift=DRIFT,
        landings=nothing,
    )


def _in_turn(count: int, books: int) -> list[str]:
    """A book for each highlight, one after the other: books all alike."""
    return [f"book {row % books}" for row in range(count)]


@pytest.mark.parametrize(
    ("table", "verdict"),
    [
        ((70, 50, 14, 66), "holds"),
        ((150, 20, 2, 28), "smaller"),
        ((50, 100, 5, 95), "larger"),
        ((100, 7, 7, 86), "no difference"),
        ((60, 10, 40, 90), "reversed"),
        ((0, 0, 50, 100), "reversed"),
        ((15, 12, 8, 15), "undecided"),
        ((0, 0, 3, 50), "undecided"),
        ((0, 0, 0, 50), "nothing to compare"),
        ((0, 0, 0, 0), "nothing to compare"),
    ],
)
@pytest.mark.parametrize("books", [None, 3, 20])
def test_every_verdict_has_its_collection(
    table: tuple[int, int, int, int], verdict: Verdict, books: int | None
) -> None:
    named = None if books is None else _in_turn(sum(table), books)
    trial = put_on_trial(_study(*table, named), 1)
    assert trial.verdict == verdict
    assert 2 <= len(trial.sentences) <= 4
    said = " ".join(trial.sentences)
    assert "nan" not in said
    assert "None" not in said
    assert "+" not in said


def test_a_study_of_a_scan_is_tried() -> None:
    # The middle of nine windows hits in 25 highlights, the first of them in none.
    read = study(make_scan([9] * 40, [(row, 4, 0) for row in range(25)]), "library")
    trial = put_on_trial(read, 4)
    assert (trial.budget, trial.middle_rate, trial.edge_rate) == (4, 25 / 40, 0)
    assert (trial.verdict, trial.loss, trial.drift) == ("larger", 1, read.drift)
    assert trial.sentences[-1] == edge_drift_in_words(read.drift)
    short = put_on_trial(study(make_scan([0], []), "library"), 4)
    assert (short.verdict, short.middle_rate) == ("nothing to compare", None)


def test_the_figures_are_those_of_the_table() -> None:
    table = (350, 250, 70, 330)
    trial = put_on_trial(_study(*table, _in_turn(1000, 3)), 1)
    assert (trial.highlights, trial.clusters, trial.budget) == (1000, 3, 1)
    assert (trial.middle_rate, trial.edge_rate) == pytest.approx((0.6, 0.42))
    assert trial.difference == pytest.approx(0.18)
    assert trial.interval == pytest.approx(newcombe(*table))
    assert trial.p_value == trial.p_holm == pytest.approx(mcnemar(250, 70))
    assert trial.loss == pytest.approx(0.3)
    # Three books are too few: Newcombe's bounds, by the rate of the middle.
    assert trial.by_books is None
    low, high = newcombe(*table) or (0, 0)
    assert trial.loss_interval == pytest.approx((low / 0.6, high / 0.6))
    assert trial.as_points == "smaller"


def test_the_interval_of_the_loss_is_that_of_the_ratio_over_books() -> None:
    books = np.random.default_rng(6).integers(0, 12, 200)
    trial = put_on_trial(_study(70, 50, 14, 66, [f"b{book:02}" for book in books]), 1)
    row = np.arange(200)
    middle = np.bincount(books[row < 120], minlength=12)
    edge = np.bincount(books[(row < 70) | ((row >= 120) & (row < 134))], minlength=12)
    # Clusters are numbered as the books are met.
    met = list(dict.fromkeys(books.tolist()))
    expected = stats.bootstrap(
        (middle[met], edge[met]),
        lambda m, e, axis: 1 - e.sum(axis) / m.sum(axis),
        paired=True,
        n_resamples=RESAMPLES,
        confidence_level=expanded_level(12),
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    assert trial.loss_interval == pytest.approx((float(expected.low), float(expected.high)))
    assert trial.by_books is not None


def test_a_difference_that_one_book_makes_is_none_by_books() -> None:
    # All 30 highlights that only the middle finds are of one book of six.
    books = ["odd"] * 30 + [f"book {row % 5}" for row in range(170)]
    trial = put_on_trial(_study(0, 30, 0, 170, books), 1)
    assert trial.p_holm < 0.001
    assert trial.interval is not None
    assert trial.interval[0] > 0
    # By books a resample may miss the odd one: no loss there, so no interval of it either.
    assert trial.by_books is not None
    assert trial.by_books[0] == 0
    assert trial.verdict == "undecided"


def test_holm_counts_all_budgets() -> None:
    # At budget 1 alone p is .031; over eight budgets it is not below .05 any more.
    assert put_on_trial(_study(20, 6, 0, 20, budgets=(1,)), 1).p_holm == pytest.approx(2 / 64)
    trial = put_on_trial(_study(20, 6, 0, 20, budgets=(1, 2, 3, 4, 6, 8, 12, 16)), 1)
    assert trial.p_value == pytest.approx(2 / 64)
    assert trial.p_holm == pytest.approx(16 / 64)


@pytest.mark.parametrize(("asked", "judged"), [(1, 2), (2, 2), (3, 2), (4, 4), (99, 4)])
def test_the_budget_is_the_largest_studied_that_fits(asked: int, judged: int) -> None:
    assert put_on_trial(_study(5, 5, 5, 5, budgets=(2, 4)), asked).budget == judged


def _said(trial: Trial, part: str) -> bool:
    return any(part in sentence for sentence in trial.sentences)


def test_a_loss_is_told_with_its_figures() -> None:
    trial = put_on_trial(_study(350, 250, 70, 330, _in_turn(1000, 3)), 1)
    assert trial.sentences[0].startswith("The claim holds here")
    assert trial.sentences[1] == (
        "With 1 try, the middle finds 60.0% of 1,000 highlights and the edges 42.0%: 18.0 points "
        "less (95% interval 14.6 to 21.3 points; p < .001 after Holm's correction)."
    )
    assert _said(trial, "that is a loss of 30.0% (95% interval 24.4% to 35.5%)")
    assert _said(trial, "Had 30 points been meant, they could be ruled out.")


def test_a_gain_is_told_the_other_way_round() -> None:
    trial = put_on_trial(_study(300, 50, 150, 500, _in_turn(1000, 3)), 1)
    assert _said(trial, "the edges 45.0%: 10.0 points more (95% interval 7.3 to 12.7 points;")
    assert _said(trial, "that is a gain of 28.6%")
    assert not _said(trial, "30 points")


def test_thirty_points_are_told_from_thirty_per_cent() -> None:
    # 60% against 30%: half is lost, which is 30 points.
    trial = put_on_trial(_study(50, 70, 10, 70), 1)
    assert (trial.verdict, trial.as_points) == ("larger", "holds")
    assert _said(trial, "Had 30 points been meant, they would fit.")
    further = put_on_trial(_study(20, 140, 0, 40), 1)
    assert further.as_points == "larger"
    assert _said(further, "the loss would be larger still.")


def test_points_are_read_off_the_interval_by_books_where_there_is_one() -> None:
    # All loss is of three books in ten: by highlights 30 points are out of reach, by books not.
    books = [f"book {row % 3}" for row in range(60)] + [f"book {3 + row % 7}" for row in range(240)]
    trial = put_on_trial(_study(0, 60, 0, 240, books), 1)
    assert trial.interval is not None
    assert trial.interval[1] < 0.3
    assert trial.by_books is not None
    assert trial.by_books[1] > 0.3
    assert trial.as_points == "holds"


@settings(max_examples=40)
@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 40), st.integers(0, 40))
def test_a_verdict_agrees_with_its_figures(
    both: int, only_middle: int, only_edge: int, neither: int
) -> None:
    trial = put_on_trial(_study(both, only_middle, only_edge, neither), 1)
    if trial.verdict in ("holds", "smaller", "larger", "reversed"):
        assert trial.p_holm < 0.05
        assert trial.difference is not None
        assert (trial.difference < 0) == (trial.verdict == "reversed")
    if trial.verdict in ("smaller", "no difference"):
        assert trial.loss_interval is not None
        assert trial.loss_interval[1] < 0.3
    if trial.verdict == "holds":
        assert trial.loss_interval is not None
        assert trial.loss_interval[0] <= 0.3 <= trial.loss_interval[1]
    assert (trial.verdict == "nothing to compare") == (both + only_middle + only_edge == 0)
