"""Results of a search: the passages that any way found, their ranks, and their scores' worth."""

from __future__ import annotations

import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

from lib.databases import books, passages, similar
from lib.databases.pools import Databases
from lib.databases.relations import Relations
from lib.databases.words import MOST_CHARACTERS
from lib.search.exact import Vocabulary
from lib.search.fusion import fuse
from lib.search.question import Question
from lib.search.rankings import WAYS, Ranking, Way, rank
from lib.search.together import together
from lib.similarity.calibration import Background, calibrate

MOST_RESULTS = 200
# What failed is not asked again at every click, and not for long held against a question either.
FAILURE_SECONDS = 20.0
# So many of the first of each way are fused.
DEPTH = 100

Order = Literal["fused", "embedding", "exact", "fuzzy"]
ORDERS: tuple[Order, ...] = ("fused", *WAYS)

# Passages that come out equal stand in this order: that words agree everybody can see.
FUSED: tuple[Way, ...] = ("exact", "fuzzy", "embedding")

COLUMNS = ["passage", "book", "title", "chapter", "content", "score", *ORDERS]


@dataclass(frozen=True)
class Results:
    """Passages found by any way, the best of the fusion first.

    `rows` has columns `passage`, `book` (id as text), `title`, `chapter` (or None), `content` (its
    beginning, or None), `score` (cosine similarity under the question's model; NaN without a
    vector) and `fused`, `embedding`, `exact` and `fuzzy`: the ranks from 1, NaN where that way did
    not find the passage. `rankings`: how each way found what it found.
    """

    rows: pd.DataFrame
    rankings: dict[Way, Ranking]
    asked_at: float = field(default_factory=time.monotonic)

    @property
    def stale(self) -> bool:
        """Whether a way failed, longer ago than one need wait before asking again."""
        failed = any(ranking.failure is not None for ranking in self.rankings.values())
        return failed and time.monotonic() - self.asked_at > FAILURE_SECONDS

    def ordered(self, order: Order, most: int) -> pd.DataFrame:
        """The `most` best rows by one of the ranks; those without it are left out."""
        ranked = self.rows[self.rows[order].notna()]
        return ranked.sort_values(order, kind="stable").head(most).reset_index(drop=True)


async def search(
    databases: Databases,
    relations: Relations,
    question: Question,
    vocabulary: Vocabulary,
    embedded: int,
) -> Results:
    """Ask a question in every way that it can be asked in, and read the passages found.

    `embedded`: vectors under the question's model. Raises a ConcordanceError where every way fails.
    """
    rankings = await rank(databases, relations, question, vocabulary, embedded)
    lists = {way: ranking.passages for way, ranking in rankings.items()}
    # The first results are the same however many are wanted.
    fused = fuse(lists[way][:DEPTH] for way in FUSED if way in lists)
    found = list(dict.fromkeys([*fused, *(one for ranked in lists.values() for one in ranked)]))
    reading: list[Coroutine[Any, Any, Any]] = [
        passages.read_passages(databases, relations, found, MOST_CHARACTERS),
        _read_scores(databases, relations, question, rankings, found),
    ]
    texts, scores = await together(reading)
    titles = await books.read_titles(databases, relations, texts["book"].dropna().unique().tolist())
    frame = pd.DataFrame({"passage": pd.Series(found, dtype=object)})
    # A view may have a passage twice, and a vector may be of a passage that is gone.
    frame = frame.merge(texts.drop_duplicates("passage"), on="passage", how="left")
    frame["title"] = [titles.get(book, book) for book in frame["book"]]
    frame["score"] = pd.Series([scores.get(one) for one in found], dtype=float)
    for order in ORDERS:
        ranked = fused if order == "fused" else lists.get(order, [])
        places = {one: place for place, one in enumerate(ranked, start=1)}
        frame[order] = pd.Series([places.get(one) for one in found], dtype=float)
    return Results(frame.reindex(columns=COLUMNS), rankings)


async def _read_scores(
    databases: Databases,
    relations: Relations,
    question: Question,
    rankings: dict[Way, Ranking],
    found: list[Any],
) -> dict[Any, float]:
    """The cosine scores of all passages found, also of those that only their words found."""
    if question.vector is None or question.model is None:
        return {}
    ranking = rankings["embedding"]
    scores = dict(zip(ranking.passages, ranking.values, strict=True))
    others = [one for one in found if one not in scores]
    if others and ranking.failure is None:
        scores |= await similar.read_scores(
            databases, relations, question.model, *question.direction, others
        )
    return scores


def calibrated(rows: pd.DataFrame, background: Background, embedded: int) -> pd.DataFrame:
    """Rows of results with what their scores are worth among `embedded` passages.

    Further columns: `percentile` (of random pairs that score lower), `expected` (E), `at_floor` (E
    is only known to be below that) and `chance` (E in words).
    """
    worth = calibrate(rows["score"].to_numpy(dtype=float), background, embedded)
    return rows.assign(
        percentile=worth.percentile,
        expected=worth.expected,
        at_floor=worth.at_floor,
        chance=worth.words(),
    )
