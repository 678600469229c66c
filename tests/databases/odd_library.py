"""A small library of odd texts, and what PostgreSQL itself says of every distance in it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tests.databases.library import fetch, insert

CHUNK = ["chunk_id", "book_id", "content"]
ODD = [
    "100% of it, 5% more",
    "snake_case and _",
    r"a back\slash \ and \%",
    'it\'s "quoted" – ‘twice’',
    "ÉTÉ à Ærø, ß and ﬁsh",
    "Война и миръ, 戦争と平和",
    "…",
    "",
    "a b c",
]


def make_highlights(*rows: tuple[str, Any]) -> pd.DataFrame:
    """Highlights of these texts and books, with the columns that the fallback reads."""
    return pd.DataFrame(rows, columns=["text", "book"]).astype(object)


def make_sentences(seed: int, count: int, words: int = 12) -> list[str]:
    """Sentences of few words, so that many are alike and some are the same."""
    rng = np.random.default_rng(seed)
    vocabulary = ["the", "of", "and", "sea", "whale", "white", "old", "Ahab", "said", "thou", "art"]
    lengths = rng.integers(1, words, count)
    return [" ".join(rng.choice(vocabulary, length)) for length in lengths]


def fill_library(dsn: str) -> pd.DataFrame:
    """Three books of passages of every kind, and the same highlights of each."""
    contents = [*make_sentences(0, 200), *ODD, *make_sentences(1, 30), *ODD, None, "", "x"]
    books = [1] * 209 + [2] * 40 + [3] * 2
    rows = [(n, book, text) for n, (book, text) in enumerate(zip(books, contents, strict=True))]
    insert(dsn, "chunks", CHUNK, rows)
    texts = [*make_sentences(2, 12), *ODD, "nothing like it: qqq zzz"]
    return make_highlights(*[(text, book) for book in "123" for text in texts])


def measure_all(dsn: str, text: str, book: str, operator: str) -> tuple[Any, float, int]:
    """What PostgreSQL says of all passages of a book."""
    rows = fetch(
        dsn,
        f"SELECT chunk_id, ($1::text {operator} content)::float8 FROM chunks"
        " WHERE book_id::text = $2 AND content IS NOT NULL ORDER BY 2, 1",
        text,
        book,
    )
    return (*rows[0], len(rows))


def check_nearest(dsn: str, highlights: pd.DataFrame, found: pd.DataFrame, operator: str) -> None:
    """Each passage found is the nearest of its book, of several the first, at its true distance."""
    for row in found.itertuples():
        text, book = highlights.iloc[row.highlight]
        expected = measure_all(dsn, text, book, operator)
        assert (row.passage, row.distance, row.candidates) == expected, text
