"""The fallback: a passage for the highlights that no window finds, by the whole highlight.

Two methods behind one result. `alignment` compares in this process with the joined text of whole
books; `pg_trgm` asks the database for the nearest passage of the highlight's own book.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Literal

import pandas as pd
from rapidfuzz import fuzz

from lib.databases import passages as passage_queries
from lib.databases import similar
from lib.databases.passages import Batch
from lib.databases.pools import Databases
from lib.databases.relations import Relations
from lib.matching.windows import normalise

Method = Literal["alignment", "pg_trgm", "none"]
METHODS: tuple[Method, ...] = ("none", "alignment", "pg_trgm")
OPERATOR = "<<->"

# Largest distances that are accepted, from the demo, where the true passage is known: see
# `benchmarks/fallback.py`.
THRESHOLDS: dict[Method, float] = {"alignment": 0.35, "pg_trgm": 0.60, "none": 0.0}

TRIGRAM_BATCH = 16
COLUMNS = ["highlight", "passage", "distance", "accepted"]

OnCount = Callable[[int], object]


@dataclass(frozen=True)
class BookText:
    """A whole book, normalised: passage i begins at `starts[i]` of `text` and has id `ids[i]`."""

    text: str
    starts: list[int]
    ids: list[Any]

    def passage_at(self, offset: int) -> Any:
        """The id of the passage that holds the character at `offset`."""
        return self.ids[max(0, bisect_right(self.starts, offset) - 1)]


def join_books(batches: Iterable[Batch]) -> dict[str, BookText]:
    """The books of passages that come in reading order, by book id as text."""
    words: dict[str, list[str]] = {}
    ids: dict[str, list[Any]] = {}
    for batch in batches:
        for identifier, book, text in zip(batch.ids, batch.books, batch.texts, strict=True):
            words.setdefault(book, []).append(" ".join(normalise(text)))
            ids.setdefault(book, []).append(identifier)
    return {
        book: BookText(
            text=" ".join(passages),
            starts=[0, *accumulate(len(passage) + 1 for passage in passages[:-1])],
            ids=ids[book],
        )
        for book, passages in words.items()
    }


def align(
    highlights: pd.DataFrame,
    rows: Sequence[int],
    books: dict[str, BookText],
    own_book_only: bool,
    threshold: float = THRESHOLDS["alignment"],
    on_count: OnCount = lambda done: None,
) -> pd.DataFrame:
    """The nearest place of each highlight of `rows`, by `rapidfuzz.fuzz.partial_ratio_alignment`.

    A highlight with a book looks there only when `own_book_only`, else, and without a book, in all
    of `books`. Columns `highlight` (row), `passage` (id of the passage in the middle of the place,
    None when there is nowhere to look), `distance` (1 − ratio/100; NaN) and `accepted`.
    """
    found = []
    for done, row in enumerate(rows, start=1):
        text = " ".join(normalise(highlights["text"].iat[row]))
        book = highlights["book"].iat[row]
        has_book = isinstance(book, str)
        places = [books[book]] if own_book_only and has_book and book in books else []
        if not own_book_only or not has_book:
            places = list(books.values())
        best, passage = 0.0, None
        for place in places if text else []:
            # The shorter side is looked for in the longer: a book shorter than the highlight
            # would be found in it, so it is filled up with what no text holds.
            hay = place.text.ljust(len(text) + 1, "\0")
            # The cutoff lets rapidfuzz give up early on books that cannot be better.
            alignment = fuzz.partial_ratio_alignment(text, hay, score_cutoff=best)
            if alignment is not None and alignment.score > best:
                best = alignment.score
                passage = place.passage_at((alignment.dest_start + alignment.dest_end) // 2)
        distance = 1 - best / 100 if passage is not None else float("nan")
        found.append((row, passage, distance, passage is not None and distance <= threshold))
        on_count(done)
    return _frame(found)


def _frame(rows: list[tuple[int, Any, float, bool]]) -> pd.DataFrame:
    """Rows under `COLUMNS`; ids stay as the database has them, beside None too."""
    frame = pd.DataFrame(rows, columns=COLUMNS, dtype=object)
    return frame.astype({"highlight": int, "distance": float, "accepted": bool})


async def nearest_by_trigrams(
    databases: Databases,
    relations: Relations,
    highlights: pd.DataFrame,
    rows: Sequence[int],
    known_books: set[str],
    threshold: float = THRESHOLDS["pg_trgm"],
    operator: str = OPERATOR,
    on_count: OnCount = lambda done: None,
) -> pd.DataFrame:
    """The nearest passage of each highlight of `rows` in its own book, by trigram distance.

    Columns as of `align`. Highlights without a known book have nowhere to look: a whole library
    is more than trigrams can do in time.
    """
    books = highlights["book"]
    asked = [row for row in rows if books.iat[row] in known_books]
    found: dict[int, tuple[Any, float]] = {}
    for start in range(0, len(asked), TRIGRAM_BATCH):
        batch = asked[start : start + TRIGRAM_BATCH]
        nearest = await similar.nearest_by_trigrams(
            databases,
            relations,
            [highlights["text"].iat[row] for row in batch],
            [books.iat[row] for row in batch],
            operator,
        )
        for n, passage, distance in nearest.itertuples(index=False):
            found[batch[n]] = (passage, distance)
        on_count(min(start + TRIGRAM_BATCH, len(asked)))
    nowhere = (None, float("nan"))
    result = [
        (row, *found.get(row, nowhere), row in found and found[row][1] <= threshold) for row in rows
    ]
    return _frame(result)


async def read_library(databases: Databases, relations: Relations) -> dict[str, BookText]:
    """All books as `align` compares with them."""
    batches = [batch async for batch in passage_queries.stream_contents(databases, relations)]
    return join_books(batches)
