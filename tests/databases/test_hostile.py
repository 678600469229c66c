"""Reports, searches and queries on libraries that nobody made on purpose."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from html.parser import HTMLParser

import asyncpg
import numpy as np
import pytest

from lib.connection import Connection
from lib.databases import books, embeddings, highlights, passages, reading
from lib.databases.limited import in_all, is_truncated, labels_in_all
from lib.demo.server import DemoServer
from lib.report.build import build
from lib.report.options import Options
from lib.report.render import render
from lib.search import exact
from lib.search.question import Question
from lib.search.results import search
from tests.conftest import MakeDatabase, Open
from tests.databases.hostile import MAKERS, MARK, ODD, hostile_library
from tests.databases.library import TABLES, execute, fetch, insert, settings_for

MOST_SECONDS = 60.0
# In a page for people; the data for programs hold every book.
MOST_CHARACTERS = 400_000


@pytest.fixture(scope="module", params=MAKERS)
def library(request: pytest.FixtureRequest, server: DemoServer) -> Iterator[Connection]:
    """A connection to a hostile library."""
    with hostile_library(server, request.param) as dsn:
        connection = Connection(settings_for(dsn))
        try:
            yield connection
        finally:
            connection.close()


class Tags(HTMLParser):
    """The tags of a page and its attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {tag, *(f"{tag}.{name}" for name, _ in attrs)}


def test_a_report_is_made(library: Connection) -> None:
    started = time.monotonic()
    report = library.run(build, Options(fallback="none", sample=500))
    assert time.monotonic() - started < MOST_SECONDS
    # Neither NaN nor infinity: another program reads this.
    assert json.loads(render(report, "json"))["version"] == 1
    html, markdown = render(report, "html"), render(report, "md")
    assert max(len(html), len(markdown)) < MOST_CHARACTERS
    tags = Tags()
    tags.feed(html)
    assert not tags.found & {"script", "img", "a", MARK, "img.src", "a.href"}
    bare = re.sub(r"\\[!-/:-@\[-`{-~]", "", markdown)
    assert not re.search(rf"[<\[*`~$&#{{]{MARK}|{MARK}[>\]*`~$}}]|:{MARK}:|://{MARK}", bare)
    for text in (html, markdown):
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)


@pytest.mark.parametrize("text", ["an old sailor counted stars7 above", "%", ODD[0], ODD[4]])
def test_a_search_answers(library: Connection, text: str) -> None:
    started = time.monotonic()
    total = library.run(passages.count_passages)
    vocabulary = library.run(exact.read_vocabulary, total)
    vector = np.array([1, 2, 3, 4], np.float32)
    stored = library.run(embeddings.count_by_model)
    for model in [*stored["model"].head(1), "no such label"]:
        found = library.run(search, Question(text, model, vector, 50), vocabulary, total)
        assert found.rows["score"].dropna().between(-1.001, 1.001).all()
        assert found.rows["content"].dropna().map(len).le(5_000).all()
    assert time.monotonic() - started < MOST_SECONDS


def test_a_search_with_a_vector_of_each_kind(library: Connection) -> None:
    stored = library.run(embeddings.count_by_model)
    for model in stored["model"].head(3):
        for vector in ([1, 0], [1e-30, 0, 0, 0], [1e30, 1e30, 0, 0], [1] * 6):
            question = Question("", model, np.array(vector, np.float32), 20)
            rows = library.run(search, question, exact.make_vocabulary([], 0), 100).rows
            assert np.isfinite(rows["score"]).all()


@pytest.mark.parametrize("library", ["many_labels"], indirect=True)
def test_labels_without_number_are_counted_and_cut(library: Connection) -> None:
    most = library.settings.limits.rows_shown
    for query, rows in ((highlights.count_by_model, 30_000), (embeddings.count_by_model, 60_000)):
        counted = library.run(query)
        assert (len(counted), is_truncated(counted)) == (most, True)
        assert (in_all(counted), labels_in_all(counted)) == (rows, 30_000)
    gate = library.run(embeddings.read_gate)
    assert (len(gate), is_truncated(gate)) == (2 * most, True)


@pytest.mark.parametrize("library", ["many_books"], indirect=True)
def test_coverage_ends_with_a_whole_book(library: Connection) -> None:
    most = library.settings.limits.rows_downloaded
    covered = library.run(embeddings.read_coverage)
    assert is_truncated(covered)
    assert most - 40 <= len(covered) <= most
    assert set(covered.groupby("book").size()) == {40}
    heard = library.run(highlights.count_by_book_and_model)
    assert not is_truncated(heard)
    assert heard["highlights"].sum() == 1_000
    assert len(library.run(books.read_books)) == 10_000


def test_what_is_cut_says_so_and_what_is_whole_does_not(
    make_database: MakeDatabase, open_connection: Open
) -> None:
    dsn = make_database("vector")
    execute(dsn, TABLES)
    rows = [(n, n % 3, n, f"passage {n}") for n in range(30)]
    insert(dsn, "chunks", ["chunk_id", "book_id", "chapter_number", "content"], rows)
    vectors = [(n, f"label {n % 10}", "[1,2]") for n in range(30)] + [(1, "label 9", "[0,0]")]
    insert(dsn, "chunk_embeddings", ["chunk_id", "embedding_model", "embedding"], vectors)
    heard = [(n, "x", n, "[1,2]", f"label {n % 11}") for n in range(30)]
    insert(dsn, "events", ["id", "text", "book_id", "embedding", "embedding_model"], heard)
    # As many rows as fit are not one too many.
    for shown, whole in ((10, True), (10, False)):
        if not whole:
            execute(dsn, "INSERT INTO chunk_embeddings VALUES (2, 'a rare one', '[1,2]')")
        library = open_connection(settings_for(dsn, limits={"rows_shown": shown}))
        counted = library.run(embeddings.count_by_model)
        assert (len(counted), is_truncated(counted)) == (10, not whole)
        assert counted["model"].tolist() == [f"label {n}" for n in range(10)]
        assert in_all(counted) == (31 if whole else 32)
    by_label = library.run(highlights.count_by_model)
    assert (len(by_label), labels_in_all(by_label), in_all(by_label)) == (10, 11, 30)
    chapters = library.run(reading.read_chapters, ["0"])
    assert (chapters.names, chapters.truncated) == ([str(n) for n in range(0, 30, 3)], False)
    chapters = library.run(reading.read_chapters, ["0", "1"])
    assert (len(chapters.names), chapters.truncated) == (10, True)
    gate = library.run(embeddings.read_gate)
    # The label with a fault is kept before others.
    assert "label 9" in gate.loc[gate["zero"] > 0, "model"].tolist()


def test_excerpts_begin_where_they_are_wanted(
    make_database: MakeDatabase, open_connection: Open
) -> None:
    dsn = make_database("vector")
    execute(dsn, TABLES)
    rows = [(1, 1, 3, "0123456789"), (2, 1, None, None), (3, 1, 4, "héé")]
    insert(dsn, "chunks", ["chunk_id", "book_id", "chapter_number", "content"], rows)
    library = open_connection(settings_for(dsn))
    found = library.run(passages.read_excerpts, [3, 1, 2, 9, 1], [1, 0, 0, 0, 0], 4)
    assert found["content"].tolist() == ["éé", "0123", None, None, "0123"]
    assert found["chapter"].tolist() == ["4", "3", None, None, "3"]
    assert found["cut"].tolist() == [False, True, False, False, True]


def test_only_the_mapped_schema_is_read(make_database: MakeDatabase, open_connection: Open) -> None:
    """The same tables, ids and labels stand in another schema with other rows."""
    dsn = make_database("vector")
    execute(dsn, TABLES, "CREATE SCHEMA archive")
    for table in ("events", "books", "chunks", "chunk_embeddings"):
        execute(dsn, f"CREATE TABLE archive.{table} (LIKE {table} INCLUDING ALL)")
    for schema, word in (("public", "new"), ("archive", "old")):
        insert(dsn, f"{schema}.books", ["book_id", "title"], [(1, f"{word} title")])
        chunk = [(1, 1, f"{word} words of a passage")]
        insert(dsn, f"{schema}.chunks", ["chunk_id", "book_id", "content"], chunk)
        vector = [(1, "own", "[1,0]" if word == "new" else "[0,1]")]
        columns = ["chunk_id", "embedding_model", "embedding"]
        insert(dsn, f"{schema}.chunk_embeddings", columns, vector)
        insert(dsn, f"{schema}.events", ["id", "text"], [(1, f"{word} words of a highlight")])
    for schema, word, expected in (("", "new", [1, 0]), ("archive", "old", [0, 1])):
        names = {
            "highlights": "events",
            "books": "books",
            "passages": "chunks",
            "embeddings": "chunk_embeddings",
        }
        mapped = {relation: {"table": f"{schema}.{name}"} for relation, name in names.items()}
        settings = settings_for(dsn, relations=mapped) if schema else settings_for(dsn)
        library = open_connection(settings)
        assert library.run(books.read_books)["title"].tolist() == [f"{word} title"]
        assert library.run(passages.read_passages, [1])["content"].str.startswith(word).tolist()
        assert library.run(highlights.read_texts)["text"].str.startswith(word).tolist() == [True]
        read = library.run(embeddings.read_vectors, "own", [1])
        assert read.matrix.tolist() == [expected]


@pytest.mark.parametrize("vector", ["[NaN,1]", "[Infinity,1]", "[1,-Infinity]"])
def test_the_server_itself_refuses_what_is_no_number(
    make_database: MakeDatabase, vector: str
) -> None:
    """pgvector stores no NaN and no infinity: distances are NaN only where a vector is zero."""
    dsn = make_database("vector")
    execute(dsn, TABLES)
    with pytest.raises(asyncpg.DataError):
        insert(dsn, "chunk_embeddings", ["chunk_id", "embedding"], [(1, vector)])
    assert fetch(dsn, "SELECT '[0,0]'::vector <=> '[1,0]' = 'NaN'") == [(True,)]


def test_a_report_leaves_out_pairs_beyond_the_limit(
    make_database: MakeDatabase, open_connection: Open
) -> None:
    dsn = make_database("vector", "pg_trgm")
    MAKERS["one_row"](dsn)
    settings = settings_for(dsn, limits={"alignment_pairs": 1})
    report = open_connection(settings).run(build, Options(fallback="none"))
    assert [len(report["similarity"]["pairs"]), report["similarity"]["pairs_left_out"]] == [1, 1]
    assert [len(report["alignment"]["verdicts"]), report["alignment"]["pairs_left_out"]] == [1, 1]
    assert "1 more pairs" in render(report, "md")


def test_a_frame_of_a_query_keeps_what_it_left_out(
    make_database: MakeDatabase, open_connection: Open
) -> None:
    """Selections and copies of it, as a page makes them, still say so."""
    dsn = make_database("vector")
    execute(dsn, TABLES)
    vectors = [(n, f"label {n:02}", "[1,2]") for n in range(12)]
    insert(dsn, "chunk_embeddings", ["chunk_id", "embedding_model", "embedding"], vectors)
    library = open_connection(settings_for(dsn, limits={"rows_shown": 10}))
    counted = library.run(embeddings.count_by_model)
    assert is_truncated(counted[counted["embeddings"] > 0].copy())
