"""The ways to rank passages, each by itself: what it found, how, and what kept it from more."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from lib.databases import similar, words
from lib.databases.pools import Databases
from lib.databases.relations import Relations
from lib.errors import ConcordanceError, ExtensionMissing, RelationError
from lib.search import exact
from lib.search.exact import Vocabulary
from lib.search.question import Question
from lib.search.together import together

Way = Literal["embedding", "exact", "fuzzy"]
WAYS: tuple[Way, ...] = ("embedding", "exact", "fuzzy")
WORDING: dict[Way, str] = {
    "embedding": "embedding",
    "exact": "exact words",
    "fuzzy": "fuzzy words",
}

# Passages with a rare word of the text, of which the best are kept.
MOST_LOOKED_AT = 3_000
# Trigrams of a longer text take seconds to compare, and tell no more.
MOST_COMPARED = 1_000


@dataclass(frozen=True)
class Ranking:
    """Passages that one way found, best first.

    `values`: cosine similarity, share of the words, or word similarity. `failure`: what went wrong;
    then there are no passages. `index`: the vector index that was asked. `within`: passages that
    the filter leaves, None without a filter or where not counted. `threshold`: the least word
    similarity that was looked for. `truncated`: there may be more than were asked for.
    """

    way: Way
    passages: list[Any]
    values: list[float]
    seconds: float
    truncated: bool = False
    index: str | None = None
    within: int | None = None
    threshold: float | None = None
    failure: ConcordanceError | None = None


async def rank(
    databases: Databases,
    relations: Relations,
    question: Question,
    vocabulary: Vocabulary,
    embedded: int,
) -> dict[Way, Ranking]:
    """The rankings of a question by every way that it can be asked in, all at once.

    `embedded`: vectors under the question's model. A way that fails, or takes longer than
    `limits.search_seconds`, says so in its ranking and leaves the others alone. Raises what is
    wrong where every way fails.
    """
    asked: dict[Way, Coroutine[Any, Any, Ranking]] = {}
    if question.vector is not None:
        asked["embedding"] = _by_embedding(databases, relations, question, embedded)
    if question.text:
        asked["exact"] = _by_exact_words(databases, relations, question, vocabulary)
    if exact.has_trigrams(question.text):
        asked["fuzzy"] = _by_fuzzy_words(databases, relations, question)
    patience = databases.settings.limits.search_seconds
    found = await together(_in_time(way, one, patience) for way, one in asked.items())
    failures = [ranking.failure for ranking in found if ranking.failure is not None]
    if failures and len(failures) == len(found):
        raise failures[0]
    return {ranking.way: ranking for ranking in found}


async def _in_time(way: Way, asking: Coroutine[Any, Any, Ranking], patience: float) -> Ranking:
    started = time.monotonic()
    try:
        async with asyncio.timeout(patience):
            return await asking
    except TimeoutError:
        failure = ConcordanceError(
            f"Ranking by {WORDING[way]} took longer than {patience:g} s and was stopped.",
            "Try again when the database is less busy; if that does not help, add the index that "
            "the Library page names, or raise limits.search_seconds.",
        )
    except ExtensionMissing as error:
        failure = error
        if way == "fuzzy":
            failure = ExtensionMissing(
                error.database,
                f"{error.database} has no pg_trgm extension, so nothing is ranked by fuzzy words.",
                "Run CREATE EXTENSION pg_trgm; in it as its owner.",
            )
    except RelationError:
        # Whoever asked looks the relations up anew.
        raise
    except ConcordanceError as error:
        failure = error
    return Ranking(way, [], [], time.monotonic() - started, failure=failure)


async def _by_embedding(
    databases: Databases, relations: Relations, question: Question, embedded: int
) -> Ranking:
    started = time.monotonic()
    assert question.model is not None
    most = question.most + (question.leave_out is not None)
    found = await similar.nearest_by_embedding(
        databases,
        relations,
        question.model,
        *question.direction,
        most,
        question.within,
        embedded,
    )
    kept = found.rows[found.rows["passage"] != question.leave_out].head(question.most)
    return Ranking(
        "embedding",
        kept["passage"].tolist(),
        kept["score"].tolist(),
        time.monotonic() - started,
        truncated=len(found.rows) >= most,
        index=found.index,
        within=found.within,
    )


async def _by_exact_words(
    databases: Databases, relations: Relations, question: Question, vocabulary: Vocabulary
) -> Ranking:
    started = time.monotonic()
    # Off the loop's thread: everybody else's queries go on meanwhile.
    rare, common = await asyncio.to_thread(exact.words_to_look_for, question.text, vocabulary)
    held = pd.DataFrame()
    # A rare word may be misheard, and then in no passage at all.
    for looked_for in (rare, common) if common else (rare,):
        held = await words.holding_any(
            databases, relations, looked_for, question.text, MOST_LOOKED_AT, question.within
        )
        held = held[held["passage"] != question.leave_out].drop_duplicates("passage")
        if len(held):
            break
    scores = await asyncio.to_thread(
        exact.score_passages, question.text, held["content"].tolist(), vocabulary
    )
    # Of passages that hold as much, the one that holds little else.
    held = held.assign(score=scores, length=held["content"].map(len)).sort_values(
        ["score", "length", "passage"], ascending=[False, True, True], kind="stable"
    )
    kept = held[held["score"] > 0]
    best = kept.head(question.most)
    return Ranking(
        "exact",
        best["passage"].tolist(),
        best["score"].tolist(),
        time.monotonic() - started,
        truncated=len(kept) > question.most,
    )


async def _by_fuzzy_words(
    databases: Databases, relations: Relations, question: Question
) -> Ranking:
    started = time.monotonic()
    found = await words.with_similar_words(
        databases,
        relations,
        question.text[:MOST_COMPARED],
        question.most,
        question.within,
        question.leave_out,
    )
    kept = found.rows.drop_duplicates("passage")
    return Ranking(
        "fuzzy",
        kept["passage"].tolist(),
        kept["similarity"].tolist(),
        time.monotonic() - started,
        truncated=len(found.rows) >= question.most,
        threshold=found.threshold,
    )
