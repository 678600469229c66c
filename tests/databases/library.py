"""Small libraries made by SQL, and ways to look at a database other than through `lib`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

import asyncpg

from lib.settings import Settings

TABLES = """
    CREATE TABLE events (
        id integer PRIMARY KEY,
        text text,
        book_id integer,
        embedding vector,
        embedding_model text,
        created_at timestamptz
    );
    CREATE TABLE books (book_id integer PRIMARY KEY, title text, author text);
    CREATE TABLE chunks (
        chunk_id integer PRIMARY KEY,
        book_id integer,
        chapter_number integer,
        content text
    );
    CREATE TABLE chunk_embeddings (
        chunk_id integer,
        embedding_model text,
        embedding vector
    );
"""


def execute(dsn: str, *statements: str) -> None:
    """Run statements one by one, each in its own transaction."""

    async def run() -> None:
        connection = await asyncpg.connect(dsn)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(run())


def insert(dsn: str, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows; vectors are given as pgvector's text."""
    places = ", ".join(
        f"${n}::text::vector" if column == "embedding" else f"${n}"
        for n, column in enumerate(columns, start=1)
    )

    async def run() -> None:
        connection = await asyncpg.connect(dsn)
        try:
            await connection.executemany(
                f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", list(rows)
            )
        finally:
            await connection.close()

    asyncio.run(run())


def fetch(dsn: str, sql: str, *arguments: Any) -> list[tuple[Any, ...]]:
    """The rows of one query."""

    async def run() -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(dsn)
        try:
            return [tuple(row) for row in await connection.fetch(sql, *arguments)]
        finally:
            await connection.close()

    return asyncio.run(run())


def settings_for(dsn: str, **sections: dict[str, Any]) -> Settings:
    """Settings that read both databases from one; sections as in secrets.toml."""
    return Settings.model_validate(sections).with_connections(dsn, dsn)
