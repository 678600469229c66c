"""The pieces of the alignment fallback: joined books, the best place so far, what is accepted."""

from __future__ import annotations

import math
import random
import threading
import time
from itertools import islice

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz import fuzz

from lib.matching.fallback import (
    DEFAULT_OPERATOR,
    METHODS,
    OPERATORS,
    Fallen,
    Operator,
    default_threshold,
    limit,
)
from lib.matching.fallback.alignment import BookText, Place, _Reading
from lib.matching.windows import normalise

SWANS = "Seven swans flew over the old grey mill at the break of day,"
MILL = "and the miller's daughter counted them twice before she spoke."
KING = "The king had lost his crown in a game of cards with the bishop."
BISHOP = "Nobody at court dared to mention it until the harvest was in."
HEARD = "seven swarms flew over the gold grey mill at a break of day"

Passages = list[list[str]]
WORDS = st.lists(st.text("abc", min_size=1, max_size=4), max_size=4)


def _book(*passages: str, first: int = 1) -> BookText:
    """Passages as they stand, joined as the fallback joins them; ids count from `first`."""
    words = [" ".join(normalise(passage)) for passage in passages]
    return _Reading("a", words, list(range(first, first + len(words)))).join()


def _improve(text: str, *books: BookText) -> Place:
    place = Place()
    for book in books:
        place.improve(text, book)
    return place


def _ratio(text: str, book: BookText) -> float:
    return fuzz.partial_ratio(text, book.text)


TALE = _book(SWANS, MILL)
COURT = _book(KING, BISHOP, first=3)


def test_passages_are_joined_by_one_space_in_order() -> None:
    assert _book("One, two.", "Three!", "FOUR") == BookText(
        book="a", text="one two three four", starts=[0, 8, 14], ids=[1, 2, 3]
    )
    assert _book("Three!") == BookText(book="a", text="three", starts=[0], ids=[1])


@given(st.lists(WORDS, min_size=1, max_size=6))
def test_every_character_belongs_to_the_passage_it_came_from(passages: Passages) -> None:
    texts = [" ".join(words) for words in passages]
    book = _Reading("a", texts, [f"id {row}" for row in range(len(texts))]).join()
    characters = iter(range(len(book.text)))
    for row, text in enumerate(texts):
        for offset in islice(characters, len(text)):
            assert book.passage_at(offset) == f"id {row}"
        next(characters, None)  # The space between two passages.
    assert len(book.text) == sum(map(len, texts)) + len(texts) - 1


def test_what_lies_behind_the_end_belongs_to_the_last_passage() -> None:
    assert TALE.passage_at(len(TALE.text)) == 2
    assert TALE.passage_at(len(TALE.text) + 1_000) == 2


def test_a_misheard_text_finds_its_passage_and_score() -> None:
    place = _improve(HEARD, TALE)
    assert place.passage == 1
    assert place.score == pytest.approx(_ratio(HEARD, TALE))


@pytest.mark.parametrize(
    ("heard", "passage"),
    [
        ("grey mill at the break of day and the millers", 1),
        ("of day and the millers daughter counted them twice", 2),
    ],
)
def test_a_text_that_straddles_belongs_where_its_middle_is(heard: str, passage: int) -> None:
    assert _improve(heard, TALE) == Place(100.0, passage)


def test_a_better_book_takes_over_and_a_worse_one_does_not() -> None:
    assert _improve(HEARD, COURT).passage in {3, 4}
    assert _improve(HEARD, COURT, TALE) == _improve(HEARD, TALE)
    assert _improve(HEARD, TALE, COURT) == _improve(HEARD, TALE)


def test_of_two_equal_books_the_first_is_kept() -> None:
    again = _book(SWANS, MILL, first=11)
    assert _improve(HEARD, TALE, again).passage == 1
    assert _improve(HEARD, again, TALE).passage == 11


def test_a_score_that_is_not_beaten_stays_with_its_passage() -> None:
    score = _ratio(HEARD, TALE)
    for standing in (score, score + 0.001, 100.0):
        place = Place(standing, "elsewhere")
        place.improve(HEARD, TALE)
        assert place == Place(standing, "elsewhere")
    place = Place(score - 0.001, "elsewhere")
    place.improve(HEARD, TALE)
    assert place == _improve(HEARD, TALE)


@given(WORDS.filter(bool), st.lists(st.lists(WORDS, min_size=1, max_size=6), max_size=4))
def test_the_best_book_wins_whatever_was_compared_before(
    words: list[str], books: list[Passages]
) -> None:
    text = " ".join(words)
    joined = [
        _Reading(str(row), [" ".join(passage) for passage in book], [row] * len(book)).join()
        for row, book in enumerate(books)
    ]
    alone = [_improve(text, book) for book in joined]
    best = max(alone, key=lambda place: place.score, default=Place())
    assert _improve(text, *joined) == best


def test_a_book_shorter_than_the_text_is_not_all_of_it() -> None:
    # A part of the highlight is not the highlight: this book holds one of its thirteen words.
    assert 0 < _improve(HEARD, _book("Mill")).score < 20
    for length in (-1, 0, 1):
        stub = _book(("x" * 20 + HEARD)[: len(HEARD) + length])
        assert _improve(HEARD, stub).score < 100


def test_a_short_book_does_not_take_a_text_from_its_true_passage() -> None:
    stub = _book("Mill", first=9)
    for books in ((stub, TALE), (TALE, stub)):
        assert _improve(HEARD, *books) == _improve(HEARD, TALE)


def test_a_book_of_exactly_the_text_is_found() -> None:
    assert _improve(HEARD, _book(HEARD)) == Place(100.0, 1)


def test_a_text_without_words_has_no_place() -> None:
    assert _improve("", TALE, _book("* * *"), COURT) == Place(0.0, None)


def test_a_book_without_words_has_no_place() -> None:
    assert _improve(HEARD, _book("* * *"), _book("")) == Place(0.0, None)
    assert _improve(HEARD, _book("* * *"), TALE).passage == 1


def test_comparing_leaves_the_interpreter_to_other_threads() -> None:
    """Else two threads compare no faster than one, and every page waits meanwhile."""
    chance = random.Random(0)
    vocabulary = ["".join(chance.choices("abcdefghijklmnopqrst", k=5)) for _ in range(3_000)]
    book = _book(*(" ".join(chance.choices(vocabulary, k=100_000)) for _ in range(3)))
    text = " ".join(chance.choices(vocabulary, k=40))
    thread = threading.Thread(target=_improve, args=(text, book))
    turns = 0
    thread.start()
    while thread.is_alive():
        time.sleep(0.001)
        turns += 1
    assert turns > 10


def _fallen(*distances: float, words: int = 30) -> Fallen:
    places = pd.DataFrame(
        {"highlight": range(len(distances)), "distance": distances, "words": words}
    ).astype({"distance": float, "words": int})
    return Fallen("alignment", None, places, 0.1)


def test_the_threshold_is_the_largest_accepted_distance() -> None:
    fallen = _fallen(0.2, 0.35, 0.35 + 1e-9, 0.9)
    assert fallen.accepted(0.35)["highlight"].tolist() == [0, 1]
    assert fallen.accepted(0.0).empty
    assert len(fallen.accepted(1.0)) == 4


def test_nowhere_is_never_accepted() -> None:
    assert _fallen(math.nan, 0.1).accepted(1.0)["highlight"].tolist() == [1]
    assert _fallen().accepted(1.0).empty


@pytest.mark.parametrize(
    ("words", "largest"), [(0, 0.0), (5, 0.1), (10, 0.2), (19, 0.38), (20, 0.4), (200, 0.4)]
)
def test_a_short_highlight_must_be_nearer(words: int, largest: float) -> None:
    assert limit(0.4, words) == pytest.approx(largest)
    assert limit(0.4, np.array([words])).tolist() == [limit(0.4, words)]
    fallen = _fallen(0.0, largest - 1e-9, largest + 1e-9, words=words)
    assert fallen.accepted(0.4)["highlight"].tolist() == [0, 1]


def test_every_method_has_a_threshold_of_its_own() -> None:
    assert set(METHODS) == {"none", "alignment", "pg_trgm"}
    assert default_threshold("none") == 0
    assert 0 < default_threshold("alignment") < 1
    assert default_threshold("pg_trgm") == default_threshold("pg_trgm", DEFAULT_OPERATOR)


@pytest.mark.parametrize("operator", OPERATORS)
def test_the_threshold_of_trigrams_goes_by_the_operator(operator: Operator) -> None:
    assert 0 < default_threshold("pg_trgm", operator) < 1
    assert default_threshold("alignment", operator) == default_threshold("alignment")
