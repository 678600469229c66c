"""Index health: which indexes a fast search needs, which are there, how to make the others."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from lib.databases.columns import Column, quote_literal
from lib.databases.pools import Databases
from lib.databases.relations import Relation, Relations

INDEXES_SQL = """
    SELECT ic.relname AS name, am.amname AS method, i.indisvalid AS valid,
           pg_get_expr(i.indpred, i.indrelid) AS predicate,
           array_agg(pg_get_indexdef(ic.oid, k.n::int, true) ORDER BY k.n) AS columns,
           array_agg(oc.opcname::text ORDER BY k.n) AS operator_classes,
           pg_relation_size(ic.oid) AS bytes
    FROM pg_index i
    JOIN pg_class ic ON ic.oid = i.indexrelid
    JOIN pg_am am ON am.oid = ic.relam
    CROSS JOIN LATERAL unnest(i.indkey::int2[], i.indclass::oid[]) WITH ORDINALITY
               AS k(attnum, opclass, n)
    JOIN pg_opclass oc ON oc.oid = k.opclass
    WHERE i.indrelid = to_regclass($1)
    GROUP BY ic.relname, am.amname, i.indisvalid, i.indpred, i.indrelid, ic.oid
"""


@dataclass(frozen=True)
class IndexCheck:
    """One index that a search wants. `create` is the statement to run when it is missing."""

    purpose: str
    table: str
    model: str | None
    present: bool
    name: str | None
    megabytes: float | None
    sentence: str
    create: str | None


async def read_indexes(databases: Databases, relation: Relation) -> pd.DataFrame:
    """The indexes of one relation of knowledge_base; empty for a view.

    Columns `name`, `method`, `valid`, `predicate` (or None), `columns` (or expressions),
    `operator_classes`, `bytes`.
    """
    rows = await databases[relation.database].fetch(INDEXES_SQL, relation.sql)
    columns = ["name", "method", "valid", "predicate", "columns", "operator_classes", "bytes"]
    return pd.DataFrame([tuple(row) for row in rows], columns=columns)


async def check_indexes(
    databases: Databases, relations: Relations, models: Sequence[str]
) -> list[IndexCheck]:
    """The trigram index of the passages, and a vector index for each model."""
    on_passages = await read_indexes(databases, relations.passages)
    on_embeddings = await read_indexes(databases, relations.embeddings)
    dimensions = await read_dimensions(databases, relations, models)
    checks = [_check_trigram(relations.passages, on_passages)]
    checks += [
        _check_vector(relations.embeddings, on_embeddings, model, dimensions.get(model))
        for model in models
    ]
    return checks


async def read_dimensions(
    databases: Databases, relations: Relations, models: Sequence[str]
) -> dict[str, int]:
    """The dimension of one vector of each model: an expression index needs it."""
    table = relations.embeddings
    rows = await databases.knowledge_base.fetch(
        f"""
        SELECT m AS model, (
            SELECT vector_dims({table["embedding"]}) FROM {table.sql}
            WHERE {table["embedding_model"]}::text = m AND {table["embedding"]} IS NOT NULL LIMIT 1
        ) AS dimensions
        FROM unnest($1::text[]) AS m
        """,
        list(models),
    )
    return {row["model"]: row["dimensions"] for row in rows if row["dimensions"]}


def _check_trigram(table: Relation, indexes: pd.DataFrame) -> IndexCheck:
    content = _written(table.columns["content"])
    for row in indexes.itertuples():
        classes = dict(zip(row.columns, row.operator_classes, strict=True))
        if "trgm" in classes.get(content, "") and row.valid and row.predicate is None:
            return _present("words", table, None, row, "Exact and fuzzy word search use it.")
    return IndexCheck(
        purpose="words",
        table=table.table,
        model=None,
        present=False,
        name=None,
        megabytes=None,
        sentence="No trigram index: every word search reads all passages.",
        create=None
        if table.is_view
        else f"CREATE INDEX CONCURRENTLY ON {table.sql}"
        f" USING gin ({table['content']} gin_trgm_ops);",
    )


def _check_vector(
    table: Relation, indexes: pd.DataFrame, model: str, dimensions: int | None
) -> IndexCheck:
    embedding, label = table.columns["embedding"], table.columns["embedding_model"]
    literal = quote_literal(model)
    name = _written(embedding)
    # PostgreSQL prints a cast behind the literal and, for other types than text, the column; a
    # number it prints as such.
    cast = r'(::[\w ."]+)?'
    value = f"({re.escape(literal)}|{re.escape(model)})"
    only_this = re.compile(rf"\(*{re.escape(_written(label))}\)?{cast}\)? = {value}{cast}\)*")
    for row in indexes.itertuples():
        indexed = re.fullmatch(rf"\(*{re.escape(name)}\)?(::.*)?\)*", row.columns[0])
        cosine = "cosine" in row.operator_classes[0]
        serves = row.method in {"hnsw", "ivfflat"} and row.valid and cosine and indexed
        if serves and (row.predicate is None or only_this.fullmatch(row.predicate)):
            return _present("vectors", table, model, row, "Vector search under this model uses it.")
    create = (
        f"CREATE INDEX CONCURRENTLY ON {table.sql} USING hnsw "
        f"({indexable(embedding, dimensions or 0)} {embedding.type_name}_cosine_ops)"
    )
    if label.literal is None:
        create += f" WHERE {label.sql} = {literal}"
    return IndexCheck(
        purpose="vectors",
        table=table.table,
        model=model,
        present=False,
        name=None,
        megabytes=None,
        sentence=f"No vector index for {model}: every search compares with all its vectors.",
        create=None if table.is_view or not dimensions else f"{create};",
    )


def _written(column: Column) -> str:
    """A column name as PostgreSQL prints it: quoted only where it must be."""
    plain = re.fullmatch(r"[a-z_][a-z0-9_$]*", column.name)
    return column.name if plain else column.sql


def indexable(column: Column, dimensions: int) -> str:
    """A vector column as an index can take it: cast where the column itself has no dimension.

    pgvector does not see the dimension of a domain.
    """
    if column.dimensions and not column.is_domain:
        return column.sql
    return f"({column.sql}::{column.type_name}({dimensions}))"


def _present(
    purpose: str, table: Relation, model: str | None, row: object, sentence: str
) -> IndexCheck:
    return IndexCheck(
        purpose=purpose,
        table=table.table,
        model=model,
        present=True,
        name=str(row.name),  # type: ignore[attr-defined]
        megabytes=float(row.bytes) / 2**20,  # type: ignore[attr-defined]
        sentence=sentence,
        create=None,
    )
