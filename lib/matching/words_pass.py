"""The pass of mode `words`: normalised words, compared across the borders of passages.

A book's passages are joined in reading order, so a window may begin in one and end in another. Only
one batch of passages is held, and of the batch before it the passages that its last words are in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from ahocorasick_rs import AhoCorasick
from numpy.typing import NDArray

from lib.databases import passages as passage_queries
from lib.databases.pools import Databases
from lib.databases.relations import Relations
from lib.matching.findings import Findings, Indices, Places
from lib.matching.ranges import Range, word_ranges
from lib.matching.windows import normalise

# Stands as a word between two books; no normalised text holds it.
BORDER = "\0"


@dataclass(frozen=True)
class _Passage:
    """A passage as it is compared, and its row."""

    row: int
    book: str | None
    text: str
    words: list[str]


async def find_words(
    databases: Databases,
    relations: Relations,
    texts: list[str],
    size: int,
    found: Findings,
    on_passages: Callable[[int], object],
    books: Sequence[str | None] | None = None,
    with_ranges: bool = True,
) -> Places:
    """The hits of `texts`, each of `size` normalised words, in all books or in some; passages into
    `found`. Without ranges all characters are 0: finding them takes a third of the time."""
    # A space on either side makes a match begin and end with a whole word.
    automaton = await asyncio.to_thread(
        AhoCorasick, [f" {text} " for text in texts], store_patterns=False
    )
    carried: list[_Passage] = []
    async for batch in passage_queries.stream_contents(databases, relations, books):
        first = found.add(batch)

        def search(
            before: list[_Passage] = carried,
            first: int = first,
            books: list[str | None] = batch.books,
            texts: list[str] = batch.texts,
        ) -> tuple[Places, list[_Passage]]:
            read = [
                _Passage(row, book, text, normalise(text))
                for row, (book, text) in enumerate(zip(books, texts, strict=True), first)
            ]
            places = _search(automaton, before + read, with_ranges)
            return places, _last_words(before + read, size - 1)

        # Off the loop's thread: everybody else's queries go on meanwhile.
        block, carried = await asyncio.to_thread(search)
        found.blocks.append(block)
        on_passages(len(found.ids))
    return await asyncio.to_thread(found.places)


def _last_words(passages: list[_Passage], count: int) -> list[_Passage]:
    """The last passages of the last book, as many as hold its last `count` words."""
    kept: list[_Passage] = []
    for passage in reversed(passages):
        if count <= 0 or passage.book != passages[-1].book:
            break
        kept.append(passage)
        count -= len(passage.words)
    return kept[::-1]


def _search(automaton: AhoCorasick, passages: list[_Passage], with_ranges: bool = True) -> Places:
    """All hits in passages of one or more books, in characters of the texts as they stand."""
    words: list[str] = []
    owner: list[int] = []
    first_word: list[int] = []
    book = passages[0].book if passages else None
    for number, passage in enumerate(passages):
        if passage.book != book:
            book = passage.book
            words.append(BORDER)
            owner.append(-1)
        first_word.append(len(words))
        words += passage.words
        owner += [number] * len(passage.words)
    hits = np.array(
        automaton.find_matches_as_indexes(" " + " ".join(words) + " ", overlapping=True),
        dtype=np.int32,
    ).reshape(-1, 3)
    # A match begins with the space before its first word and ends with that behind its last.
    lengths = np.fromiter(map(len, words), dtype=np.int64, count=len(words))
    spaces = np.concatenate([[0], np.cumsum(lengths + 1)])
    owners, firsts = np.array(owner, dtype=np.int64), np.array(first_word, dtype=np.int64)
    begin = np.searchsorted(spaces, hits[:, 1])
    end = np.searchsorted(spaces, hits[:, 2] - 1) - 1
    ranges: dict[int, list[Range]] = {}

    def edges(word: NDArray[np.int64], side: int) -> tuple[Indices, Indices]:
        """Row of the passage of each word, and the first (0) or last (1) bound of its range."""
        inside = owners[word]
        bounds = np.zeros(len(word), dtype=np.int32)
        wanted = zip(inside, word - firsts[inside], strict=True) if with_ranges else ()
        for k, (number, local) in enumerate(wanted):
            if number not in ranges:
                ranges[number] = word_ranges(passages[number].text)
            bounds[k] = ranges[number][local][side]
        rows = np.array([passage.row for passage in passages], dtype=np.int32)[inside]
        return rows, bounds

    row, start = edges(begin, 0)
    last, stop = edges(end, 1)
    return Places(hits[:, 0], row, start, last, stop)
