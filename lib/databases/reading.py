"""Queries for reading on: the passages around one, the chapters of a book, a passage by its id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
import pandas as pd

from lib.databases.pools import Databases
from lib.databases.relations import Relations
from lib.databases.within import Within
from lib.databases.words import MOST_CHARACTERS
from lib.errors import DatabaseError


@dataclass(frozen=True)
class Chapters:
    """Chapters, as text, in reading order; `truncated` where there are more."""

    names: list[str]
    truncated: bool = False


async def read_around(
    databases: Databases, relations: Relations, passage: Any, most: int
) -> pd.DataFrame:
    """Up to `most` passages before a passage and as many after it, in its book and reading order.

    Columns `passage`, `chapter` (or None), `content` (of a long one the end that is nearer) and
    `side` ("before" or "after"); the passage itself is not among them. Empty where there is no such
    passage, or no book to it.
    """
    table = relations.passages
    position = "position" if "position" in table.columns else "chunk_id"
    chapter = f"p.{table['chapter_number']}" if "chapter_number" in table.columns else "NULL"
    book = table.columns["book_id"]
    columns = f"""
        p.{table["chunk_id"]} AS id, p.{table[position]} AS position, {chapter}::text AS chapter
    """
    place = f"(p.{table[position]}, p.{table['chunk_id']})"
    sides = [
        f"""
        (SELECT {columns}, {end}(p.{table["content"]}::text, {MOST_CHARACTERS}) AS content,
                '{side}' AS side
         FROM {table.sql} AS p, here
         WHERE {book.of("p")} = here.book AND {place} {sign} (here.position, here.id)
         ORDER BY p.{table[position]} {direction}, p.{table["chunk_id"]} {direction}
         LIMIT {int(most)})
        """
        for side, sign, direction, end in (
            ("before", "<", "DESC", "right"),
            ("after", ">", "ASC", "left"),
        )
    ]
    rows = await databases.knowledge_base.fetch(
        f"""
        WITH here AS (
            SELECT {table["chunk_id"]} AS id, {table["book_id"]} AS book,
                   {table[position]} AS position
            FROM {table.sql}
            WHERE {table["chunk_id"]} = $1
        )
        SELECT id AS passage, chapter, content, side
        FROM ({sides[0]} UNION ALL {sides[1]}) AS around
        ORDER BY position, id
        """,
        passage,
    )
    columns_read = ["passage", "chapter", "content", "side"]
    return pd.DataFrame([tuple(row) for row in rows], columns=columns_read, dtype=object)


async def read_chapters(
    databases: Databases, relations: Relations, books: Sequence[str]
) -> Chapters:
    """The chapters of these books (ids as text), in reading order; none without such a column.

    At most `limits.rows_shown` of them.
    """
    table = relations.passages
    if "chapter_number" not in table.columns:
        return Chapters([])
    most = databases.settings.limits.rows_shown
    condition, arguments = Within(tuple(books)).condition(table, 1)
    rows = await databases.knowledge_base.fetch(
        f"""
        SELECT {table["chapter_number"]}::text AS chapter
        FROM {table.sql}
        WHERE {condition} AND {table["chapter_number"]} IS NOT NULL
        GROUP BY {table["chapter_number"]}
        ORDER BY {table["chapter_number"]}
        LIMIT {int(most) + 1}
        """,
        *arguments,
    )
    return Chapters([row["chapter"] for row in rows[:most]], len(rows) > most)


async def find_passage(databases: Databases, relations: Relations, identifier: str) -> Any:
    """The id, in database type, of the passage whose id reads like this; None where there is none.

    The text is cast to the type of the column, so that its index serves.
    """
    table = relations.passages
    column = table.columns["chunk_id"]
    try:
        rows = await databases.knowledge_base.fetch(
            f"""
            SELECT {column.sql} AS id FROM {table.sql}
            WHERE {column.sql} = $1::text::{column.cast}
            """,
            identifier,
        )
    except DatabaseError as error:
        # Not an id of this type: there is no such passage.
        if isinstance(error.__cause__, asyncpg.DataError):
            return None
        raise
    return rows[0]["id"] if rows else None
