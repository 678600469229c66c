"""Text of a database inside Markdown."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.markup import ZERO_WIDTH_NON_JOINER, escape, highlight, mark

ASCII_PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"


def unescaped(markdown: str) -> str:
    """What a Markdown reader shows: escapes resolved, after CommonMark 2.4."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", markdown)


@given(st.text(alphabet=st.characters(exclude_categories=["Cc", "Cs", "Cf"])))
def test_what_is_shown_is_the_text_on_one_line(text: str) -> None:
    shown = unescaped(escape(text)).replace(ZERO_WIDTH_NON_JOINER, "")
    assert shown == " ".join(text.split())


@given(st.text())
def test_no_punctuation_stays_unescaped(text: str) -> None:
    left = re.sub(r"\\[!-/:-@\[-`{-~]", "", escape(text))
    assert not set(left) & set(ASCII_PUNCTUATION)


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "[a](http://b.c)", "**b** _i_ `c` ~~s~~ # h | t", "$x^2$"]
)
def test_markup_is_escaped(text: str) -> None:
    for character in set(text) & set(ASCII_PUNCTUATION):
        assert text.count(character) == escape(text).count(f"\\{character}")


@pytest.mark.parametrize("text", [":smile:", ":material/home:", ":red-badge[x]"])
def test_shortcodes_do_not_survive_the_resolving_of_escapes(text: str) -> None:
    assert not re.search(r":[\w+/-]+:", unescaped(escape(text)))


def test_characters_that_turn_the_text_around_are_dropped() -> None:
    assert escape("a\u202eb\u2066c\x07d") == "a b c d"


def test_words_are_marked_as_whole_words_in_any_case() -> None:
    assert mark("The Art of hearts, art", ["art"]) == (
        "The :orange-background[Art] of hearts\\, :orange-background[art]"
    )


def test_marked_text_is_escaped_too() -> None:
    assert mark("say <b> now", ["<b>"]) == "say :orange-background[\\<b\\>] now"


def test_longer_words_are_marked_before_their_beginnings() -> None:
    assert mark("for ever and ever", ["for", "for ever"]).startswith(
        ":orange-background[for ever] and"
    )


def test_nothing_to_mark_is_just_text() -> None:
    assert mark("a * b", ["", " "]) == "a \\* b"


COLOUR = st.sampled_from(["", "grey", "green", "orange"])
BOX = re.compile(r":(?:gray|(?:green|orange)-background)\[((?:[^\]\\]|\\.)*)\]", re.DOTALL)


@given(st.lists(st.tuples(st.text(max_size=12), COLOUR), max_size=6))
def test_coloured_pieces_read_as_their_text(pieces: list[tuple[str, str]]) -> None:
    shown = highlight(pieces)
    bare = BOX.sub(r"\1", shown)
    assert len(shown.splitlines()) <= 1
    # No box is left open or empty, and nothing else is markup.
    assert not re.search(r"(?<!\\)(?:\\\\)*[\[\]]", bare)
    assert "[]" not in shown
    whole = highlight([("".join(text for text, _ in pieces), "")])
    assert _letters(unescaped(bare)) == _letters(unescaped(whole))


def _letters(text: str) -> str:
    """All that can be seen."""
    return "".join(text.replace(ZERO_WIDTH_NON_JOINER, "").split())


def test_colours_are_boxes_and_grey_is_that_of_letters() -> None:
    pieces = [("So ", "grey"), ("it was", "green"), (" ", ""), ("war", "orange"), ("!", "")]
    assert highlight(pieces) == (":gray[So] :green-background[it was] :orange-background[war]\\!")


def test_spaces_stay_outside_of_a_box() -> None:
    assert highlight([("a", ""), ("  b\n", "green"), ("c", "")]) == "a :green-background[b] c"


@pytest.mark.parametrize("invisible", [" ", "\n\t", "\x07", " \u202e ", "\x00"])
def test_what_cannot_be_seen_has_no_box(invisible: str) -> None:
    assert highlight([("a", ""), (invisible, "grey"), ("b", "")]) == "a b"
    assert highlight([(invisible, "green")]) == ""


def test_text_in_a_box_is_text() -> None:
    assert highlight([("a] <b> :smile:", "green")]) == (
        f":green-background[a\\] \\<b\\> \\:{ZERO_WIDTH_NON_JOINER}smile\\:]"
    )
    assert highlight([]) == highlight([("", "green")]) == ""
