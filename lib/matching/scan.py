"""One pass over all passages that finds every window of every highlight.

The windows become one Aho–Corasick automaton (Aho and Corasick 1975); the passages stream through
it once. In mode `ilike` both sides are lower-cased by PostgreSQL itself, so a hit is exactly what
`content ILIKE '%window%'` would find; in mode `words` the normalised passages of a book are joined
in order, so a window may straddle two and belongs to the one it begins in.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from ahocorasick_rs import AhoCorasick
from numpy.typing import NDArray

from lib.databases import passages as passage_queries
from lib.databases.passages import Batch
from lib.databases.pools import Databases
from lib.databases.relations import Relations
from lib.databases.similar import like_pattern
from lib.matching.windows import Mode, Windows, cut, normalise

Indices = NDArray[np.int32]
OnCount = Callable[[int], object]


@dataclass(frozen=True)
class Scan:
    """Every hit of every window, for every order, budget and scope.

    `highlights` as `lib.databases.highlights.read_texts` gives them. `passages`, in reading order,
    has columns `passage` (id), `book` (id as text) and `position` (within its book, from 0). A hit
    k is window `hit_window[k]` in the passage of row `hit_passage[k]`; `hit_own_book[k]` says
    whether that is one the highlight may look in under scope `book`.
    """

    highlights: pd.DataFrame
    passages: pd.DataFrame
    windows: Windows
    hit_window: Indices
    hit_passage: Indices
    hit_own_book: NDArray[np.bool_]


@dataclass
class _Found:
    """What the pass has found so far: pattern and passage of each hit, and the passages seen."""

    pattern: list[Indices] = field(default_factory=list)
    passage: list[Indices] = field(default_factory=list)
    ids: list[Any] = field(default_factory=list)
    books: list[str] = field(default_factory=list)

    def add(self, batch: Batch) -> int:
        """Note the passages of a batch; returns the row of its first one."""
        first = len(self.ids)
        self.ids += batch.ids
        self.books += batch.books
        return first

    def add_hits(self, patterns: list[int], passages: list[int] | Indices) -> None:
        self.pattern.append(np.array(patterns, dtype=np.int32))
        self.passage.append(np.asarray(passages, dtype=np.int32))

    def unique_hits(self) -> tuple[Indices, Indices]:
        """Each pattern at most once in each passage, by pattern."""
        if not self.pattern:
            return np.empty(0, np.int32), np.empty(0, np.int32)
        pattern, passage = np.concatenate(self.pattern), np.concatenate(self.passage)
        keys = np.unique(pattern.astype(np.int64) << 32 | passage.astype(np.int64))
        return (keys >> 32).astype(np.int32), (keys & 0xFFFFFFFF).astype(np.int32)


async def scan(
    databases: Databases,
    relations: Relations,
    highlights: pd.DataFrame,
    size: int = 6,
    stride: int = 1,
    mode: Mode = "ilike",
    on_passages: OnCount = lambda seen: None,
) -> Scan:
    """Find all windows of `highlights` in all passages; `on_passages` is told how many are read."""
    windows = await asyncio.to_thread(cut, highlights["text"].tolist(), size, stride, mode)
    texts = list(dict.fromkeys(windows.text))
    found = _Found()
    if mode == "ilike":
        await _scan_ilike(databases, relations, texts, found, on_passages)
    else:
        await _scan_words(databases, relations, texts, found, on_passages)
    return await asyncio.to_thread(_assemble, highlights, windows, texts, found)


async def _scan_ilike(
    databases: Databases,
    relations: Relations,
    texts: list[str],
    found: _Found,
    on_passages: OnCount,
) -> None:
    # ILIKE lower-cases pattern and text apart from each other, and so must we: in some collations
    # the lower case of a letter depends on its neighbours.
    lowered = await passage_queries.lower_patterns(
        databases, relations, [like_pattern(text) for text in texts]
    )
    automaton = await _automaton([_unescape(pattern) for pattern in lowered])
    async for batch in passage_queries.stream_lowered(databases, relations):
        first = found.add(batch)
        found.add_hits(*await asyncio.to_thread(_search_texts, automaton, batch.texts, first))
        on_passages(len(found.ids))


async def _automaton(patterns: list[str]) -> AhoCorasick:
    # Off the loop's thread: everybody else's queries go on meanwhile.
    return await asyncio.to_thread(AhoCorasick, patterns, store_patterns=False)


def _search_texts(
    automaton: AhoCorasick, texts: list[str], first: int
) -> tuple[list[int], list[int]]:
    """Pattern and row of each hit in passages whose rows count from `first`."""
    patterns: list[int] = []
    rows: list[int] = []
    for row, text in enumerate(texts, start=first):
        hits = automaton.find_matches_as_indexes(text, overlapping=True)
        if hits:
            patterns += [hit[0] for hit in hits]
            rows += [row] * len(hits)
    return patterns, rows


def _unescape(pattern: str) -> str:
    """The text that `like_pattern` made a pattern of."""
    return re.sub(r"\\(.)", r"\1", pattern[1:-1], flags=re.DOTALL)


async def _scan_words(
    databases: Databases,
    relations: Relations,
    texts: list[str],
    found: _Found,
    on_passages: OnCount,
) -> None:
    # A space on either side makes a match begin and end with a whole word.
    automaton = await _automaton([f" {text} " for text in texts])
    book: str | None = None
    words: list[list[str]] = []
    first_row = 0
    async for batch in passage_queries.stream_contents(databases, relations):
        row = found.add(batch)
        batch_words = await asyncio.to_thread(lambda texts: [*map(normalise, texts)], batch.texts)
        for its_words, its_book in zip(batch_words, batch.books, strict=True):
            if its_book != book:
                await asyncio.to_thread(_search_book, automaton, words, first_row, found)
                book, words, first_row = its_book, [], row
            words.append(its_words)
            row += 1
        on_passages(len(found.ids))
    await asyncio.to_thread(_search_book, automaton, words, first_row, found)


def _search_book(
    automaton: AhoCorasick, words: list[list[str]], first_row: int, found: _Found
) -> None:
    """Look through one book; `words` are those of each of its passages, in order."""
    joined = " " + " ".join(word for passage in words for word in passage) + " "
    hits = automaton.find_matches_as_indexes(joined, overlapping=True)
    if not hits:
        return
    lengths = [sum(len(word) + 1 for word in passage) for passage in words]
    starts = np.cumsum([0, *lengths])
    # A match begins with the space before its first word, which is one before that passage's text.
    offsets = np.array([hit[1] for hit in hits])
    rows = np.searchsorted(starts, offsets, side="right") - 1 + first_row
    found.add_hits([hit[0] for hit in hits], rows.astype(np.int32))


def _assemble(highlights: pd.DataFrame, windows: Windows, texts: list[str], found: _Found) -> Scan:
    """From hits of distinct texts to hits of windows."""
    pattern, passage = found.unique_hits()
    number = {text: index for index, text in enumerate(texts)}
    pattern_of_window = np.array([number[text] for text in windows.text], dtype=np.int32)
    # Windows grouped by pattern, so that each pattern's hits are repeated for each of its windows.
    by_pattern = np.argsort(pattern_of_window, kind="stable").astype(np.int32)
    counts = np.bincount(pattern_of_window, minlength=len(texts))
    starts = np.concatenate([[0], np.cumsum(counts)])[:-1]
    repeats = counts[pattern] if len(pattern) else np.empty(0, dtype=np.int64)
    first = np.repeat(starts[pattern] if len(pattern) else repeats, repeats)
    step = np.arange(repeats.sum()) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    hit_window = by_pattern[first + step] if len(first) else np.empty(0, np.int32)
    hit_passage = np.repeat(passage, repeats).astype(np.int32)
    frame = pd.DataFrame(
        {
            "passage": pd.Series(found.ids, dtype=object),
            "book": pd.Series(found.books, dtype=object),
        }
    )
    frame["position"] = frame.groupby("book", sort=False).cumcount()
    own = highlights["book"].to_numpy(dtype=object)[windows.highlight[hit_window]]
    theirs = frame["book"].to_numpy(dtype=object)[hit_passage]
    return Scan(
        highlights=highlights.reset_index(drop=True),
        passages=frame,
        windows=windows,
        hit_window=hit_window,
        hit_passage=hit_passage,
        hit_own_book=np.array(pd.isna(own) | (own == theirs), dtype=bool),
    )
