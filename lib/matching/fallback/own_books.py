"""The nearest of all passages of a highlight's own book, without measuring most of them.

The trigrams of the passages are read once for all highlights of their book. They say how similar
each passage may be at most; the database measures the most promising ones, and as soon as no other
may be as near as the nearest of these, that is the nearest of all.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lib.databases import trigrams as queries
from lib.databases.trigrams import BookSize, Operator, PassageTrigrams
from lib.matching.fallback.bounds import Bounds, bound_similarities
from lib.matching.fallback.measuring import Measuring
from lib.matching.fallback.pace import Comparison

# Passages whose trigrams are read at a time: some 0.3 s on the server, and 10 MB here.
PART_BYTES = 2_000_000
PART_PASSAGES = 5_000
# Highlights that are compared with these at a time.
PART_HIGHLIGHTS = 100
# How many passages of the highest bounds are measured first, and how many times more each time
# that others may still be as near.
FIRST_MEASURED = 4
GROWTH = 4
# The database rounds a similarity to 24 bits.
ROUNDING = 2.5e-7


@dataclass(frozen=True)
class _Part:
    """Some books, or of one book the passages `ids`, and the rows of their highlights.

    `first` is the number of the first of these passages within its book.
    """

    rows: dict[str, list[int]]
    ids: Sequence[Any] | None = None
    first: int = 0

    @property
    def asked(self) -> list[tuple[int, str]]:
        """Each highlight as its row and its book."""
        return [(row, book) for book, rows in self.rows.items() for row in rows]


@dataclass(frozen=True)
class _Ranked:
    """A highlight and the passages of its book: `order` by falling bound, with the `bounds`."""

    row: int
    passages: Sequence[PassageTrigrams]
    mean_length: float
    order: NDArray[np.int64]
    bounds: Bounds


async def compare_with_own_books(measuring: Measuring, homes: dict[str, list[int]]) -> None:
    """Find the nearest passage of its own book for each highlight; `homes` has the rows by book."""
    if not homes:
        return
    sizes = await queries.measure_books(measuring.databases, measuring.relations, list(homes))
    measuring.finish(sum(len(rows) for book, rows in homes.items() if book not in sizes))
    parts = [part for books in _group(sizes) for part in await _cut(measuring, homes, sizes, books)]
    left = Counter(row for part in parts for row, _ in part.asked)

    async def compare(part: _Part) -> None:
        await _compare(measuring, part)
        rows = [row for row, _ in part.asked]
        left.subtract(rows)
        measuring.finish(sum(not left[row] for row in rows))

    await measuring.spread(parts, compare)


def _shares(size: BookSize) -> float:
    """How many parts a book makes."""
    return max(size.text_bytes / PART_BYTES, size.passages / PART_PASSAGES)


def _group(sizes: dict[str, BookSize]) -> Iterator[list[str]]:
    """The books by parts: several small ones, or one, however large."""
    group: list[str] = []
    shares = 0.0
    for book, size in sizes.items():
        if group and shares + _shares(size) > 1:
            yield group
            group, shares = [], 0.0
        group.append(book)
        shares += _shares(size)
    if group:
        yield group


async def _cut(
    measuring: Measuring, homes: dict[str, list[int]], sizes: dict[str, BookSize], books: list[str]
) -> list[_Part]:
    rows = {book: homes[book] for book in books}
    shares = _shares(sizes[books[0]])
    if len(books) > 1 or shares <= 1:
        return [_Part(rows)]
    ids = await queries.read_ids(measuring.databases, measuring.relations, books[0])
    step = max(1, int(len(ids) / shares))
    return [_Part(rows, ids[first : first + step], first) for first in range(0, len(ids), step)]


async def _compare(measuring: Measuring, part: _Part) -> None:
    """Find the nearest of the passages of a part."""
    databases, relations = measuring.databases, measuring.relations
    if part.ids is None:
        split = await queries.split_books(databases, relations, list(part.rows))
    else:
        split = await queries.split_passages(databases, relations, part.ids)
    passages: dict[str, list[PassageTrigrams]] = {}
    for passage in split:
        passages.setdefault(passage.book, []).append(passage)
    asked = [(row, book) for row, book in part.asked if book in passages]
    measuring.candidates.update({row: len(passages[book]) for row, book in asked})
    for start in range(0, len(asked), PART_HIGHLIGHTS):
        some = asked[start : start + PART_HIGHLIGHTS]
        texts = await queries.split_texts(databases, [measuring.texts[row] for row, _ in some])
        # Off the loop's thread: everybody else's queries go on meanwhile.
        ranked = await asyncio.to_thread(_rank, some, texts, passages, measuring.operator)
        await _measure(measuring, ranked, part.first)


def _rank(
    asked: list[tuple[int, str]],
    texts: list[list[str]],
    passages: dict[str, list[PassageTrigrams]],
    operator: Operator,
) -> list[_Ranked]:
    """The passages of its book for each highlight, given as its row and its book."""
    places: dict[str, list[int]] = {}
    for place, (_, book) in enumerate(asked):
        places.setdefault(book, []).append(place)
    ranked = []
    for book, mine in places.items():
        theirs = passages[book]
        mean = sum(passage.text_bytes for passage in theirs) / len(theirs)
        bounds = bound_similarities(
            [texts[place] for place in mine], [passage.trigrams for passage in theirs], operator
        )
        orders = np.argsort(-bounds, axis=1, kind="stable")
        ranked += [
            _Ranked(asked[place][0], theirs, mean, order, bound[order])
            for place, order, bound in zip(mine, orders, bounds, strict=True)
        ]
    return ranked


async def _measure(measuring: Measuring, ranked: list[_Ranked], first: int) -> None:
    """Measure from the highest bound down, until no other passage may be as near."""
    start, step = 0, FIRST_MEASURED
    while ranked:
        comparisons = []
        for one in ranked:
            stop = start + step
            promising = one.bounds[start:stop] >= _least(measuring, one.row)
            chosen = set(one.order[start:stop][promising].tolist())
            # Where all passages are equally far, it is the first.
            places = sorted(chosen | {0} if start == 0 else chosen)
            if places:
                comparisons.append(
                    Comparison(
                        row=one.row,
                        text=measuring.texts[one.row],
                        passages=[one.passages[place].passage for place in places],
                        numbers=[first + place for place in places],
                        mean_length=one.mean_length,
                    )
                )
        await measuring.measure(comparisons)
        start, step = start + step, step * GROWTH
        ranked = [
            one
            for one in ranked
            if start < len(one.order) and one.bounds[start] >= _least(measuring, one.row)
        ]


def _least(measuring: Measuring, row: int) -> float:
    """The least bound of a passage that may be as near as the nearest so far."""
    nearest = measuring.nearest.get(row)
    similarity = 0.0 if nearest is None else 1 - nearest.distance
    # What has nothing in common need not be measured.
    return max(similarity - ROUNDING, float(np.finfo(float).tiny))
