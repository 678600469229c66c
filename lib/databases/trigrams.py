"""Queries on trigrams: those of texts, and the passages at the least trigram distance.

The operators are pg_trgm's, with the text on their left: `<->` compares it with the whole passage,
`<<->` with the stretch of the passage that is most like it, `<<<->` with one of whole words. The
distance is 0 for the same trigrams and 1 for none in common.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal
from weakref import WeakKeyDictionary

from lib.databases.pools import Database, Databases
from lib.databases.relations import Relation, Relations

Operator = Literal["<->", "<<->", "<<<->"]
OPERATORS: tuple[Operator, ...] = ("<->", "<<->", "<<<->")

# Each comparison keeps one core of the server busy: more of them at once only crowd it.
MOST_COMPARISONS = 3

_lanes: WeakKeyDictionary[Database, asyncio.Semaphore] = WeakKeyDictionary()


@dataclass(frozen=True)
class BookSize:
    """How many passages of a book hold a text, and how many bytes these are together."""

    passages: int
    text_bytes: int


@dataclass(frozen=True)
class PassageTrigrams:
    """The distinct trigrams of a passage, its id, its book (as text) and the bytes of its text."""

    passage: Any
    book: str
    text_bytes: int
    trigrams: list[str]


@dataclass(frozen=True)
class Nearest:
    """Which of its passages is nearest to the text of index `n`: that of index `place`."""

    n: int
    place: int
    distance: float


def most_at_once(databases: Databases) -> int:
    """How many comparisons may run at once: one connection is left to everybody else."""
    return max(1, min(MOST_COMPARISONS, databases.settings.pools.max_size - 1))


def lanes(databases: Databases) -> asyncio.Semaphore:
    """A place for each comparison that may run at once, whoever asks: hold one meanwhile."""
    database = databases.knowledge_base
    return _lanes.setdefault(database, asyncio.Semaphore(most_at_once(databases)))


async def measure_books(
    databases: Databases, relations: Relations, books: Sequence[str]
) -> dict[str, BookSize]:
    """The sizes of those of these books (ids as text) that have passages."""
    table = relations.passages
    book = table.columns["book_id"]
    # Compared as text: an id of another kind is a book that is not there, not an error. The length
    # of a long text that is stored apart is known without reading it.
    rows = await databases.knowledge_base.fetch(
        f"""
        WITH asked AS MATERIALIZED (
            SELECT DISTINCT {table["book_id"]} AS book
            FROM {table.sql}
            WHERE {table["book_id"]}::text = ANY($1)
        )
        SELECT asked.book::text AS book, count(*) AS passages,
               sum(octet_length(p.{table["content"]}::text)) AS text_bytes
        FROM asked JOIN {table.sql} AS p ON {book.of("p")} = asked.book
        WHERE p.{table["content"]} IS NOT NULL
        GROUP BY asked.book
        """,
        list(books),
    )
    return {row["book"]: BookSize(row["passages"], row["text_bytes"]) for row in rows}


async def read_ids(databases: Databases, relations: Relations, book: str) -> list[Any]:
    """The ids of the passages of a book (its id as text) that hold a text, in order."""
    table = relations.passages
    rows = await databases.knowledge_base.fetch(
        f"""
        SELECT {table["chunk_id"]} AS id
        FROM {table.sql}
        WHERE {table["book_id"]} = $1::text::{_type(table, "book_id")}
          AND {table["content"]} IS NOT NULL
        ORDER BY 1
        """,
        book,
    )
    return [row["id"] for row in rows]


async def split_texts(databases: Databases, texts: Sequence[str]) -> list[list[str]]:
    """The distinct trigrams of each text, as knowledge_base sees them."""
    rows = await databases.knowledge_base.fetch(
        """
        SELECT show_trgm(asked.text) AS trigrams
        FROM unnest($1::text[]) WITH ORDINALITY AS asked(text, n)
        ORDER BY asked.n
        """,
        list(texts),
    )
    return [row["trigrams"] for row in rows]


async def split_books(
    databases: Databases, relations: Relations, books: Sequence[str]
) -> list[PassageTrigrams]:
    """The trigrams of all passages of these books (ids as text) that hold a text, by id."""
    table = relations.passages
    condition = f"{table['book_id']} = ANY($1::text[]::{_type(table, 'book_id')}[])"
    return await _split(databases, table, condition, books)


async def split_passages(
    databases: Databases, relations: Relations, ids: Sequence[Any]
) -> list[PassageTrigrams]:
    """The trigrams of these passages, by id."""
    table = relations.passages
    return await _split(databases, table, f"{table['chunk_id']} = ANY($1)", ids)


async def _split(
    databases: Databases, table: Relation, condition: str, keys: Sequence[Any]
) -> list[PassageTrigrams]:
    content = f"{table['content']}::text"
    rows = await databases.knowledge_base.fetch(
        f"""
        SELECT {table["chunk_id"]} AS passage, {table["book_id"]}::text AS book,
               octet_length({content}) AS text_bytes, show_trgm({content}) AS trigrams
        FROM {table.sql}
        WHERE {condition} AND {table["content"]} IS NOT NULL
        ORDER BY 1
        """,
        list(keys),
    )
    return [PassageTrigrams(*row) for row in rows]


async def nearest_of(
    databases: Databases,
    relations: Relations,
    texts: Sequence[str],
    passages: Sequence[Sequence[Any]],
    operator: Operator,
) -> list[Nearest]:
    """For each text the nearest of some passages: text i among those of the ids `passages[i]`.

    Of equally near ones it is the first of them. A text with nothing to compare is left out.
    """
    if operator not in OPERATORS:
        raise ValueError(f"not a trigram distance: {operator}")
    table = relations.passages
    # OFFSET 0 has each distance computed once. It also keeps the planner from walking a GiST index
    # by distance, which would pass the whole library on its way.
    rows = await databases.knowledge_base.fetch(
        f"""
        SELECT DISTINCT ON (measured.n) measured.n, measured.place, measured.distance
        FROM (
            SELECT pair.n, pair.place,
                   (asked.text {operator} p.{table["content"]}::text)::float8 AS distance
            FROM unnest($1::text[]) WITH ORDINALITY AS asked(text, n)
            JOIN unnest($2::int[], $3::int[], $4::{_type(table, "chunk_id")}[])
                 AS pair(n, place, id) ON pair.n = asked.n - 1
            JOIN {table.sql} AS p ON p.{table["chunk_id"]} = pair.id
            WHERE p.{table["content"]} IS NOT NULL
            OFFSET 0
        ) AS measured
        ORDER BY measured.n, measured.distance, measured.place
        """,
        list(texts),
        [n for n, ids in enumerate(passages) for _ in ids],
        [place for ids in passages for place in range(len(ids))],
        [identifier for ids in passages for identifier in ids],
    )
    return [Nearest(*row) for row in rows]


def _type(table: Relation, key: str) -> str:
    """The type of a column, to cast a parameter to."""
    return table.columns[key].cast
