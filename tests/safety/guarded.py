"""A server of its own that notes every statement, with a small part of the demo's library in it."""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from lib.demo.provision import DemoAddresses
from lib.demo.server import OWNER, DemoServer, server_in
from tests.safety.statements import Statement, logged

# Small books, some with marked highlights, so that every page has something to do and is quick.
BOOKS = "8, 20, 27, 32, 45, 58, 66"
OUTSIDE = 9001
TESTS = "safety tests"

COPIED = {
    "life_dashboard": {
        "events": f"SELECT * FROM events WHERE coalesce(book_id, 0) IN (0, {OUTSIDE}, {BOOKS})",
    },
    "knowledge_base": {
        "books": f"SELECT * FROM books WHERE book_id IN ({BOOKS})",
        "chunks": f"SELECT * FROM chunks WHERE book_id IN ({BOOKS})",
        "chunk_embeddings": "SELECT e.* FROM chunk_embeddings e JOIN chunks USING (chunk_id)"
        f" WHERE book_id IN ({BOOKS})",
    },
}
TABLES = {
    "life_dashboard": """
        CREATE EXTENSION vector;
        CREATE EXTENSION dblink;
        CREATE TABLE events (
            id integer PRIMARY KEY, text text NOT NULL, book_id integer, embedding vector(256),
            embedding_model text, created_at timestamptz NOT NULL
        );
    """,
    "knowledge_base": """
        CREATE EXTENSION vector;
        CREATE EXTENSION pg_trgm;
        CREATE TABLE books (book_id integer PRIMARY KEY, title text NOT NULL, author text);
        CREATE TABLE chunks (
            chunk_id integer PRIMARY KEY, book_id integer NOT NULL, chapter_number integer,
            content text NOT NULL
        );
        CREATE TABLE chunk_embeddings (
            chunk_id integer NOT NULL, embedding_model text NOT NULL,
            embedding vector(256) NOT NULL
        );
        CREATE SEQUENCE counter;
    """,
}
INDEXES = {
    "life_dashboard": "ANALYZE",
    "knowledge_base": """
        CREATE INDEX ON chunks USING gin (content gin_trgm_ops);
        CREATE INDEX ON chunks (book_id, chunk_id);
        CREATE INDEX ON chunk_embeddings (embedding_model, chunk_id);
        CREATE INDEX ON chunk_embeddings USING hnsw (embedding vector_cosine_ops)
            WHERE embedding_model = 'wordllama-l2-256';
        CREATE VIEW shown_passages AS SELECT * FROM chunks;
        CREATE VIEW shown_embeddings AS SELECT * FROM chunk_embeddings;
        ANALYZE
    """,
}
NOTING = {
    "log_statement": "all",
    "log_destination": "jsonlog",
    "logging_collector": "on",
    "log_rotation_size": "0",
    "log_min_messages": "info",
    "log_line_prefix": "%m [%p] %a ",
    # Its own work would stand among the figures of what was written.
    "autovacuum": "off",
}


@dataclass(frozen=True)
class Guarded:
    """The running server, and the DSNs of its library for the role that owns everything."""

    server: DemoServer
    owner: DemoAddresses

    def statements(self) -> list[Statement]:
        """Every statement that anybody but the tests has sent so far."""
        lines = "".join(
            path.read_text(encoding="utf-8")
            for path in sorted((self.server.data / "log").glob("*.json"))
        )
        return logged([json.loads(line) for line in lines.splitlines()], TESTS)


@contextmanager
def guarded_server(demo: DemoAddresses) -> Iterator[Guarded]:
    """The server with its library copied from the demo's databases, read as their owner."""
    directory = Path(tempfile.mkdtemp(prefix="cs-"))
    server = server_in(directory)
    try:
        server.start()
        asyncio.run(_configure(server))
        # What decides where the log goes takes effect at the next start.
        server.release()
        server.start()
        asyncio.run(_copy(server, demo))
        yield Guarded(
            server,
            DemoAddresses(server.dsn("life_dashboard", OWNER), server.dsn("knowledge_base", OWNER)),
        )
    finally:
        server.release()
        shutil.rmtree(directory)


@asynccontextmanager
async def connected(dsn: str, name: str = TESTS) -> AsyncIterator[asyncpg.Connection]:
    """A connection under the name by which the log tells the tests from the app."""
    connection = await asyncpg.connect(dsn, server_settings={"application_name": name})
    try:
        yield connection
    finally:
        await connection.close()


async def _configure(server: DemoServer) -> None:
    async with connected(server.dsn(OWNER, OWNER)) as connection:
        for name, value in NOTING.items():
            await connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")


async def _copy(server: DemoServer, demo: DemoAddresses) -> None:
    async with connected(server.dsn(OWNER, OWNER)) as whole:
        for database in COPIED:
            await whole.execute(f"CREATE DATABASE {database}")
    for database, tables in COPIED.items():
        async with (
            connected(getattr(demo, database)) as source,
            connected(server.dsn(database, OWNER)) as target,
        ):
            await target.execute(TABLES[database])
            for table, query in tables.items():
                with tempfile.TemporaryFile() as rows:
                    await source.copy_from_query(query, output=rows, format="binary")
                    rows.seek(0)
                    await target.copy_to_table(table, source=rows, format="binary")
            await target.execute(INDEXES[database])
