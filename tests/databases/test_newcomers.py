"""Databases of other shapes, connected with what is proposed for them, pasted unchanged."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lib.databases import books, embeddings, highlights, passages, similar
from lib.databases.granting import READER, grants
from lib.databases.indexes import check_indexes
from lib.databases.privileges import check_privileges
from lib.databases.trigrams import measure_books
from lib.databases.within import Within
from lib.mapping import Proposal, propose
from lib.report.build import build
from lib.report.options import Options
from lib.settings import Settings, load
from tests.databases import newcomers
from tests.databases.library import TABLES, execute, settings_for
from tests.databases.newcomers import DIMENSIONS, TITLES, each, fill
from tests.databases.roles import MakeRole, as_role, made_roles

if TYPE_CHECKING:
    from lib.connection import Connection
    from lib.demo.server import DemoServer
    from tests.conftest import MakeDatabase, Open

HEARD, WRITTEN = newcomers.highlights(), newcomers.passages()
BOOKS = [[n, title] for n, title in enumerate(TITLES, start=1)]

Paste = Callable[..., tuple["Connection", Proposal]]


@pytest.fixture(autouse=True)
def make_role(server: DemoServer) -> Iterator[MakeRole]:
    # Begun before any database, and so ended after it.
    with made_roles(server) as make:
        yield make


@pytest.fixture
def paste(open_connection: Open, tmp_path: Path) -> Paste:
    """Connects with the proposal for two databases beneath their addresses, and with no more, as a
    role that may read what was proposed to their owner, and nothing else."""

    def pasted(life: str, knowledge: str) -> tuple[Settings, Proposal]:
        asking = open_connection(Settings().with_connections(life, knowledge))
        proposal = asking.run_on_databases(propose)
        path = tmp_path / "secrets.toml"
        path.write_text(
            f"[connections.life_dashboard]\ndsn = '{life}'\n\n"
            f"[connections.knowledge_base]\ndsn = '{knowledge}'\n\n{proposal.toml}",
            encoding="utf-8",
        )
        return load(path, {}), proposal

    def connect(life: str, knowledge: str) -> tuple[Connection, Proposal]:
        settings, to_owner = pasted(life, knowledge)
        owner = open_connection(settings)
        statements = grants(owner.run(check_privileges), settings.pools)
        execute(life, statements["life_dashboard"])
        execute(knowledge, statements["knowledge_base"])
        settings, proposal = pasted(as_role(life, READER), as_role(knowledge, READER))
        assert [(one.table, one.columns) for one in proposal.relations] == [
            (one.table, one.columns) for one in to_owner.relations
        ]
        return open_connection(settings), proposal

    return connect


def check(
    connection: Connection, heard_as: str, written_as: str, titles: tuple[str, ...] = TITLES
) -> None:
    """Every query gives what was put in; `titles` are of the books that passages are told by."""
    texts = connection.run(highlights.read_texts)
    assert sorted(texts["text"]) == sorted(piece.text for piece in HEARD)
    by_label = connection.run(highlights.count_by_model)
    assert by_label[["model", "embedded"]].to_numpy().tolist() == [[heard_as, len(HEARD)]]
    by_model = connection.run(embeddings.count_by_model)
    assert by_model.to_numpy().tolist() == [[written_as, len(WRITTEN)]]
    known = connection.run(books.read_books)
    assert sorted(known["title"]) == sorted(titles)
    expected = len(WRITTEN) // len(titles)
    counted = connection.run(passages.count_by_book)
    assert counted == dict.fromkeys(known["book"], expected)
    coverage = connection.run(embeddings.read_coverage)
    assert sorted(coverage["book"]) == sorted(known["book"])
    assert coverage[["passages", "model", "embedded"]].to_numpy().tolist() == (
        [[expected, written_as, expected]] * len(titles)
    )
    sizes = connection.run(measure_books, list(known["book"]))
    assert {size.passages for size in sizes.values()} == {expected}
    assert len(connection.run(check_indexes, [written_as])) == 2
    check_nearest(connection, written_as, known["book"].tolist())
    check_report(connection, heard_as, written_as, titles)


def check_nearest(connection: Connection, written_as: str, ids: list[str]) -> None:
    """The passage of a vector is nearest to it, also within its book and with its text."""
    for piece in WRITTEN[3::30]:
        everywhere = similar.nearest_by_embedding
        asked = (written_as, piece.vector, DIMENSIONS, 3)
        found = connection.run(everywhere, *asked).rows
        read = connection.run(passages.read_passages, [found["passage"][0]])
        assert read["content"].tolist() == [piece.text]
        assert found["score"][0] == pytest.approx(1, abs=1e-3)
        within = Within(books=(read["book"][0],))
        again = connection.run(everywhere, *asked, within).rows
        assert again["passage"][0] == found["passage"][0]
        assert read["book"][0] in ids


def check_report(
    connection: Connection, heard_as: str, written_as: str, titles: tuple[str, ...]
) -> None:
    """The report finds each highlight by its words, in its passage."""
    report = connection.run(build, Options(matches=True))
    sources = report["sources"]["knowledge_base"]
    assert (sources["books"], sources["passages"]) == (len(titles), len(WRITTEN))
    assert sources["embeddings_by_model"] == {written_as: len(WRITTEN)}
    assert report["sources"]["life_dashboard"]["by_model"] == {heard_as: len(HEARD)}
    assert report["matching"]["any_window"]["matched"] == len(HEARD)
    found = {match["passage"] for match in report["matching"]["matches"]}
    assert len(found) == len(HEARD)
    assert [
        (pair["highlight_model"], pair["passage_model"]) for pair in report["similarity"]["pairs"]
    ] == [(heard_as, written_as)]


def fill_highlights(dsn: str, table: str, *fields: str, vector: str = "vector") -> None:
    casts = {"vector": vector, "number": "int", "book": "int"}
    fill(dsn, table, list(each(HEARD, *fields)), *(casts.get(one, "text") for one in fields))


def test_the_usual_tables_need_nothing(make_database: MakeDatabase, paste: Paste) -> None:
    dsn = make_database("vector")
    execute(dsn, TABLES)
    rows = [
        [*row[:3], row[3], "m", None] for row in each(HEARD, "number", "text", "book", "vector")
    ]
    fill(dsn, "events", rows, "int", "text", "int", "vector", "text", "timestamptz")
    fill(dsn, "books", BOOKS, "int", "text")
    rows = [
        [number, book, None, text] for number, book, text in each(WRITTEN, "number", "book", "text")
    ]
    fill(dsn, "chunks", rows, "int", "int", "int", "text")
    fill(
        dsn,
        "chunk_embeddings",
        list(each(WRITTEN, "number", "m", "vector")),
        "int",
        "text",
        "vector",
    )
    connection, proposal = paste(dsn, dsn)
    assert proposal.complete
    assert "[relations" not in proposal.toml
    check(connection, "m", "m")


FLAT = """
    CREATE TABLE documents (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        source text NOT NULL,
        chunk_index integer NOT NULL,
        content text NOT NULL,
        embedding vector(12)
    )
"""


def test_one_flat_table_without_labels(make_database: MakeDatabase, paste: Paste) -> None:
    life, knowledge = make_database("vector"), make_database("vector")
    execute(
        life,
        "CREATE TABLE quotes (id serial PRIMARY KEY, quote text, source text, added date,"
        " embedding vector(12))",
    )
    rows = [
        [n, t, s, "2024-01-05", v]
        for n, t, s, v in each(HEARD, "number", "text", "title", "vector")
    ]
    fill(life, "quotes", rows, "int", "text", "text", "date", "vector")
    execute(knowledge, FLAT)
    fill(
        knowledge,
        "documents (source, chunk_index, content, embedding)",
        list(each(WRITTEN, "title", "number", "text", "vector")),
        "text",
        "int",
        "text",
        "vector",
    )
    connection, proposal = paste(life, knowledge)
    assert 'model = "unknown"  # a guess: write the name of the model here' in proposal.toml
    assert 'position = "chunk_index"' in proposal.toml
    check(connection, "unlabelled", "unknown")
    assert set(connection.run(highlights.read_texts)["book"]) == set(TITLES)
    order = connection.run(_texts_in_order, ["Walden"])
    assert order == [piece.text for piece in WRITTEN if piece.title == "Walden"]


async def _texts_in_order(databases: Any, relations: Any, books: list[str]) -> list[str]:
    batches = passages.stream_contents(databases, relations, books)
    return [text async for batch in batches for text in batch.texts]


def test_text_and_vectors_and_nothing_else(make_database: MakeDatabase, paste: Paste) -> None:
    life, knowledge = make_database("vector"), make_database("vector")
    execute(
        life, "CREATE TABLE clips (id int PRIMARY KEY, transcript text, nomic_embedding vector)"
    )
    fill_highlights(life, "clips", "number", "text", "vector")
    execute(
        knowledge, "CREATE TABLE items (id int PRIMARY KEY, inhalt text, nomic_embedding vector)"
    )
    fill_highlights(knowledge, "items", "number", "text", "vector")
    execute(knowledge, "TRUNCATE items")
    fill(
        knowledge, "items", list(each(WRITTEN, "number", "text", "vector")), "int", "text", "vector"
    )
    connection, proposal = paste(life, knowledge)
    assert 'book = "All passages"  # a guess: write the title of the book here' in proposal.toml
    assert 'model = "nomic"  # a guess' in proposal.toml
    check(connection, "unlabelled", "nomic", titles=("All passages",))


def test_capitals_quotes_full_stops_and_other_schemas(
    make_database: MakeDatabase, paste: Paste
) -> None:
    life, knowledge = make_database("vector"), make_database("vector")
    execute(
        life,
        'CREATE SCHEMA "Læse.liste"',
        'CREATE TABLE "Læse.liste"."My ""Highlights""" ("Id" int PRIMARY KEY, "The Text" text,'
        ' "Book\'s ID" int, "Vector" halfvec(12), "Model.Name" varchar(40))',
    )
    fill_highlights(
        life,
        '"Læse.liste"."My ""Highlights"""',
        "number",
        "text",
        "book",
        "vector",
        'e5 \\ "x"',
        vector="halfvec",
    )
    execute(
        knowledge,
        'CREATE SCHEMA "Library"',
        'CREATE TABLE "Library"."Books" ("ID" int PRIMARY KEY, "Book Title" text, "Author" text)',
        'CREATE TABLE "Library"."Book.Chunks" ("ChunkID" int PRIMARY KEY, "BookID" int REFERENCES'
        ' "Library"."Books", "ChapterNumber" int, "Content" text)',
        'CREATE TABLE "Library"."Vectors" ("ChunkID" int REFERENCES "Library"."Book.Chunks",'
        ' "EmbeddingModel" text, "Embedding" halfvec(12))',
    )
    fill(knowledge, '"Library"."Books"', BOOKS, "int", "text")
    fill(
        knowledge,
        '"Library"."Book.Chunks" ("ChunkID", "BookID", "Content")',
        list(each(WRITTEN, "number", "book", "text")),
        "int",
        "int",
        "text",
    )
    rows = list(each(WRITTEN, "number", 'e5 \\ "x"', "vector"))
    fill(knowledge, '"Library"."Vectors"', rows, "int", "text", "halfvec")
    connection, proposal = paste(life, knowledge)
    found = {proposed.name: proposed.table for proposed in proposal.relations}
    assert found == {
        "highlights": '"Læse.liste"."My ""Highlights"""',
        "books": "Library.Books",
        "passages": '"Library"."Book.Chunks"',
        "embeddings": "Library.Vectors",
    }
    check(connection, 'e5 \\ "x"', 'e5 \\ "x"')


def test_partitions_enums_domains_and_extensions_elsewhere(
    make_database: MakeDatabase, paste: Paste
) -> None:
    dsn = make_database()
    execute(
        dsn,
        "CREATE SCHEMA extensions",
        "CREATE EXTENSION vector SCHEMA extensions",
        "CREATE EXTENSION pg_trgm SCHEMA extensions",
        "CREATE SCHEMA types",
        "CREATE TYPE types.model AS ENUM ('small', 'large')",
        "CREATE DOMAIN types.code AS varchar(20) CHECK (value <> '')",
        "CREATE DOMAIN types.body AS text",
        "CREATE DOMAIN types.point AS extensions.vector(12)",
        "CREATE TABLE works (code types.code PRIMARY KEY, name text)",
        "CREATE TABLE paragraphs (id bigint, work_code types.code REFERENCES works,"
        " body types.body, PRIMARY KEY (work_code, id)) PARTITION BY LIST (work_code)",
        *(
            f"CREATE TABLE paragraphs_{n} PARTITION OF paragraphs FOR VALUES IN ('w{n}')"
            for n in (1, 2, 3)
        ),
        "CREATE TABLE paragraph_vectors (paragraph_id bigint, model types.model,"
        " vector types.point) PARTITION BY LIST (model)",
        "CREATE TABLE vectors_small PARTITION OF paragraph_vectors FOR VALUES IN ('small')",
        "CREATE TABLE vectors_large PARTITION OF paragraph_vectors FOR VALUES IN ('large')",
        "CREATE TABLE annotations (id int PRIMARY KEY, body types.body, work_code types.code,"
        " vector types.point, model types.model, created timestamp)",
    )
    fill(dsn, "works", [[f"w{n}", title] for n, title in BOOKS], "types.code", "text")
    rows = [[n, f"w{book}", text] for n, book, text in each(WRITTEN, "number", "book", "text")]
    fill(dsn, "paragraphs", rows, "bigint", "types.code", "text")
    rows = list(each(WRITTEN, "number", "large", "vector"))
    fill(dsn, "paragraph_vectors", rows, "bigint", "types.model", "extensions.vector")
    rows = [
        [n, text, f"w{book}", vector, "large", "2024-05-05 10:00"]
        for n, text, book, vector in each(HEARD, "number", "text", "book", "vector")
    ]
    casts = ("int", "text", "types.code", "extensions.vector", "types.model", "timestamp")
    fill(dsn, "annotations", rows, *casts)
    execute(dsn, "ANALYZE")
    connection, proposal = paste(dsn, dsn)
    assert {proposed.name: proposed.table for proposed in proposal.relations} == {
        "highlights": "annotations",
        "books": "works",
        "passages": "paragraphs",
        "embeddings": "paragraph_vectors",
    }
    check(connection, "large", "large")


def test_views_and_vectors_beside_their_text(make_database: MakeDatabase, paste: Paste) -> None:
    life, knowledge = make_database("vector"), make_database("vector")
    execute(
        life,
        "CREATE TABLE log (n int, payload jsonb, v vector(12))",
        "CREATE VIEW highlights AS SELECT n AS id, payload ->> 'said' AS said,"
        " (payload ->> 'book')::int AS book, v AS embedding, 'm-1'::text AS model FROM log",
    )
    rows = [
        [n, f'{{"said": "{text}", "book": {book}}}', vector]
        for n, text, book, vector in each(HEARD, "number", "text", "book", "vector")
    ]
    fill(life, "log", rows, "int", "jsonb", "vector")
    execute(
        knowledge,
        "CREATE TABLE editions (edition int PRIMARY KEY, book_id int UNIQUE, title text)",
        "CREATE TABLE raw (number int PRIMARY KEY, book int, body text, model int, v vector(12))",
        "CREATE VIEW books AS SELECT book_id, title FROM editions",
        "CREATE VIEW passages AS SELECT number AS id, book AS book_id, body AS text,"
        " model AS model_id, v AS embedding FROM raw",
    )
    fill(knowledge, "editions", [[f"{n}0", n, t] for n, t in BOOKS], "int", "int", "text")
    rows = list(each(WRITTEN, "number", "book", "text", "7", "vector"))
    fill(knowledge, "raw", rows, "int", "int", "text", "int", "vector")
    connection, _ = paste(life, knowledge)
    check(connection, "m-1", "7")


def test_the_tables_of_langchain(make_database: MakeDatabase, paste: Paste) -> None:
    life, knowledge = make_database("vector"), make_database("vector")
    execute(
        life,
        "CREATE TABLE notes (note_id text PRIMARY KEY, kind text, body text, embedding vector,"
        " created_at text, collection text)",
    )
    rows = [
        [f"n-{n}", "voice", text, vector, "yesterday", f"00000000-0000-0000-0000-00000000000{book}"]
        for n, text, vector, book in each(HEARD, "number", "text", "vector", "book")
    ]
    fill(life, "notes", rows, "text", "text", "text", "vector", "text", "text")
    execute(
        knowledge,
        "CREATE TABLE langchain_pg_collection (uuid uuid PRIMARY KEY, name varchar,"
        " cmetadata json)",
        "CREATE TABLE langchain_pg_embedding (id varchar PRIMARY KEY, collection_id uuid"
        " REFERENCES langchain_pg_collection, embedding vector, document varchar, cmetadata jsonb)",
    )
    uuids = [[f"00000000-0000-0000-0000-00000000000{n}", title] for n, title in BOOKS]
    fill(knowledge, "langchain_pg_collection", uuids, "uuid", "text")
    rows = [
        [f"{n:05}", uuids[book - 1][0], vector, text]
        for n, book, vector, text in each(WRITTEN, "number", "book", "vector", "text")
    ]
    fill(knowledge, "langchain_pg_embedding", rows, "text", "uuid", "vector", "text")
    connection, proposal = paste(life, knowledge)
    assert proposal.relations[2].columns["book_id"] == "collection_id"
    # A date that is a text is none: its column must not be taken for one by its name.
    assert 'created_at = ""' in proposal.toml
    check(connection, "unlabelled", "unknown")


def test_highlights_that_name_books_by_their_titles(
    make_database: MakeDatabase, paste: Paste
) -> None:
    life, knowledge = make_database("vector"), make_database("vector")
    execute(
        life, "CREATE TABLE highlights (id int, text text, title text, embedding vector, m text)"
    )
    fill_highlights(life, "highlights", "number", "text", "title", "vector", "e5-small")
    execute(
        knowledge,
        "CREATE TABLE chunks (id int PRIMARY KEY, document_id int, title text, content text,"
        " embedding vector, m text)",
    )
    rows = list(each(WRITTEN, "number", "book", "title", "text", "vector", "e5-large"))
    fill(knowledge, "chunks", rows, "int", "int", "text", "text", "vector", "text")
    connection, proposal = paste(life, knowledge)
    heard, titled, *_ = proposal.relations
    assert titled.columns == {"book_id": "title", "title": "title"}
    assert "Highlights are labelled e5-small and vectors of passages e5-large" in heard.doubts[-1]
    check(connection, "e5-small", "e5-large")


def test_highlights_of_unknown_books_are_looked_for_in_all(
    make_database: MakeDatabase, paste: Paste
) -> None:
    dsn = make_database("vector")
    execute(
        dsn,
        TABLES,
        "CREATE SCHEMA before",
        "CREATE TABLE before.chunks (LIKE public.chunks)",
        "CREATE TABLE before.chunk_embeddings (LIKE public.chunk_embeddings)",
        "GRANT USAGE ON SCHEMA before TO PUBLIC",
        "GRANT SELECT ON ALL TABLES IN SCHEMA before TO PUBLIC",
    )
    rows = list(each(HEARD, "number", "text", "99", "vector", "m"))
    fill(dsn, "events", rows, "int", "text", "int", "vector", "text")
    fill(dsn, "books", BOOKS, "int", "text")
    rows = list(each(WRITTEN, "number", "book", "1", "text"))
    fill(dsn, "chunks", rows, "int", "int", "int", "text")
    rows = list(each(WRITTEN, "number", "m", "vector"))
    fill(dsn, "chunk_embeddings", rows, "int", "text", "vector")
    connection, proposal = paste(dsn, dsn)
    assert 'book_id = ""  # not the column book_id' in proposal.toml
    assert "book_id names no book of knowledge_base" in proposal.relations[0].doubts[-1]
    assert "There is a chunks in before too" in proposal.relations[2].reasons[-1]
    check(connection, "m", "m")


def test_ids_of_books_that_refer_elsewhere_are_doubted(
    make_database: MakeDatabase, paste: Paste
) -> None:
    life, knowledge = make_database("vector"), make_database("vector")
    execute(
        life,
        TABLES,
        "INSERT INTO books SELECT n, 'of this database' FROM generate_series(1, 3) AS n",
        "ALTER TABLE events ADD FOREIGN KEY (book_id) REFERENCES books",
        "INSERT INTO events VALUES (1, 'some words', 1, '[1,2]', 'm')",
    )
    execute(
        knowledge,
        TABLES,
        "INSERT INTO books VALUES (1, 'of that one')",
        "INSERT INTO chunks VALUES (1, 1, 1, 'and some other words that are longer')",
        "INSERT INTO chunk_embeddings VALUES (1, 'm', '[1,2]')",
    )
    _, apart = paste(life, knowledge)
    assert "book_id refers to books of life_dashboard" in apart.relations[0].doubts[-1]
    assert apart.relations[0].confidence == "likely"
    execute(
        life,
        "INSERT INTO chunks VALUES (1, 1, 1, 'and some other words that are longer')",
        "INSERT INTO chunk_embeddings VALUES (1, 'm', '[1,2]')",
    )
    _, together = paste(life, life)
    assert together.relations[0].doubts == ()


def test_columns_that_may_not_be_read_are_left_out(
    make_role: MakeRole, make_database: MakeDatabase, open_connection: Open, tmp_path: Path
) -> None:
    """Although their names are the usual ones, under which they would be used."""
    dsn, role = make_database("vector"), make_role()
    execute(
        dsn,
        TABLES,
        "INSERT INTO events VALUES (1, 'some words', 1, '[1,2]', 'secret', now())",
        "INSERT INTO books VALUES (1, 'Emma', 'secret')",
        "INSERT INTO chunks VALUES (1, 1, 1, 'and some other words that are longer')",
        "INSERT INTO chunk_embeddings VALUES (1, 'secret', '[1,2]')",
        f"GRANT SELECT (id, text, embedding) ON events TO {role}",
        f"GRANT SELECT (book_id, title) ON books TO {role}",
        f"GRANT SELECT (chunk_id, book_id, content) ON chunks TO {role}",
        f"GRANT SELECT (chunk_id, embedding) ON chunk_embeddings TO {role}",
    )
    reader = as_role(dsn, role)
    toml = open_connection(settings_for(reader)).run_on_databases(propose).toml
    for key in ("book_id", "embedding_model", "created_at", "author", "chapter_number"):
        assert f'{key} = ""  # not the column {key}' in toml
    path = tmp_path / "secrets.toml"
    path.write_text(toml, encoding="utf-8")
    settings = load(path, {}).with_connections(reader, reader)
    connection = open_connection(settings)
    assert connection.run(highlights.read_texts)["text"].tolist() == ["some words"]
    assert connection.run(books.read_books)["title"].tolist() == ["Emma"]
    report = connection.run(build, Options(matches=True))
    assert report["sources"]["knowledge_base"]["embeddings_by_model"] == {"unknown": 1}
    [life, knowledge] = connection.run(check_privileges)
    assert life.unreadable == knowledge.unreadable == ()


def test_nothing_to_map_is_said_and_what_would_do(
    make_database: MakeDatabase, open_connection: Open
) -> None:
    bare, arrays = make_database(), make_database("vector")
    execute(arrays, "CREATE TABLE texts (id int PRIMARY KEY, body text, embedding real[])")
    asking = open_connection(settings_for(bare).with_connections(bare, arrays))
    proposal = asking.run_on_databases(propose)
    assert not proposal.complete
    assert proposal.relations == ()
    said = " ".join(proposal.missing)
    assert "life_dashboard has no vector extension. Run CREATE EXTENSION vector;" in said
    assert "texts may hold vectors as arrays of numbers" in said
    assert tomllib.loads(proposal.toml) == {}
    assert json.loads(json.dumps(dataclasses.asdict(proposal)))["missing"] == list(proposal.missing)


def test_no_more_than_a_line_of_anything_is_shown(
    make_database: MakeDatabase, paste: Paste
) -> None:
    dsn = make_database("vector")
    execute(
        dsn,
        TABLES,
        "INSERT INTO events SELECT n, repeat(E'\\x1b[31m\\u202elong\\n\\ttext ', 200000), n,"
        " '[1,2]' FROM generate_series(1, 5) AS n",
        "INSERT INTO chunks SELECT n, 1, 2, E'a\\r\\nb ' || repeat('c ', 100)"
        " FROM generate_series(1, 5) AS n",
        "INSERT INTO chunk_embeddings SELECT n, E'two\\nlines', '[1,2]'"
        " FROM generate_series(1, 5) AS n",
    )
    _, proposal = paste(dsn, dsn)
    for relation in proposal.relations:
        assert len(relation.preview) == (0 if relation.name == "books" else 3)
        for row in relation.preview:
            assert list(row) == list(relation.columns)
            assert all(len(text) <= 60 and text.isprintable() for text in row.values())
    assert proposal.relations[0].preview[0]["embedding"] == "vector(2)"
    assert proposal.relations[0].preview[0]["created_at"] == "NULL"
