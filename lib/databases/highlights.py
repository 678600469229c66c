"""Queries on highlights, the transcribed events of life_dashboard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from lib.databases import vectors
from lib.databases.limited import counted, limited
from lib.databases.pools import Databases
from lib.databases.relations import Relation, Relations
from lib.databases.vectors import Vectors

UNLABELLED = "unlabelled"


async def count_by_model(databases: Databases, relations: Relations) -> pd.DataFrame:
    """Columns `model` (or "unlabelled"), `highlights`, `embedded`, `with_book`; one row a label.

    Of more than `limits.rows_shown` labels those of most highlights; see `lib.databases.limited`.
    """
    table = relations.highlights
    rows = await databases.life_dashboard.fetch(
        f"""
        SELECT coalesce({table.get("embedding_model")}::text, $1) AS model,
               count(*) AS highlights,
               count({table["embedding"]}) AS embedded,
               count({table.get("book_id")}::text) AS with_book,
               (sum(count(*)) OVER ())::bigint AS in_all, count(*) OVER () AS labels
        FROM {table.sql}
        GROUP BY 1
        ORDER BY 2 DESC, 1
        LIMIT {databases.settings.limits.rows_shown}
        """,
        UNLABELLED,
    )
    return counted(rows, ["model", "highlights", "embedded", "with_book"])


def moment(table: Relation) -> str:
    """When a highlight was made; NULL for infinity and for years that Python does not have."""
    created = f"{table.get('created_at')}::timestamptz"
    return f"CASE WHEN {created} >= '0001-01-02' AND {created} < '9999-12-31' THEN {created} END"


async def read_texts(databases: Databases, relations: Relations) -> pd.DataFrame:
    """Every highlight, by id.

    Columns `id` (database type), `text`, `book` (its id as text, or None), `model` (label or
    "unlabelled") and `created_at` (or NaT).
    """
    table = relations.highlights
    rows = await databases.life_dashboard.fetch(
        f"""
        SELECT {table["id"]} AS id,
               coalesce({table["text"]}, '') AS text,
               {table.get("book_id")}::text AS book,
               coalesce({table.get("embedding_model")}::text, $1) AS model,
               {moment(table)} AS created_at
        FROM {table.sql}
        ORDER BY {table["id"]}
        """,
        UNLABELLED,
    )
    columns = ["id", "text", "book", "model", "created_at"]
    frame = pd.DataFrame([tuple(row) for row in rows], columns=columns, dtype=object)
    return frame.assign(created_at=pd.to_datetime(frame["created_at"], utc=True))


async def read_vectors(
    databases: Databases, relations: Relations, model: str, most: int | None = None
) -> Vectors:
    """Embeddings of the highlights under one label ("unlabelled" for those without), by id.

    With `most`, a sample of that many, the same at every call: ordered by a hash of the id.
    """
    table = relations.highlights
    label = f"{table.get('embedding_model')}::text"
    order = f"md5({table['id']}::text)" if most is not None else table["id"]
    limit = f"LIMIT {int(most)}" if most is not None else ""
    return await vectors.read(
        databases.life_dashboard,
        f"""
        SELECT {table["id"]} AS id, {vectors.send(table.columns["embedding"])} AS payload
        FROM {table.sql}
        WHERE {table["embedding"]} IS NOT NULL AND coalesce({label}, '{UNLABELLED}') = $1
        ORDER BY {order} {limit}
        """,
        model,
        column=table.columns["embedding"],
        size=databases.settings.limits.batch_rows,
    )


async def read_vector(databases: Databases, relations: Relations, highlight: Any) -> Vectors:
    """The embedding of one highlight: one row, or none where it has no embedding."""
    table = relations.highlights
    return await vectors.read(
        databases.life_dashboard,
        f"""
        SELECT {table["id"]} AS id, {vectors.send(table.columns["embedding"])} AS payload
        FROM {table.sql}
        WHERE {table["id"]} = $1 AND {table["embedding"]} IS NOT NULL
        """,
        highlight,
        column=table.columns["embedding"],
        size=1,
    )


async def read_some_texts(
    databases: Databases, relations: Relations, ids: Sequence[Any], most: int
) -> pd.DataFrame:
    """The highlights of these ids, in no order: `id`, `text` (its first `most` characters), `book`
    (its id as text, or None)."""
    table = relations.highlights
    rows = await databases.life_dashboard.fetch(
        f"""
        SELECT {table["id"]} AS id, left(coalesce({table["text"]}, ''), {int(most)}) AS text,
               {table.get("book_id")}::text AS book
        FROM {table.sql}
        WHERE {table["id"]} = ANY($1)
        """,
        list(ids),
    )
    return pd.DataFrame([tuple(row) for row in rows], columns=["id", "text", "book"], dtype=object)


async def read_book_ids(
    databases: Databases, relations: Relations, ids: Sequence[Any]
) -> dict[Any, str | None]:
    """The book of each of these highlights, as text."""
    table = relations.highlights
    rows = await databases.life_dashboard.fetch(
        f"""
        SELECT {table["id"]} AS id, {table.get("book_id")}::text AS book
        FROM {table.sql}
        WHERE {table["id"]} = ANY($1)
        """,
        list(ids),
    )
    return {row["id"]: row["book"] for row in rows}


async def count_by_book_and_model(databases: Databases, relations: Relations) -> pd.DataFrame:
    """Columns `book` (id as text, or None), `model` (or "unlabelled"), `highlights`, `embedded`.

    At most `limits.rows_downloaded` rows, those of most highlights; see `lib.databases.limited`.
    """
    table = relations.highlights
    most = databases.settings.limits.rows_downloaded
    rows = await databases.life_dashboard.fetch(
        f"""
        SELECT {table.get("book_id")}::text AS book,
               coalesce({table.get("embedding_model")}::text, $1) AS model,
               count(*) AS highlights, count({table["embedding"]}) AS embedded
        FROM {table.sql}
        GROUP BY 1, 2
        ORDER BY 3 DESC, 1, 2
        LIMIT {int(most) + 1}
        """,
        UNLABELLED,
    )
    frame = limited(rows, ["book", "model", "highlights", "embedded"], most)
    frame = frame.astype({"highlights": int, "embedded": int})
    return frame.sort_values(["book", "model"], kind="stable", ignore_index=True)
