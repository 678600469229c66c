"""Densities, cumulative shares and overlaps, against scipy and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from lib.similarity.distributions import (
    NEAREST,
    SHAPES,
    density,
    describe_pair,
    distribution,
    ecdf,
    ordinal,
    overlap,
    series_of_pair,
)
from lib.similarity.scores import RANDOM_PAIRS

VALUES = st.lists(st.sampled_from([-0.5, 0.0, 0.25, 0.5, 0.75]), min_size=1, max_size=12)


def test_a_density_is_the_kernel_density_of_scipy() -> None:
    scores = np.random.default_rng(0).gamma(3, 0.05, 700)
    places = np.linspace(-0.1, 0.8, 200)
    quartiles = np.percentile(scores, [25, 75])
    width = 0.9 * min(scores.std(ddof=1), np.ptp(quartiles) / 1.349) * 700**-0.2
    expected = stats.gaussian_kde(scores, width / scores.std(ddof=1))(places)
    assert density(scores, places) == pytest.approx(expected, abs=0.005 * expected.max())


def test_a_density_of_many_scores_is_the_one_they_come_from() -> None:
    scores = np.random.default_rng(1).normal(0.2, 0.1, 400_000).astype(np.float32)
    places = np.linspace(-0.2, 0.6, 100)
    assert density(scores, places) == pytest.approx(
        stats.norm.pdf(places, 0.2, 0.1), abs=0.02 * stats.norm.pdf(0, 0, 0.1)
    )


@given(VALUES, st.lists(st.floats(-1, 1), min_size=1, max_size=8))
def test_an_ecdf_counts_what_is_at_or_below(scores: list[float], places: list[float]) -> None:
    expected = [sum(s <= place for s in scores) / len(scores) for place in places]
    assert ecdf(np.array(scores), np.array(places)).tolist() == pytest.approx(expected)


@pytest.mark.parametrize("distance", [0.0, 0.5, 1.0, 3.0])
def test_overlap_of_two_normals_is_the_closed_form(distance: float) -> None:
    rng = np.random.default_rng(2)
    a, b = rng.normal(0, 0.1, 30_000), rng.normal(distance / 10, 0.1, 30_000)
    expected = 2 * stats.norm.cdf(-distance / 2)
    assert overlap(a, b) == pytest.approx(expected, abs=0.02)
    assert overlap(b, a) == pytest.approx(overlap(a, b))


def test_overlap_needs_both_sides_and_ends_at_one() -> None:
    assert overlap(np.empty(0), np.array([0.5])) is None
    assert overlap(np.array([0.5]), np.array([0.5])) == pytest.approx(1, abs=0.01)
    assert overlap(np.array([0.1]), np.array([0.9])) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("shape", SHAPES)
def test_all_series_stand_at_the_same_places(shape: str) -> None:
    rng = np.random.default_rng(4)
    series = {"a": rng.normal(0.6, 0.1, 300), "b": rng.normal(0.1, 0.1, 5_000), "c": np.empty(0)}
    table = distribution(series, shape)
    assert set(table["series"]) == {"a", "b"}
    mine, other = (table[table["series"] == name] for name in "ab")
    for column in ("left", "score", "right"):
        assert mine[column].tolist() == other[column].tolist()
    assert (table["left"] < table["score"]).all()
    assert (table["score"] < table["right"]).all()
    for name, frame in (("a", mine), ("b", other)):
        if shape == "ECDF":
            assert frame["height"].is_monotonic_increasing
            assert frame["height"].iat[-1] == 1
            at = float(frame["score"].iat[120])
            assert frame["height"].iat[120] == (series[name] <= at).mean()
        else:
            area = (frame["height"] * (frame["right"] - frame["left"])).sum()
            assert area == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("shape", SHAPES)
def test_one_score_and_none_have_a_distribution(shape: str) -> None:
    alone = distribution({"one": np.array([0.3])}, shape)
    assert np.isfinite(alone["height"]).all()
    none = distribution({"none": np.empty(0)}, shape)
    assert none.empty
    assert none.columns.tolist() == ["series", "score", "left", "right", "height"]


def test_no_score_is_drawn_where_there_can_be_none() -> None:
    scores = np.random.default_rng(5).uniform(0.9, 1, 50)
    assert distribution({"high": scores}, "density")["score"].max() == 1


def test_places_that_no_passage_fills_are_left_out() -> None:
    nearest = np.array([[0.9, 0.8, 0.7], [0.6, -np.inf, -np.inf]], dtype=np.float32)
    background = np.array([0.1, 0.2], dtype=np.float32)
    series = series_of_pair(nearest, background, 3)
    assert list(series) == [NEAREST, "3rd nearest", RANDOM_PAIRS]
    assert [len(scores) for scores in series.values()] == [2, 1, 2]
    assert [ordinal(k) for k in (2, 3, 4, 10)] == ["2nd", "3rd", "4th", "10th"]


def test_a_pair_is_described_with_what_separates_it() -> None:
    rng = np.random.default_rng(6)
    nearest = -np.sort(-rng.normal(0.3, 0.1, (200, 2)).astype(np.float32), axis=1)
    pairs = rng.normal(0.1, 0.1, (20, 50)).astype(np.float32)
    table = describe_pair(nearest, np.sort(pairs.ravel()), pairs, 2)
    assert table["series"].tolist() == [NEAREST, "2nd nearest", RANDOM_PAIRS]
    assert table["n"].tolist() == [200, 200, 1_000]
    first, second, random = (table.iloc[row] for row in range(3))
    assert first["low"] < first["separation"] < first["high"]
    assert second["separation"] < first["separation"]
    assert second["overlap"] > first["overlap"]
    assert random[["separation", "low", "high", "overlap"]].isna().all()
    assert describe_pair(np.empty((0, 2), np.float32), np.empty(0), np.empty((0, 0)), 2).empty
