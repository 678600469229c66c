"""What a threshold lets pass, and which pairs are listed, against counting."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from lib.matching.statistics import wilson
from lib.similarity.calibration import Background
from lib.similarity.pairs import between, uncertain
from lib.similarity.thresholds import (
    STEP,
    on_slider,
    passing,
    slider_range,
    suggested,
)

TABLE = arrays.arrays(np.float32, (6, 3), elements=st.sampled_from([0.0, 0.25, 0.5, 0.75]))


def make_background(*scores: float) -> Background:
    return Background(np.sort(np.array(scores, dtype=np.float32)), 1, len(scores), 0)


@given(TABLE, st.lists(st.sampled_from([0.0, 0.25, 0.5]), min_size=1), st.sampled_from([0.25, 0.5]))
def test_what_passes_is_counted(
    table: NDArray[np.float32], random: list[float], threshold: float
) -> None:
    nearest = -np.sort(-table, axis=1)
    found = passing(nearest, make_background(*random), 1_000, 3, threshold)
    best = [max(row) for row in table.tolist()]
    worst = [min(row) for row in table.tolist()]
    assert found.highlights == 6
    assert found.nearest == pytest.approx(sum(s >= threshold for s in best) / 6)
    assert found.nearest_ci95 == wilson(sum(s >= threshold for s in best), 6)
    assert found.kth == pytest.approx(sum(s >= threshold for s in worst) / 6)
    above = sum(s >= threshold for s in random)
    assert found.random == pytest.approx(above / len(random))
    assert found.expected == pytest.approx(1_000 * (1 + above) / (len(random) + 1))
    assert found.at_floor == (above == 0)


def test_a_threshold_is_held_against_scores_as_they_are_stored() -> None:
    # .7 as a 32-bit number is a little less than .7.
    nearest = np.array([[0.7]], dtype=np.float32)
    assert passing(nearest, make_background(0.7), 10, 1, 0.7).nearest == 1
    assert passing(nearest, make_background(0.7), 10, 1, 0.7).random == 1


def test_nothing_measured_passes_nothing() -> None:
    found = passing(np.empty((0, 2), np.float32), make_background(), 10, 2, 0.5)
    assert (found.nearest, found.nearest_ci95, found.kth, found.random) == (None,) * 4
    assert found.words == "unknown"


@given(st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=60), st.integers(1, 300))
def test_the_suggested_threshold_is_the_first_that_chance_seldom_passes(
    random: list[float], passages: int
) -> None:
    made = make_background(*random)
    score = made.score_for(1, passages)
    if score is None:
        assert passages > len(random) + 1
        return
    assert float(made.expected(score, passages)) <= 1
    lower = [s for s in made.scores.tolist() if s < np.float32(score)]
    if lower:
        assert float(made.expected(lower[-1], passages)) > 1
    assert suggested(made, passages) >= score - 1e-6
    assert suggested(made, passages) < score + STEP + 1e-6


@given(st.floats(-1, 1))
def test_places_of_the_slider_are_steps_at_or_above(score: float) -> None:
    place = on_slider(score)
    assert place / STEP == pytest.approx(round(place / STEP), abs=1e-6)
    assert score - 1e-6 <= place < score + STEP + 1e-6


def test_the_slider_holds_every_score() -> None:
    nearest = np.array([[0.93, -np.inf]], dtype=np.float32)
    assert slider_range(nearest, make_background(-0.11, 0.2)) == (-0.15, 0.95)
    assert slider_range(np.empty((0, 2), np.float32), make_background()) == (0.0, 1.0)
    low, high = slider_range(np.array([[0.5]], dtype=np.float32), make_background(0.5))
    assert low <= 0.5 < high


SCORES = np.array(
    [[0.9, 0.7, 0.2], [0.8, 0.6, -np.inf], [0.3, 0.1, 0.0], [-np.inf] * 3], dtype=np.float32
)


def test_pairs_in_a_range_come_best_first() -> None:
    listed = between(SCORES, 0.2, 0.8, 3)
    assert listed.total == 5
    found = SCORES[listed.rows, listed.ranks].tolist()
    assert found == pytest.approx([0.8, 0.7, 0.6, 0.3, 0.2])
    assert listed.rows.tolist() == [1, 0, 1, 2, 0]
    assert listed.ranks.tolist() == [0, 1, 1, 0, 2]
    assert between(SCORES, 0.2, 0.8, 1).rows.tolist() == [1, 2]
    few = between(SCORES, 0.2, 0.8, 3, most=2)
    assert (few.rows.tolist(), few.total) == ([1, 0], 5)
    assert between(SCORES, 0.95, 0.99, 3).total == 0


def test_the_least_certain_pairs_are_nearest_to_the_threshold() -> None:
    listed = uncertain(SCORES, 0.65, 3, most=3)
    assert SCORES[listed.rows, listed.ranks].tolist() == pytest.approx([0.8, 0.7, 0.6])
    assert listed.total == 8
    assert uncertain(SCORES[3:], 0.5, 3).total == 0
