"""How a search was made, and why it found no more, in sentences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lib.databases.within import Within
from lib.search.question import Question
from lib.search.rankings import Ranking
from lib.search.wording import how_found

QUESTION = Question("a", "m", np.ones(2, np.float32), 10)


def by_embedding(found: int, **details: Any) -> Ranking:
    """A ranking by embedding of so many passages."""
    return Ranking("embedding", list(range(found)), [0.5] * found, 0.01, **details)


def test_an_index_is_named_and_its_limits_are_said() -> None:
    sentence = how_found(by_embedding(10, index="an_index", truncated=True), QUESTION, 31_102)
    assert "31,102 vectors under m were searched by the vector index an_index" in sentence
    assert "may miss" in sentence
    assert "filter" not in sentence


def test_an_exact_search_says_that_all_were_compared() -> None:
    sentence = how_found(by_embedding(10, truncated=True), QUESTION, 31_102)
    assert sentence == "Embedding: all of 31,102 vectors under m were compared."


@pytest.mark.parametrize(
    ("found", "within", "why"),
    [
        (6, 6, "The filter leaves 6 passages, and all of them are here."),
        (1, 1, "The filter leaves 1 passage, and all of them are here."),
        (5, 6, "The filter leaves 6 passages, of which 5 have a vector under this model"),
        (1, 6, "of which 1 has a vector"),
        (0, 0, "The filter leaves 0 passages"),
    ],
)
def test_fewer_than_asked_for_is_explained(found: int, within: int, why: str) -> None:
    question = Question("a", "m", QUESTION.vector, 10, Within(("7",)))
    assert why in how_found(by_embedding(found, within=within), question, 100)


def test_enough_needs_no_explanation() -> None:
    sentence = how_found(by_embedding(10, within=500, truncated=True), QUESTION, 31_102)
    assert "The filter leaves" not in sentence


def test_a_small_library_is_no_fault_of_a_filter() -> None:
    assert "No more than 3 passages" in how_found(by_embedding(3), QUESTION, 3)


def test_words_that_nobody_holds() -> None:
    exact = Ranking("exact", [], [], 0.01)
    fuzzy = Ranking("fuzzy", [], [], 0.01, threshold=0.3)
    assert "no passage" in how_found(exact, QUESTION, 0)
    assert "no passage" in how_found(fuzzy, QUESTION, 0)


def test_the_threshold_of_a_short_fuzzy_ranking_is_said() -> None:
    fuzzy = Ranking("fuzzy", [1, 2], [0.5, 0.46], 0.01, threshold=0.45)
    assert "2 passages with a word similarity of 0.45 or more" in how_found(fuzzy, QUESTION, 0)


def test_names_are_written_as_asked() -> None:
    sentence = how_found(
        by_embedding(10, index="i_x", truncated=True), QUESTION, 5, lambda name: f"<{name}>"
    )
    assert "<m>" in sentence
    assert "<i_x>" in sentence
