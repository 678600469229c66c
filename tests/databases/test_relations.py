"""Relations are looked up as they really are, and what is missing is named with its setting."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np
import pytest

from lib.databases import (
    books,
    embeddings,
    highlights,
    passages,
    reading,
    similar,
    trigrams,
    words,
)
from lib.databases.columns import quote
from lib.databases.indexes import check_indexes
from lib.databases.nearest import find_index
from lib.databases.selections import select_rows
from lib.databases.within import Within
from lib.errors import (
    ColumnMissing,
    ColumnTypeWrong,
    ExtensionMissing,
    PermissionDenied,
    RelationError,
    TableMissing,
)
from tests.databases.library import TABLES, execute, fetch, insert, settings_for

if TYPE_CHECKING:
    from lib.connection import Connection
    from tests.conftest import MakeDatabase, Open

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


ELSEWHERE = """
    CREATE SCHEMA types;
    CREATE TYPE types.grade AS ENUM ('low', 'high');
    CREATE DOMAIN types.number AS integer CHECK (value > 0);
    CREATE DOMAIN types.count AS types.number;
    CREATE DOMAIN types.label AS varchar(30);
    CREATE DOMAIN types.prose AS text COLLATE "C";
    CREATE DOMAIN types.point AS vector(2);
    ALTER TABLE chunks ALTER chunk_id TYPE types.count, ALTER book_id TYPE {book},
        ALTER content TYPE types.prose;
    ALTER TABLE books ALTER book_id TYPE {book};
    ALTER TABLE chunk_embeddings ALTER chunk_id TYPE types.count,
        ALTER embedding TYPE types.point, ALTER embedding_model TYPE {label};
"""


@pytest.mark.parametrize(
    ("label_type", "label"),
    [
        ("types.grade USING embedding_model::types.grade", "high"),
        ("types.label", "high"),
        ("integer USING 1", "7"),
        ("citext", "High"),
        ("uuid USING NULL", "00000000-0000-0000-0000-000000000007"),
    ],
)
@pytest.mark.parametrize(
    ("book_type", "book"), [("types.number", "3"), ("types.grade USING NULL", "low")]
)
def test_types_of_a_schema_off_the_search_path(
    make_database: MakeDatabase,
    open_connection: Open,
    label_type: str,
    label: str,
    book_type: str,
    book: str,
) -> None:
    dsn = make_database("vector", "citext", "pg_trgm")
    values = f"INSERT INTO chunks VALUES (1, '{book}', 4, 'one'), (2, '{book}', 5, 'two')"
    indexed = (
        "CREATE INDEX of_label ON chunk_embeddings"
        " USING hnsw ((embedding::vector(2)) vector_cosine_ops)"
        f" WHERE embedding_model = '{label}'"
    )
    execute(
        dsn,
        TABLES,
        *ELSEWHERE.format(book=book_type, label=label_type).split(";")[:-1],
        f"INSERT INTO books VALUES ('{book}', 'Emma')",
        values,
        f"INSERT INTO chunk_embeddings VALUES (1, '{label}', '[1,0]'), (2, '{label}', '[0,1]')",
        indexed,
    )
    connection = open_connection(settings_for(dsn))
    found = connection.relations()
    assert found.passages.columns["chunk_id"].type_name == "int4"
    assert found.passages.columns["content"].type_name == "text"
    assert found.embeddings.columns["embedding"].dimensions == 2
    assert connection.run(embeddings.count_by_model).to_numpy().tolist() == [[label, 2]]
    assert connection.run(embeddings.read_ids, label) == [1, 2]
    assert connection.run(embeddings.read_vectors, label, [2]).matrix.tolist() == [[0, 1]]
    nearest = connection.run(similar.nearest_by_embedding, label, "[0,1]", 2, 2, total=2)
    assert nearest.rows["passage"].tolist() == [2, 1]
    within = Within(books=(book,), chapters=("4",))
    inside = connection.run(similar.nearest_by_embedding, label, "[0,1]", 2, 2, within)
    assert inside.rows["passage"].tolist() == [1]
    assert connection.run(similar.read_scores, label, "[0,1]", 2, [1, 2]) == {1: 0, 2: 1}
    assert connection.run(reading.find_passage, "2") == 2
    assert connection.run(reading.find_passage, "x") is None
    assert connection.run(reading.read_around, 1, 3)["content"].tolist() == ["two"]
    assert all(p.trigrams for p in connection.run(trigrams.split_books, [book]))
    checks = connection.run(check_indexes, [label])
    assert checks[1].present, checks[1].sentence
    # The very parameter that is sent lets the planner take the partial index.
    execute(
        dsn, "INSERT INTO chunk_embeddings SELECT n, NULL, '[1,1]' FROM generate_series(9, 3000) n"
    )
    execute(dsn, "ANALYZE chunk_embeddings")
    assert connection.run(find_index, label, "[0,1]", 2, 2) == "of_label"
    statement = select_rows(found.passages, "book_id", [book], None, "why")
    assert len(fetch(dsn, statement)) == 2


def test_extensions_in_a_schema_off_the_search_path(
    make_database: MakeDatabase, open_connection: Open
) -> None:
    dsn = make_database()
    execute(
        dsn,
        'CREATE SCHEMA "The Extensions"',
        'CREATE EXTENSION vector SCHEMA "The Extensions"',
        'CREATE EXTENSION pg_trgm SCHEMA "The Extensions"',
        f'SET search_path = public, "The Extensions"; {TABLES}',
        "INSERT INTO chunks VALUES (1, 1, 4, 'one or another'), (2, 1, 5, 'two')",
        "INSERT INTO chunk_embeddings VALUES (1, 'm', '[1,0]'), (2, 'm', '[0,1]')",
    )
    connection = open_connection(settings_for(dsn))
    found = connection.run(similar.nearest_by_embedding, "m", "[0,1]", 2, 2)
    assert found.rows["passage"].tolist() == [2, 1]
    assert len(connection.run(embeddings.read_gate)) == 1
    similar_words = connection.run(words.with_similar_words, "one or other", 5)
    assert similar_words.rows["passage"].tolist() == [1]

    # What is searched is searched after the path of the role, and only within a transaction.
    async def path(databases: Any, relations: Any) -> str:
        row = await databases.knowledge_base.fetchrow("SELECT current_setting('search_path') AS p")
        return str(row["p"])

    assert connection.run(path) == '"$user", public, "The Extensions"'


def test_an_extension_that_the_role_may_not_use(
    make_database: MakeDatabase, open_connection: Open
) -> None:
    dsn = make_database()
    execute(
        dsn,
        "CREATE SCHEMA extensions",
        "CREATE EXTENSION vector SCHEMA extensions",
        "CREATE ROLE shut_out LOGIN PASSWORD 'x'",
    )
    try:
        connection = open_connection(settings_for(dsn.replace("//postgres@", "//shut_out:x@")))
        with pytest.raises(PermissionDenied, match="vector extension") as raised:
            connection.relations()
        assert 'GRANT USAGE ON SCHEMA "extensions" TO "shut_out";' in raised.value.hint
    finally:
        execute(dsn, "DROP ROLE shut_out")


def test_one_label_for_a_table_without_labels(open_library: OpenLibrary) -> None:
    label = 'it\'s \\ "one" $1 {x} %s'
    connection = open_library(
        "ALTER TABLE chunk_embeddings DROP COLUMN embedding_model",
        "ALTER TABLE events DROP COLUMN embedding_model",
        "INSERT INTO chunk_embeddings VALUES (1, '[1,0]'), (2, '[0,1]'), (3, NULL)",
        "INSERT INTO events (id, text, embedding) VALUES (1, 'a', '[1,2]'), (2, 'b', NULL)",
        embeddings={"model": label},
        highlights={"model": label},
    )
    assert connection.run(embeddings.count_by_model).to_numpy().tolist() == [[label, 2]]
    assert connection.run(highlights.count_by_model)["model"].tolist() == [label]
    assert connection.run(highlights.read_vectors, label).ids == [1]
    assert connection.run(embeddings.read_ids, label) == [1, 2]
    assert connection.run(embeddings.read_ids, "another") == []
    assert connection.run(embeddings.read_gate)["model"].tolist() == [label, label]
    found = connection.run(similar.nearest_by_embedding, label, "[0,1]", 2, 2)
    assert found.rows["passage"].tolist() == [2, 1]
    (_, vectors) = connection.run(check_indexes, [label])
    assert vectors.create is not None
    assert "WHERE" not in vectors.create
    dsn = connection.settings.dsn("knowledge_base")
    more = "INSERT INTO chunk_embeddings SELECT n, '[1,1]' FROM generate_series(9, 3000) AS n"
    execute(dsn, more, vectors.create, "ANALYZE chunk_embeddings")
    index = connection.run(find_index, label, "[0,1]", 2, 2)
    assert index is not None
    (_, vectors) = connection.run(check_indexes, [label])
    assert (vectors.present, vectors.name) == (True, index)
    statement = select_rows(connection.relations().embeddings, "chunk_id", [1], label, "why")
    assert statement.endswith('WHERE "chunk_id" IN (1);')


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        # There under its default name: it holds.
        ({"model": "given"}, ["in the column"]),
        ({"model": "given", "embedding_model": "embedding_model"}, ["in the column"]),
        ({"model": "given", "embedding_model": ""}, ["given"]),
    ],
)
def test_a_column_of_labels_wins_over_one_label(
    open_library: OpenLibrary, labels: dict[str, str], expected: list[str]
) -> None:
    connection = open_library(
        "INSERT INTO chunk_embeddings VALUES (1, 'in the column', '[1,0]')",
        "INSERT INTO events VALUES (1, 'a', NULL, '[1,0]', 'in the column')",
        embeddings=labels,
        highlights=labels,
    )
    assert connection.run(embeddings.count_by_model)["model"].tolist() == expected
    assert connection.run(highlights.count_by_model)["model"].tolist() == expected


def test_without_labels_or_one_label_both_remedies_are_named(open_library: OpenLibrary) -> None:
    with pytest.raises(ColumnMissing) as raised:
        open_library("ALTER TABLE chunk_embeddings DROP COLUMN embedding_model").relations()
    assert "relations.embeddings.embedding_model" in raised.value.hint
    assert "relations.embeddings.model" in raised.value.hint
    with pytest.raises(ColumnMissing) as raised:
        open_library(passages={"book_id": ""}).relations()
    assert raised.value.message == "Table chunks in knowledge_base has no column for book_id."
    assert "relations.passages.book " in raised.value.hint


def test_one_book_for_passages_without_books(open_library: OpenLibrary) -> None:
    connection = open_library(
        "DROP TABLE books",
        "ALTER TABLE chunks DROP COLUMN book_id",
        "INSERT INTO chunks (chunk_id, content) VALUES (2, 'second'), (1, 'first')",
        "INSERT INTO chunk_embeddings VALUES (1, 'm', '[1,0]')",
        passages={"book": "L'Étranger"},
    )
    title = "L'Étranger"
    assert _read_passages(connection) == [(1, title, "first"), (2, title, "second")]
    known = connection.run(books.read_books)
    assert known.to_numpy().tolist() == [[title, title, None]]
    assert connection.run(books.read_titles, [title, "x"]) == {title: title}
    assert connection.run(passages.count_by_book) == {title: 2}
    assert connection.run(passages.read_book_ids, [1]) == {1: title}
    coverage = connection.run(embeddings.read_coverage)
    assert coverage.to_numpy().tolist() == [[title, 2, "m", 1]]
    assert connection.run(reading.read_around, 1, 5)["content"].tolist() == ["second"]
    assert list(connection.run(trigrams.measure_books, [title, "x"])) == [title]
    found = connection.run(similar.nearest_by_embedding, "m", "[1,0]", 2, 5, Within(books=(title,)))
    assert found.rows["passage"].tolist() == [1]
    nowhere = Within(books=("x",))
    found = connection.run(similar.nearest_by_embedding, "m", "[1,0]", 2, 5, nowhere)
    assert found.rows.empty


def test_a_table_of_passages_may_be_that_of_books(open_library: OpenLibrary) -> None:
    connection = open_library(
        "ALTER TABLE chunks ADD title text, ADD author text",
        "INSERT INTO chunks (chunk_id, book_id, title, author) VALUES"
        " (4, 10, 'Later', 'B'), (2, 10, NULL, 'A'), (3, 10, 'First', 'C'), (5, 9, NULL, NULL),"
        " (6, NULL, 'Of no book', NULL)",
        books={"table": "chunks"},
    )
    assert connection.run(books.read_books).to_numpy().tolist() == [
        ["9", "9", None],
        ["10", "First", "C"],
    ]
    assert connection.run(books.read_titles, ["10"]) == {"10": "First"}


@pytest.mark.parametrize("title", ["book_id", "title"])
def test_books_listed_several_times_are_books_once(open_library: OpenLibrary, title: str) -> None:
    connection = open_library(
        "ALTER TABLE books DROP CONSTRAINT books_pkey, ALTER book_id DROP NOT NULL",
        "INSERT INTO books VALUES (2, 'B'), (2, 'A'), (2, NULL), (1, 'C'), (NULL, 'D')",
        books={"title": title},
    )
    read = connection.run(books.read_books)
    assert read["book"].tolist() == ["1", "2"]
    assert read["title"].tolist() == (["C", "A"] if title == "title" else ["1", "2"])


def test_a_column_named_like_a_result_orders_by_itself(open_library: OpenLibrary) -> None:
    """`ORDER BY "book"` means the result `book`, a text, where there is one."""
    connection = open_library(
        "ALTER TABLE chunks RENAME book_id TO book",
        "ALTER TABLE chunks ADD id int",
        "ALTER TABLE books RENAME book_id TO book",
        "INSERT INTO books (book, title) VALUES (10, 'J'), (9, 'I')",
        "INSERT INTO chunks (chunk_id, book, id, content)"
        " VALUES (1, 10, 1, 'c'), (2, 9, 2, 'b'), (3, 9, 1, 'a')",
        passages={"book_id": "book", "position": "id"},
        books={"book_id": "book"},
    )
    assert [text for _, _, text in _read_passages(connection)] == ["a", "b", "c"]
    assert list(connection.run(passages.count_by_book)) == ["9", "10"]
    assert connection.run(books.read_books)["book"].tolist() == ["9", "10"]


@pytest.mark.parametrize(
    ("written", "schema", "table"),
    [
        ("a.b", "a", "b"),
        ("a.b.c", "a.b", "c"),
        ("x.y.z", "public", "x.y.z"),
        ('"a.b".c', "a.b", "c"),
        ('"a.b"."c"', "a.b", "c"),
        ('a."b.c"', "a", "b.c"),
        ('"x.y.z"', "public", "x.y.z"),
        ('"say ""x"""', "public", 'say "x"'),
        ('say "x"', "public", 'say "x"'),
    ],
)
def test_double_quotes_tell_schema_and_table_apart(
    open_library: OpenLibrary, written: str, schema: str, table: str
) -> None:
    tables = [("a", "b"), ("a.b", "c"), ("a", "b.c"), ("public", "x.y.z"), ("public", 'say "x"')]
    connection = open_library(
        'CREATE SCHEMA "a"',
        'CREATE SCHEMA "a.b"',
        *(f"CREATE TABLE {quote(s)}.{quote(t)} (LIKE books)" for s, t in tables),
        books={"table": written},
    )
    found = connection.relations().books
    assert (found.schema, found.table) == (schema, table)


def _read_passages(connection: Connection) -> list[tuple[Any, str | None, str]]:
    async def read(databases: Any, relations: Any) -> list[tuple[Any, str | None, str]]:
        return [
            row
            async for batch in passages.stream_contents(databases, relations)
            for row in zip(batch.ids, batch.books, batch.texts, strict=True)
        ]

    return connection.run(read)
