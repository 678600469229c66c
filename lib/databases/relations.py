"""The four relations as they really stand: tables resolved, columns typed, identifiers quoted."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

import asyncpg

from lib.databases.pools import Database, Databases
from lib.errors import ColumnMissing, ColumnTypeWrong, ExtensionMissing, TableMissing
from lib.settings import DatabaseName, RelationNames

VECTOR_TYPES = frozenset({"vector", "halfvec"})
TEXT_TYPES = frozenset({"text", "varchar", "bpchar", "citext", "name"})

# Which column must hold what; a column that is not here may be of any type.
EXPECTED_TYPES: Mapping[tuple[str, str], frozenset[str]] = {
    ("highlights", "text"): TEXT_TYPES,
    ("highlights", "embedding"): VECTOR_TYPES,
    ("highlights", "created_at"): frozenset({"timestamptz", "timestamp", "date"}),
    ("books", "title"): TEXT_TYPES,
    ("passages", "content"): TEXT_TYPES,
    ("embeddings", "embedding"): VECTOR_TYPES,
}


@dataclass(frozen=True)
class Column:
    """A column that exists: `type_name` as pg_type calls it, `collation` unless the default one,
    `dimensions` of a vector column that fixes them."""

    name: str
    type_name: str
    collation: str | None = None
    dimensions: int | None = None

    @property
    def sql(self) -> str:
        """The quoted name."""
        return quote(self.name)


@dataclass(frozen=True)
class Relation:
    """A mapped table or view. `columns` lacks the optional ones that do not exist."""

    name: str
    database: DatabaseName
    schema: str
    table: str
    is_view: bool
    columns: Mapping[str, Column]

    @property
    def sql(self) -> str:
        """The quoted, schema-qualified name."""
        return f"{quote(self.schema)}.{quote(self.table)}"

    def __getitem__(self, key: str) -> str:
        """The quoted name of the column mapped to `key`; KeyError where it does not exist."""
        return self.columns[key].sql

    def get(self, key: str, otherwise: str = "NULL") -> str:
        """The quoted name of an optional column, or an SQL expression in its stead."""
        return self.columns[key].sql if key in self.columns else otherwise


@dataclass(frozen=True)
class Relations:
    """All four relations."""

    highlights: Relation
    books: Relation
    passages: Relation
    embeddings: Relation


def quote(identifier: str) -> str:
    """An identifier as SQL takes it literally."""
    return '"' + identifier.replace('"', '""') + '"'


def quote_literal(text: str) -> str:
    """A string literal as SQL takes it literally, for statements that are shown, not run."""
    return "'" + text.replace("'", "''") + "'"


async def resolve(databases: Databases) -> Relations:
    """Look up every mapped table and column.

    Raises ExtensionMissing, TableMissing, ColumnMissing or ColumnTypeWrong, each naming the
    setting at fault and the fix.
    """
    names = databases.settings.relations
    await require_vector_extension(databases.life_dashboard)
    await require_vector_extension(databases.knowledge_base)
    return Relations(
        highlights=await _resolve_one(databases.life_dashboard, "highlights", names),
        books=await _resolve_one(databases.knowledge_base, "books", names),
        passages=await _resolve_one(databases.knowledge_base, "passages", names),
        embeddings=await _resolve_one(databases.knowledge_base, "embeddings", names),
    )


async def extensions(database: Database) -> dict[str, str]:
    """Installed extensions and their versions."""
    rows = await database.fetch("SELECT extname, extversion FROM pg_extension")
    return {row["extname"]: row["extversion"] for row in rows}


async def require_vector_extension(database: Database) -> None:
    """Raise ExtensionMissing unless pgvector is installed."""
    if "vector" not in await extensions(database):
        raise ExtensionMissing(
            database.name,
            f"{database.name} has no vector extension.",
            "Run CREATE EXTENSION vector; in it as its owner.",
        )


TABLE_SQL = """
    SELECT c.oid, n.nspname AS schema, c.relname AS table, c.relkind IN ('v', 'm') AS is_view
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relname = $1
      AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
      AND CASE WHEN $2::text IS NULL THEN pg_table_is_visible(c.oid) ELSE n.nspname = $2 END
"""

COLUMNS_SQL = """
    SELECT a.attname AS name, t.typname AS type_name,
           CASE WHEN a.attcollation NOT IN (0, 100)
                THEN quote_ident(cn.nspname) || '.' || quote_ident(co.collname) END AS collation,
           CASE WHEN t.typname IN ('vector', 'halfvec') AND a.atttypmod > 0
                THEN a.atttypmod END AS dimensions
    FROM pg_attribute a
    JOIN pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_collation co ON co.oid = a.attcollation
    LEFT JOIN pg_namespace cn ON cn.oid = co.collnamespace
    WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped
"""


async def _resolve_one(database: Database, name: str, names: RelationNames) -> Relation:
    mapping = getattr(names, name)
    found = await _find_table(database, name, mapping.table)
    rows = await database.fetch(COLUMNS_SQL, found["oid"])
    existing = {row["name"]: Column(**row) for row in rows}
    columns: dict[str, Column] = {}
    for key, field in type(mapping).model_fields.items():
        column_name = getattr(mapping, key)
        if key == "table" or column_name is None:
            continue
        optional = field.annotation == (str | None)
        explicit = key in mapping.model_fields_set
        if column_name in existing:
            columns[key] = _checked(database, name, key, existing[column_name])
        elif explicit or not optional:
            raise _column_missing(database, name, key, mapping.table, column_name, existing)
    return Relation(
        name=name,
        database=database.name,
        schema=found["schema"],
        table=found["table"],
        is_view=found["is_view"],
        columns=columns,
    )


async def _find_table(database: Database, name: str, table: str) -> asyncpg.Record:
    schema, _, bare = table.rpartition(".")
    rows = await database.fetch(TABLE_SQL, bare, schema or None)
    if rows:
        return rows[0]
    # A name may itself hold a full stop.
    rows = await database.fetch(TABLE_SQL, table, None)
    if rows:
        return rows[0]
    known = [
        row["relname"]
        for row in await database.fetch(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'f')"
            " AND relnamespace NOT IN ('pg_catalog'::regnamespace,"
            " 'information_schema'::regnamespace) ORDER BY relname"
        )
    ]
    raise TableMissing(
        database.name,
        f"{database.name} has no table {table}.",
        f"Set relations.{name}.table to the right name{_nearest(bare, known)}.",
    )


def _checked(database: Database, name: str, key: str, column: Column) -> Column:
    expected = EXPECTED_TYPES.get((name, key))
    if expected is not None and column.type_name not in expected:
        raise ColumnTypeWrong(
            database.name,
            f"Column {column.name} of {name} in {database.name} is of type {column.type_name}, "
            f"not {' or '.join(sorted(expected))}.",
            f"Map relations.{name}.{key} to another column, or to a view that casts it.",
        )
    return column


def _column_missing(
    database: Database,
    name: str,
    key: str,
    table: str,
    column: str,
    existing: Mapping[str, Column],
) -> ColumnMissing:
    return ColumnMissing(
        database.name,
        f"Table {table} in {database.name} has no column {column}.",
        f"Set relations.{name}.{key} to the right name{_nearest(column, list(existing))}.",
    )


def _nearest(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    if near:
        return f" ({near[0]}?)"
    return f" (one of {', '.join(known[:8])})" if known else ""
