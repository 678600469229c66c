"""A few rows of any table, shortened, to see what its columns hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lib.databases.catalogue import CatalogueTable, limit_time
from lib.databases.columns import TEXT_TYPES, VECTOR_TYPES, Column
from lib.databases.deadline import Deadline
from lib.databases.pools import Database
from lib.errors import DatabaseError, LoginRefused, TooManyConnections, Unreachable

MOST_ROWS = 300
MOST_CHARACTERS = 120
SECONDS = 2.0  # that one table may take
# Blocks are drawn of a table that has so many times the rows that are wanted.
MANY = 20

# What a mapping may use; what else a table holds is not looked at.
LOOKED_AT = frozenset(
    {"int2", "int4", "int8", "numeric", "uuid", "date", "timestamp", "timestamptz"}
) | (TEXT_TYPES | VECTOR_TYPES)

# These say that no other query would fare better.
PASSED_ON = (Unreachable, LoginRefused, TooManyConnections)


@dataclass(frozen=True)
class Sample:
    """Rows of a table: for each column that was looked at, its values in the order of the rows.

    `values` are texts cut to 120 characters, "vector(768)" for a vector, None for NULL; `sizes` are
    the bytes of whole texts, of text columns alone.
    """

    rows: int
    values: Mapping[str, tuple[str | None, ...]]
    sizes: Mapping[str, tuple[int, ...]]


async def read_sample(
    database: Database, table: CatalogueTable, deadline: Deadline
) -> Sample | None:
    """Up to 300 rows of a table, from anywhere in a large one.

    None where it cannot be read in 2 s, or not before the deadline. Raises the DatabaseError of a
    database that cannot be reached.
    """
    columns = [c for c in table.columns.values() if c.type_name in LOOKED_AT or c.is_enum]
    if not columns or not deadline.left:
        return None
    drawn = ""
    if table.kind not in {"view", "foreign table"} and (table.rows or 0) > MANY * MOST_ROWS:
        percent = 100 * MANY / 4 * MOST_ROWS / (table.rows or 1)
        drawn = f"TABLESAMPLE SYSTEM ({percent:.6f}) REPEATABLE (0)"
    shown = ", ".join(f"{_shown(c)} AS v{n}, {_size(c)} AS s{n}" for n, c in enumerate(columns))
    try:
        async with database.reading() as connection:
            await limit_time(connection, min(SECONDS, deadline.left))
            limit = f"LIMIT {MOST_ROWS}"
            rows = await connection.fetch(f"SELECT {shown} FROM {table.sql} {drawn} {limit}")
            if drawn and not rows:
                await limit_time(connection, min(SECONDS, deadline.left))
                rows = await connection.fetch(f"SELECT {shown} FROM {table.sql} {limit}")
    except PASSED_ON:
        raise
    except DatabaseError:
        return None
    return Sample(
        rows=len(rows),
        values={c.name: tuple(row[f"v{n}"] for row in rows) for n, c in enumerate(columns)},
        sizes={
            c.name: tuple(row[f"s{n}"] for row in rows if row[f"s{n}"] is not None)
            for n, c in enumerate(columns)
            if c.type_name in TEXT_TYPES
        },
    )


def _shown(column: Column) -> str:
    if column.type_name in VECTOR_TYPES:
        return f"'{column.type_name}(' || vector_dims({column.sql}) || ')'"
    return f"left({column.sql}::text, {MOST_CHARACTERS})"


def _size(column: Column) -> str:
    # Of a long text that is stored apart the length is known without reading it.
    return f"octet_length({column.sql}::text)" if column.type_name in TEXT_TYPES else "NULL::int"


async def count_held(
    database: Database,
    table: CatalogueTable,
    column: Column,
    texts: Sequence[str],
    deadline: Deadline,
) -> int | None:
    """How many of these texts a column holds, read as text.

    None where that takes over 2 s, or until after the deadline.
    """
    if not deadline.left:
        return None
    try:
        async with database.reading() as connection:
            await limit_time(connection, min(SECONDS, deadline.left))
            return int(
                await connection.fetchval(
                    f"SELECT count(DISTINCT {column.sql}::text) FROM {table.sql}"
                    f" WHERE {column.sql}::text = ANY ($1)",
                    list(texts),
                )
            )
    except PASSED_ON:
        raise
    except DatabaseError:
        return None
