"""What a score is worth, against counting."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import spatial

from lib.similarity.calibration import Background, background

VALUES = st.sampled_from([-0.5, 0.0, 0.25, 0.5, 0.75])


def _background(scores: list[float]) -> Background:
    return Background(np.sort(np.array(scores, dtype=np.float32)), 1, len(scores), 0)


@given(st.lists(VALUES, max_size=15), st.lists(VALUES, min_size=1, max_size=5))
def test_the_p_value_counts_random_pairs_that_score_as_high(
    scores: list[float], asked: list[float]
) -> None:
    expected = [(1 + sum(b >= s for b in scores)) / (len(scores) + 1) for s in asked]
    assert _background(scores).p_value(asked).tolist() == pytest.approx(expected)


@given(st.lists(VALUES, min_size=1, max_size=15), VALUES)
def test_the_percentile_counts_random_pairs_that_score_lower(
    scores: list[float], asked: float
) -> None:
    expected = 100 * sum(b < asked for b in scores) / len(scores)
    assert float(_background(scores).percentile(asked)) == pytest.approx(expected)


def test_the_ends_of_the_scale() -> None:
    made = _background([0.1, 0.2, 0.3])
    assert float(made.p_value(0.9)) == 1 / 4
    assert float(made.p_value(0.0)) == 1
    assert made.percentile([0.9, 0.0]).tolist() == [100, 0]


def test_expected_is_the_number_of_passages_times_the_p_value() -> None:
    made = _background([i / 1000 for i in range(999)])
    # 10 of 999 random pairs score .989 or more: E = 31,102 · 11/1,000.
    assert float(made.expected(0.9889, 31_102)) == pytest.approx(31_102 * 11 / 1000)


def test_without_a_background_nothing_is_unlikely() -> None:
    assert float(_background([]).p_value(0.99)) == 1
    assert float(_background([]).percentile(0.99)) == 0


def test_the_background_is_all_pairs_of_both_samples() -> None:
    rng = np.random.default_rng(0)
    highlights = rng.normal(size=(7, 5)).astype(np.float32)
    passages = rng.normal(size=(11, 5)).astype(np.float32)
    made = background(highlights, passages, seed=3)
    expected = 1 - spatial.distance.cdist(highlights, passages, "cosine")
    assert made.scores == pytest.approx(np.sort(expected.ravel()), abs=1e-6)
    assert (made.highlights, made.passages, made.seed) == (7, 11, 3)


def test_p_values_of_random_pairs_are_evenly_spread() -> None:
    rng = np.random.default_rng(1)
    made = background(
        rng.normal(size=(100, 64)).astype(np.float32),
        rng.normal(size=(400, 64)).astype(np.float32),
        0,
    )
    fresh = 1 - spatial.distance.cdist(
        rng.normal(size=(80, 64)), rng.normal(size=(80, 64)), "cosine"
    )
    p_values = made.p_value(fresh.ravel())
    for level in (0.01, 0.05, 0.5):
        assert (p_values <= level).mean() == pytest.approx(level, rel=0.25)
