"""The demo's highlights: spans of the text as a listener's recogniser might have heard them.

Everything is drawn from one seed. What a diagnosis should find (labels that lie, labels that lack,
text that is in no book) is planted here and listed in `Planted`, for the tests alone.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lib.demo import noise
from lib.demo.models import RANDOM_INDEXING, WORDLLAMA
from lib.demo.text import Library

SEED = 20_240_229
HIGHLIGHTS = 1_408
FEWEST_WORDS, MOST_WORDS = 20, 60
OUTSIDE_SHARE = 0.10  # of text that no book of the library holds
BOOKLESS_SHARE = 0.05  # of all: the player did not say which book was playing
MISLABELLED = 30  # labelled as one model, embedded by the other
UNLABELLED = 60  # without a label; a third of them embedded by the other model
UNKNOWN_BOOK_ID = 9_001  # a book id that knowledge_base does not have
FIRST_DAY = dt.datetime(2021, 1, 3, 7, 0, tzinfo=dt.UTC)
DAYS = 1_095

OUTSIDE = Path(__file__).with_name("outside.txt")


@dataclass(frozen=True)
class DemoHighlight:
    """One row of `events` before it is embedded by `embedded_by`."""

    id: int
    text: str
    book_id: int | None
    label: str | None
    embedded_by: str
    created_at: dt.datetime


@dataclass(frozen=True)
class Planted:
    """One thing that was planted; `first_chunk` and `last_chunk` say where a span truly is."""

    kind: str
    id: int
    label: str | None
    looks_like: str | None
    first_chunk: int | None = None
    last_chunk: int | None = None


def compose(library: Library, count: int = HIGHLIGHTS) -> tuple[list[DemoHighlight], list[Planted]]:
    """Make `count` highlights of `library`, by id from 1, and the list of what was planted."""
    rng = np.random.default_rng(SEED)
    words, chunk_of_word, book_of_word = _words(library)
    hearing = noise.Hearing(verse.content for verse in library.verses)
    outside_words = OUTSIDE.read_text(encoding="utf-8").split()
    outside = _draw(rng, count, OUTSIDE_SHARE)
    bookless = _draw(rng, count, BOOKLESS_SHARE)
    odd = rng.permutation(count)
    scale = count / HIGHLIGHTS
    lying = set(odd[: round(MISLABELLED * scale)].tolist())
    unlabelled = odd[round(MISLABELLED * scale) :][: round(UNLABELLED * scale)].tolist()
    foreign = lying | set(unlabelled[: len(unlabelled) // 3])
    days = np.sort(rng.uniform(0, DAYS, count))

    highlights, planted = [], []
    for index in range(count):
        identifier = index + 1
        profile = noise.HARSH if rng.random() < noise.HARSH_SHARE else noise.STUDIO
        length = int(rng.integers(FEWEST_WORDS, MOST_WORDS + 1))
        first = last = None
        if outside[index]:
            start = int(rng.integers(0, len(outside_words) - length))
            span = outside_words[start : start + length]
            book_id: int | None = UNKNOWN_BOOK_ID
        else:
            start = _start_within_book(rng, book_of_word, length)
            span = words[start : start + length]
            first, last = int(chunk_of_word[start]), int(chunk_of_word[start + length - 1])
            book_id = int(book_of_word[start])
        if bookless[index]:
            book_id = None
        label = None if index in unlabelled else WORDLLAMA
        embedded_by = RANDOM_INDEXING if index in foreign else WORDLLAMA
        kind = "outside" if outside[index] else "span"
        planted.append(Planted(kind, identifier, None, None, first, last))
        if index in unlabelled:
            planted.append(Planted("unlabelled", identifier, None, embedded_by))
        if index in lying:
            planted.append(Planted("mislabelled", identifier, label, embedded_by))
        highlights.append(
            DemoHighlight(
                id=identifier,
                text=hearing.hear(span, rng, profile),
                book_id=book_id,
                label=label,
                embedded_by=embedded_by,
                created_at=FIRST_DAY + dt.timedelta(days=float(days[index])),
            )
        )
    return highlights, planted


def _words(library: Library) -> tuple[list[str], NDArray[np.int64], NDArray[np.int64]]:
    """Every word of the library in reading order, and the chunk and the book it stands in."""
    words: list[str] = []
    chunks: list[int] = []
    books: list[int] = []
    for verse in library.verses:
        found = verse.content.split()
        words += found
        chunks += [verse.chunk_id] * len(found)
        books += [verse.book_id] * len(found)
    return words, np.array(chunks), np.array(books)


def _start_within_book(
    rng: np.random.Generator, book_of_word: NDArray[np.int64], length: int
) -> int:
    while True:
        start = int(rng.integers(0, len(book_of_word) - length))
        if book_of_word[start] == book_of_word[start + length - 1]:
            return start


def _draw(rng: np.random.Generator, count: int, share: float) -> NDArray[np.bool_]:
    """Exactly `share` of `count` places, at random."""
    chosen = np.zeros(count, dtype=bool)
    chosen[rng.permutation(count)[: round(share * count)]] = True
    return chosen
