"""Names from a database as people read them."""

from __future__ import annotations

import re
import unicodedata

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib import markup
from lib.charts.naming import named
from lib.names import BLANK, EMPTY, MOST_MARKS, cut, distinct, readable, slug, visible
from tests.databases.hostile import ODD

ANY = st.text() | st.sampled_from(ODD)


@given(ANY)
def test_a_name_is_one_line_of_bounded_length_and_never_nothing(text: str) -> None:
    shown = readable(text)
    assert shown.strip()
    assert len(shown.splitlines()) == 1
    assert len(shown) <= 80 + len("… (0000)")


@given(st.text(alphabet="abc xyz-0.9", min_size=1, max_size=80))
def test_a_plain_name_is_shown_as_it_is(text: str) -> None:
    if text.strip():
        assert readable(text) == " ".join(text.split())


@pytest.mark.parametrize(
    ("text", "shown"),
    [("", EMPTY), (" ", BLANK), ("\t\n", BLANK), ("\u200b\u2060", BLANK), ("\u202e", BLANK)],
)
def test_a_name_of_nothing_says_so(text: str, shown: str) -> None:
    assert readable(text) == shown
    assert markup.name(text) == markup.escape(shown)


def test_long_names_of_one_beginning_are_told_apart() -> None:
    one, other = "x" * 1_000 + "1", "x" * 1_000 + "2"
    assert readable(one) != readable(other)
    assert readable(one).startswith("x" * 80 + "… (")
    assert len(readable("y" * 10_000_000)) < 100


@given(st.lists(ANY, max_size=8))
def test_names_beside_each_other_are_distinct(names: list[str]) -> None:
    shown = distinct(names)
    assert set(shown) == set(names)
    assert len(set(shown.values())) == len(shown)


@given(ANY)
def test_control_characters_and_floods_are_not_shown(text: str) -> None:
    shown = visible(text)
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown)
    marks = "".join("m" if unicodedata.category(c) in {"Mn", "Me"} else "." for c in shown)
    assert "m" * (MOST_MARKS + 1) not in marks


def test_marks_that_a_script_needs_stay() -> None:
    for text in ("नमस्ते", "שָׁלוֹם", "Việt Nam", "é\u0301"):
        assert visible(text) == text


def test_a_name_from_right_to_left_is_kept_apart() -> None:
    assert markup.name("שלום") == "\u2068שלום\u2069"
    assert markup.name("a\u202eb") == "a b"


@given(st.lists(ANY, min_size=1, max_size=3))
def test_a_slug_is_safe_in_a_file_name(names: list[str]) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,100}", slug(*names))


def test_slugs_tell_names_apart_that_look_the_same_there() -> None:
    assert slug("nomic-embed-text-v1.5") == "nomic-embed-text-v1.5"
    assert len({slug("a/b"), slug("a b"), slug("a-b"), slug(""), slug(" "), slug("..")}) == 6
    assert slug("a", "") != slug("a")
    assert slug("../../etc/passwd")[0] not in "./"


def test_a_cut_text_says_so() -> None:
    assert (cut("abc", 3), cut("abcd", 3)) == ("abc", "ab…")


def test_names_in_a_chart_are_the_same_in_all_columns() -> None:
    frame = pd.DataFrame({"a": ["", "x"], "b": ["x", "(empty)"]})
    assert named(frame, "a", "b").to_numpy().tolist() == [["(empty)", "x"], ["x", "(empty) (2)"]]
