"""The steps that fill the demo's databases, one function each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import numpy as np
from numpy.typing import NDArray

from lib.demo import copying, models, schema, text
from lib.demo.highlights import compose
from lib.demo.server import OWNER, READER, DemoServer
from lib.settings import KNOWLEDGE_BASE, LIFE_DASHBOARD, DatabaseName

SWAPPED_SHARE = 0.005  # of the passages: their two vectors stand under each other's label
SWAP_SEED = 5

FRESH = {LIFE_DASHBOARD: "life_dashboard_fresh", KNOWLEDGE_BASE: "knowledge_base_fresh"}
OLD = {LIFE_DASHBOARD: "life_dashboard_old", KNOWLEDGE_BASE: "knowledge_base_old"}

FIRST, FIRST_INDEX = next(iter(schema.VECTOR_INDEXES.items()))

Vectors = NDArray[np.float32]
Tell = Callable[[int, str, int, int], object]
Count = Callable[[int, int], object]


@dataclass
class Workshop:
    """What the steps hand to each other."""

    server: DemoServer
    library: text.Library = field(default_factory=lambda: text.Library((), ()))
    vectors: dict[str, Vectors] = field(default_factory=dict)

    async def connect(self, database: DatabaseName) -> asyncpg.Connection:
        """A connection to one of the databases that are being built."""
        return await connect(self.server, FRESH[database])


async def connect(server: DemoServer, database: str) -> asyncpg.Connection:
    """A connection of the owner."""
    return await asyncpg.connect(server.dsn(database, OWNER))


async def build(server: DemoServer, mark: str, tell: Tell) -> None:
    """Make the library anew and put it in place of the old one in one transaction."""
    workshop = Workshop(server)
    for number, (what, step) in enumerate(STEPS, start=1):
        tell(number, what, 0, 0)

        def count(done: int, total: int, number: int = number, what: str = what) -> None:
            tell(number, what, done, total)

        await step(workshop, count)
    await _put_in_place(server, mark)


async def _create_databases(workshop: Workshop, count: Count) -> None:
    connection = await connect(workshop.server, OWNER)
    try:
        for name in (*FRESH.values(), *OLD.values()):
            await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        for name in FRESH.values():
            await connection.execute(f"CREATE DATABASE {name}")
        if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", READER):
            await connection.execute(f"CREATE ROLE {READER} LOGIN")
    finally:
        await connection.close()


async def _read_text(workshop: Workshop, count: Count) -> None:
    workshop.library = await asyncio.to_thread(text.load)
    total = len(workshop.library.verses)
    count(total, total)


def _embed(model: str) -> Callable[[Workshop, Count], Any]:
    async def step(workshop: Workshop, count: Count) -> None:
        contents = [verse.content for verse in workshop.library.verses]
        workshop.vectors[model] = await asyncio.to_thread(
            models.embed, model, contents, lambda done: count(done, len(contents))
        )

    return step


async def _copy_library(workshop: Workshop, count: Count) -> None:
    library = workshop.library
    ids = [verse.chunk_id for verse in library.verses]
    swapped = _swap_some(workshop.vectors)
    total = len(ids) * (1 + len(workshop.vectors))
    connection = await workshop.connect(KNOWLEDGE_BASE)
    try:
        await connection.execute(schema.KNOWLEDGE_BASE_TABLES)
        await connection.copy_records_to_table(
            "books",
            columns=["book_id", "title", "author"],
            records=[(book.book_id, book.title, book.author) for book in library.books],
        )
        await connection.copy_records_to_table(
            "chunks",
            columns=["chunk_id", "book_id", "chapter_number", "content"],
            records=[(v.chunk_id, v.book_id, v.chapter_number, v.content) for v in library.verses],
        )
        done = len(ids)
        count(done, total)
        for model, vectors in workshop.vectors.items():
            await connection.copy_to_table(
                "chunk_embeddings",
                columns=["chunk_id", "embedding_model", "embedding"],
                source=copying.embedding_rows(ids, model, vectors),
                format="binary",
            )
            done += len(ids)
            count(done, total)
        await connection.copy_records_to_table(
            "demo_planted",
            columns=["kind", "id", "label", "looks_like"],
            records=[
                ("swapped", ids[row], model, other)
                for row in swapped
                for model, other in (models.MODELS, models.MODELS[::-1])
            ],
        )
    finally:
        await connection.close()


def _swap_some(vectors: dict[str, Vectors]) -> list[int]:
    """Exchange both vectors of some passages, in place; returns their rows."""
    first, second = (vectors[model] for model in models.MODELS)
    rng = np.random.default_rng(SWAP_SEED)
    rows = np.sort(rng.choice(len(first), size=round(SWAPPED_SHARE * len(first)), replace=False))
    first[rows], second[rows] = second[rows].copy(), first[rows].copy()
    return [int(row) for row in rows]


async def _make_highlights(workshop: Workshop) -> None:
    highlights, planted = await asyncio.to_thread(compose, workshop.library)
    embeddings: dict[int, str] = {}
    for model in models.MODELS:
        chosen = [h for h in highlights if h.embedded_by == model]
        vectors = await asyncio.to_thread(models.embed, model, [h.text for h in chosen])
        for highlight, vector in zip(chosen, vectors, strict=True):
            embeddings[highlight.id] = "[" + ",".join(map(str, vector.tolist())) + "]"
    connection = await workshop.connect(LIFE_DASHBOARD)
    try:
        await connection.execute(schema.LIFE_DASHBOARD_TABLES)
        await connection.executemany(
            "INSERT INTO events (id, text, book_id, embedding, embedding_model, created_at)"
            " VALUES ($1, $2, $3, $4::text::vector, $5, $6)",
            [
                (h.id, h.text, h.book_id, embeddings[h.id], h.label, h.created_at)
                for h in highlights
            ],
        )
        await connection.copy_records_to_table(
            "demo_planted",
            columns=["kind", "id", "label", "looks_like", "first_chunk", "last_chunk"],
            records=[
                (p.kind, p.id, p.label, p.looks_like, p.first_chunk, p.last_chunk) for p in planted
            ],
        )
        for statement in schema.LIFE_DASHBOARD_INDEXES.values():
            await connection.execute(statement)
    finally:
        await connection.close()


async def _index(workshop: Workshop, count: Count) -> None:
    total = len(schema.KNOWLEDGE_BASE_INDEXES)
    connection = await workshop.connect(KNOWLEDGE_BASE)
    try:
        for done, statement in enumerate(schema.KNOWLEDGE_BASE_INDEXES.values(), start=1):
            await connection.execute(statement)
            count(done, total)
    finally:
        await connection.close()


def _index_vectors(statement: str) -> Callable[[Workshop, Count], Any]:
    async def step(workshop: Workshop, count: Count) -> None:
        connection = await workshop.connect(KNOWLEDGE_BASE)
        total = len(workshop.library.verses)
        watching = asyncio.create_task(_watch_index(workshop, count, total))
        try:
            await connection.execute(statement)
            count(total, total)
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            await connection.close()

    return step


async def _watch_index(workshop: Workshop, count: Count, total: int) -> None:
    """Report how many rows the running index build has taken in."""
    connection = await connect(workshop.server, OWNER)
    try:
        while True:
            done = await connection.fetchval(
                "SELECT max(tuples_done) FROM pg_stat_progress_create_index"
            )
            if done:
                count(min(int(done), total), total)
            await asyncio.sleep(0.2)
    finally:
        await connection.close()


async def _make_highlights_and_index(workshop: Workshop, count: Count) -> None:
    # The highlights take one core of this process, the index those of the server.
    await asyncio.gather(_make_highlights(workshop), _index_vectors(FIRST_INDEX)(workshop, count))


async def _finish(workshop: Workshop, count: Count) -> None:
    tasks: Sequence[DatabaseName] = (LIFE_DASHBOARD, KNOWLEDGE_BASE)
    for done, database in enumerate(tasks, start=1):
        connection = await workshop.connect(database)
        try:
            await connection.execute(schema.GRANTS[database])
            await connection.execute("VACUUM (ANALYZE)")
        finally:
            await connection.close()
        count(done, len(tasks))


STEPS: Sequence[tuple[str, Callable[[Workshop, Count], Any]]] = (
    ("Create the databases", _create_databases),
    ("Read the text", _read_text),
    *((f"Embed under {model}", _embed(model)) for model in models.MODELS),
    ("Copy books, passages and embeddings", _copy_library),
    ("Build the btree and trigram indexes", _index),
    (f"Make the highlights and the index for {FIRST}", _make_highlights_and_index),
    *(
        (f"Build the index for {what}", _index_vectors(statement))
        for what, statement in schema.VECTOR_INDEXES.items()
        if what != FIRST
    ),
    ("Count and tidy", _finish),
)


async def _put_in_place(server: DemoServer, mark: str) -> None:
    connection = await connect(server, OWNER)
    try:
        existing = {
            row["datname"] for row in await connection.fetch("SELECT datname FROM pg_database")
        }
        for attempt in range(20):
            try:
                async with connection.transaction():
                    for name, fresh in FRESH.items():
                        if name in existing:
                            await _disconnect_all(connection, name)
                            await connection.execute(f"ALTER DATABASE {name} RENAME TO {OLD[name]}")
                        await connection.execute(f"ALTER DATABASE {fresh} RENAME TO {name}")
                        await connection.execute(f"COMMENT ON DATABASE {name} IS '{mark}'")
                break
            except asyncpg.ObjectInUseError:
                # A reader came back between being disconnected and the renaming.
                if attempt == 19:
                    raise
                await asyncio.sleep(0.1)
        for old in OLD.values():
            await connection.execute(f"DROP DATABASE IF EXISTS {old} WITH (FORCE)")
    finally:
        await connection.close()


async def _disconnect_all(connection: asyncpg.Connection, database: str) -> None:
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = $1 AND pid <> pg_backend_pid()",
        database,
    )
