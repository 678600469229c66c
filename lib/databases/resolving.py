"""Looks up, in the catalogues, the tables and columns that the settings name."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from lib.databases.columns import literal_column, quote, read_columns
from lib.databases.mapped import map_columns, table_missing
from lib.databases.pools import Database, Databases
from lib.databases.relations import OutOfReach, Relation, Relations
from lib.databases.tables import find_table, is_unique, table_names
from lib.errors import (
    ConnectionLost,
    DatabaseError,
    ExtensionMissing,
    PermissionDenied,
    QueryTimeout,
    TooManyConnections,
    Unreachable,
)
from lib.settings import RelationNames

# Errors that pass: the database may be in reach the next time.
PASSING = (Unreachable, TooManyConnections, QueryTimeout)


async def resolve(databases: Databases) -> Relations:
    """Look up every mapped table and column.

    Raises ExtensionMissing, TableMissing, ColumnMissing or ColumnTypeWrong, each naming the
    setting at fault and the fix.
    """
    return Relations(await _resolve_highlights(databases), *await _resolve_library(databases))


async def resolve_reachable(databases: Databases, known: Relations | None = None) -> Relations:
    """As `resolve`, but where one database cannot be reached for the moment, the other serves.

    What is `known` is not looked up again.
    """
    found: list[Any] = [
        *await asyncio.gather(
            _resolve_highlights(databases, known),
            _resolve_library(databases, known),
            return_exceptions=True,
        )
    ]
    errors = [one for one in found if isinstance(one, BaseException)]
    for error in errors:
        # On another connection the same may succeed.
        if not isinstance(error, PASSING) or isinstance(error, ConnectionLost):
            raise error
    if len(errors) == len(found):
        raise errors[0]
    heard, library = found
    if isinstance(heard, DatabaseError):
        heard = OutOfReach(heard)
    if isinstance(library, DatabaseError):
        library = [OutOfReach(library)] * 3
    return Relations(heard, *library)


async def _resolve_highlights(databases: Databases, known: Relations | None = None) -> Relation:
    if known is not None and isinstance(known.highlights, Relation):
        return known.highlights
    await require_vector_extension(databases.life_dashboard)
    names = databases.settings.relations
    return await _resolve_one(databases.life_dashboard, "highlights", names)


async def _resolve_library(
    databases: Databases, known: Relations | None = None
) -> tuple[Relation, Relation, Relation]:
    """Books, passages and embeddings."""
    if known is not None and isinstance(known.books, Relation):
        return known.books, known.passages, known.embeddings
    names = databases.settings.relations
    await require_vector_extension(databases.knowledge_base)
    passages = await _resolve_one(databases.knowledge_base, "passages", names)
    one_book = passages.columns["book_id"].literal
    if one_book is None:
        books = await _resolve_one(databases.knowledge_base, "books", names)
        books = await _one_row_a_book(databases.knowledge_base, books, passages)
    else:
        books = _only_book(passages, one_book)
    embeddings = await _resolve_one(databases.knowledge_base, "embeddings", names)
    return books, passages, embeddings


async def require_vector_extension(database: Database) -> None:
    """Raise ExtensionMissing unless pgvector is installed, PermissionDenied unless it may be used.

    Extensions that live in a schema off the search path are searched for there from now on.
    """
    rows = await database.fetch(EXTENSIONS_SQL)
    if not any(row["name"] == "vector" for row in rows):
        raise ExtensionMissing(
            database.name,
            f"{database.name} has no vector extension.",
            "Run CREATE EXTENSION vector; in it as its owner.",
        )
    for row in rows:
        if row["name"] == "vector" and not row["may_use"]:
            raise PermissionDenied(
                database.name,
                f"The role may not use the vector extension of {database.name}, "
                f"which is in the schema {row['schema']}.",
                f"Run GRANT USAGE ON SCHEMA {quote(row['schema'])} TO {quote(row['role'])}; in it "
                "as its owner.",
            )
    database.search_also([row["schema"] for row in rows if not row["searched"]])


EXTENSIONS_SQL = """
    SELECT e.extname AS name, n.nspname AS schema, session_user AS role,
           has_schema_privilege(n.oid, 'USAGE') AS may_use,
           n.nspname = ANY (current_schemas(true)) AS searched
    FROM pg_extension e
    JOIN pg_namespace n ON n.oid = e.extnamespace
    WHERE e.extname IN ('vector', 'pg_trgm')
"""


async def _resolve_one(database: Database, name: str, names: RelationNames) -> Relation:
    written = getattr(names, name).table
    async with database.reading() as connection:
        found = await find_table(connection, written)
        if found is None:
            known = await table_names(connection)
            raise table_missing(database.name, name, written, known)
        existing = await read_columns(connection, found.oid)
    mapped = map_columns(database.name, name, names, existing)
    for error in mapped.errors:
        raise error
    return Relation(name, database.name, found.schema, found.table, found.is_view, mapped.found)


def _only_book(passages: Relation, title: str) -> Relation:
    """The books, where all passages are of one."""
    column = literal_column(title)
    return replace(
        passages,
        name="books",
        columns={"book_id": column, "title": column},
        subquery="(VALUES (true))",
    )


async def _one_row_a_book(database: Database, books: Relation, passages: Relation) -> Relation:
    """The books, each once: a table of passages, or a view, may have many rows of one.

    Of several titles it is the first that is one, by the id of the passages.
    """
    book, title = books.columns["book_id"], books.columns["title"]
    async with database.reading() as connection:
        if await is_unique(connection, books.sql, book):
            return books
    names = ", ".join(dict.fromkeys(column.sql for column in books.columns.values()))
    order = [book.sql, f"{title.sql} IS NULL"]
    order.append(passages["chunk_id"] if books.sql == passages.sql else title.sql)
    subquery = f"""(
        SELECT DISTINCT ON ({book.sql}) {names}
        FROM {books.sql}
        WHERE {book.sql} IS NOT NULL
        ORDER BY {", ".join(order)}
    )"""
    if names == book.sql:
        subquery = f"(SELECT DISTINCT {names} FROM {books.sql} WHERE {names} IS NOT NULL)"
    return replace(books, subquery=subquery)
