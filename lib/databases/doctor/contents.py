"""Rows, counted no further than is quick, and the indexes that a fast search needs."""

from __future__ import annotations

from lib.databases.doctor.checks import Check
from lib.databases.indexes import check_indexes
from lib.databases.pools import Database, Databases
from lib.databases.relations import Relation, Relations

# So many rows are counted in milliseconds; of more the server's own estimate serves.
MOST_COUNTED = 100_000

# The estimate of a partitioned table is that of its partitions together; -1 is never analysed.
ESTIMATE_SQL = """
    WITH RECURSIVE part AS (
        SELECT to_regclass($1)::oid AS oid
        UNION ALL
        SELECT i.inhrelid FROM pg_inherits i JOIN part ON i.inhparent = part.oid
    )
    SELECT coalesce(sum(greatest(c.reltuples, 0)), 0)::bigint AS rows
    FROM part JOIN pg_class c ON c.oid = part.oid AND c.relkind IN ('r', 'm', 'f')
"""

# Labels that the server keeps statistics of, and those of the first rows.
MODELS_SQL = """
    SELECT DISTINCT {model}::text AS model
    FROM (SELECT {model} FROM {table} LIMIT {most}) AS first
    WHERE {model} IS NOT NULL
    UNION
    SELECT unnest(most_common_vals::text::text[])
    FROM pg_stats
    WHERE schemaname = $1 AND tablename = $2 AND attname = $3
    ORDER BY 1
"""


async def count_rows(database: Database, relation: Relation) -> list[Check]:
    """How many rows a relation has, about so many where it has very many."""
    row = await database.fetchrow(
        f"SELECT count(*) AS rows FROM (SELECT FROM {relation.rows} LIMIT {MOST_COUNTED + 1})"
        " AS counted"
    )
    rows = row["rows"]
    if not rows:
        return [_empty(relation)]
    told = f"{rows:,}"
    if rows > MOST_COUNTED:
        estimate = (await database.fetchrow(ESTIMATE_SQL, relation.sql))["rows"]
        more = f"more than {MOST_COUNTED:,}"
        told = f"about {estimate:,}" if estimate > MOST_COUNTED else more
    what = relation.name if rows != 1 else relation.name.removesuffix("s")
    return [Check(relation.database, "rows", "ok", f"{told} {what}.")]


def _empty(relation: Relation) -> Check:
    # Books only give passages their titles.
    return Check(
        relation.database,
        "rows",
        "advice" if relation.name == "books" else "problem",
        f"{relation.sql} holds no {relation.name}.",
        f"Fill it, or map relations.{relation.name} to another table.",
    )


async def look_at_indexes(databases: Databases, relations: Relations) -> list[Check]:
    """The trigram index of the passages, and a vector index for each model."""
    models = await read_models(databases.knowledge_base, relations.embeddings)
    return [
        Check("knowledge_base", "indexes", "ok", f"{check.name}: {check.sentence}")
        if check.present
        else Check(
            "knowledge_base",
            "indexes",
            "advice",
            check.sentence,
            f"Run as the owner of the table:\n{check.create}"
            if check.create
            else f"Make one on the tables beneath {check.table}.",
        )
        for check in await check_indexes(databases, relations, models)
    ]


async def read_models(database: Database, embeddings: Relation) -> list[str]:
    """The labels of the embeddings; of a very large table perhaps without the rarest."""
    column = embeddings.columns["embedding_model"]
    if column.literal is not None:
        return [column.literal]
    rows = await database.fetch(
        MODELS_SQL.format(model=column.sql, table=embeddings.rows, most=MOST_COUNTED),
        embeddings.schema,
        embeddings.table,
        column.name,
    )
    return [row["model"] for row in rows]
