"""The trigram fallback in one book, against every distance that PostgreSQL computes itself."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from lib.databases import trigrams as queries
from lib.matching.fallback import own_books, trigrams
from lib.matching.fallback.trigrams import OPERATORS, Operator, nearest_by_trigrams
from lib.matching.rates import Scope
from tests.databases.library import TABLES, execute, fetch, insert, settings_for
from tests.databases.odd_library import (
    CHUNK,
    ODD,
    check_nearest,
    fill_library,
    make_highlights,
)

if TYPE_CHECKING:
    from lib.connection import Connection
    from tests.conftest import MakeDatabase, Open


@pytest.fixture
def dsn(make_database: MakeDatabase) -> str:
    dsn = make_database("vector", "pg_trgm")
    execute(dsn, TABLES)
    return dsn


@pytest.fixture
def library(dsn: str, open_connection: Open) -> Connection:
    """The usual tables, empty; the tests fill them through `dsn`."""
    return open_connection(settings_for(dsn))


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is cut into as many pieces as it may be."""
    monkeypatch.setattr(own_books, "PART_PASSAGES", 37)
    monkeypatch.setattr(own_books, "PART_HIGHLIGHTS", 3)
    monkeypatch.setattr(own_books, "FIRST_MEASURED", 1)
    monkeypatch.setattr(trigrams, "PART_HIGHLIGHTS", 2)


@pytest.mark.parametrize("operator", OPERATORS)
def test_the_nearest_of_the_own_book_is_exact(
    dsn: str, library: Connection, operator: Operator, small_parts: None
) -> None:
    highlights = fill_library(dsn)
    counts: list[int] = []
    rows = list(range(len(highlights)))[::-1]
    found = library.run(nearest_by_trigrams, highlights, rows, "book", operator, counts.append)
    assert found["highlight"].tolist() == rows
    check_nearest(dsn, highlights, found, operator)
    assert counts == sorted(counts)
    assert counts[-1] == len(rows)
    assert len(set(counts)) >= 3


@pytest.mark.parametrize("operator", OPERATORS)
def test_most_passages_need_not_be_measured(
    dsn: str, library: Connection, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(3)
    words = ["".join(rng.choice(list("abcdefghijklmnoprstuvw"), 6)) for _ in range(900)]
    contents = [" ".join(rng.choice(words, 25)) for _ in range(500)]
    insert(dsn, "chunks", CHUNK, [(n, 1, text) for n, text in enumerate(contents)])
    highlights = make_highlights(*[(contents[n][4:90], "1") for n in range(0, 500, 50)])
    measured = []
    original = queries.nearest_of

    async def nearest_of(*arguments: Any) -> list[queries.Nearest]:
        measured.append(sum(map(len, arguments[3])))
        return await original(*arguments)

    monkeypatch.setattr(queries, "nearest_of", nearest_of)
    found = library.run(nearest_by_trigrams, highlights, range(10), "book", operator)
    check_nearest(dsn, highlights, found, operator)
    assert found["passage"].tolist() == list(range(0, 500, 50))
    assert 10 <= sum(measured) < 10 * 20


@pytest.mark.parametrize(
    ("book_type", "chunk_type", "book", "other"),
    [
        ("bigint", "bigint", "7", "not-a-number"),
        ("uuid", "uuid", "00000000-0000-0000-0000-00000000000a", "1"),
        ("text", "text", "it's 100%", ""),
        ("varchar(9)", "smallint", "a b", "99999999999999999999"),
    ],
)
def test_ids_of_any_type(
    dsn: str, open_connection: Open, book_type: str, chunk_type: str, book: str, other: str
) -> None:
    chunk = "md5($1)::uuid" if chunk_type == "uuid" else f"$1::{chunk_type}"
    execute(
        dsn,
        "DROP TABLE chunks",
        f"CREATE TABLE chunks (chunk_id {chunk_type}, book_id {book_type}, content text)",
        *(
            f"INSERT INTO chunks VALUES ({chunk.replace('$1', repr(str(n)))},"
            f" $b${book}$b$, 'passage number {n}')"
            for n in range(9)
        ),
    )
    highlights = make_highlights(("passage number 5", book), ("passage number 5", other))
    library = open_connection(settings_for(dsn))
    scopes: tuple[Scope, ...] = ("book", "library")
    for scope in scopes:
        found = library.run(nearest_by_trigrams, highlights, [0, 1], scope)
        [(true,)] = fetch(dsn, "SELECT chunk_id FROM chunks WHERE content LIKE '%5'")
        assert found["passage"].tolist() == [true, None if scope == "book" else true]
        assert found["distance"].iat[0] == 0
        assert math.isnan(found["distance"].iat[1]) == (scope == "book")
        assert found["candidates"].tolist() == [9, 0 if scope == "book" else 9]


def test_a_book_in_parts_of_any_type(dsn: str, open_connection: Open, small_parts: None) -> None:
    execute(
        dsn,
        "DROP TABLE chunks",
        "CREATE TABLE chunks (chunk_id uuid, book_id text, content text)",
        "INSERT INTO chunks SELECT md5(n::text)::uuid, 'b', CASE WHEN n % 3 = 0 THEN 'the same'"
        " ELSE 'passage number ' || n END FROM generate_series(1, 200) AS n",
    )
    library = open_connection(settings_for(dsn))
    highlights = make_highlights(("the same", "b"), ("number 77", "b"), ("qqq", "b"))
    found = library.run(nearest_by_trigrams, highlights, [0, 1, 2], "book")
    check_nearest(dsn, highlights, found, "<<->")


def test_an_unknown_book_is_nowhere(dsn: str, library: Connection) -> None:
    insert(dsn, "chunks", CHUNK, [(1, 1, "the whale"), (2, 2, None)])
    highlights = make_highlights(("whale", "9"), ("whale", "1"), ("whale", "x"), ("whale", "2"))
    counts: list[int] = []
    found = library.run(
        nearest_by_trigrams, highlights, [0, 1, 2, 3], "book", "<<->", counts.append
    )
    assert found["passage"].tolist() == [None, 1, None, None]
    assert found["candidates"].tolist() == [0, 1, 0, 0]
    assert found["distance"].isna().tolist() == [True, False, True, True]
    assert counts[-1] == 4
    assert library.run(nearest_by_trigrams, highlights, [], "book").to_dict("records") == []
    assert library.run(nearest_by_trigrams, highlights, [], "library")["highlight"].dtype == int


@pytest.mark.parametrize("kind", ["view", "partitioned"])
@pytest.mark.parametrize("scope", ["book", "library"])
def test_views_partitions_and_names_of_any_kind(
    dsn: str, open_connection: Open, kind: str, scope: Scope
) -> None:
    fill_library(dsn)
    # Names that the queries use themselves, and one that needs its quotes.
    columns = 'chunk_id AS n, book_id AS id, content AS "text", 0 AS "distance ""%s"'
    if kind == "view":
        execute(dsn, f'CREATE VIEW "Some pairs" AS SELECT {columns} FROM chunks')
    else:
        execute(
            dsn,
            'CREATE TABLE "Some pairs" (n int, id int, "text" text, "distance ""%s" int)'
            " PARTITION BY LIST (id)",
            'CREATE TABLE one PARTITION OF "Some pairs" FOR VALUES IN (1)',
            'CREATE TABLE rest PARTITION OF "Some pairs" DEFAULT',
            f'INSERT INTO "Some pairs" SELECT {columns} FROM chunks',
        )
    mapped = {"table": "Some pairs", "chunk_id": "n", "book_id": "id", "content": "text"}
    mapped["chapter_number"] = 'distance "%s'
    library = open_connection(settings_for(dsn, relations={"passages": mapped}))
    highlights = make_highlights(("it's QUOTED twice", "2"), ("and a back slash", "1"))
    found = library.run(nearest_by_trigrams, highlights, [0, 1], scope)
    if scope == "book":
        check_nearest(dsn, highlights, found, "<<->")
    contents = [
        fetch(dsn, "SELECT content FROM chunks WHERE chunk_id = $1", p)[0][0]
        for p in found["passage"]
    ]
    assert contents == [ODD[3], ODD[2]]


@pytest.mark.parametrize("method", ["gin", "gist"])
def test_a_trigram_index_changes_nothing(dsn: str, library: Connection, method: str) -> None:
    highlights = fill_library(dsn)
    rows = range(len(highlights))
    scopes: tuple[Scope, ...] = ("book", "library")
    before = [library.run(nearest_by_trigrams, highlights, rows, scope) for scope in scopes]
    execute(dsn, f"CREATE INDEX ON chunks USING {method} (content {method}_trgm_ops)", "ANALYZE")
    for scope, frame in zip(scopes, before, strict=True):
        after = library.run(nearest_by_trigrams, highlights, rows, scope)
        pd.testing.assert_frame_equal(after, frame)
