"""Queries on books."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from lib.databases.pools import Databases
from lib.databases.relations import Relations


async def read_books(databases: Databases, relations: Relations) -> pd.DataFrame:
    """Every book, by id: columns `book` (its id as text), `title` and `author` (or None)."""
    table = relations.books
    rows = await databases.knowledge_base.fetch(
        f"""
        SELECT {table["book_id"]}::text AS book,
               coalesce({table["title"]}::text, {table["book_id"]}::text) AS title,
               {table.get("author", "NULL::text")}::text AS author
        FROM {table.rows}
        ORDER BY {table.columns["book_id"].of("books")}
        """
    )
    return pd.DataFrame(
        [tuple(row) for row in rows], columns=["book", "title", "author"], dtype=object
    )


async def read_titles(
    databases: Databases, relations: Relations, ids: Sequence[str]
) -> dict[str, str]:
    """The titles of these books, by their ids as text; the id itself where it has no title."""
    table = relations.books
    rows = await databases.knowledge_base.fetch(
        f"""
        SELECT {table["book_id"]}::text AS book,
               coalesce({table["title"]}::text, {table["book_id"]}::text) AS title
        FROM {table.rows}
        WHERE {table["book_id"]}::text = ANY($1)
        """,
        list(ids),
    )
    return {row["book"]: row["title"] for row in rows}
