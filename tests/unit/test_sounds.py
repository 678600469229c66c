"""Sounds, spellings and numbers: the tables behind the noise model."""

from __future__ import annotations

import pytest

from lib.demo import sounds


@pytest.mark.parametrize(
    ("word", "other"),
    [("knight", "night"), ("prophet", "profit"), ("heir", "air"), ("them", "then"), ("bad", "pat")],
)
def test_words_that_sound_alike_share_a_key(word: str, other: str) -> None:
    assert sounds.key(word) == sounds.key(other)


@pytest.mark.parametrize(("word", "other"), [("mercy", "water"), ("king", "sing"), ("see", "she")])
def test_words_that_sound_different_do_not(word: str, other: str) -> None:
    assert sounds.key(word) != sounds.key(other)


@pytest.mark.parametrize("nothing", ["", "'", "12"])
def test_a_word_without_letters_has_no_sound(nothing: str) -> None:
    assert sounds.key(nothing) == ""


def test_no_word_is_taken_for_itself() -> None:
    assert {"the", "he"} <= set(sounds.TAKEN_FOR["thee"])
    assert sounds.TAKEN_FOR["heir"] == ("air",)
    assert sounds.TAKEN_FOR.keys() >= sounds.ARCHAIC
    assert [word for word, heard in sounds.TAKEN_FOR.items() if word in heard or not heard] == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("shewed", "showed"),
        ("neighbours", "neighbors"),
        ("cæsar", "cesar"),
        ("four", "four"),
        ("devour", "devour"),
    ],
)
def test_todays_spelling(old: str, new: str) -> None:
    assert sounds.todays_spelling(old) == new


@pytest.mark.parametrize("name", ["habakkuk", "joseph", "x", "lot", "moses", "jehoiachin"])
def test_respelled_is_never_the_same(name: str) -> None:
    assert sounds.respelled(name) != name


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("seven hundred", (700, 2)),
        ("twelve men", (12, 1)),
        ("one", (1, 1)),
        ("threescore and ten", (70, 3)),
        ("threescore and seventeen men", (77, 3)),
        ("four and twenty elders", (24, 3)),
        ("ninety and nine just persons", (99, 3)),
        ("an hundred and twenty", (120, 4)),
        ("a hundred", (100, 2)),
        ("an hundred forty and four thousand", (144_000, 6)),
        ("hundred and fourscore thousand", (180_000, 4)),
        ("six hundred thousand and three thousand and five hundred and fifty", (603_550, 11)),
        ("one thousand two hundred and threescore days", (1_260, 6)),
        ("four thousand and six thousand", (4_000, 2)),
        ("seven and they", (7, 1)),
        ("two two", (2, 1)),
        ("an ox", None),
        ("and two", None),
        ("", None),
    ],
)
def test_read_number(words: str, number: tuple[int, int] | None) -> None:
    assert sounds.read_number(words.split()) == number
