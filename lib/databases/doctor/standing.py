"""Tables, columns and types of one relation, each told although another is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lib.databases.columns import VECTOR_TYPES, Column, read_columns
from lib.databases.doctor.checks import Check
from lib.databases.mapped import EXPECTED_TYPES, Mapped, map_columns, table_missing
from lib.databases.pools import Database
from lib.databases.relations import Relation
from lib.databases.tables import Table, find_table, table_names
from lib.errors import DatabaseError
from lib.settings import RelationNames

# How a column was declared, before domains are seen through.
DECLARED_SQL = """
    SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS declared,
           t.typtype = 'd' AS is_domain
    FROM pg_attribute a
    JOIN pg_type t ON t.oid = a.atttypid
    WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped
"""


@dataclass(frozen=True)
class Standing:
    """What there is of one relation: `relation` with the columns that were found, None without a
    table of its own; and the checks."""

    relation: Relation | None
    checks: list[Check]


async def look_at(
    database: Database, name: str, names: RelationNames, with_vectors: bool
) -> Standing:
    """Look at one relation; `with_vectors`: the vector extension is there to have such columns."""
    written = getattr(names, name).table
    async with database.reading() as connection:
        table = await find_table(connection, written)
        if table is None:
            known = await table_names(connection)
            error = table_missing(database.name, name, written, known)
            return Standing(None, [_problem(database, "tables", error)])
        existing = await read_columns(connection, table.oid)
        declared = {row["name"]: row for row in await connection.fetch(DECLARED_SQL, table.oid)}
    mapped = map_columns(database.name, name, names, existing)
    relation = Relation(name, database.name, table.schema, table.table, table.is_view, mapped.found)
    checks = [
        Check(database.name, "tables", "ok", f"{name.capitalize()} are in {_shown(table)}."),
        *_columns(database, name, mapped, with_vectors),
        *_types(database, name, mapped, declared),
    ]
    return Standing(relation, checks)


def _shown(table: Table) -> str:
    return f"{'the view ' if table.is_view else ''}{table.schema}.{table.table}"


def _problem(database: Database, step: str, error: DatabaseError) -> Check:
    return Check(database.name, step, "problem", error.message, error.hint)


def _columns(database: Database, name: str, mapped: Mapped, with_vectors: bool) -> Iterator[Check]:
    for key, error in mapped.lacking.items():
        if with_vectors or EXPECTED_TYPES.get((name, key)) != VECTOR_TYPES:
            yield _problem(database, "columns", error)
            continue
        found = f"{error.message[:-1]}: without the vector extension it cannot."
        yield Check(database.name, "columns", "skipped", found)
    if not mapped.lacking:
        found = ", ".join(
            key if column.literal is None else f"{key} as set"
            for key, column in mapped.found.items()
        )
        yield Check(database.name, "columns", "ok", f"{name.capitalize()}: {found}.")


def _types(
    database: Database, name: str, mapped: Mapped, declared: Mapping[str, Mapping[str, object]]
) -> Iterator[Check]:
    for error in mapped.wrong.values():
        yield _problem(database, "types", error)
    told = [
        f"{key} is {_type(column, declared[column.name])}"
        for key, column in mapped.found.items()
        if column.literal is None and (name, key) in EXPECTED_TYPES
    ]
    if told and not mapped.wrong:
        yield Check(database.name, "types", "ok", f"{name.capitalize()}: {', '.join(told)}.")


def _type(column: Column, declared: Mapping[str, object]) -> str:
    dimensions = f"({column.dimensions})" if column.dimensions else ""
    if declared["is_domain"]:
        return f"{declared['declared']}, a domain over {column.type_name}{dimensions}"
    if column.type_name in VECTOR_TYPES and not column.dimensions:
        return f"{column.type_name} of any dimension"
    return str(declared["declared"])
