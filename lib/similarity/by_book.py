"""Separation book by book: which books have scores to believe, and which have not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lib.similarity.calibration import Background
from lib.similarity.distributions import NEAREST, Series
from lib.similarity.scores import RANDOM_PAIRS, Scores
from lib.similarity.separation import separate

NO_BOOK = "no book"
MOST_BOOKS = 12
FIRST_BOOKS = 6


def titles_of(
    highlight_ids: Sequence[Any], book_of: Mapping[Any, str | None], titles: pd.DataFrame
) -> list[str]:
    """The title of the book of each highlight; "book <id>" for a book that is not in the library.

    `titles` as of `lib.databases.books.read_books`.
    """
    title_of = dict(zip(titles["book"], titles["title"], strict=True))
    books = [book_of.get(identifier) for identifier in highlight_ids]
    return [NO_BOOK if b is None else title_of.get(b, f"book {b}") for b in books]


def largest(books: Sequence[str]) -> list[str]:
    """All books, those with the most highlights first, then by title."""
    counts = pd.Series(list(books), dtype=object).value_counts()
    return sorted(counts.index, key=lambda title: (-int(counts[title]), title))


def series_of_book(
    scores: Scores, background: NDArray[Any], books: Sequence[str], book: str
) -> Series:
    """The nearest scores of the highlights of one book, and the random pairs."""
    mine = scores[np.asarray(books, dtype=object) == book, 0]
    return {NEAREST: mine[np.isfinite(mine)], RANDOM_PAIRS: background}


def separate_books(
    scores: Scores, background: Background, books: Sequence[str], shown: Sequence[str]
) -> pd.DataFrame:
    """The separation of each of some books from the same random pairs.

    Columns `book`, `highlights`, `median` (of the nearest scores), `separation`, `low`, `high` (its
    95% interval, None with fewer than two highlights). `scores` has shape (highlights, any), best
    first, `books` one title each.
    """
    titles = np.asarray(books, dtype=object)
    rows = []
    for book in shown:
        mine = scores[titles == book, 0]
        mine = mine[np.isfinite(mine)]
        found = separate(mine, background.pairs, background.scores)
        rows.append(
            {
                "book": book,
                "highlights": len(mine),
                "median": float(np.median(mine)) if len(mine) else None,
                "separation": found.area if found else None,
                "low": found.low if found else None,
                "high": found.high if found else None,
            }
        )
    columns = ["book", "highlights", "median", "separation", "low", "high"]
    return pd.DataFrame(rows, columns=columns)
