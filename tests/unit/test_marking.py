"""Which words of a passage are marked, and which part of a long one is shown."""

from __future__ import annotations

import pytest

from lib.search.exact import make_vocabulary
from lib.search.marking import MOST_SHOWN, excerpt, words_to_mark

VOCABULARY = make_vocabulary(
    ["and the lord said", "the lord shall", "the lord went", "so be it"], 4
)
LARGE = make_vocabulary([f"the lord said number {n}" for n in range(100)], 100)


@pytest.mark.parametrize(
    ("text", "content", "words"),
    [
        ("shepherd", "The LORD is my Shepherd.", ["shepherd"]),
        ("sheperd", "The LORD is my shepherd.", ["shepherd"]),
        ("the lost sheep", "a sheep is lost", ["sheep", "lost"]),
        ("the", "the others, The same", ["the"]),
        ("lion", "nothing like it", []),
        ("", "anything", []),
        ("%", "100%", []),
        ("lion's", "the lion\u2019s den", ["lion\u2019s"]),
    ],
)
def test_marked_words(text: str, content: str, words: list[str]) -> None:
    assert words_to_mark(text, content, LARGE) == words


def test_a_common_word_is_marked_only_where_there_is_no_telling_one() -> None:
    assert words_to_mark("the lord of lions", "the lord and his lions", LARGE) == ["lions"]
    assert words_to_mark("the lord said", "the lord said so", LARGE) == ["the", "lord", "said"]
    # In so small a sample nothing is rare enough to tell.
    assert "lord" in words_to_mark("the lord", "the lord", VOCABULARY)


def test_a_short_passage_is_shown_whole() -> None:
    shown = excerpt("sheep", "The lost sheep.", LARGE)
    assert (shown.text, shown.cut_before, shown.cut_after) == ("The lost sheep.", False, False)


def test_a_long_passage_is_shown_around_its_first_marked_word() -> None:
    content = "filler " * 5_000 + "the sheep " + "filler " * 5_000
    shown = excerpt("sheep", content, LARGE)
    assert len(shown.text) == MOST_SHOWN
    assert "the sheep" in shown.text
    assert shown.cut_before
    assert shown.cut_after


@pytest.mark.parametrize("before", [0, 100, 10_000])
def test_a_marked_word_at_the_end_is_shown_with_what_leads_to_it(before: int) -> None:
    shown = excerpt("sheep", "filler " * before + "sheep", LARGE)
    assert shown.text.endswith("sheep")
    assert not shown.cut_after
    assert shown.cut_before == (before == 10_000)


def test_a_long_passage_without_a_marked_word_is_shown_from_its_beginning() -> None:
    shown = excerpt("sheep", "x" * 10_000, LARGE)
    assert shown.text == "x" * MOST_SHOWN
    assert not shown.cut_before
    assert shown.cut_after
