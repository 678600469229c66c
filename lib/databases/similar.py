"""Queries that find passages: near a vector, or holding words."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from lib.databases.nearest import configure, nearest_sql
from lib.databases.pools import Databases
from lib.databases.relations import Relations

SCORED = ["passage", "score"]


def escape_like(text: str) -> str:
    """A text in which LIKE sees no wildcard: backslash first, then the two wildcards."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def like_pattern(text: str) -> str:
    """The pattern that finds `text` anywhere."""
    return f"%{escape_like(text)}%"


async def nearest_by_embedding(
    databases: Databases, relations: Relations, model: str, vector: str, dimensions: int, most: int
) -> pd.DataFrame:
    """The `most` passages nearest to a vector (pgvector's text) under one model.

    Columns `passage` and `score` (cosine similarity), best first. An index that filters late is
    scanned on until enough rows came, so that a filter never empties the result.
    """
    async with databases.knowledge_base.reading() as connection:
        await configure(connection, most)
        rows = await connection.fetch(nearest_sql(relations, dimensions, most), vector, model)
    return pd.DataFrame([tuple(row) for row in rows], columns=SCORED).astype({"passage": object})


async def containing(
    databases: Databases, relations: Relations, text: str, most: int
) -> pd.DataFrame:
    """The first `most` passages, by id, that hold `text` whatever its case: column `passage`."""
    table = relations.passages
    rows = await databases.knowledge_base.fetch(
        f"""
        SELECT {table["chunk_id"]} AS passage
        FROM {table.sql}
        WHERE {table["content"]} ILIKE $1
        ORDER BY {table["chunk_id"]}
        LIMIT {int(most)}
        """,
        like_pattern(text),
    )
    return pd.DataFrame([tuple(row) for row in rows], columns=["passage"], dtype=object)


async def containing_most_words(
    databases: Databases, relations: Relations, words: Sequence[str], most: int
) -> pd.DataFrame:
    """The `most` passages that hold the most of these words, as parts of any word, in any case.

    Columns `passage` and `score` (the share of the words held), best first, then by id.
    """
    table = relations.passages
    rows = await databases.knowledge_base.fetch(
        f"""
        SELECT passage, score
        FROM (
            SELECT {table["chunk_id"]} AS passage,
                   (SELECT count(*) FROM unnest($1::text[]) AS pattern
                    WHERE {table["content"]} ILIKE pattern)::float8 / cardinality($1) AS score
            FROM {table.sql}
            WHERE {table["content"]} ILIKE ANY ($1)
        ) AS found
        ORDER BY score DESC, passage
        LIMIT {int(most)}
        """,
        [like_pattern(word) for word in words],
    )
    return pd.DataFrame([tuple(row) for row in rows], columns=SCORED).astype({"passage": object})
