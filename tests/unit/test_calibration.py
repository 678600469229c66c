"""What a score is worth, against counting."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import spatial

from lib.similarity.calibration import Background, background, calibrate, chance_in_words

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


SAMPLE = [i / 1000 for i in range(999)]


@given(st.lists(VALUES, min_size=1, max_size=15), st.lists(VALUES, min_size=1, max_size=5))
def test_every_score_is_calibrated_alike(scores: list[float], asked: list[float]) -> None:
    made = _background(scores)
    worth = calibrate(asked, made, 700)
    assert worth.percentile.tolist() == made.percentile(asked).tolist()
    assert worth.expected.tolist() == pytest.approx(made.expected(asked, 700).tolist())
    assert worth.at_floor.tolist() == [max(scores) < s for s in asked]
    assert len(worth.words()) == len(asked)


def test_a_score_of_the_background_counts_itself_however_wide_its_float() -> None:
    made = _background([0.1, 0.7])
    assert calibrate(0.7, made, 30).expected.tolist() == [20]
    assert calibrate(float(np.float32(0.7)), made, 30).expected.tolist() == [20]


def test_what_is_no_score_is_worth_nothing_known() -> None:
    worth = calibrate([np.nan, -np.inf, 0.5], _background(SAMPLE), 10)
    assert np.isnan(worth.percentile).tolist() == [True, True, False]
    assert np.isnan(worth.expected).tolist() == [True, True, False]
    assert worth.words()[:2] == ["unknown", "unknown"]
    nothing = calibrate([0.5], _background([]), 10)
    assert np.isnan(nothing.expected).all()
    assert calibrate([], _background(SAMPLE), 10).words() == []


@pytest.mark.parametrize(
    ("expected", "at_floor", "words"),
    [
        (31_102, False, "about 31,000 passages"),
        (99.6, False, "about 100 passages"),
        (12.3, False, "about 12 passages"),
        (1.04, False, "about 1 passage"),
        (0.7, False, "about 1 passage"),
        (6.2, True, "fewer than 6 passages"),
        (0.5, False, "1 search in 2"),
        (0.0799, False, "1 search in 13"),
        (0.0799, True, "less than 1 search in 13"),
        (0.00123, False, "1 search in 810"),
    ],
)
def test_e_is_said_in_words(expected: float, at_floor: bool, words: str) -> None:
    assert chance_in_words(expected, at_floor) == words


def test_pairs_of_one_book_are_left_out() -> None:
    rng = np.random.default_rng(4)
    highlights = rng.normal(size=(4, 6)).astype(np.float32)
    passages = rng.normal(size=(5, 6)).astype(np.float32)
    same = np.zeros((4, 5), bool)
    same[0, :3] = True
    made = background(highlights, passages, 0, same)
    everything = background(highlights, passages, 0)
    assert made.left_out == 3
    assert np.isnan(made.pairs).tolist() == same.tolist()
    assert made.scores.tolist() == np.sort(everything.pairs[~same]).tolist()


def test_in_a_library_of_one_book_no_pair_is_left_out() -> None:
    ones = np.ones((2, 3), np.float32)
    made = background(ones, ones, 0, np.ones((2, 2), bool))
    assert (made.left_out, len(made.scores)) == (0, 4)


def test_chance_passages_come_as_often_as_is_expected() -> None:
    # Vectors without any relation: what E says beforehand is what a search of a library finds.
    rng = np.random.default_rng(9)
    library = rng.normal(size=(3_000, 48)).astype(np.float32)
    made = background(rng.normal(size=(150, 48)).astype(np.float32), library[:1_000], 0)
    asked = rng.normal(size=(200, 48))
    scores = 1 - spatial.distance.cdist(asked, library, "cosine")
    for threshold in (0.3, 0.4, 0.5):
        [expected] = calibrate(threshold, made, 3_000).expected
        assert (scores >= threshold).sum(axis=1).mean() == pytest.approx(expected, rel=0.25)
    # The best of them has E below 1 in 63% of the searches.
    best = calibrate(scores.max(axis=1), made, 3_000).expected
    assert (best < 1).mean() == pytest.approx(1 - np.exp(-1), abs=0.1)
