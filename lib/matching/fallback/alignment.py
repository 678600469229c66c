"""The fallback `alignment`: the highlight against the joined text of whole books, in this process.

Both sides are normalised as in mode `words`. A place is what
`rapidfuzz.fuzz.partial_ratio_alignment` finds: the stretch of the book, as long as the highlight,
that has the highest ratio; the distance is 1 − ratio/100, where the ratio is the indel similarity.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from bisect import bisect_right
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

import numpy as np
import pandas as pd
from rapidfuzz import fuzz, process

from lib.databases import passages as passage_queries
from lib.databases.pools import Databases
from lib.databases.relations import Relations
from lib.matching.rates import Scope
from lib.matching.windows import normalise

# Characters of books that one call compares, some 40 ms: after that a cancelled question ends.
PART_CHARACTERS = 2_000_000
# rapidfuzz's cdist lets go of the interpreter, so that two comparisons run at once on two cores;
# the rest of the machine is for other people.
THREADS = min(2, os.cpu_count() or 1)
# Far below the difference between two scores, far above what arithmetic loses of one.
ROUNDING = 1e-6

SHARE_SECONDS = 0.2

OnCount = Callable[[int], object]


# The time that a comparison takes grows with the square of the highlight's length, and so many
# words tell any place from all others.
MOST_WORDS = 250


def needle(text: str) -> list[str]:
    """The words of a highlight that are compared with books: the first MOST_WORDS."""
    # Hardly a word is longer on average: what comes later need not be normalised.
    return normalise(text[: 50 * MOST_WORDS])[:MOST_WORDS]


@dataclass(frozen=True)
class BookText:
    """A whole book, normalised: passage i begins at `starts[i]` of `text` and has id `ids[i]`."""

    book: str | None
    text: str
    starts: list[int]
    ids: list[Any]

    def passage_at(self, offset: int) -> Any:
        """The id of the passage that holds the character at `offset`."""
        return self.ids[max(0, bisect_right(self.starts, offset) - 1)]


@dataclass
class _Reading:
    """A book of which passages still come."""

    book: str | None = None
    words: list[str] = field(default_factory=list)
    ids: list[Any] = field(default_factory=list)

    def join(self) -> BookText:
        starts = accumulate((len(words) + 1 for words in self.words[:-1]), initial=0)
        return BookText(self.book, " ".join(self.words), list(starts), self.ids)


@dataclass
class Place:
    """The best place of a highlight so far: the passages of its middle, its beginning and its end;
    None while there is none."""

    score: float = 0.0
    passage: Any = None
    first: Any = field(default=None, compare=False)
    last: Any = field(default=None, compare=False)

    def improve(self, text: str, book: BookText) -> None:
        """Look for a better place in a book."""
        if not text:
            return
        # The shorter side is looked for in the longer: a book shorter than the highlight would be
        # found in it, so it is filled up with what no text holds.
        hay = book.text.ljust(len(text) + 1, "\0")
        # The cutoff lets rapidfuzz give up early on books that cannot be better. A scorer called by
        # itself would keep the interpreter: it only says where, of the few books that are better.
        score = process.cdist(
            [text], [hay], scorer=fuzz.partial_ratio, score_cutoff=self.score, dtype=np.float64
        ).item()
        if score > self.score:
            # A cutoff of just the score may round to above it, and then nothing is found.
            found = fuzz.partial_ratio_alignment(text, hay, score_cutoff=score - ROUNDING)
            assert found is not None
            self.score = score
            self.passage = book.passage_at((found.dest_start + found.dest_end) // 2)
            self.first = book.passage_at(found.dest_start)
            self.last = book.passage_at(found.dest_end - 1)


async def align(
    databases: Databases,
    relations: Relations,
    highlights: pd.DataFrame,
    rows: Sequence[int],
    scope: Scope,
    on_passages: OnCount = lambda seen: None,
) -> pd.DataFrame:
    """The nearest place of each highlight of `rows`, book by book.

    Of a very long highlight the first MOST_WORDS words are looked for. In scope `book` a highlight
    that has a book looks there only. Columns `highlight` (row),
    `passage` (id of the passage in the middle of the place), `first` and `last` (of those where it
    begins and ends; all None where there is nowhere to look) and `distance` (0 to 1; NaN).
    `on_passages` is told how many passages have been compared.
    """
    texts = {row: " ".join(needle(highlights["text"].iat[row])) for row in rows}
    places = {row: Place() for row in rows}
    anywhere = [row for row in rows if scope == "library" or pd.isna(highlights["book"].iat[row])]
    at_home: dict[str, list[int]] = {}
    for row in rows if scope == "book" else ():
        if not pd.isna(highlights["book"].iat[row]):
            at_home.setdefault(highlights["book"].iat[row], []).append(row)
    wanted = None if anywhere else list(at_home)
    seen = 0
    async for book in read_books(databases, relations, wanted):
        looking = anywhere + (at_home.get(book.book, []) if book.book is not None else [])
        pairs = [(texts[row], places[row]) for row in looking]
        async with contextlib.aclosing(_compare(book, pairs)) as shares:
            async for share in shares:
                on_passages(seen + int(share * len(book.ids)))
        seen += len(book.ids)
        on_passages(seen)
    return as_frame(
        (
            row,
            place.passage,
            place.first,
            place.last,
            float("nan") if place.passage is None else 1 - place.score / 100,
        )
        for row, place in places.items()
    )


async def read_books(
    databases: Databases, relations: Relations, wanted: Sequence[str] | None = None
) -> AsyncIterator[BookText]:
    """The books one by one, all or those of `wanted` (ids as text) that there are.

    No query is under way while a book is out: comparing may take longer than the server lets a
    transaction be idle.
    """
    if wanted is not None and not wanted:
        return
    sizes = await passage_queries.count_by_book(databases, relations)
    if wanted is not None:
        asked = set(wanted)
        sizes = {book: size for book, size in sizes.items() if book in asked}
    groups: list[list[str | None]] = list(_group(sizes, databases.settings.limits.batch_rows))
    if wanted is None:
        groups.append([None])
    for group in groups:
        stream = passage_queries.stream_contents(databases, relations, group)
        batches = [batch async for batch in stream]
        for book in await asyncio.to_thread(_join, batches):
            yield book


def _group(sizes: Mapping[str, int], most: int) -> Iterator[list[str | None]]:
    """Books as many at a time as have at most so many passages together, but one at least."""
    group: list[str | None] = []
    held = 0
    for book, size in sizes.items():
        if group and held + size > most:
            yield group
            group, held = [], 0
        group.append(book)
        held += size
    if group:
        yield group


def _join(batches: Sequence[passage_queries.Batch]) -> list[BookText]:
    """The books of batches in reading order."""
    books: list[_Reading] = []
    for batch in batches:
        for identifier, book, text in zip(batch.ids, batch.books, batch.texts, strict=True):
            if not books or book != books[-1].book:
                books.append(_Reading(book))
            books[-1].ids.append(identifier)
            books[-1].words.append(" ".join(normalise(text)))
    return [book.join() for book in books]


async def _compare(book: BookText, looking: list[tuple[str, Place]]) -> AsyncGenerator[float]:
    """Improve all places by one book, a part at a time on a few threads.

    While that takes, the share of them that has been comes out now and then.
    """
    size = max(1, PART_CHARACTERS // max(1, len(book.text)))
    parts = iter([looking[start : start + size] for start in range(0, len(looking), size)])
    done = 0

    def improve(part: list[tuple[str, Place]]) -> None:
        for text, place in part:
            place.improve(text, book)

    async def work() -> None:
        nonlocal done
        for part in parts:
            await asyncio.to_thread(improve, part)
            done += len(part)

    working = [asyncio.create_task(work()) for _ in range(THREADS)]
    try:
        while (await asyncio.wait(working, timeout=SHARE_SECONDS))[1]:
            yield done / len(looking)
        await asyncio.gather(*working)
    finally:
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)


def as_frame(rows: Iterable[tuple[int, Any, Any, Any, float]]) -> pd.DataFrame:
    """Rows of highlight, passages and distance; ids stay as the database has them, beside None."""
    columns = ["highlight", "passage", "first", "last", "distance"]
    frame = pd.DataFrame(list(rows), columns=columns, dtype=object)
    return frame.astype({"highlight": int, "distance": float})
