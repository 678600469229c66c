"""The passages nearest to one vector: by a vector index, or exactly where that is cheaper."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

import asyncpg
import pandas as pd

from lib.databases.nearest import configure, nearest_sql, ordering_indexes
from lib.databases.pools import Databases
from lib.databases.relations import Relation, Relations
from lib.databases.within import EVERYWHERE, Within

SCORED = ["passage", "score"]

# Passages that are compared one after the other in the time in which an index yields one more
# (benchmarks/search.py filters).
COST = 20


@dataclass(frozen=True)
class Neighbours:
    """Passages nearest to a vector: columns `passage` and `score` (cosine similarity), best first.

    `way`: "index", the vector index `index` was asked, and may miss one; "exact", all were
    compared. `within`: passages that the filter leaves, None without one.
    """

    rows: pd.DataFrame
    way: Literal["index", "exact"]
    index: str | None
    within: int | None


async def nearest_by_embedding(
    databases: Databases,
    relations: Relations,
    model: str,
    vector: str,
    dimensions: int,
    most: int,
    within: Within = EVERYWHERE,
    total: int = 0,
) -> Neighbours:
    """The `most` passages nearest to a vector (pgvector's text) under one model, of `total`.

    A filter never empties the result: the index is scanned on until enough passages passed it, and
    where too few did, or where comparing all that are left costs less, all of them are compared.
    Passages without a direction, or of another dimension, are never found.
    """
    async with databases.knowledge_base.reading() as connection:
        left = await _count(connection, relations.passages, within) if within else None
        fits = relations.embeddings.columns["embedding"].dimensions in {None, dimensions}
        looked_at = _looked_at(most, left, total)
        if fits and (left is None or left > COST * looked_at):
            await configure(connection, looked_at)
            found, index = await _by_planner(
                connection, relations, model, vector, dimensions, most, within
            )
            # A scan of an index ends at a limit of its own; a filter may need more than that, and
            # so may a rare model in an index of all models.
            rows = _frame(found)
            if index is not None and len(rows) >= min(most, total if left is None else left):
                return Neighbours(rows, "index", index, left)
        found = await _exactly(connection, relations, model, vector, dimensions, most, within)
        return Neighbours(_frame(found), "exact", None, left)


def _looked_at(most: int, left: int | None, total: int) -> int:
    """Passages that an index yields until `most` have passed a filter that leaves `left`."""
    return most if left is None else -(-most * max(total, left) // max(left, 1))


async def _by_planner(
    connection: asyncpg.Connection,
    relations: Relations,
    model: str,
    vector: str,
    dimensions: int,
    most: int,
    within: Within,
) -> tuple[list[Any], str | None]:
    """What the planner's own way finds, and the index that it takes; nothing without an index."""
    only, arguments = _only(relations, within)
    sql = nearest_sql(relations, dimensions, most, only)
    explained = await connection.fetchval(
        f"EXPLAIN (FORMAT JSON, COSTS OFF) {sql}", vector, model, *arguments
    )
    index = next(ordering_indexes(json.loads(explained)[0]["Plan"]), None)
    if index is None:
        return [], None
    return list(await connection.fetch(sql, vector, model, *arguments)), index


async def _exactly(
    connection: asyncpg.Connection,
    relations: Relations,
    model: str,
    vector: str,
    dimensions: int,
    most: int,
    within: Within,
) -> list[Any]:
    """All passages of the model compared, those of another dimension passed over."""
    table = relations.embeddings
    column, label = table.columns["embedding"], table.columns["embedding_model"]
    only, arguments = _only(relations, within)
    return list(
        await connection.fetch(
            f"""
            WITH compared AS MATERIALIZED (
                SELECT {table["chunk_id"]} AS passage,
                       CASE WHEN vector_dims({column.sql}) = {int(dimensions)}
                            THEN {column.sql} <=> $1::{column.type_name} END AS distance
                FROM {table.sql}
                WHERE {label.sql} = {label.parameter("$2")} {only}
            )
            SELECT passage, 1 - min(distance) AS score
            FROM compared
            WHERE distance < 'NaN'
            GROUP BY passage
            ORDER BY score DESC, passage
            LIMIT {int(most)}
            """,
            vector,
            model,
            *arguments,
        )
    )


def _only(relations: Relations, within: Within) -> tuple[str, list[Any]]:
    """The condition, which begins with AND, that a filter adds, and its arguments from $3 on."""
    if not within:
        return "", []
    embeddings, passages = relations.embeddings, relations.passages
    condition, arguments = within.condition(passages, 3)
    return (
        f"AND {embeddings['chunk_id']} IN "
        f"(SELECT {passages['chunk_id']} FROM {passages.sql} WHERE {condition})"
    ), arguments


async def _count(connection: asyncpg.Connection, passages: Relation, within: Within) -> int:
    condition, arguments = within.condition(passages, 1)
    return int(
        await connection.fetchval(
            f"SELECT count(*) FROM {passages.sql} WHERE {condition}", *arguments
        )
    )


async def read_scores(
    databases: Databases,
    relations: Relations,
    model: str,
    vector: str,
    dimensions: int,
    ids: list[Any],
) -> dict[Any, float]:
    """The cosine similarity of a vector and each of these passages that has one under the model.

    Of a passage with several the highest; passages without a direction, or of another dimension,
    are left out.
    """
    table = relations.embeddings
    column, label = table.columns["embedding"], table.columns["embedding_model"]
    rows = await databases.knowledge_base.fetch(
        f"""
        SELECT {table["chunk_id"]} AS passage,
               max(1 - nullif({column.sql} <=> $1::{column.type_name}, 'NaN')) AS score
        FROM {table.sql}
        WHERE {label.sql} = {label.parameter("$2")} AND {table["chunk_id"]} = ANY($3)
              AND vector_dims({column.sql}) = {int(dimensions)}
        GROUP BY 1
        """,
        vector,
        model,
        ids,
    )
    return {row["passage"]: float(row["score"]) for row in rows if row["score"] is not None}


def _frame(rows: list[Any]) -> pd.DataFrame:
    # An index yields its rows nearly in order.
    ordered = sorted(map(tuple, rows), key=lambda row: -row[1])
    frame = pd.DataFrame(ordered, columns=SCORED).astype({"passage": object, "score": float})
    return frame.drop_duplicates("passage", ignore_index=True)
