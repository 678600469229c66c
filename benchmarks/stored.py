"""Arrangements of labelled vectors, put into two databases."""

from __future__ import annotations

import asyncpg

from benchmarks.arrangements import Arrangement
from benchmarks.real_models import Sample
from lib.databases.vectors import to_text
from lib.demo import text
from lib.demo.copying import embedding_rows
from lib.demo.server import OWNER, DemoServer

NAMES = ("life_dashboard_arranged", "knowledge_base_arranged")
LIFE_DASHBOARD = """
    CREATE EXTENSION vector;
    CREATE TABLE events (
        id integer PRIMARY KEY, text text NOT NULL, book_id integer, embedding vector(384),
        embedding_model text
    );
"""
KNOWLEDGE_BASE = """
    CREATE EXTENSION vector;
    CREATE TABLE books (book_id integer PRIMARY KEY, title text NOT NULL);
    CREATE TABLE chunks (
        chunk_id integer PRIMARY KEY, book_id integer NOT NULL, content text NOT NULL
    );
    CREATE TABLE chunk_embeddings (
        chunk_id integer NOT NULL, embedding_model text NOT NULL, embedding vector(384) NOT NULL
    );
"""


async def create(server: DemoServer, sample: Sample) -> tuple[str, str]:
    """Both databases with texts and without vectors; returns their DSNs."""
    owner = await asyncpg.connect(server.dsn(OWNER, OWNER))
    try:
        for name in NAMES:
            await owner.execute(f"CREATE DATABASE {name}")
    finally:
        await owner.close()
    dsns = server.dsn(NAMES[0], OWNER), server.dsn(NAMES[1], OWNER)
    titles = {book.book_id: book.title for book in text.load().books}
    connection = await asyncpg.connect(dsns[1])
    try:
        await connection.execute(KNOWLEDGE_BASE)
        await connection.copy_records_to_table("books", records=list(titles.items()))
        await connection.copy_records_to_table(
            "chunks",
            records=list(
                zip(sample.chunks.tolist(), sample.books.tolist(), sample.passages, strict=True)
            ),
        )
    finally:
        await connection.close()
    connection = await asyncpg.connect(dsns[0])
    try:
        await connection.execute(LIFE_DASHBOARD)
    finally:
        await connection.close()
    return dsns


async def fill(dsns: tuple[str, str], sample: Sample, arrangement: Arrangement) -> None:
    """Put the vectors of one arrangement in the place of those before."""
    connection = await asyncpg.connect(dsns[1])
    try:
        await connection.execute("TRUNCATE chunk_embeddings")
        for label, matrix in arrangement.passages.items():
            await connection.copy_to_table(
                "chunk_embeddings",
                source=embedding_rows(sample.chunks.tolist(), label, matrix),
                format="binary",
            )
    finally:
        await connection.close()
    words = sample.highlights if arrangement.with_words else [""] * len(sample.highlights)
    connection = await asyncpg.connect(dsns[0])
    try:
        await connection.execute("TRUNCATE events")
        await connection.executemany(
            "INSERT INTO events VALUES ($1, $2, $3, $4::text::vector, $5)",
            [
                (number, words[number], book, to_text(vector), label)
                for number, (book, vector, label) in enumerate(
                    zip(
                        sample.heard_books,
                        arrangement.highlights,
                        arrangement.labels,
                        strict=True,
                    )
                )
            ],
        )
    finally:
        await connection.close()
