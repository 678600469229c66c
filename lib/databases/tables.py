"""A table by its name in the settings, which may be quoted as SQL has it."""

from __future__ import annotations

import re
from dataclasses import dataclass

import asyncpg

from lib.databases.columns import Column, quote

TABLE_SQL = """
    SELECT c.oid, n.nspname AS schema, c.relname AS table, c.relkind IN ('v', 'm') AS is_view
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relname = $1
      AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
      AND CASE WHEN $2::text IS NULL THEN pg_table_is_visible(c.oid) ELSE n.nspname = $2 END
"""

NAMES_SQL = """
    SELECT relname FROM pg_class
    WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT relispartition
      AND relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
    ORDER BY relname
    LIMIT 5000
"""

UNIQUE_SQL = """
    SELECT EXISTS (
        SELECT FROM pg_index i
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
        WHERE i.indrelid = to_regclass($1) AND a.attname = $2 AND i.indisunique AND i.indisvalid
          AND i.indnkeyatts = 1 AND i.indpred IS NULL
    )
"""

QUOTED = r'"(?:[^"]|"")+"'
PART = rf'(?:{QUOTED}|[^".]+)'
WRITTEN = re.compile(rf"(?:({PART})\.)?({PART})")


@dataclass(frozen=True)
class Table:
    """A table, view, materialised view, partitioned or foreign table that exists."""

    oid: int
    schema: str
    table: str
    is_view: bool


def possible_names(written: str) -> list[tuple[str | None, str]]:
    """The schema, if any, and the name that a setting may mean, the likeliest first.

    Double quotes make clear what belongs together, as in SQL. Without them the last full stop
    divides, or is part of the name. Capitals are kept in any case.
    """
    names: list[tuple[str | None, str]] = []
    if '"' in written and (parts := WRITTEN.fullmatch(written)):
        schema, name = parts.groups()
        names.append((_unquoted(schema) if schema else None, _unquoted(name)))
    schema, _, name = written.rpartition(".")
    names += [(schema or None, name), (None, written)]
    return list(dict.fromkeys(names))


def _unquoted(part: str) -> str:
    return part[1:-1].replace('""', '"') if part.startswith('"') else part


def as_written(schema: str | None, name: str) -> str:
    """A table as a setting names it, such that `possible_names` gives it back first."""
    parts = [part for part in (schema, name) if part is not None]
    plain = not any("." in part or '"' in part for part in parts)
    return ".".join(parts if plain else map(quote, parts))


async def find_table(connection: asyncpg.Connection, written: str) -> Table | None:
    """The table that a setting means; None where there is none."""
    for schema, name in possible_names(written):
        row = await connection.fetchrow(TABLE_SQL, name, schema)
        if row is not None:
            return Table(**row)
    return None


async def table_names(connection: asyncpg.Connection) -> list[str]:
    """The names of what may have been meant."""
    return [row["relname"] for row in await connection.fetch(NAMES_SQL)]


async def is_unique(connection: asyncpg.Connection, table: str, column: Column) -> bool:
    """Whether an index sees to it that no two rows of a table (quoted) share a value."""
    return bool(await connection.fetchval(UNIQUE_SQL, table, column.name))
