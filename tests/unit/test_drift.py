"""The test of drift, against statsmodels' GEE and libraries whose drift is known."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats
from scipy.special import expit, logit

from lib.matching.drift import Drift, edge_drift
from lib.matching.rates import Hits
from tests.unit.builders import make_hits

Drawn = tuple[Hits, NDArray[np.int32]]


def _hits(counts: NDArray[np.int32], hitting: NDArray[np.bool_]) -> Hits:
    """Hits where `hitting` says so, over all windows of all highlights."""
    highlight = np.repeat(np.arange(len(counts)), counts)[hitting]
    number = np.array([i for count in counts.tolist() for i in range(count)], np.int32)[hitting]
    return Hits(
        size=6,
        stride=1,
        counts=counts,
        highlight=highlight.astype(np.int32),
        window=number,
        passage=np.zeros(len(highlight), np.int32),
    )


def _edgeness(counts: NDArray[np.int32]) -> NDArray[np.float64]:
    """|2u − 1| of every window, one by one."""
    return np.array(
        [
            abs(2 * i / (count - 1) - 1) if count > 1 else math.nan
            for count in counts.tolist()
            for i in range(count)
        ]
    )


def _draw(
    rng: np.random.Generator, slope: float, books: int = 40, between: float = 0.5, each: int = 8
) -> Drawn:
    """Highlights of books that differ in how well they are heard, and where, by `between`.

    Neighbouring windows share noise, as they share words. `slope` is the mean over books of the
    change in log odds from the middle to the edge.
    """
    highlights = rng.integers(1, 2 * each, books)
    book = np.repeat(np.arange(books), highlights).astype(np.int32)
    counts = rng.integers(1, 40, len(book)).astype(np.int32)
    level, drift = rng.normal(-0.2, 1.6 * between, books), rng.normal(slope, between, books)
    noise = rng.normal(size=counts.sum() + 5)
    shared = stats.norm.cdf(np.convolve(noise, np.full(6, 6**-0.5), "valid"))
    of_window = np.repeat(book, counts)
    chance = expit(level[of_window] + drift[of_window] * np.nan_to_num(_edgeness(counts)))
    return _hits(counts, shared < chance), book


def _gee(hits: Hits, clusters: NDArray[np.int32]) -> Any:
    """statsmodels' fit of the same windows."""
    hit = np.zeros(hits.counts.sum())
    hit[(np.cumsum(hits.counts) - hits.counts)[hits.highlight] + hits.window] = 1
    edgeness = _edgeness(hits.counts)
    kept = np.isfinite(edgeness)
    return sm.GEE(
        hit[kept],
        sm.add_constant(edgeness[kept]),
        groups=np.repeat(clusters, hits.counts)[kept],
        family=sm.families.Binomial(),
        cov_struct=sm.cov_struct.Independence(),
    ).fit(ctol=1e-12, cov_type="bias_reduced")


@pytest.mark.parametrize("seed", range(6))
def test_estimate_and_error_are_those_of_statsmodels(seed: int) -> None:
    rng = np.random.default_rng(seed)
    hits, books = _draw(rng, slope=-0.6)
    ours, theirs = edge_drift(hits, books), _gee(hits, books)
    intercept, slope = theirs.params
    assert ours.clustered_by == "book"
    assert ours.odds_ratio == pytest.approx(math.exp(slope), rel=1e-6)
    assert ours.middle_rate == pytest.approx(expit(intercept), rel=1e-6)
    assert ours.edge_rate == pytest.approx(expit(intercept + slope), rel=1e-6)
    several = hits.counts > 1
    assert ours.clusters == len(set(books[several]))
    assert ours.windows == hits.counts[several].sum()
    # Their error (Mancl and DeRouen's), with Student's t in place of the normal distribution.
    freedom = ours.clusters - 1
    reach = stats.t.ppf(0.975, freedom) * theirs.bse[1]
    assert ours.low == pytest.approx(math.exp(slope - reach), rel=1e-6)
    assert ours.high == pytest.approx(math.exp(slope + reach), rel=1e-6)
    expected = 2 * stats.t.sf(abs(slope) / theirs.bse[1], freedom)
    assert ours.p_value == pytest.approx(expected, rel=1e-6)


def test_with_few_books_highlights_are_the_clusters() -> None:
    hits, books = _draw(np.random.default_rng(3), slope=-0.6, books=9)
    ours = edge_drift(hits, books)
    theirs = _gee(hits, np.arange(len(books), dtype=np.int32))
    several = int((hits.counts > 1).sum())
    assert (ours.clustered_by, ours.clusters) == ("highlight", several)
    expected = 2 * stats.t.sf(abs(theirs.tvalues[1]), several - 1)
    assert ours.p_value == pytest.approx(expected, rel=1e-6)
    alone = np.arange(len(books), dtype=np.int32)
    assert edge_drift(hits, alone).clustered_by == "highlight"
    # One highlight of a tenth book is enough.
    books[np.flatnonzero(hits.counts > 1)[0]] = 9
    ten = edge_drift(hits, books)
    assert (ten.clustered_by, ten.clusters) == ("book", 10)


def _naive_p(hits: Hits) -> float:
    """The p-value of logistic regression that takes every window for independent."""
    edgeness = _edgeness(hits.counts)
    kept = np.isfinite(edgeness)
    hit = np.zeros(len(edgeness))
    hit[(np.cumsum(hits.counts) - hits.counts)[hits.highlight] + hits.window] = 1
    fit = sm.GLM(hit[kept], sm.add_constant(edgeness[kept]), family=sm.families.Binomial()).fit()
    return float(fit.pvalues[1])


def test_without_drift_one_test_in_twenty_rejects_where_the_naive_one_does_in_three() -> None:
    rng = np.random.default_rng(11)
    drawn = [_draw(rng, slope=0) for _ in range(300)]
    ours = [edge_drift(*made).p_value or 0 for made in drawn]
    # 300 tests at 5%: 15 ± 3.8.
    assert 5 <= sum(p < 0.05 for p in ours) <= 26
    naive = [_naive_p(hits) for hits, _ in drawn[:60]]
    assert sum(p < 0.05 for p in naive) >= 12


def test_the_interval_covers_a_known_drift() -> None:
    rng = np.random.default_rng(12)
    # Books alike, so that the ratio over all of them is that of each.
    true = math.exp(-0.5)
    drifts = [edge_drift(*_draw(rng, slope=-0.5, between=0, books=20)) for _ in range(240)]
    inside = sum((drift.low or 9) <= true <= (drift.high or 0) for drift in drifts)
    assert 0.915 < inside / 240 < 0.985
    ratios = [drift.odds_ratio or 0 for drift in drifts]
    assert np.exp(np.mean(np.log(ratios))) == pytest.approx(true, rel=0.06)


def test_a_strong_drift_is_found_and_its_direction_told() -> None:
    for slope in (-1.5, 1.5):
        drift = edge_drift(*_draw(np.random.default_rng(2), slope=slope))
        assert drift.p_value is not None
        assert drift.p_value < 0.001
        assert drift.odds_ratio is not None
        assert (drift.odds_ratio < 1) == (slope < 0)
        assert drift.middle_rate is not None
        assert drift.edge_rate is not None
        assert (drift.edge_rate < drift.middle_rate) == (slope < 0)


def _table(windows: list[list[int]]) -> Drift:
    """Drift of highlights whose windows hit (1) or miss (0), each a cluster."""
    counts = np.array([len(row) for row in windows], np.int32)
    hitting = np.array([hit for row in windows for hit in row], bool)
    return edge_drift(_hits(counts, hitting), np.arange(len(counts), dtype=np.int32))


def test_the_odds_ratio_of_two_places_is_that_of_the_table() -> None:
    # Of 12 windows in the middle 9 hit, of 24 at the edges 8: (8·3)/(16·9).
    rows = [[0, 1, 1]] * 4 + [[1, 1, 0]] * 2 + [[1, 1, 1], [0, 1, 0], [0, 1, 0]] + [[0, 0, 0]] * 3
    drift = _table(rows)
    assert drift.odds_ratio == pytest.approx(8 * 3 / (16 * 9))
    assert (drift.middle_rate, drift.edge_rate) == pytest.approx((9 / 12, 8 / 24))
    assert (drift.windows, drift.clusters) == (36, 12)


@pytest.mark.parametrize(
    ("windows", "middle", "edge"),
    [
        ([[0, 0, 0]] * 8, 0, 0),
        ([[1, 1, 1]] * 8, 1, 1),
        ([[0, 1, 0]] * 8, 1, 0),
        ([[1, 0, 1]] * 8, 0, 1),
        # Separated but for the edges, or for the middle.
        ([[0, 1, 0]] * 6 + [[1, 1, 1]] * 2, 1, 0.25),
        ([[0, 0, 0]] * 6 + [[0, 1, 0]] * 2, 0.25, 0),
        ([[1, 1, 1]] * 6 + [[1, 0, 1]] * 2, 0.75, 1),
        ([[0, 0, 1]] * 8, 0, 0.5),
        # No window in the very middle: the step lies within reach of it.
        ([[0, 1, 1, 0]] * 4 + [[0, 0, 1, 0]] * 4, 1, 0),
        ([[1, 0, 0, 1]] * 4 + [[1, 0, 1, 1]] * 4, 0, 1),
        # All windows at the edge, or no windows that have a position.
        ([[0, 1]] * 8, None, 0.5),
        ([[1]] * 8, None, None),
        ([[]] * 3, None, None),
        ([], None, None),
    ],
)
def test_where_no_slope_fits_best_there_are_rates_but_no_p_value(
    windows: list[list[int]], middle: float | None, edge: float | None
) -> None:
    drift = _table(windows)
    assert (drift.odds_ratio, drift.low, drift.high, drift.p_value) == (None,) * 4
    assert drift.middle_rate == (middle if middle is None else pytest.approx(middle))
    assert drift.edge_rate == (edge if edge is None else pytest.approx(edge))


@pytest.mark.parametrize("highlights", [1, 4])
def test_few_clusters_have_a_ratio_but_no_p_value(highlights: int) -> None:
    rows = [[0, 1, 1, 0, 1], [1, 1, 1, 0, 0], [0, 0, 1, 1, 1], [1, 0, 1, 0, 1]][:highlights]
    drift = _table(rows)
    assert drift.odds_ratio is not None
    assert (drift.low, drift.high, drift.p_value) == (None, None, None)
    assert drift.clusters == highlights


def test_clusters_that_are_all_alike_have_no_p_value() -> None:
    drift = _table([[0, 1, 1, 0, 1]] * 20)
    assert drift.odds_ratio is not None
    assert drift.p_value is None


def test_a_ratio_that_rests_on_one_cluster_has_no_p_value() -> None:
    # Only the first highlight has windows that are not at an edge.
    drift = _table([[0, 1, 1, 0, 1], *([[0, 1]] * 4), *([[0, 0]] * 5)])
    assert drift.odds_ratio is not None
    assert (drift.low, drift.p_value, drift.clusters) == (None, None, 10)


def test_a_window_in_two_passages_hits_once() -> None:
    placed = [(h, w, p) for h in range(6) for w in range(h % 3, 4) for p in (0, 3)]
    alone = np.arange(6, dtype=np.int32)
    twice = edge_drift(make_hits([5] * 6, placed), alone)
    assert twice == edge_drift(make_hits([5] * 6, [hit for hit in placed if hit[2] == 0]), alone)
    assert twice.windows == 30


@given(st.lists(st.lists(st.integers(0, 1), max_size=7), max_size=7))
def test_any_windows_have_rates_that_solve_the_score_equations(windows: list[list[int]]) -> None:
    drift = _table(windows)
    if drift.odds_ratio is None:
        assert drift.p_value is None
        return
    assert drift.middle_rate is not None
    assert 0 < drift.middle_rate < 1
    counts = np.array([len(row) for row in windows], np.int32)
    edgeness = _edgeness(counts)
    hit = np.array([hit for row in windows for hit in row], dtype=float)
    kept = np.isfinite(edgeness)
    fitted = expit(logit(drift.middle_rate) + math.log(drift.odds_ratio) * edgeness[kept])
    assert (hit[kept] - fitted).sum() == pytest.approx(0, abs=1e-6)
    assert ((hit[kept] - fitted) * edgeness[kept]).sum() == pytest.approx(0, abs=1e-6)
    if drift.p_value is not None:
        assert drift.low is not None
        assert drift.high is not None
        assert drift.low <= drift.odds_ratio <= drift.high
