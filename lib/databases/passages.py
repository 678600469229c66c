"""Queries on passages, the chunks of the books of knowledge_base."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from lib.databases.pools import Databases
from lib.databases.relations import Relation, Relations


@dataclass(frozen=True)
class Batch:
    """Passages in reading order: `ids` in database type, `books` as text or None, their texts.

    `lengths`: characters of each as it stands, which its lower case may exceed.
    """

    ids: list[Any]
    books: list[str | None]
    texts: list[str]
    lengths: list[int]


def reading_order(table: Relation, alias: str) -> str:
    """The ORDER BY list that puts passages into books and books into reading order.

    A name without the alias might be taken for that of a result, such as `book`, a text.
    """
    keys = [key for key in ("book_id", "position", "chunk_id") if key in table.columns]
    return ", ".join(table.columns[key].of(alias) for key in keys)


async def count_passages(databases: Databases, relations: Relations) -> int:
    """The number of passages."""
    row = await databases.knowledge_base.fetchrow(
        f"SELECT count(*) AS n FROM {relations.passages.sql}"
    )
    return int(row["n"])


async def count_by_book(databases: Databases, relations: Relations) -> dict[str, int]:
    """The number of passages of each book that has any, by its id as text, in order."""
    table = relations.passages
    book = table.columns["book_id"].of("passage")
    rows = await databases.knowledge_base.fetch(
        f"""
        SELECT {book}::text AS book, count(*) AS passages
        FROM {table.sql} AS passage
        WHERE {book} IS NOT NULL
        GROUP BY {book}
        ORDER BY {book}
        """
    )
    return {row["book"]: row["passages"] for row in rows}


def _collated(table: Relation, expression: str) -> str:
    """The expression under the collation of the passages, which decides what lower() does."""
    collation = table.columns["content"].collation
    return f"({expression} COLLATE {collation})" if collation else expression


async def stream_lowered(databases: Databases, relations: Relations) -> AsyncIterator[Batch]:
    """All passages in reading order, lower-cased by the server exactly as ILIKE does."""
    table = relations.passages
    async for batch in _stream(databases, table, f"lower({table['content']}::text)"):
        yield batch


async def stream_contents(
    databases: Databases, relations: Relations, books: Sequence[str | None] | None = None
) -> AsyncIterator[Batch]:
    """All passages, or those of `books`, in reading order as they stand.

    `books` are ids as text, none that `count_by_book` does not know: another need not be of the
    type of the column. None among them: the passages without a book.
    """
    table = relations.passages
    async for batch in _stream(databases, table, f"{table['content']}::text", books):
        yield batch


async def _stream(
    databases: Databases, table: Relation, text: str, books: Sequence[str | None] | None = None
) -> AsyncIterator[Batch]:
    book = table.columns["book_id"]
    chosen = ""
    arguments: list[Any] = []
    if books is not None:
        # Compared as the column's own type, so that its index serves.
        ids = f"$1::text[]::{book.cast}[]"
        chosen = f"WHERE {book.sql} = ANY ({ids}) OR ($2 AND {book.sql} IS NULL)"
        arguments = [[one for one in books if one is not None], None in books]
    sql = f"""
        SELECT {table["chunk_id"]} AS id, {table["book_id"]}::text AS book,
               coalesce({text}, '') AS text,
               coalesce(char_length({table["content"]}::text), 0) AS length
        FROM {table.sql} AS passage
        {chosen}
        ORDER BY {reading_order(table, "passage")}
    """
    size = databases.settings.limits.batch_rows
    async for rows in databases.knowledge_base.batches(sql, *arguments, size=size):
        yield Batch(
            ids=[row["id"] for row in rows],
            books=[row["book"] for row in rows],
            texts=[row["text"] for row in rows],
            lengths=[row["length"] for row in rows],
        )


async def lower_patterns(
    databases: Databases, relations: Relations, patterns: Sequence[str]
) -> list[str]:
    """ILIKE patterns lower-cased by the server exactly as ILIKE lower-cases its right side."""
    lowered = _collated(relations.passages, "p")
    row = await databases.knowledge_base.fetchrow(
        f"""
        SELECT array_agg(lower({lowered}) ORDER BY n) AS lowered
        FROM unnest($1::text[]) WITH ORDINALITY AS given(p, n)
        """,
        list(patterns),
    )
    return list(row["lowered"] or [])


async def read_letter_lengths(
    databases: Databases, relations: Relations, ids: Sequence[Any]
) -> pd.DataFrame:
    """How the lower case of passages grew out of their letters, in no order.

    Columns `passage`, `original` and `lowered`: lists of the characters that each letter with its
    accents has before and after, in the order of the text.
    """
    table = relations.passages
    letter = _collated(table, "letter[1]")
    rows = await databases.knowledge_base.fetch(
        f"""
        SELECT passage, array_agg(char_length(letter[1]) ORDER BY n) AS original,
               array_agg(char_length(lower({letter})) ORDER BY n) AS lowered
        FROM (
            SELECT {table["chunk_id"]} AS passage, {table["content"]}::text AS content
            FROM {table.sql}
            WHERE {table["chunk_id"]} = ANY($1)
        ) AS asked,
        regexp_matches(content, '.[\u0300-\u036f]*', 'g') WITH ORDINALITY AS letters(letter, n)
        GROUP BY passage
        """,
        list(ids),
    )
    columns = ["passage", "original", "lowered"]
    return pd.DataFrame([tuple(row) for row in rows], columns=columns, dtype=object)


async def read_passages(
    databases: Databases, relations: Relations, ids: Sequence[Any], most: int | None = None
) -> pd.DataFrame:
    """The passages of these ids, in no order: `passage`, `book`, `chapter` (or None), `content`.

    With `most`, only so many characters of each.
    """
    table = relations.passages
    content = f"{table['content']}::text"
    if most is not None:
        content = f"left({content}, {int(most)})"
    rows = await databases.knowledge_base.fetch(
        f"""
        SELECT {table["chunk_id"]} AS passage, {table["book_id"]}::text AS book,
               {table.get("chapter_number")}::text AS chapter, {content} AS content
        FROM {table.sql}
        WHERE {table["chunk_id"]} = ANY($1)
        """,
        list(ids),
    )
    columns = ["passage", "book", "chapter", "content"]
    return pd.DataFrame([tuple(row) for row in rows], columns=columns, dtype=object)


async def read_excerpts(
    databases: Databases, relations: Relations, ids: Sequence[Any], starts: Sequence[int], most: int
) -> pd.DataFrame:
    """Up to `most` characters of each of these passages, from the character `starts[i]` on.

    In the order of the ids: `content` and `chapter` (None where there is none, or no such passage),
    and `cut`, whether the passage has more.
    """
    table = relations.passages
    content = f"{table['content']}::text"
    read: dict[Any, Any] = {}
    for start in dict.fromkeys(starts):
        wanted = [one for one, begin in zip(ids, starts, strict=True) if begin == start]
        rows = await databases.knowledge_base.fetch(
            f"""
            SELECT {table["chunk_id"]} AS id, substr({content}, {int(start) + 1}, {int(most)})
                   AS content, {table.get("chapter_number")}::text AS chapter,
                   coalesce(char_length({content}) > {int(most)}, false) AS cut
            FROM {table.sql}
            WHERE {table["chunk_id"]} = ANY($1)
            """,
            wanted,
        )
        for row in rows:
            read.setdefault(row["id"], (row["content"], row["chapter"], row["cut"]))
    nothing = (None, None, False)
    return pd.DataFrame(
        [read.get(one, nothing) for one in ids], columns=["content", "chapter", "cut"], dtype=object
    )


async def read_book_ids(
    databases: Databases, relations: Relations, ids: Sequence[Any]
) -> dict[Any, str | None]:
    """The book of each of these passages, as text."""
    table = relations.passages
    rows = await databases.knowledge_base.fetch(
        f"""
        SELECT {table["chunk_id"]} AS id, {table["book_id"]}::text AS book
        FROM {table.sql}
        WHERE {table["chunk_id"]} = ANY($1)
        """,
        list(ids),
    )
    return {row["id"]: row["book"] for row in rows}
