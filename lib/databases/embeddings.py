"""Queries on the embeddings of passages, in knowledge_base."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from lib.databases import vectors
from lib.databases.limited import counted, in_all, is_truncated, limited
from lib.databases.pools import Database, Databases
from lib.databases.relations import Relation, Relations
from lib.databases.vectors import Vectors

# Rows whose ids are compared to draw a sample of them: sorting so many takes a moment.
MOST_DRAWN = 50_000
HASHES = 2**20


def _label(table: Relation) -> str:
    """The parameter $1, a label, as the column of labels compares it."""
    return table.columns["embedding_model"].parameter("$1")


async def count_by_model(databases: Databases, relations: Relations) -> pd.DataFrame:
    """Columns `model` and `embeddings`, one row a label, by label.

    Of more than `limits.rows_shown` labels those of most vectors; see `lib.databases.limited`.
    """
    table = relations.embeddings
    rows = await databases.knowledge_base.fetch(
        f"""
        SELECT model, embeddings, in_all, labels
        FROM (
            SELECT {table["embedding_model"]}::text AS model,
                   count({table["embedding"]}) AS embeddings,
                   (sum(count({table["embedding"]})) OVER ())::bigint AS in_all,
                   count(*) OVER () AS labels
            FROM {table.sql}
            WHERE {table["embedding_model"]} IS NOT NULL
            GROUP BY 1
            ORDER BY 2 DESC, 1
            LIMIT {databases.settings.limits.rows_shown}
        ) AS most
        ORDER BY model
        """
    )
    return counted(rows, ["model", "embeddings"])


async def read_coverage(databases: Databases, relations: Relations) -> pd.DataFrame:
    """How much of each book each model covers.

    Columns `book`, `passages`, `model`, `embedded`: the distinct passages of the book that have a
    vector under the model. A book without passages has none of these rows; a book without vectors
    has one with `model` None. At most `limits.rows_downloaded` rows, of the first books by id, each
    of them whole; see `lib.databases.limited`.
    """
    most = databases.settings.limits.rows_downloaded
    passages, embeddings = relations.passages, relations.embeddings
    rows = await databases.knowledge_base.fetch(
        f"""
        WITH passage AS (
            SELECT {passages["chunk_id"]} AS id, {passages["book_id"]} AS book
            FROM {passages.sql}
        ), counted AS (
            SELECT book, NULL::text AS model, 0 AS embedded, count(*) AS passages
            FROM passage GROUP BY book
            UNION ALL
            SELECT passage.book, {embeddings["embedding_model"]}::text,
                   count(DISTINCT passage.id), NULL
            FROM {embeddings.sql} AS e
            JOIN passage ON passage.id = e.{embeddings["chunk_id"]}
            WHERE {embeddings["embedding"]} IS NOT NULL
            GROUP BY 1, 2
        ), together AS (
            SELECT book, model, embedded, passages IS NULL AS is_model,
                   max(passages) OVER same_book AS passages, count(*) OVER same_book AS rows
            FROM counted
            -- A join would compare every book with every other: one of them may be NULL.
            WINDOW same_book AS (PARTITION BY book)
        )
        SELECT book::text AS book, passages, model, embedded
        FROM together
        WHERE is_model OR rows = 1
        ORDER BY together.book, model
        LIMIT {int(most) + 1}
        """
    )
    frame = limited(rows, ["book", "passages", "model", "embedded"], most)
    if is_truncated(frame):
        # What is known of the last book may not be all of it.
        last = rows[-1]["book"]
        frame = frame[[book != last for book in frame["book"]]].reset_index(drop=True)
    return frame.astype({"passages": int, "embedded": int})


async def read_gate(databases: Databases, relations: Relations) -> pd.DataFrame:
    """What no diagnosis can start with: missing, zero and non-finite vectors, mixed dimensions.

    One row for each relation and label: `relation`, `model`, `rows`, `null`, `zero`,
    `not_finite`, `dimensions` (list), `norm_low`, `norm_high` (5th and 95th percentile of the
    finite norms above 0) and `truncated` (True when only the first `limits.gate_rows` rows were
    read). Of more than `limits.rows_shown` labels of a relation those with faults, then those of
    most rows; see `lib.databases.limited`.
    """
    limits = databases.settings.limits
    sides = (
        (databases.life_dashboard, relations.highlights),
        (databases.knowledge_base, relations.embeddings),
    )
    frames = [
        await _read_gate(database, table, limits.gate_rows, limits.rows_shown)
        for database, table in sides
    ]
    gate = pd.concat(frames, ignore_index=True)
    gate.attrs["truncated"] = any(map(is_truncated, frames))
    return gate


async def _read_gate(database: Database, table: Relation, most: int, labels: int) -> pd.DataFrame:
    column = table.columns["embedding"]
    norm = "l2_norm" if column.type_name == "halfvec" else "vector_norm"
    rows = await database.fetch(
        f"""
        WITH probed AS (
            SELECT {table.get("embedding_model", "NULL::text")}::text AS model,
                   {column.sql} IS NULL AS missing,
                   vector_dims({column.sql}) AS dimensions,
                   {norm}({column.sql}) AS norm
            FROM {table.sql}
            LIMIT {int(most) + 1}
        ), judged AS (
            SELECT coalesce(model, 'unlabelled') AS model,
                   count(*) AS rows,
                   count(*) FILTER (WHERE missing) AS "null",
                   count(*) FILTER (WHERE norm = 0) AS zero,
                   count(*) FILTER (WHERE norm IN ('NaN', 'Infinity')) AS not_finite,
                   array_agg(DISTINCT dimensions) FILTER (WHERE NOT missing) AS dimensions,
                   percentile_cont(0.05) WITHIN GROUP (ORDER BY norm)
                       FILTER (WHERE norm > 0 AND norm < 'Infinity') AS norm_low,
                   percentile_cont(0.95) WITHIN GROUP (ORDER BY norm)
                       FILTER (WHERE norm > 0 AND norm < 'Infinity') AS norm_high,
                   (sum(count(*)) OVER ())::bigint AS in_all, count(*) OVER () AS labels
            FROM probed
            GROUP BY 1
        ), shown AS (
            SELECT * FROM judged
            ORDER BY "null" + zero + not_finite > 0 OR cardinality(dimensions) > 1 DESC,
                     rows DESC, model
            LIMIT {int(labels)}
        )
        SELECT * FROM shown ORDER BY model
        """
    )
    columns = ["model", "rows", "null", "zero", "not_finite", "dimensions", "norm_low", "norm_high"]
    frame = counted(rows, columns)
    frame.insert(0, "relation", table.name)
    frame["dimensions"] = [list(found or []) for found in frame["dimensions"]]
    return frame.assign(truncated=in_all(frame) > most)


async def read_ids(databases: Databases, relations: Relations, model: str) -> list[Any]:
    """The passage ids that have a vector under the model, by id."""
    table = relations.embeddings
    rows = await databases.knowledge_base.fetch(
        f"""
        SELECT {table["chunk_id"]} AS id
        FROM {table.sql}
        WHERE {table["embedding_model"]} = {_label(table)} AND {table["embedding"]} IS NOT NULL
        ORDER BY 1
        """,
        model,
    )
    return [row["id"] for row in rows]


async def read_sample(
    databases: Databases, relations: Relations, model: str, most: int, seed: int
) -> Vectors:
    """Vectors of at most `most` passages, drawn at random (the same ones for the same seed)."""
    ids = await read_ids(databases, relations, model)
    if len(ids) > most:
        drawn = np.random.default_rng(seed).choice(len(ids), size=most, replace=False)
        ids = [ids[index] for index in np.sort(drawn)]
    return await read_vectors(databases, relations, model, ids)


async def read_vectors(
    databases: Databases, relations: Relations, model: str, ids: Sequence[Any]
) -> Vectors:
    """Vectors of these passages under one model, by id; ids without one are left out."""
    table = relations.embeddings
    return await vectors.read(
        databases.knowledge_base,
        f"""
        SELECT {table["chunk_id"]} AS id, {vectors.send(table.columns["embedding"])} AS payload
        FROM {table.sql}
        WHERE {table["embedding_model"]} = {_label(table)} AND {table["chunk_id"]} = ANY($2)
              AND {table["embedding"]} IS NOT NULL
        ORDER BY 1
        """,
        model,
        list(ids),
        column=table.columns["embedding"],
        size=databases.settings.limits.batch_rows,
    )


async def stream_vectors(
    databases: Databases, relations: Relations, model: str
) -> AsyncIterator[Vectors]:
    """All vectors of one model, in batches, in no order."""
    table = relations.embeddings
    sql = f"""
        SELECT {table["chunk_id"]} AS id, {vectors.send(table.columns["embedding"])} AS payload
        FROM {table.sql}
        WHERE {table["embedding_model"]} = {_label(table)} AND {table["embedding"]} IS NOT NULL
    """
    async for batch in vectors.stream(
        databases.knowledge_base,
        sql,
        model,
        column=table.columns["embedding"],
        size=databases.settings.limits.batch_rows,
    ):
        yield batch


async def draw_vectors(
    databases: Databases, relations: Relations, model: str, most: int, total: int, seed: int
) -> AsyncIterator[Vectors]:
    """Vectors of about `most` of the `total` passages of a model, without reading all of them.

    Blocks of the table are drawn, many more than are needed where that is cheap, and rows among
    them by a hash: rows that stand together are of one book. The same seed draws the same rows of
    the same table. A view cannot be drawn from like that, and its ids are read instead.
    """
    table = relations.embeddings
    if not await _is_drawable(databases, table):
        yield await read_sample(databases, relations, model, most, seed)
        return
    drawn_rows = max(1.1 * most, min(10 * most, MOST_DRAWN))
    percent = min(100.0, 100 * drawn_rows / max(total, 1))
    sql = f"""
        SELECT id, {vectors.send(table.columns["embedding"], "embedding")} AS payload
        FROM (
            SELECT {table["chunk_id"]} AS id, {table["embedding"]} AS embedding
            FROM {table.sql} TABLESAMPLE SYSTEM ({percent:.6f}) REPEATABLE ({int(seed)})
            WHERE {table["embedding_model"]} = {_label(table)} AND {table["embedding"]} IS NOT NULL
            ORDER BY md5({table["chunk_id"]}::text || $2)
            LIMIT {int(most)}
        ) AS drawn
    """
    async for batch in vectors.stream(
        databases.knowledge_base,
        sql,
        model,
        f"/{seed}",
        column=table.columns["embedding"],
        size=databases.settings.limits.batch_rows,
    ):
        yield batch


async def _is_drawable(databases: Databases, table: Relation) -> bool:
    """Whether the server can draw blocks of it; of a view or a foreign table it cannot."""
    row = await databases.knowledge_base.fetchrow(
        "SELECT relkind IN ('r', 'p', 'm') AS is_drawable"
        " FROM pg_class WHERE oid = to_regclass($1)",
        table.sql,
    )
    return bool(row["is_drawable"])


async def stream_with_books(
    databases: Databases,
    relations: Relations,
    model: str,
    total: int,
    most: int,
    seed: int,
) -> AsyncIterator[Vectors]:
    """All vectors of one model with the books of their passages, in batches, in no order.

    Of more than `most` in all, about that many: whole blocks of the table drawn at random, the
    same for the same seed while the table stands; of a view, those whose id has a certain hash.
    """
    embeddings, passages = relations.embeddings, relations.passages
    drawn, chosen = "", ""
    if total > most and not await _is_drawable(databases, embeddings):
        hashed = f"hashtext({embeddings['chunk_id']}::text) & {HASHES - 1}"
        chosen = f"AND ({hashed}) < {HASHES * most // total}"
    elif total > most:
        drawn = f"TABLESAMPLE SYSTEM ({100 * most / total:.6f}) REPEATABLE ({int(seed)})"
    sql = f"""
        SELECT vector.id, passage.book, vector.payload
        FROM (
            SELECT {embeddings["chunk_id"]} AS id,
                   {vectors.send(embeddings.columns["embedding"])} AS payload
            FROM {embeddings.sql} {drawn}
            WHERE {embeddings["embedding_model"]} = {_label(embeddings)}
                  AND {embeddings["embedding"]} IS NOT NULL {chosen}
        ) AS vector
        LEFT JOIN (
            SELECT {passages["chunk_id"]} AS id, {passages["book_id"]}::text AS book
            FROM {passages.sql}
        ) AS passage ON passage.id = vector.id
    """
    async for batch in vectors.stream(
        databases.knowledge_base,
        sql,
        model,
        column=embeddings.columns["embedding"],
        size=databases.settings.limits.batch_rows,
    ):
        yield batch


async def read_duplicates(databases: Databases, relations: Relations, most: int) -> pd.DataFrame:
    """Passages with more than one vector under one model.

    Columns `id`, `model`, `rows` and `duplicated` (how many such passages there are in all), the
    first `most` by model and id.
    """
    table = relations.embeddings
    rows = await databases.knowledge_base.fetch(
        f"""
        SELECT {table["chunk_id"]} AS id, {table["embedding_model"]}::text AS model,
               count(*) AS rows, count(*) OVER () AS duplicated
        FROM {table.sql}
        WHERE {table["embedding"]} IS NOT NULL AND {table["embedding_model"]} IS NOT NULL
        GROUP BY 1, 2
        HAVING count(*) > 1
        ORDER BY 2, 1
        LIMIT {int(most)}
        """
    )
    columns = ["id", "model", "rows", "duplicated"]
    return pd.DataFrame([tuple(row) for row in rows], columns=columns, dtype=object)
