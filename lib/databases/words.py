"""Passages by their words: those that hold some, and those that hold similar ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
import pandas as pd

from lib.databases.patterns import like_pattern
from lib.databases.pools import Databases
from lib.databases.relations import Relation, Relations
from lib.databases.within import EVERYWHERE, Within

# A passage is one paragraph or a few: of a longer one the beginning is read.
MOST_CHARACTERS = 5_000
# The trigrams of a text of ten megabytes take seconds, in which no statement can be cancelled. How
# long a text is the server knows without reading it.
MOST_BYTES = 1_000_000
SIMILAR = ["passage", "similarity"]

# Word similarities of pg_trgm, from its own default down: each takes two or three times as long as
# the one before. Hardly a passage is as similar to a long text as the first one asks for.
THRESHOLDS = (0.6, 0.45, 0.3)
LONG_TEXT = 15  # words


@dataclass(frozen=True)
class SimilarWords:
    """Passages with words like those of a text: columns `passage` and `similarity`, best first.

    `threshold`: all of at least this word similarity were looked for.
    """

    rows: pd.DataFrame
    threshold: float


async def sample_texts(databases: Databases, relations: Relations, most: int) -> list[str]:
    """The beginnings of about `most` passages, of blocks drawn at random; of a view, the first."""
    table = relations.passages
    async with databases.knowledge_base.reading() as connection:
        rows_in_all = await connection.fetchval(
            """
            SELECT CASE WHEN relkind IN ('r', 'p', 'm') THEN greatest(reltuples, 0) END
            FROM pg_class WHERE oid = to_regclass($1)
            """,
            table.sql,
        )
        drawn = ""
        if rows_in_all and rows_in_all > 2 * most:
            drawn = f"TABLESAMPLE SYSTEM ({100 * most / rows_in_all:.6f}) REPEATABLE (0)"
        rows = await connection.fetch(
            f"""
            SELECT left({table["content"]}::text, {MOST_CHARACTERS}) AS content
            FROM {table.sql} {drawn}
            WHERE {table["content"]} IS NOT NULL
            LIMIT {2 * int(most)}
            """
        )
    return [row["content"] for row in rows]


async def holding_any(
    databases: Databases,
    relations: Relations,
    words: Sequence[str],
    whole: str,
    most: int,
    within: Within = EVERYWHERE,
) -> pd.DataFrame:
    """Passages that hold `whole` or one of `words`, whatever their case, in no order.

    Columns `passage` and `content` (its beginning). First come up to `most` that hold `whole`, then
    up to `most` others.
    """
    table = relations.passages
    condition, arguments = within.condition(table, 3)
    some = f"SELECT {table['chunk_id']} AS passage, {table['content']}::text AS content"
    cut = f"left(content, {MOST_CHARACTERS}) AS content"
    rows = await databases.knowledge_base.fetch(
        f"""
        SELECT passage, {cut} FROM (
            {some} FROM {table.sql} WHERE {table["content"]} ILIKE $1 AND {condition}
            ORDER BY {table["chunk_id"]} LIMIT {int(most)}
        ) AS whole
        UNION ALL
        SELECT passage, {cut} FROM (
            {some} FROM {table.sql}
            WHERE {table["content"]} ILIKE ANY ($2) AND NOT {table["content"]} ILIKE $1
                  AND {condition}
            LIMIT {int(most)}
        ) AS part
        """,
        like_pattern(whole),
        [like_pattern(word) for word in words],
        *arguments,
    )
    return pd.DataFrame([tuple(row) for row in rows], columns=["passage", "content"], dtype=object)


async def with_similar_words(
    databases: Databases,
    relations: Relations,
    text: str,
    most: int,
    within: Within = EVERYWHERE,
    leave_out: Any = None,
) -> SimilarWords:
    """The `most` passages with a stretch that is most like `text`, by pg_trgm's word similarity.

    The passage of the id `leave_out` is not among them, nor does it count as found.

    Ordered by the mean of both directions, how much of the text is in the passage and how much of
    the passage in the text, because a text may be longer than a passage. The threshold is pg_trgm's
    own, a lower one for a long text, and lowered where nothing is found: what is found at all is
    mostly right, and more takes longer. Passages of more than a megabyte are passed over. Raises
    ExtensionMissing where pg_trgm is not installed.
    """
    table = relations.passages
    is_long = len(text.split()) > LONG_TEXT
    async with databases.knowledge_base.reading() as connection:
        rows: list[Any] = []
        for threshold in THRESHOLDS[is_long:]:
            wanted = most + (leave_out is not None)
            above = await _above(connection, table, text, threshold, wanted, within)
            rows = [row for row in above if row["passage"] != leave_out][:most]
            if rows:
                break
    frame = pd.DataFrame([tuple(row) for row in rows], columns=SIMILAR)
    return SimilarWords(frame.astype({"passage": object, "similarity": float}), threshold)


async def _above(
    connection: asyncpg.Connection,
    table: Relation,
    text: str,
    threshold: float,
    most: int,
    within: Within,
) -> list[Any]:
    await connection.execute(
        "SELECT set_config('pg_trgm.word_similarity_threshold', $1, true)", str(threshold)
    )
    condition, arguments = within.condition(table, 2)
    return list(
        await connection.fetch(
            f"""
            SELECT passage, (forward + word_similarity(content, $1)) / 2 AS similarity
            FROM (
                SELECT {table["chunk_id"]} AS passage, {table["content"]}::text AS content,
                       word_similarity($1, {table["content"]}::text) AS forward
                FROM {table.sql}
                WHERE octet_length({table["content"]}::text) <= {MOST_BYTES}
                      AND $1 <% {table["content"]} AND {condition}
                ORDER BY forward DESC, {table["chunk_id"]}
                LIMIT {2 * int(most)}
            ) AS found
            ORDER BY similarity DESC, passage
            LIMIT {int(most)}
            """,
            text,
            *arguments,
        )
    )
