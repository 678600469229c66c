"""Tables, columns and types of one relation, each told although another is wrong."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lib.databases.columns import VECTOR_TYPES, Column, literal_column, read_columns
from lib.databases.doctor.checks import Check
from lib.databases.pools import Database
from lib.databases.relations import Relation
from lib.databases.resolving import EXPECTED_TYPES, INDISPENSABLE, SHARED
from lib.databases.tables import Table, find_table, possible_names, table_names
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
    mapping = getattr(names, name)
    async with database.reading() as connection:
        table = await find_table(connection, mapping.table)
        if table is None:
            nearest = _nearest(possible_names(mapping.table)[0][1], await table_names(connection))
            return Standing(
                None,
                [
                    Check(
                        database.name,
                        "tables",
                        "problem",
                        f"{database.name} has no table {mapping.table}.",
                        f"Set relations.{name}.table to the right name{nearest}.",
                    ),
                ],
            )
        existing = await read_columns(connection, table.oid)
        declared = {row["name"]: row for row in await connection.fetch(DECLARED_SQL, table.oid)}
    columns, lacking = _mapped(name, mapping, existing)
    relation = Relation(name, database.name, table.schema, table.table, table.is_view, columns)
    checks = [
        Check(database.name, "tables", "ok", f"{name.capitalize()} are in {_shown(table)}."),
        *_columns(database, name, mapping.table, columns, lacking, existing, with_vectors),
        *_types(database, name, columns, declared),
    ]
    return Standing(relation, checks)


def _shown(table: Table) -> str:
    return f"{'the view ' if table.is_view else ''}{table.schema}.{table.table}"


def _mapped(
    name: str, mapping: object, existing: Mapping[str, Column]
) -> tuple[dict[str, Column], dict[str, str]]:
    """The columns that are there by their keys, and the names of those that should be."""
    columns: dict[str, Column] = {}
    lacking: dict[str, str] = {}
    for key, setting in type(mapping).model_fields.items():  # type: ignore[attr-defined]
        if key in {"table", *SHARED.values()}:
            continue
        column = getattr(mapping, key)
        shared = getattr(mapping, SHARED[name, key]) if (name, key) in SHARED else None
        optional = setting.annotation == (str | None) and (name, key) not in INDISPENSABLE
        mapped = column is not None and key in mapping.model_fields_set  # type: ignore[attr-defined]
        if column is not None and column in existing:
            columns[key] = existing[column]
        elif shared is not None and not mapped:
            columns[key] = literal_column(shared)
        elif mapped or not optional:
            lacking[key] = column or key
    return columns, lacking


def _columns(
    database: Database,
    name: str,
    table: str,
    columns: Mapping[str, Column],
    lacking: Mapping[str, str],
    existing: Mapping[str, Column],
    with_vectors: bool,
) -> Iterator[Check]:
    for key, column in lacking.items():
        if not with_vectors and EXPECTED_TYPES.get((name, key)) == VECTOR_TYPES:
            yield Check(
                database.name,
                "columns",
                "skipped",
                f"{table} has no column {column}: without the vector extension it cannot.",
            )
            continue
        shared = SHARED.get((name, key))
        otherwise = f", or relations.{name}.{shared} to what all rows share" if shared else ""
        yield Check(
            database.name,
            "columns",
            "problem",
            f"Table {table} in {database.name} has no column {column}.",
            f"Set relations.{name}.{key} to the right name{_nearest(column, list(existing))}"
            f"{otherwise}.",
        )
    if not lacking:
        found = [key if c.literal is None else f"{key} as set" for key, c in columns.items()]
        yield Check(database.name, "columns", "ok", f"{name.capitalize()}: {', '.join(found)}.")


def _types(
    database: Database,
    name: str,
    columns: Mapping[str, Column],
    declared: Mapping[str, Mapping[str, object]],
) -> Iterator[Check]:
    told, wrong = [], False
    for key, column in columns.items():
        expected = EXPECTED_TYPES.get((name, key))
        if column.literal is not None or expected is None:
            continue
        # Where books have no titles, their ids serve, of whatever type.
        untitled = (name, key) == ("books", "title") and column == columns.get("book_id")
        if column.type_name not in expected and not untitled:
            wrong = True
            yield Check(
                database.name,
                "types",
                "problem",
                f"Column {column.name} of {name} in {database.name} is of type "
                f"{column.type_name}, not {' or '.join(sorted(expected))}.",
                f"Map relations.{name}.{key} to another column, or to a view that casts it.",
            )
            continue
        told.append(f"{key} is {_type(column, declared[column.name])}")
    if told and not wrong:
        yield Check(database.name, "types", "ok", f"{name.capitalize()}: {', '.join(told)}.")


def _type(column: Column, declared: Mapping[str, object]) -> str:
    dimensions = f"({column.dimensions})" if column.dimensions else ""
    if declared["is_domain"]:
        return f"{declared['declared']}, a domain over {column.type_name}{dimensions}"
    if column.type_name in VECTOR_TYPES and not column.dimensions:
        return f"{column.type_name} of any dimension"
    return str(declared["declared"])


def _nearest(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    if near:
        return f" ({near[0]}?)"
    return f" (one of {', '.join(known[:8])})" if known else ""
