"""A database server for one benchmark, and libraries put into it."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg

from benchmarks.transcripts import Library
from lib.demo.server import OWNER, DemoServer, server_in

KNOWLEDGE_BASE = """
    CREATE EXTENSION vector;
    CREATE EXTENSION pg_trgm;
    CREATE TABLE books (book_id integer PRIMARY KEY, title text NOT NULL, author text);
    CREATE TABLE chunks (
        chunk_id integer PRIMARY KEY,
        book_id integer NOT NULL REFERENCES books,
        chapter_number integer,
        content text NOT NULL
    );
    CREATE TABLE chunk_embeddings (
        chunk_id integer NOT NULL REFERENCES chunks,
        embedding_model text NOT NULL,
        embedding vector(768) NOT NULL,
        PRIMARY KEY (chunk_id, embedding_model)
    );
    CREATE INDEX chunks_book ON chunks (book_id, chunk_id);
    CREATE INDEX chunks_content_trgm ON chunks USING gin (content gin_trgm_ops);
"""
LIFE_DASHBOARD = """
    CREATE EXTENSION vector;
    CREATE TABLE events (
        id integer PRIMARY KEY,
        text text NOT NULL,
        book_id integer,
        embedding vector(768),
        embedding_model text,
        created_at timestamptz
    );
"""


@contextlib.contextmanager
def own_server() -> Iterator[DemoServer]:
    """An empty server in a folder of its own, both of which are gone in the end."""
    # A short name, because the folder holds the socket.
    directory = Path(tempfile.mkdtemp(prefix="cc-"))
    try:
        server = server_in(directory)
        try:
            server.start()
            yield server
        finally:
            server.release()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


async def load(server: DemoServer, name: str, library: Library) -> dict[str, str]:
    """Put a library into two fresh databases; the variables that make Concordance read them."""
    life_dashboard, knowledge_base = f"life_dashboard_{name}", f"knowledge_base_{name}"
    owner = await asyncpg.connect(server.dsn(OWNER, OWNER))
    try:
        for database in (life_dashboard, knowledge_base):
            await owner.execute(f"CREATE DATABASE {database}")
    finally:
        await owner.close()
    await _fill(
        server.dsn(knowledge_base, OWNER),
        KNOWLEDGE_BASE,
        {
            "books": [
                (book, f"Peter and Wendy, part {book}", "J. M. Barrie")
                for book in sorted({passage.book for passage in library.passages})
            ],
            "chunks": [(it.id, it.book, None, it.text) for it in library.passages],
        },
    )
    events = [(it.id, it.text, it.book, None, None, None) for it in library.highlights]
    await _fill(server.dsn(life_dashboard, OWNER), LIFE_DASHBOARD, {"events": events})
    return {
        "LIFE_DASHBOARD_DSN": server.dsn(life_dashboard, OWNER),
        "KNOWLEDGE_BASE_DSN": server.dsn(knowledge_base, OWNER),
    }


async def _fill(dsn: str, tables: str, records: dict[str, list[tuple[Any, ...]]]) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(tables)
        for table, rows in records.items():
            places = ", ".join(f"${place}" for place in range(1, len(rows[0]) + 1))
            await connection.executemany(f"INSERT INTO {table} VALUES ({places})", rows)
        await connection.execute("VACUUM (ANALYZE)")
    finally:
        await connection.close()
