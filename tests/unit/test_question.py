"""What is asked, cleaned or read from what was pasted."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from lib.databases.vectors import to_text
from lib.databases.within import Within
from lib.errors import QuestionError
from lib.search.embedders import MOST_CHARACTERS
from lib.search.question import (
    LARGE,
    MOST_DIMENSIONS,
    SMALL,
    UNPRINTABLE,
    Question,
    Vector,
    clean,
    parse_vector,
)
from lib.similarity.scores import unit

finite = st.floats(width=32, allow_nan=False, allow_infinity=False)


# Cleaning


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("", ""),
        (" \t\n\x00\x1f\x7f\x9f ", ""),
        ("a\x00b", "a b"),
        ("two\nlines\r\nof\ttext", "two lines of text"),
        ("\u202eback\u202c wards\u200f", "back wards"),
        ("\u2067isolated\u2069", "isolated"),
        ("half \ud83d of one", "half of one"),
        ("whole \U0001f600 one", "whole \U0001f600 one"),
        ("سلام עולם", "سلام עולם"),
        ("e\u0301te\u0301", "e\u0301te\u0301"),
        ("no\u00a0break\u2003space", "no break space"),
        ("<b>100%</b> _ \\ ' \" `", "<b>100%</b> _ \\ ' \" `"),
    ],
)
def test_a_text_is_cleaned_of_what_cannot_be_seen(text: str, cleaned: str) -> None:
    assert clean(text).text == cleaned
    assert not clean(text).cut


def test_joiners_within_words_stay() -> None:
    """Persian words and families of emoji are written with them."""
    for text in ("می\u200cخواهم", "\U0001f468\u200d\U0001f469"):
        assert clean(text).text == text


def test_a_long_text_is_cut_between_words() -> None:
    words = "seven77 " * 15_000
    cleaned = clean(words)
    assert cleaned.cut
    assert cleaned.characters == len(words) - 1
    assert len(cleaned.text) <= MOST_CHARACTERS
    assert set(cleaned.text.split(" ")) == {"seven77"}
    assert len(cleaned.text) > MOST_CHARACTERS - len(" seven77")


def test_a_text_of_100_000_characters_without_a_space_is_cut_anywhere() -> None:
    assert clean("x" * 100_000).text == "x" * MOST_CHARACTERS


def test_a_word_that_ends_where_a_text_is_cut_is_whole() -> None:
    just = "a" * (MOST_CHARACTERS - 2) + " b"
    assert clean(just) == clean(f"  {just}\n")
    assert (clean(just).text, clean(just).cut) == (just, False)
    longer = clean(just + " c")
    assert (longer.text, longer.cut) == (just, True)
    assert clean(just + "c").text == "a" * (MOST_CHARACTERS - 2)


@given(st.text(st.characters(), max_size=200))
def test_cleaning_twice_changes_nothing_and_what_is_left_can_be_sent(text: str) -> None:
    once = clean(text).text
    assert clean(once).text == once
    assert not UNPRINTABLE.search(once)
    assert once.encode().decode() == once
    assert once.split() == once.split(" ") or once == ""


# Questions


def test_questions_differ_by_everything_that_is_asked() -> None:
    vector = np.array([1, 2], dtype=np.float32)
    asked = [
        Question("a", None, None, 10),
        Question("b", None, None, 10),
        Question("a", "m", vector, 10),
        Question("a", "k", vector, 10),
        Question("a", "m", vector + 1, 10),
        Question("a", None, None, 20),
        Question("a", None, None, 10, Within(books=("1",))),
        Question("a", None, None, 10, Within(chapters=("1",))),
        Question("a", None, None, 10, leave_out=1),
    ]
    assert len({question.key for question in asked}) == len(asked)
    assert Question("a", "m", vector.copy(), 10).key == asked[2].key


# Vectors


@pytest.mark.parametrize(
    "text",
    [
        "[0.5,-2,3e-1]",
        "  [ 0.5 , -2 , 3e-1 ]\n",
        "0.5 -2 .3",
        "0.5, -2, 0.30",
        "0.5;-2;0.3",
        "{0.5,-2,0.3}",
        "(0.5, -2.0, 0.3)",
        "[ 0.5 -2.   0.3]",
        "([ 0.5, -2. ,  0.3])",
        "[[0.5,\n  -2,\n  0.3]]",
        "0.5\t-2\t+0.3",
        "0.5,-2,0.3,",
    ],
)
def test_a_vector_is_read_as_others_write_it(text: str) -> None:
    vector = parse_vector(text)
    assert vector.dtype == np.float32
    assert vector.tolist() == pytest.approx([0.5, -2, 0.3])


def test_numpy_writes_what_is_read() -> None:
    vector = np.random.default_rng(0).normal(size=300).astype(np.float32)
    with np.printoptions(threshold=10_000):
        assert parse_vector(str(vector)) == pytest.approx(vector, abs=1e-6)


@given(arrays.arrays(np.float32, st.integers(1, 40), elements=finite))
def test_what_is_written_for_the_database_reads_back(vector: Vector) -> None:
    assume(vector.any())
    read = parse_vector(to_text(vector))
    largest = np.abs(vector).max()
    expected = vector if SMALL < largest < LARGE else vector / largest
    assert read.tolist() == expected.tolist()


@pytest.mark.parametrize("scale", [1e-45, 1e-30, 1e-15, 1, 1e15, 1e30, 1e38])
def test_a_vector_of_any_size_keeps_its_direction(scale: float) -> None:
    vector = parse_vector(f"[{scale}, {-scale}, 0]")
    assert unit(vector.reshape(1, -1))[0] == pytest.approx([2**-0.5, -(2**-0.5), 0], abs=1e-6)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "There is no vector"),
        ("[ , ]", "There is no vector"),
        ("1 two 3", "Number 2 of the vector is not a number: two"),
        ("[1, 0x10]", "Number 2 of the vector is not a number: 0x10"),
        ("[1, nan]", "Number 2 of the vector is nan, which is not finite"),
        ("[-inf, 1]", "Number 1 of the vector is -inf, which is not finite"),
        ("[1, 2, Infinity]", "Number 3 of the vector is Infinity, which is not finite"),
        ("[1, 1e400]", "Number 2 of the vector is 1e400, which is not finite"),
        ("[1, 1e60]", "Number 2 of the vector, 1e60, is too large"),
        ("[0, 0.0, -0]", "All numbers of the vector are zero"),
        ("[1e-60, 0]", "All numbers of the vector are zero"),
        ("1 " * (MOST_DIMENSIONS + 1), "16,001 numbers"),
        ("the quick brown fox", "Number 1 of the vector is not a number: the"),
        ("[1, " + "x" * 500 + "]", "Number 2"),
        ("[1, ...]", "Number 2 of the vector is not a number: ..."),
    ],
)
def test_what_is_no_vector_is_refused_with_the_place(text: str, said: str) -> None:
    with pytest.raises(QuestionError, match=re.escape(said)) as refused:
        parse_vector(text)
    assert refused.value.hint
    assert len(refused.value.message) < 120


def test_the_longest_vector_is_read() -> None:
    assert parse_vector("1 " * MOST_DIMENSIONS).shape == (MOST_DIMENSIONS,)


@given(st.text(max_size=100))
def test_nothing_that_is_pasted_breaks_it(text: str) -> None:
    try:
        vector = parse_vector(text)
    except QuestionError:
        return
    assert np.isfinite(vector).all()
    assert vector.any()
