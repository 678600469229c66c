"""Relations are looked up as they really are, and what is missing is named with its setting."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np
import pytest

from lib.databases import books, embeddings, highlights, passages
from lib.errors import (
    ColumnMissing,
    ColumnTypeWrong,
    ExtensionMissing,
    RelationError,
    TableMissing,
)
from tests.databases.library import TABLES, execute, insert, settings_for

if TYPE_CHECKING:
    from lib.connection import Connection
    from tests.conftest import MakeDatabase
    from tests.databases.conftest import Open

OpenLibrary = Callable[..., "Connection"]


@pytest.fixture
def open_library(make_database: MakeDatabase, open_connection: Open) -> OpenLibrary:
    """Opens the usual tables, changed by statements, under some [relations]."""

    def open_one(*statements: str, **relations: dict[str, Any]) -> Connection:
        dsn = make_database("vector")
        execute(dsn, TABLES, *statements)
        return open_connection(settings_for(dsn, relations=relations))

    return open_one


def test_the_usual_names_need_no_settings(open_library: OpenLibrary) -> None:
    found = open_library().relations()
    assert found.highlights.sql == '"public"."events"'
    assert set(found.highlights.columns) == {
        "id",
        "text",
        "book_id",
        "embedding",
        "embedding_model",
        "created_at",
    }
    assert found.passages.columns["chunk_id"].type_name == "int4"
    assert "position" not in found.passages.columns
    assert not found.embeddings.is_view


def test_a_missing_table_is_named_with_the_nearest_one(open_library: OpenLibrary) -> None:
    connection = open_library("ALTER TABLE chunk_embeddings RENAME TO chunk_embedings")
    with pytest.raises(TableMissing) as raised:
        connection.relations()
    assert raised.value.message == "knowledge_base has no table chunk_embeddings."
    assert "relations.embeddings.table" in raised.value.hint
    assert "chunk_embedings?" in raised.value.hint


def test_a_missing_column_is_named_with_the_nearest_one(open_library: OpenLibrary) -> None:
    connection = open_library("ALTER TABLE chunks RENAME content TO contents")
    with pytest.raises(ColumnMissing) as raised:
        connection.relations()
    assert raised.value.message == "Table chunks in knowledge_base has no column content."
    assert "relations.passages.content" in raised.value.hint
    assert "contents?" in raised.value.hint


def test_a_column_that_was_dropped_is_missing(open_library: OpenLibrary) -> None:
    connection = open_library("ALTER TABLE events DROP COLUMN text")
    with pytest.raises(ColumnMissing, match=r"relations\.highlights\.text"):
        connection.relations()


def test_a_missing_extension(make_database: MakeDatabase, open_connection: Open) -> None:
    connection = open_connection(settings_for(make_database()))
    with pytest.raises(ExtensionMissing, match="life_dashboard has no vector extension") as raised:
        connection.relations()
    assert "CREATE EXTENSION vector" in raised.value.hint


@pytest.mark.parametrize(
    ("statement", "setting", "found"),
    [
        ("ALTER TABLE chunks ALTER content TYPE bytea USING NULL", "passages.content", "bytea"),
        ("ALTER TABLE events ALTER text TYPE integer USING 0", "highlights.text", "int4"),
        (
            "ALTER TABLE events ALTER embedding TYPE real[] USING NULL",
            "highlights.embedding",
            "_float4",
        ),
        (
            "ALTER TABLE chunk_embeddings ALTER embedding TYPE text",
            "embeddings.embedding",
            "text",
        ),
        (
            "ALTER TABLE events ALTER created_at TYPE text",
            "highlights.created_at",
            "text",
        ),
        ("ALTER TABLE books ALTER title TYPE integer USING 0", "books.title", "int4"),
    ],
)
def test_a_column_of_the_wrong_type(
    open_library: OpenLibrary, statement: str, setting: str, found: str
) -> None:
    with pytest.raises(ColumnTypeWrong) as raised:
        open_library(statement).relations()
    assert f"of type {found}, not" in raised.value.message
    assert f"relations.{setting} " in raised.value.hint


def test_what_was_put_right_is_seen_without_a_restart(
    make_database: MakeDatabase, open_connection: Open
) -> None:
    dsn = make_database("vector")
    execute(dsn, TABLES, "ALTER TABLE books RENAME TO tomes")
    connection = open_connection(settings_for(dsn))
    with pytest.raises(TableMissing, match=r"relations\.books\.table"):
        connection.run(books.read_books)
    execute(dsn, "ALTER TABLE tomes RENAME TO books", "INSERT INTO books VALUES (1, 'Emma')")
    assert connection.run(books.read_books)["title"].tolist() == ["Emma"]
    # A table that goes while its relations are known is a missing table too, not a crash.
    execute(dsn, "ALTER TABLE books RENAME TO tomes")
    with pytest.raises(RelationError):
        connection.run(books.read_books)
    execute(dsn, "ALTER TABLE tomes RENAME TO books")
    assert len(connection.run(books.read_books)) == 1


def test_identifiers_are_quoted_never_pasted(open_library: OpenLibrary) -> None:
    """Capitals, spaces, quotes and a name that is an attack."""
    connection = open_library(
        'CREATE SCHEMA "My Books"',
        'CREATE TABLE "My Books"."The Chunks; DROP TABLE events --" ("Id" integer, "Book\'s" '
        'integer, "the ""text""" text, "order" integer)',
        'INSERT INTO "My Books"."The Chunks; DROP TABLE events --" VALUES '
        "(1, 1, 'second', 2), (2, 1, 'first', 1)",
        "INSERT INTO events (id, text) VALUES (1, 'still here')",
        passages={
            "table": "My Books.The Chunks; DROP TABLE events --",
            "chunk_id": "Id",
            "book_id": "Book's",
            "content": 'the "text"',
            "position": "order",
        },
    )
    assert _read_passages(connection) == [(2, "1", "first"), (1, "1", "second")]
    assert connection.run(highlights.read_texts)["text"].tolist() == ["still here"]


def test_a_table_may_have_a_full_stop_in_its_name(open_library: OpenLibrary) -> None:
    connection = open_library('ALTER TABLE books RENAME TO "my.books"', books={"table": "my.books"})
    assert connection.relations().books.sql == '"public"."my.books"'


def test_an_upper_case_name_is_not_its_lower_case_name(open_library: OpenLibrary) -> None:
    connection = open_library('ALTER TABLE books RENAME TO "Books"')
    with pytest.raises(TableMissing, match=r"Books\?"):
        connection.relations()


def test_a_view_serves(open_library: OpenLibrary) -> None:
    connection = open_library(
        "CREATE TABLE raw (n integer, tome integer, body bytea)",
        "INSERT INTO raw VALUES (5, 1, convert_to('Café', 'UTF8'))",
        "CREATE VIEW readable AS SELECT n AS chunk_id, tome AS book_id,"
        " convert_from(body, 'UTF8') AS content FROM raw",
        passages={"table": "readable"},
    )
    assert connection.relations().passages.is_view
    assert _read_passages(connection) == [(5, "1", "Café")]


def test_optional_columns_may_be_missing(open_library: OpenLibrary) -> None:
    connection = open_library(
        "ALTER TABLE events DROP COLUMN book_id, DROP COLUMN embedding_model,"
        " DROP COLUMN created_at",
        "ALTER TABLE books DROP COLUMN author",
        "ALTER TABLE chunks DROP COLUMN chapter_number",
        "INSERT INTO events (id, text, embedding) VALUES (1, 'a', '[1,2]'), (2, 'b', NULL)",
        "INSERT INTO books VALUES (1, 'Emma')",
        "INSERT INTO chunks (chunk_id, book_id, content) VALUES (1, 1, 'x')",
    )
    counted = connection.run(highlights.count_by_model)
    assert counted.to_dict("records") == [
        {"model": "unlabelled", "highlights": 2, "embedded": 1, "with_book": 0}
    ]
    texts = connection.run(highlights.read_texts)
    assert texts["model"].tolist() == ["unlabelled", "unlabelled"]
    assert texts["created_at"].isna().all()
    assert texts["book"].isna().all()
    assert connection.run(highlights.read_vectors, "unlabelled").ids == [1]
    gate = connection.run(embeddings.read_gate)
    assert gate["model"].tolist() == ["unlabelled"]
    assert connection.run(books.read_books)["author"].tolist() == [None]
    assert connection.run(passages.read_passages, [1])["chapter"].tolist() == [None]


@pytest.mark.parametrize(
    ("relation", "key", "table"),
    [
        ("highlights", "book_id", "events"),
        ("highlights", "embedding_model", "events"),
        ("highlights", "created_at", "events"),
        ("books", "author", "books"),
        ("passages", "chapter_number", "chunks"),
        ("passages", "position", "chunks"),
    ],
)
def test_an_optional_column_that_is_mapped_must_exist(
    open_library: OpenLibrary, relation: str, key: str, table: str
) -> None:
    connection = open_library(**{relation: {key: "no_such_column"}})
    with pytest.raises(ColumnMissing) as raised:
        connection.relations()
    assert f"Table {table} " in raised.value.message
    assert "no column no_such_column" in raised.value.message
    assert f"relations.{relation}.{key} " in raised.value.hint


IDS: dict[str, list[Any]] = {
    "text": ["x-1", "x-2", "ü'3"],
    "uuid": [UUID(int=1), UUID(int=2), UUID(int=2**127)],
    "bigint": [-5, 2**53 + 1, 2**62],
    "smallint": [1, 2, 3],
}


@pytest.mark.parametrize("id_type", IDS)
def test_ids_keep_their_type_there_and_back(
    make_database: MakeDatabase, open_connection: Open, id_type: str
) -> None:
    ids = IDS[id_type]
    dsn = make_database("vector")
    execute(
        dsn,
        f"CREATE TABLE events (id {id_type}, text text, book_id {id_type}, embedding vector)",
        f"CREATE TABLE books (book_id {id_type}, title text)",
        f"CREATE TABLE chunks (chunk_id {id_type}, book_id {id_type}, content text)",
        f"CREATE TABLE chunk_embeddings (chunk_id {id_type}, embedding_model text,"
        " embedding vector)",
    )
    vectors = [f"[{n},1]" for n in range(len(ids))]
    insert(dsn, "books", ["book_id", "title"], [(ids[0], "Emma")])
    insert(dsn, "chunks", ["chunk_id", "book_id", "content"], [(i, ids[0], "x") for i in ids])
    insert(
        dsn,
        "chunk_embeddings",
        ["chunk_id", "embedding_model", "embedding"],
        [(i, "m", v) for i, v in zip(ids, vectors, strict=True)],
    )
    insert(
        dsn,
        "events",
        ["id", "text", "book_id", "embedding"],
        [(i, "x", ids[0], v) for i, v in zip(ids, vectors, strict=True)],
    )
    connection = open_connection(settings_for(dsn))
    assert connection.run(highlights.read_texts)["id"].tolist() == ids
    assert connection.run(highlights.read_vector, ids[2]).matrix.tolist() == [[2, 1]]
    assert [row[0] for row in _read_passages(connection)] == ids
    assert connection.run(embeddings.read_ids, "m") == ids
    read = connection.run(embeddings.read_vectors, "m", ids[1:])
    assert read.ids == ids[1:]
    assert np.array_equal(read.matrix, [[1, 1], [2, 1]])
    assert set(connection.run(passages.read_passages, ids[:2])["passage"]) == set(ids[:2])
    # Books meet by their ids as text.
    assert connection.run(books.read_books)["book"].tolist() == [str(ids[0])]


def _read_passages(connection: Connection) -> list[tuple[Any, str | None, str]]:
    async def read(databases: Any, relations: Any) -> list[tuple[Any, str | None, str]]:
        return [
            row
            async for batch in passages.stream_contents(databases, relations)
            for row in zip(batch.ids, batch.books, batch.texts, strict=True)
        ]

    return connection.run(read)
