"""A study: what is read off one scan, put together."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from lib.matching.clusters import clusters_of, intervals_by_books
from lib.matching.drift import edge_drift
from lib.matching.rates import within
from lib.matching.scan import Scan
from lib.matching.study import study
from tests.unit.builders import Hit, make_scan


@pytest.fixture
def scan() -> Scan:
    """Sixty highlights of five windows, of twelve books; all of a thirteenth are too short."""
    counts = [5] * 60 + [0] * 5
    rng = np.random.default_rng(7)
    hits: list[Hit] = [
        (row, window, 0) for row in range(60) for window in range(5) if rng.random() < 0.2
    ]
    made = make_scan(counts, hits)
    books = [f"book {row % 12}" for row in range(60)] + ["short"] * 5
    return dataclasses.replace(made, highlights=made.highlights.assign(book=books))


def test_only_books_with_eligible_highlights_count(scan: Scan) -> None:
    read = study(scan, "library")
    assert (read.highlights, read.eligible, read.clusters) == (65, 60, 12)
    assert (read.cluster_of == clusters_of(scan.highlights["book"])).all()
    assert read.too_short.sum() == 5


def test_any_window_has_its_interval_by_books(scan: Scan) -> None:
    read = study(scan, "library")
    expected = intervals_by_books(read.matched[None, :], ~read.too_short, read.cluster_of)[0]
    assert read.any_window_by_books == pytest.approx(tuple(expected))
    low, high = read.any_window_by_books or (1, 0)
    assert low < read.matched.sum() / 60 < high
    # At a budget of all windows, every order has that very interval.
    last = read.by_budget[read.by_budget["budget"] == 6]
    assert last[["book_low", "book_high"]].to_numpy() == pytest.approx(np.tile(expected, (4, 1)))
    few = scan.highlights.assign(book="the same")
    assert study(dataclasses.replace(scan, highlights=few), "library").any_window_by_books is None


def test_drift_and_attempts_are_of_the_same_hits(scan: Scan) -> None:
    read = study(scan, "library")
    hits = within(scan, "library")
    assert read.drift == edge_drift(hits, clusters_of(scan.highlights["book"]))
    assert read.drift.clustered_by == "book"
    assert (read.attempts_compared["both"] == read.matched.sum()).all()
    assert len(read.attempts_compared) == 6
    assert set(read.comparisons.columns) >= {"book_low", "book_high", "low", "high", "p_holm"}
