"""Columns as they really stand: typed through every domain, quoted, or a text in their stead."""

from __future__ import annotations

from dataclasses import dataclass

import asyncpg

VECTOR_TYPES = frozenset({"vector", "halfvec"})
TEXT_TYPES = frozenset({"text", "varchar", "bpchar", "citext", "name"})

# What a domain is in the end, however many domains lie between; its modifier may stand at any.
BASE_TYPES_SQL = """
    RECURSIVE chain (domain, oid, typmod) AS (
        SELECT oid, typbasetype, typtypmod FROM pg_type WHERE typtype = 'd'
        UNION ALL
        SELECT chain.domain, t.typbasetype, greatest(chain.typmod, t.typtypmod)
        FROM chain JOIN pg_type t ON t.oid = chain.oid AND t.typtype = 'd'
    ), base AS (
        SELECT t.oid AS declared, coalesce(chain.oid, t.oid) AS oid, chain.typmod
        FROM pg_type t
        LEFT JOIN chain ON chain.domain = t.oid AND NOT EXISTS (
            SELECT FROM pg_type d WHERE d.oid = chain.oid AND d.typtype = 'd'
        )
    )
"""

# A modifier of -1 has format_type name the type without one: "bpchar", not "character", which would
# cut a text down to its first letter.
TYPED_SQL = """
    a.attname AS name, t.typname AS type_name, format_type(t.oid, -1) AS sql_type,
    t.typtype = 'e' AS is_enum, t.oid <> a.atttypid AS is_domain,
    CASE WHEN a.attcollation NOT IN (0, 100)
         THEN quote_ident(cn.nspname) || '.' || quote_ident(co.collname) END AS collation,
    CASE WHEN t.typname IN ('vector', 'halfvec') AND greatest(a.atttypmod, base.typmod) > 0
         THEN greatest(a.atttypmod, base.typmod) END AS dimensions
"""

TYPED_FROM_SQL = """
    pg_attribute a
    JOIN base ON base.declared = a.atttypid
    JOIN pg_type t ON t.oid = base.oid
    LEFT JOIN pg_collation co ON co.oid = a.attcollation
    LEFT JOIN pg_namespace cn ON cn.oid = co.collnamespace
"""

COLUMNS_SQL = f"""
    WITH {BASE_TYPES_SQL}
    SELECT {TYPED_SQL}
    FROM {TYPED_FROM_SQL}
    WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY a.attnum
"""


@dataclass(frozen=True)
class Column:
    """A column that exists, or the `literal` text that every row has in its stead.

    `type_name` is the base type as pg_type calls it, also of a domain; `sql_type` is how SQL names
    it on this search path. `collation` is None for the default one, `dimensions` for a vector
    column that does not fix them. The name of a literal is empty.
    """

    name: str
    type_name: str
    collation: str | None = None
    dimensions: int | None = None
    sql_type: str | None = None
    is_enum: bool = False
    is_domain: bool = False
    literal: str | None = None

    @property
    def sql(self) -> str:
        """The quoted name, or the literal as an expression."""
        if self.literal is not None:
            return f"{quote_literal(self.literal)}::text"
        return quote(self.name)

    def of(self, alias: str) -> str:
        """The same where the table stands under an alias."""
        return self.sql if self.literal is not None else f"{alias}.{self.sql}"

    @property
    def cast(self) -> str:
        """The type, as a cast names it."""
        return self.sql_type or quote(self.type_name)

    def parameter(self, place: str) -> str:
        """A parameter that is given as a text, to be compared with this column.

        It becomes what the planner can look up in an index, also in a partial one: text that turns
        into an enum is no constant to it, but a parameter of the enum's own type is.
        """
        if self.type_name in TEXT_TYPES:
            return place
        return f"{place}::{self.cast}" if self.is_enum else f"{place}::text::{self.cast}"


def literal_column(text: str) -> Column:
    """A column that has one text in all rows."""
    return Column("", "text", literal=text)


def quote(identifier: str) -> str:
    """An identifier as SQL takes it literally."""
    return '"' + identifier.replace('"', '""') + '"'


def quote_literal(text: str) -> str:
    """A string literal as SQL takes it literally."""
    return "'" + text.replace("'", "''") + "'"


async def read_columns(connection: asyncpg.Connection, table: int) -> dict[str, Column]:
    """The columns of the table of this oid, by name, in their order."""
    rows = await connection.fetch(COLUMNS_SQL, table)
    return {row["name"]: Column(**row) for row in rows}
