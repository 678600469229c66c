"""Separation book by book: which books have scores to believe, and which have not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lib.names import TITLE_CHARACTERS, readable
from lib.similarity.calibration import Background
from lib.similarity.distributions import NEAREST, Series, distribution
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
    books = [book_of.get(identifier) for identifier in highlight_ids]
    wanted = {book for book in books if book is not None}
    title_of = {book: f"book {readable(book)}" for book in wanted}
    for book, title in zip(titles["book"], titles["title"], strict=True):
        if book in wanted:
            title_of[book] = readable(title, TITLE_CHARACTERS)
    return [NO_BOOK if book is None else title_of[book] for book in books]


def largest(books: Sequence[str]) -> list[str]:
    """All books, those with the most highlights first, then by title."""
    counts = pd.Series(list(books), dtype=object).value_counts()
    return sorted(counts.index, key=lambda title: (-int(counts[title]), title))


def distributions_by_book(
    scores: Scores, background: NDArray[Any], books: Sequence[str], shown: Sequence[str], shape: str
) -> list[pd.DataFrame]:
    """The nearest scores of each of some books beside the random pairs, at the same places.

    One frame a book, as of `lib.similarity.distributions.distribution`, with the series `NEAREST`
    (absent where the book has no score) and `RANDOM_PAIRS`. `scores` as for `separate_books`.
    """
    titles = np.asarray(books, dtype=object)
    # Numbers and not titles: a book may be called like the random pairs.
    series: Series = {str(n): _nearest(scores, titles, book) for n, book in enumerate(shown)}
    together = distribution({**series, RANDOM_PAIRS: background}, shape)
    random = together[together["series"] == RANDOM_PAIRS]
    frames = []
    for name in series:
        mine = together[together["series"] == name].assign(series=NEAREST)
        frames.append(pd.concat([mine, random], ignore_index=True))
    return frames


def _nearest(scores: Scores, titles: NDArray[Any], book: str) -> Scores:
    mine = scores[titles == book, 0]
    finite: Scores = mine[np.isfinite(mine)]
    return finite


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
        mine = _nearest(scores, titles, book)
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
