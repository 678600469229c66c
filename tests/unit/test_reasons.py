"""Why a highlight is found or not: the first reason that holds, and a sentence with its figures."""

from __future__ import annotations

import dataclasses
from typing import get_args

import pytest

from lib.matching.landings import Landing
from lib.matching.reasons import Case, Reason, reason_of, sentence_for
from lib.matching.word_alignment import align_words

# Six words of the book are heard right, one wrong, one not at all: a word error rate of 25%.
HEARD, BOOK = "we shall fighter on until we win", "We shall fight them on until we win."
FIVE_IN_A_ROW = align_words("one two three four five nine", ["One, two three four five six"])
OVER_A_BORDER = align_words("one two three four five nine", ["one two", "three four five six"])

FOUND = Case(
    matched=True,
    too_short=False,
    book_missing=False,
    landing="confirmed",
    alignment=align_words(HEARD, [BOOK]),
    window_agrees=False,
    distance=float("nan"),
    threshold=0.35,
    size=6,
    stride=1,
    mode="ilike",
)
BROKEN = dataclasses.replace(FOUND, matched=False, landing=None, distance=0.1234)
IN_A_ROW = dataclasses.replace(BROKEN, alignment=FIVE_IN_A_ROW, window_agrees=True, size=5)

# From the last reason to the first: each case has all that the reasons after its own ask for.
CASES: dict[Reason, Case] = {
    "an error in every window": BROKEN,
    "punctuation or a border": IN_A_ROW,
    "transcript too far": dataclasses.replace(IN_A_ROW, distance=0.4567),
    "nothing to compare": dataclasses.replace(IN_A_ROW, distance=0.4567, alignment=None),
    "book not in library": dataclasses.replace(IN_A_ROW, book_missing=True, alignment=None),
    "too short": dataclasses.replace(IN_A_ROW, too_short=True, book_missing=True, distance=0.9),
    "found": dataclasses.replace(
        IN_A_ROW, matched=True, landing="confirmed", too_short=True, book_missing=True, distance=0.9
    ),
}


def test_every_reason_has_its_case() -> None:
    assert set(CASES) == set(get_args(Reason))


@pytest.mark.parametrize("reason", CASES)
def test_the_first_reason_that_holds_is_given(reason: Reason) -> None:
    assert reason_of(CASES[reason]) == reason


@pytest.mark.parametrize(
    ("distance", "reason"),
    [
        (0.35, "an error in every window"),
        (0.3500001, "transcript too far"),
        (0.0, "an error in every window"),
    ],
)
def test_up_to_the_threshold_is_near_enough(distance: float, reason: Reason) -> None:
    assert reason_of(dataclasses.replace(BROKEN, distance=distance)) == reason


@pytest.mark.parametrize(
    ("size", "reason"),
    [
        (4, "punctuation or a border"),
        (5, "punctuation or a border"),
        (6, "an error in every window"),
    ],
)
def test_a_run_as_long_as_a_window_is_no_error(size: int, reason: Reason) -> None:
    assert reason_of(dataclasses.replace(IN_A_ROW, size=size)) == reason


@pytest.mark.parametrize(
    ("landing", "words"),
    [
        ("confirmed", "another window that shares no word with the first agrees"),
        ("contradicted", "most of its windows hit another place"),
        ("unverified", "no other, separate one confirms"),
    ],
)
def test_what_is_found_is_said_with_how_sure_that_is(landing: Landing, words: str) -> None:
    sentence = sentence_for(dataclasses.replace(FOUND, landing=landing))
    assert sentence.startswith("Found")
    assert words in sentence


@pytest.mark.parametrize("case", [FOUND, BROKEN, dataclasses.replace(BROKEN, too_short=True)])
def test_errors_are_told_wherever_there_is_a_place(case: Case) -> None:
    assert sentence_for(case).endswith(
        "Of 8 words of the book 6 were heard right (word error rate 25%)."
    )


def test_too_short_tells_the_size_of_a_window() -> None:
    sentence = sentence_for(dataclasses.replace(CASES["too short"], size=7, alignment=None))
    assert sentence == "It has fewer words than a window of 7, so it was not tried."


def test_a_missing_book_tells_where_else_to_look() -> None:
    sentence = sentence_for(CASES["book not in library"])
    assert "no passages in the library" in sentence
    assert "Scope library" in sentence
    assert "heard right" not in sentence


def test_nothing_to_compare_is_a_sentence() -> None:
    assert sentence_for(CASES["nothing to compare"]) == "There are no words to compare."


def test_too_far_tells_the_distance_and_what_is_accepted() -> None:
    sentence = sentence_for(dataclasses.replace(CASES["transcript too far"], threshold=0.125))
    assert "at a distance of 0.46" in sentence
    assert "up to 0.12 is accepted" in sentence


def test_a_distance_just_beyond_the_threshold_does_not_look_like_it() -> None:
    sentence = sentence_for(dataclasses.replace(BROKEN, distance=0.3512, threshold=0.35))
    assert "at a distance of 0.351; up to 0.350 is accepted" in sentence


def test_an_error_in_every_window_tells_the_longest_run() -> None:
    sentence = sentence_for(BROKEN)
    assert "at a distance of 0.12" in sentence
    assert "No 6 words in a row agree; the longest run is 4 words." in sentence
    alone = dataclasses.replace(BROKEN, alignment=align_words("we or fight", [BOOK]))
    assert "the longest run is 1 word." in sentence_for(alone)
    none = dataclasses.replace(BROKEN, alignment=align_words("xyz", [BOOK]))
    assert "the longest run is 0 words." in sentence_for(none)


PUNCTUATION = "punctuation, spacing or the way of writing a letter comes between"
BORDER = "they lie in more passages than one"
NOT_CUT = "no window is cut just there"
WORDS_MODE = "Mode words would find them."
WORDS_MODE_EVERYWHERE = "Mode words with a stride of 1 would find them."
SMALLER = "A smaller stride would cut one."


@pytest.mark.parametrize(
    ("changed", "what", "hint"),
    [
        (IN_A_ROW, PUNCTUATION, WORDS_MODE),
        (dataclasses.replace(IN_A_ROW, alignment=OVER_A_BORDER), BORDER, WORDS_MODE),
        # Three of the five lie in one passage: windows of three were kept by something else.
        (dataclasses.replace(IN_A_ROW, alignment=OVER_A_BORDER, size=3), PUNCTUATION, WORDS_MODE),
        (dataclasses.replace(IN_A_ROW, stride=2), PUNCTUATION, WORDS_MODE_EVERYWHERE),
        (
            dataclasses.replace(IN_A_ROW, stride=2, window_agrees=False),
            NOT_CUT,
            WORDS_MODE_EVERYWHERE,
        ),
        (dataclasses.replace(IN_A_ROW, window_agrees=False), NOT_CUT, WORDS_MODE),
        (dataclasses.replace(IN_A_ROW, mode="words", stride=2), NOT_CUT, SMALLER),
        # Mode words looks across borders: there they keep nothing apart.
        (
            dataclasses.replace(IN_A_ROW, mode="words", stride=2, alignment=OVER_A_BORDER),
            NOT_CUT,
            SMALLER,
        ),
    ],
)
def test_words_that_agree_but_are_not_found_are_explained(
    changed: Case, what: str, hint: str
) -> None:
    sentence = sentence_for(changed)
    assert f"5 words in a row agree, but {what}. {hint} Of 6 words" in sentence
    assert "at a distance of 0.12" in sentence
