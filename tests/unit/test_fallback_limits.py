"""How near the nearest place must be: one threshold, less of it for a short highlight."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.matching.fallback.limits import (
    ALIGNMENT_THRESHOLD,
    FULL_WORDS,
    TRIGRAM_THRESHOLDS,
    default_threshold,
    limit,
    near_enough,
)
from lib.matching.fallback.trigrams import OPERATORS

THRESHOLD = st.floats(0, 1)
WORDS = st.integers(0, 200)


@pytest.mark.parametrize(
    ("words", "share"), [(0, 0), (1, 0.05), (5, 0.25), (10, 0.5), (19, 0.95), (20, 1), (500, 1)]
)
def test_a_short_highlight_is_given_its_share_of_the_threshold(words: int, share: float) -> None:
    assert FULL_WORDS == 20
    assert limit(0.4, words) == pytest.approx(0.4 * share)


@given(THRESHOLD, WORDS)
def test_one_more_word_never_asks_to_be_nearer(threshold: float, words: int) -> None:
    assert 0 <= limit(threshold, words) <= limit(threshold, words + 1) <= threshold


@given(THRESHOLD, st.lists(WORDS, max_size=6))
def test_many_at_once_are_judged_as_each_alone(threshold: float, words: list[int]) -> None:
    """To the last bit: an explanation and a table must not disagree about one highlight."""
    together = limit(threshold, np.array(words, dtype=np.int64))
    assert together.tolist() == [limit(threshold, count) for count in words]
    places = pd.DataFrame({"distance": together, "words": words})
    assert near_enough(places, threshold).all()
    beyond = places.assign(distance=np.nextafter(together, 2))
    assert not near_enough(beyond, threshold).any()


def test_a_limit_is_a_plain_number_for_one_highlight() -> None:
    assert type(limit(0.35, 7)) is float
    assert type(limit(0.35, 70)) is float


def test_nowhere_is_never_near_enough() -> None:
    places = pd.DataFrame({"distance": [np.nan, 0.0, 0.0], "words": [30, 30, 0]})
    assert near_enough(places, 1.0).tolist() == [False, True, True]


def test_no_places_are_no_verdicts() -> None:
    places = pd.DataFrame({"distance": [], "words": []})
    found = near_enough(places, 0.5)
    assert (found.shape, found.dtype) == ((0,), np.dtype(bool))


def test_each_method_and_operator_has_a_threshold() -> None:
    assert default_threshold("alignment") == ALIGNMENT_THRESHOLD
    assert default_threshold("none") == 0
    assert set(TRIGRAM_THRESHOLDS) == set(OPERATORS)
    for operator in OPERATORS:
        assert default_threshold("pg_trgm", operator) == TRIGRAM_THRESHOLDS[operator]
    given = [ALIGNMENT_THRESHOLD, *TRIGRAM_THRESHOLDS.values()]
    # The sliders of the page and `--threshold` reach from .05 to .95.
    assert all(0.05 <= threshold <= 0.95 for threshold in given)


def test_the_operator_is_none_of_the_business_of_alignment() -> None:
    assert {default_threshold("alignment", operator) for operator in OPERATORS} == {
        ALIGNMENT_THRESHOLD
    }
