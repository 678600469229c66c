"""Searches and their results: which passages, how near, and what that is worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lib.databases import books, passages, similar, vectors
from lib.databases.pools import Databases
from lib.databases.relations import Relations
from lib.similarity.calibration import Background, calibrate
from lib.similarity.scores import unit

MOST_RESULTS = 200
MOST_WORDS = 32
LONG_WORD = 4
MARKS = ".,;:!?\"'()[]\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}"

COLUMNS = ["passage", "book", "title", "chapter", "content", "score"]


@dataclass(frozen=True)
class Results:
    """Passages found, best first.

    `rows` has columns `passage`, `book`, `title`, `chapter`, `content`, `score` (cosine
    similarity, or the share of the words that the passage holds). `truncated` says that there may
    be more.
    """

    rows: pd.DataFrame
    truncated: bool


async def by_embedding(
    databases: Databases,
    relations: Relations,
    model: str,
    vector: NDArray[np.float32],
    most: int,
) -> Results:
    """The passages nearest to `vector` among those embedded by `model`, and by no other."""
    direction = unit(vector.reshape(1, -1))[0]
    found = await similar.nearest_by_embedding(
        databases, relations, model, vectors.to_text(direction), len(direction), most
    )
    return await _described(databases, relations, found, most)


async def by_words(databases: Databases, relations: Relations, text: str, most: int) -> Results:
    """First the passages that hold `text` as it stands, then those that hold most of its words."""
    words = list(dict.fromkeys(text.split()))[:MOST_WORDS]
    if not words:
        return await _described(
            databases, relations, pd.DataFrame(columns=similar.SCORED, dtype=object), most
        )
    exact = await similar.containing(databases, relations, text.strip(), most)
    some = await similar.containing_most_words(databases, relations, words, most)
    exact["score"] = 1.0
    both = pd.concat([exact, some], ignore_index=True) if len(exact) else some
    both = both.drop_duplicates("passage").head(most).reset_index(drop=True)
    return await _described(databases, relations, both, most)


def calibrated(results: Results, background: Background, passages: int) -> pd.DataFrame:
    """The rows with what their scores are worth.

    Further columns: `percentile` (of random pairs that score lower), `expected` (E), `at_floor` (E
    is only known to be below that) and `chance` (E in words).
    """
    worth = calibrate(results.rows["score"].to_numpy(dtype=float), background, passages)
    return results.rows.assign(
        percentile=worth.percentile,
        expected=worth.expected,
        at_floor=worth.at_floor,
        chance=worth.words(),
    )


async def _described(
    databases: Databases, relations: Relations, found: pd.DataFrame, most: int
) -> Results:
    texts = await passages.read_passages(databases, relations, found["passage"].tolist())
    titles = await books.read_books(databases, relations)
    rows = (
        found.merge(texts, on="passage", how="left")
        .merge(titles[["book", "title"]], on="book", how="left")
        .reindex(columns=COLUMNS)
    )
    return Results(rows, truncated=len(found) >= most)


def find_highlights(texts: pd.DataFrame, words: str, most: int) -> pd.DataFrame:
    """The first `most` highlights that hold `words`, whatever their case.

    `texts` as of `lib.databases.highlights.read_texts`.
    """
    if words.strip():
        holds = texts["text"].str.contains(words.strip(), case=False, regex=False)
        texts = texts[holds]
    return texts.head(most).reset_index(drop=True)


def highlight_of(texts: pd.DataFrame, identifier: str) -> pd.Series | None:
    """The highlight whose id, as text, is this one."""
    found = texts[texts["id"].map(str) == identifier.strip()]
    return None if found.empty else found.iloc[0]


def words_to_mark(text: str) -> list[str]:
    """The words of a query worth marking: the long ones, or all where there are no long ones."""
    words = [word.strip(MARKS) for word in text.split()]
    return [word for word in words if len(word) >= LONG_WORD] or [word for word in words if word]
