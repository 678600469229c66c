"""The demo library's text: complete, in order, and free of editors' and typesetters' marks."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from ahocorasick_rs import AhoCorasick

from lib.demo import text


@pytest.fixture(scope="module")
def library() -> text.Library:
    return text.load()


def test_every_book_and_verse_is_there_in_reading_order(library: text.Library) -> None:
    assert [book.book_id for book in library.books] == list(range(1, 67))
    assert [verse.chunk_id for verse in library.verses] == list(range(1, 31_103))
    places = [(verse.book_id, verse.chapter_number) for verse in library.verses]
    assert places == sorted(places)


def test_books_have_readable_titles_and_an_author(library: text.Library) -> None:
    titles = [book.title for book in library.books]
    assert titles[0] == "Genesis"
    assert titles[8] == "1 Samuel"
    assert titles[65] == "Revelation"
    assert len(set(titles)) == 66
    assert {book.author for book in library.books} == {"King James Version"}


def test_chapters_count_from_one_without_gaps(library: text.Library) -> None:
    chapters: dict[int, list[int]] = {}
    for verse in library.verses:
        chapters.setdefault(verse.book_id, []).append(verse.chapter_number)
    assert all(sorted(set(found)) == list(range(1, max(found) + 1)) for found in chapters.values())
    assert max(chapters[19]) == 150
    assert Counter(chapters[19])[119] == 176


def test_known_verses_read_as_printed_but_for_the_brackets(library: text.Library) -> None:
    assert library.verses[0].content == "In the beginning God created the heaven and the earth."
    assert library.verses[1].content.startswith("And the earth was without form, and void; and")
    assert "darkness was upon the face of the deep" in library.verses[1].content
    assert library.verses[-1].content.endswith("Jesus Christ be with you all. Amen.")


def test_no_verse_holds_leftovers_of_editing(library: text.Library) -> None:
    # Brackets, digits, markup; spaces doubled, at the ends, before a mark or inside a parenthesis;
    # a parenthesis or a mark glued to the wrong word.
    leftover = re.compile(r"[\[\]\d<>{}*#|]|\s\s|^\s|\s$|\s[,.;:?!)]|\(\s|[^\s(]\(|[,.;:?!)]\w|- ")
    assert [verse for verse in library.verses if leftover.search(verse.content)] == []
    assert all(verse.content for verse in library.verses)


@pytest.mark.parametrize(
    ("printed", "cleaned"),
    [
        ("God saw that [it was] good:", "God saw that it was good:"),
        ("Bela ( the same [is] Zoar;) and", "Bela (the same is Zoar;) and"),
        ("take [them:]( the shekel", "take them: (the shekel"),
        ("your faith to God- ward is", "your faith to God-ward is"),
        ("their sin\N{EM DASH}; and if not", "their sin\N{EM DASH} and if not"),
        ("  a\n b  ", "a b"),
        ("", ""),
    ],
)
def test_clean(printed: str, cleaned: str) -> None:
    assert text.clean(printed) == cleaned


def test_the_outside_text_is_in_no_verse(library: text.Library) -> None:
    words = Path(text.__file__).with_name("outside.txt").read_text(encoding="utf-8").split()
    assert 1_300 <= len(words) <= 1_700
    whole = " ".join(verse.content for verse in library.verses).lower()
    windows = [" ".join(words[start : start + 6]).lower() for start in range(len(words) - 5)]
    assert AhoCorasick(windows).find_matches_as_strings(whole) == []
