"""Intervals over books, against SciPy's bootstrap, pooling by hand, and simulated libraries."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy import stats

from lib.matching.clusters import (
    RESAMPLES,
    as_interval,
    clusters_of,
    count_clusters,
    expanded_level,
    intervals_by_books,
)
from lib.matching.statistics import wilson

Made = tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.int32]]


@pytest.fixture
def made() -> Made:
    """What two orders find of 300 highlights, which take part, and their 9 books."""
    rng = np.random.default_rng(4)
    books = rng.integers(0, 9, 300).astype(np.int32)
    chance = rng.uniform(0.2, 0.8, 9)[books]
    eligible = rng.random(300) < 0.9
    return rng.random((2, 300)) < chance * eligible, eligible, books


def _difference(rates: NDArray[np.float64]) -> NDArray[np.float64]:
    return rates[:1] - rates[1:]


def _scipy(sample: tuple[NDArray[Any], ...], statistic: Any, vectorized: bool) -> list[float]:
    interval = stats.bootstrap(
        sample,
        statistic,
        paired=True,
        vectorized=vectorized,
        n_resamples=RESAMPLES,
        confidence_level=expanded_level(len(sample[0])),
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    return [float(interval.low), float(interval.high)]


def test_highlights_of_a_book_are_a_cluster_and_others_alone() -> None:
    clusters = clusters_of(pd.Series(["b", None, "a", "b", np.nan, ""], dtype=object))
    assert len(clusters) == 6
    assert clusters[0] == clusters[3]
    assert len(set(clusters)) == 5
    assert sorted(set(clusters)) == [0, 1, 2, 3, 4]
    assert len(set(clusters_of(pd.Series([None, None], dtype=object)))) == 2
    assert len(clusters_of(pd.Series([], dtype=object))) == 0


def test_clusters_are_counted_where_something_is_counted() -> None:
    clusters = np.array([0, 0, 1, 2], np.int32)
    assert count_clusters(clusters, np.array([True, True, True, False])) == 2


def test_intervals_are_those_of_scipy_on_sums_of_books(made: Made) -> None:
    found, eligible, books = made
    sums = [
        np.array([float(kind[(books == book) & eligible].sum()) for book in range(9)])
        for kind in (*found, eligible)
    ]
    expected = _scipy(
        tuple(sums),
        lambda a, b, n, axis: (a.sum(axis) - b.sum(axis)) / n.sum(axis),
        vectorized=True,
    )
    assert intervals_by_books(found, eligible, books, _difference)[0] == pytest.approx(expected)
    rates = intervals_by_books(found, eligible, books)
    assert rates.shape == (2, 2)
    assert rates[1] == pytest.approx(
        _scipy((sums[1], sums[2]), lambda m, n, axis: m.sum(axis) / n.sum(axis), vectorized=True)
    )


def test_intervals_are_those_of_pooling_the_highlights_of_drawn_books(made: Made) -> None:
    found, eligible, books = made
    own = [found[0, (books == book) & eligible] for book in range(9)]

    def pooled(drawn: NDArray[np.int64]) -> float:
        return float(np.concatenate([own[book] for book in drawn]).mean())

    assert intervals_by_books(found[:1], eligible, books)[0] == pytest.approx(
        _scipy((np.arange(9),), pooled, vectorized=False)
    )


def test_the_same_data_give_the_same_interval_whatever_the_numbers_of_books(made: Made) -> None:
    found, eligible, books = made
    first = intervals_by_books(found, eligible, books)
    assert (intervals_by_books(found, eligible, books) == first).all()
    assert (intervals_by_books(found, eligible, books * 7 + 3) == first).all()


def test_fewer_than_five_books_have_no_interval(made: Made) -> None:
    found, eligible, books = made
    assert np.isnan(intervals_by_books(found, eligible, books % 4)).all()
    assert intervals_by_books(found, eligible, books % 4, _difference).shape == (1, 2)
    assert np.isfinite(intervals_by_books(found, eligible, books % 5)).all()
    # Books none of whose highlights takes part do not count.
    four = eligible & (books < 4)
    assert np.isnan(intervals_by_books(found, four, books)).all()
    nobody = np.zeros((2, 0), bool)
    assert np.isnan(intervals_by_books(nobody, nobody[0], books[:0])).all()


def test_a_statistic_that_a_resample_lacks_has_no_interval() -> None:
    # One book in six has all matches: a third of the resamples miss it and divide by 0.
    books = np.repeat(np.arange(6), 5).astype(np.int32)
    found = np.array([books == 0, books == 0])
    everybody = np.ones(30, bool)
    assert np.isnan(intervals_by_books(found, everybody, books, lambda r: r[:1] / r[1:])).all()
    assert np.isfinite(intervals_by_books(found, everybody, books)).all()


def test_books_that_are_all_alike_do_not_say_how_others_may_be() -> None:
    books = np.repeat(np.arange(8), 5).astype(np.int32)
    everybody = np.ones(40, bool)
    some = np.arange(40) % 5 < 2
    found = np.array([np.zeros(40, bool), everybody, some])
    assert np.isnan(intervals_by_books(found, everybody, books)).all()


def test_an_interval_of_nan_is_none() -> None:
    assert as_interval(np.array([np.nan, np.nan])) is None
    assert as_interval(np.array([0.25, 0.5])) == (0.25, 0.5)


def test_the_level_is_students_and_falls_to_the_normal_one() -> None:
    # 2.776 and 2.262: any table of Student's t at 97.5%, 4 and 9 degrees of freedom.
    for count, student in ((5, 2.776), (10, 2.262)):
        tail = stats.norm.sf(student * math.sqrt(count / (count - 1)))
        assert (1 - expanded_level(count)) / 2 == pytest.approx(tail, rel=5e-3)
    assert expanded_level(10**6) == pytest.approx(0.95, abs=1e-5)
    levels = [expanded_level(n) for n in range(5, 100)]
    assert levels == sorted(levels, reverse=True)


def test_highlights_without_books_have_about_the_interval_of_wilson() -> None:
    found = (np.arange(400) % 5 == 0)[None, :]
    alone = np.arange(400, dtype=np.int32)
    low, high = intervals_by_books(found, np.ones(400, bool), alone)[0]
    assert (low, high) == pytest.approx(wilson(80, 400), abs=0.006)


def test_intervals_by_books_cover_where_those_of_highlights_do_not() -> None:
    rng = np.random.default_rng(8)
    by_books = by_highlights = 0
    for _ in range(200):
        # Ten books whose rates are of Beta(2, 2): ½ in the mean.
        books = rng.integers(0, 10, 200).astype(np.int32)
        found = rng.random(200) < rng.beta(2, 2, 10)[books]
        low, high = intervals_by_books(found[None, :], np.ones(200, bool), books)[0]
        by_books += low <= 0.5 <= high
        low, high = wilson(int(found.sum()), 200) or (math.nan, math.nan)
        by_highlights += low <= 0.5 <= high
    assert 0.88 < by_books / 200 < 0.985
    assert by_highlights / 200 < 0.75
