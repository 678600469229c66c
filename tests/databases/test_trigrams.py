"""The trigram fallback against every distance that PostgreSQL computes for itself."""

from __future__ import annotations

import asyncio
import math
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from lib.databases import trigrams as queries
from lib.databases.highlights import read_texts
from lib.errors import ExtensionMissing, QueryTimeout
from lib.matching.fallback import own_books, trigrams
from lib.matching.fallback.rare_terms import MOST_CANDIDATES, find_candidates
from lib.matching.fallback.trigrams import OPERATORS, Operator, nearest_by_trigrams
from lib.matching.rates import Scope, within
from lib.matching.scan import scan
from tests.databases.library import TABLES, execute, fetch, insert, settings_for

if TYPE_CHECKING:
    from lib.connection import Connection
    from lib.databases.pools import Databases
    from lib.databases.relations import Relations
    from tests.conftest import Demo, MakeDatabase
    from tests.databases.conftest import Open

CHUNK = ["chunk_id", "book_id", "content"]
ODD = [
    "100% of it, 5% more",
    "snake_case and _",
    r"a back\slash \ and \%",
    'it\'s "quoted" – ‘twice’',
    "ÉTÉ à Ærø, ß and ﬁsh",
    "Война и миръ, 戦争と平和",
    "…",
    "",
    "a b c",
]
RUNNING = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND pid <> pg_backend_pid() AND state IN ('active', 'idle in transaction')"
)


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


def _highlights(*rows: tuple[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["text", "book"]).astype(object)


def _sentences(seed: int, count: int, words: int = 12) -> list[str]:
    """Sentences of few words, so that many are alike and some are the same."""
    rng = np.random.default_rng(seed)
    vocabulary = ["the", "of", "and", "sea", "whale", "white", "old", "Ahab", "said", "thou", "art"]
    lengths = rng.integers(1, words, count)
    return [" ".join(rng.choice(vocabulary, length)) for length in lengths]


def _fill(dsn: str) -> pd.DataFrame:
    """Three books, one of them of several parts, and highlights of each and of none."""
    contents = [*_sentences(0, 200), *ODD, *_sentences(1, 30), *ODD, None, "", "x"]
    books = [1] * 209 + [2] * 40 + [3] * 2
    rows = [(n, book, text) for n, (book, text) in enumerate(zip(books, contents, strict=True))]
    insert(dsn, "chunks", CHUNK, rows)
    texts = [*_sentences(2, 12), *ODD, "nothing like it: qqq zzz"]
    return _highlights(*[(text, book) for book in "123" for text in texts])


def _nearest(dsn: str, text: str, book: str, operator: str) -> tuple[Any, float, int]:
    """What PostgreSQL says of all passages of a book."""
    rows = fetch(
        dsn,
        f"SELECT chunk_id, ($1::text {operator} content)::float8 FROM chunks"
        " WHERE book_id::text = $2 AND content IS NOT NULL ORDER BY 2, 1",
        text,
        book,
    )
    return (*rows[0], len(rows))


def _check(dsn: str, highlights: pd.DataFrame, found: pd.DataFrame, operator: str) -> None:
    for row in found.itertuples():
        text, book = highlights.iloc[row.highlight]
        expected = _nearest(dsn, text, book, operator)
        assert (row.passage, row.distance, row.candidates) == expected, text


# Scope book


@pytest.mark.parametrize("operator", OPERATORS)
def test_the_nearest_of_the_own_book_is_exact(
    dsn: str, library: Connection, operator: Operator, small_parts: None
) -> None:
    highlights = _fill(dsn)
    counts: list[int] = []
    rows = list(range(len(highlights)))[::-1]
    found = library.run(nearest_by_trigrams, highlights, rows, "book", operator, counts.append)
    assert found["highlight"].tolist() == rows
    _check(dsn, highlights, found, operator)
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
    highlights = _highlights(*[(contents[n][4:90], "1") for n in range(0, 500, 50)])
    measured = []
    original = queries.nearest_of

    async def nearest_of(*arguments: Any) -> list[queries.Nearest]:
        measured.append(sum(map(len, arguments[3])))
        return await original(*arguments)

    monkeypatch.setattr(queries, "nearest_of", nearest_of)
    found = library.run(nearest_by_trigrams, highlights, range(10), "book", operator)
    _check(dsn, highlights, found, operator)
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
    highlights = _highlights(("passage number 5", book), ("passage number 5", other))
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
    highlights = _highlights(("the same", "b"), ("number 77", "b"), ("qqq", "b"))
    found = library.run(nearest_by_trigrams, highlights, [0, 1, 2], "book")
    _check(dsn, highlights, found, "<<->")


def test_an_unknown_book_is_nowhere(dsn: str, library: Connection) -> None:
    insert(dsn, "chunks", CHUNK, [(1, 1, "the whale"), (2, 2, None)])
    highlights = _highlights(("whale", "9"), ("whale", "1"), ("whale", "x"), ("whale", "2"))
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
    _fill(dsn)
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
    highlights = _highlights(("it's QUOTED twice", "2"), ("and a back slash", "1"))
    found = library.run(nearest_by_trigrams, highlights, [0, 1], scope)
    if scope == "book":
        _check(dsn, highlights, found, "<<->")
    contents = [
        fetch(dsn, "SELECT content FROM chunks WHERE chunk_id = $1", p)[0][0]
        for p in found["passage"]
    ]
    assert contents == [ODD[3], ODD[2]]


@pytest.mark.parametrize("method", ["gin", "gist"])
def test_a_trigram_index_changes_nothing(dsn: str, library: Connection, method: str) -> None:
    highlights = _fill(dsn)
    rows = range(len(highlights))
    scopes: tuple[Scope, ...] = ("book", "library")
    before = [library.run(nearest_by_trigrams, highlights, rows, scope) for scope in scopes]
    execute(dsn, f"CREATE INDEX ON chunks USING {method} (content {method}_trgm_ops)", "ANALYZE")
    for scope, frame in zip(scopes, before, strict=True):
        after = library.run(nearest_by_trigrams, highlights, rows, scope)
        pd.testing.assert_frame_equal(after, frame)


# Scope library


def test_in_the_library_it_is_the_nearest_of_those_with_rare_terms(
    dsn: str, library: Connection
) -> None:
    common = [(n, 1, f"and he said unto them {n}") for n in range(MOST_CANDIDATES + 50)]
    rare = [
        (1_000, 1, "Queequeg smoked his tomahawk in bed"),
        (1_001, 2, "a tomahawk is not a pipe, said the landlord"),
        (1_002, 2, "smoke no more in bed"),
    ]
    insert(dsn, "chunks", CHUNK, common + rare)
    texts = [
        "queequack smoked his tommyhawk in bed",
        "unto them he said and",
        "tomahawk is not",
        "zzz",
    ]
    highlights = _highlights(*[(text, "1") for text in texts])
    seen: list[int] = []
    found = library.run(
        nearest_by_trigrams, highlights, range(4), "library", on_passages=seen.append
    )
    # Two hold "in bed"; the words of the second are in too many; nobody knows the last.
    assert found["passage"].tolist() == [1_000, None, 1_001, None]
    assert found["candidates"].tolist() == [2, 0, 2, 0]
    assert found["distance"].isna().tolist() == [False, True, False, True]
    assert seen == [len(common) + 3]
    texts_of = [text for _, _, text in rare]
    for row, others in ((0, (0, 2)), (2, (0, 1))):
        [(least,)] = fetch(
            dsn,
            "SELECT min($1::text <<-> t)::float8 FROM unnest($2::text[]) AS t",
            texts[row],
            [texts_of[n] for n in others],
        )
        assert found["distance"].iat[row] == least


def test_a_highlight_without_a_book_looks_in_the_library(dsn: str, library: Connection) -> None:
    insert(dsn, "chunks", CHUNK, [(1, 1, "the whale"), (2, 2, "the white whale"), (3, None, "x")])
    highlights = _highlights(("white whale", None), ("white whale", math.nan), ("white whale", "1"))
    found = library.run(nearest_by_trigrams, highlights, [0, 1, 2], "book")
    assert found["passage"].tolist() == [2, 2, 1]
    assert found["candidates"].tolist() == [2, 2, 1]


def test_odd_texts_find_themselves_in_the_library(dsn: str, library: Connection) -> None:
    _fill(dsn)
    texts = [text for text in ODD if any(map(str.isalnum, text))]
    highlights = _highlights(*[(text, None) for text in texts])
    found = library.run(nearest_by_trigrams, highlights, range(len(texts)), "library")
    # This server's pg_trgm knows no letters but ASCII's: what has none of them is far from itself.
    for text, passage, distance in zip(texts, found["passage"], found["distance"], strict=True):
        sql = "SELECT min(chunk_id), min($1 <<-> content) FROM chunks WHERE content = $1"
        assert [(passage, distance)] == fetch(dsn, sql, text)


def test_texts_without_words_are_nowhere_in_the_library(dsn: str, library: Connection) -> None:
    _fill(dsn)
    found = library.run(
        nearest_by_trigrams, _highlights(("", None), ("… % _ \\", None)), [0, 1], "library"
    )
    assert found["passage"].tolist() == [None, None]
    assert found["candidates"].tolist() == [0, 0]


@pytest.mark.parametrize("scope", ["book", "library"])
def test_a_text_of_ten_thousand_words(dsn: str, open_connection: Open, scope: Scope) -> None:
    rng = np.random.default_rng(4)
    words = np.array(["".join(rng.choice(list("abcdefghij"), 5)) for _ in range(8_000)])
    contents = [" ".join(rng.choice(words, 40)) for _ in range(60)]
    insert(dsn, "chunks", CHUNK, [(n, 1, text) for n, text in enumerate(contents)])
    text = " ".join([*rng.choice(words, 10_000), *contents[33].split()[:30]])
    library = open_connection(settings_for(dsn, pools={"statement_timeout": 1.0}))
    found = library.run(nearest_by_trigrams, _highlights((text, "1")), [0], scope)
    assert 0 < found["candidates"].iat[0] <= 60
    if scope == "book":
        _check(dsn, _highlights((text, "1")), found, "<<->")


@pytest.mark.parametrize("scope", ["book", "library"])
def test_without_the_extension(
    make_database: MakeDatabase, open_connection: Open, scope: Scope
) -> None:
    dsn = make_database("vector")
    execute(dsn, TABLES)
    insert(dsn, "chunks", CHUNK, [(1, 1, "the whale")])
    library = open_connection(settings_for(dsn))
    seen: list[int] = []
    with pytest.raises(ExtensionMissing, match="pg_trgm"):
        library.run(
            nearest_by_trigrams, _highlights(("x", "1")), [0], scope, on_passages=seen.append
        )
    assert seen == []


def test_an_operator_is_one_of_three(dsn: str, library: Connection) -> None:
    insert(dsn, "chunks", CHUNK, [(1, 1, "the whale")])
    with pytest.raises(ValueError, match="<=>"):
        library.run(nearest_by_trigrams, _highlights(("x", "1")), [0], "book", "<=>")


# Other people


class Left(Exception):
    """The browser is gone."""


@pytest.fixture
def slow(dsn: str) -> pd.DataFrame:
    """Highlights that take minutes: every passage may be the nearest, and each takes long."""
    rng = np.random.default_rng(5)
    words = ["".join(rng.choice(list("abcdefghij"), 5)) for _ in range(2_000)]
    text = " ".join(words)
    insert(dsn, "chunks", CHUNK, [(n, 1, f"{text} rare{n % 9}") for n in range(180)])
    halves = [" ".join(words[n::2]) for n in (0, 1)]
    return _highlights(*[(f"{half} rare{n}", "1") for n in range(9) for half in halves])


def _wait_until(dsn: str, running: int, seconds: float) -> None:
    started = time.monotonic()
    while fetch(dsn, RUNNING) != [(running,)]:
        assert time.monotonic() - started < seconds, "not in time"
        time.sleep(0.02)


async def _other_tasks(databases: Databases) -> list[str]:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    return [str(task) for task in tasks]


@pytest.mark.parametrize("scope", ["book", "library"])
def test_whoever_leaves_leaves_nothing_behind(
    dsn: str, open_connection: Open, slow: pd.DataFrame, scope: Scope
) -> None:
    library = open_connection(settings_for(dsn, pools={"max_size": 4}))
    measured = f"{RUNNING} AND query LIKE '%DISTINCT ON%'"
    most = 0

    def leave() -> None:
        nonlocal most
        [(running,)] = fetch(dsn, measured)
        most = max(most, running)
        if most >= 2:
            raise Left

    def ask() -> None:
        library.run(nearest_by_trigrams, slow, range(len(slow)), scope, on_wait=leave)

    split = pytest.MonkeyPatch()
    split.setattr(own_books, "PART_PASSAGES", 45)
    split.setattr(trigrams, "PART_HIGHLIGHTS", 2)
    with split.context(), pytest.raises(Left):
        ask()
    split.undo()
    _wait_until(dsn, running=0, seconds=1.0)
    assert library.run_on_databases(_other_tasks) == []
    assert library.run(nearest_by_trigrams, slow, [], scope).empty


def test_whoever_leaves_while_candidates_are_sought_leaves_nothing_behind(
    dsn: str, open_connection: Open
) -> None:
    rows = [(n, 1, f"passage {n} of a book") for n in range(20_000)]
    insert(dsn, "chunks", CHUNK, rows)
    library = open_connection(settings_for(dsn, limits={"batch_rows": 100}))
    seen: list[int] = []

    def leave() -> None:
        if seen:
            raise Left

    with pytest.raises(Left):
        library.run(
            nearest_by_trigrams,
            _highlights(("a book", None)),
            [0],
            "book",
            on_passages=seen.append,
            on_wait=leave,
        )
    assert seen[-1] < 20_000
    _wait_until(dsn, running=0, seconds=1.0)
    assert library.run_on_databases(_other_tasks) == []


def test_one_that_fails_ends_the_others(
    dsn: str, open_connection: Open, slow: pd.DataFrame
) -> None:
    library = open_connection(settings_for(dsn, pools={"statement_timeout": 0.02}))
    with pytest.raises(QueryTimeout):
        library.run(nearest_by_trigrams, slow, range(len(slow)), "book")
    _wait_until(dsn, running=0, seconds=1.0)
    assert library.run_on_databases(_other_tasks) == []


def test_a_connection_is_left_to_others(
    dsn: str, open_connection: Open, slow: pd.DataFrame
) -> None:
    """However many ask at once."""
    pools = {"max_size": 3, "acquire_timeout": 0.2}
    library = open_connection(settings_for(dsn, pools=pools))
    waits = []

    async def crowd(databases: Databases, relations: Relations) -> None:
        askers = [
            asyncio.create_task(
                nearest_by_trigrams(databases, relations, slow, range(len(slow)), "library")
            )
            for _ in range(3)
        ]
        try:
            for _ in range(15):
                await asyncio.sleep(0.1)
                waits.append(await databases.knowledge_base.ping())
            assert not any(asker.done() for asker in askers)
        finally:
            for asker in askers:
                asker.cancel()
            await asyncio.gather(*askers, return_exceptions=True)

    library.run(crowd)
    assert len(waits) == 15


def test_one_connection_is_enough(dsn: str, open_connection: Open) -> None:
    highlights = _fill(dsn)
    library = open_connection(settings_for(dsn, pools={"max_size": 1}))
    rows = list(range(len(highlights)))
    found = library.run(nearest_by_trigrams, highlights, rows, "book")
    _check(dsn, highlights, found, "<<->")
    with ThreadPoolExecutor(3) as threads:
        answers = threads.map(
            lambda _: library.run(nearest_by_trigrams, highlights, rows[:9], "library"), range(3)
        )
        assert all(len(answer) == 9 for answer in answers)


# The demo, where the true passage is known


def test_the_demos_true_passages_survive_and_are_found(demo: Demo, connection: Connection) -> None:
    texts = connection.run(read_texts)
    truth = {
        row[0]: range(row[1], row[2] + 1)
        for row in fetch(
            demo.owner.life_dashboard,
            "SELECT id, first_chunk, last_chunk FROM demo_planted WHERE kind = 'span'",
        )
    }
    unmatched = np.flatnonzero(~within(connection.run(scan, texts), "book").matched)
    rows = [int(row) for row in unmatched if texts["id"].iat[row] in truth]
    assert len(rows) > 300
    spans = [truth[texts["id"].iat[row]] for row in rows]
    candidates = connection.run(find_candidates, [texts["text"].iat[row] for row in rows]).ids
    kept = [not set(span).isdisjoint(ids) for span, ids in zip(spans, candidates, strict=True)]
    assert np.mean(kept) >= 0.99
    assert max(map(len, candidates)) <= MOST_CANDIDATES
    assert np.mean([len(ids) for ids in candidates]) < 100
    for scope in ("book", "library"):
        started = time.monotonic()
        found = connection.run(nearest_by_trigrams, texts, rows[::2], scope)
        # Measuring every passage of a book took 60 ms for each of them on an idle machine.
        assert time.monotonic() - started < 0.06 * len(rows[::2])
        # A highlight that straddles two passages may be nearer to the one before or behind.
        right = [
            passage is not None and span[0] - 1 <= passage <= span[-1] + 1
            for span, passage in zip(spans[::2], found["passage"], strict=True)
        ]
        assert np.mean(right) > 0.95
    sample = [row for row in rows if texts["book"].iat[row] is not None][::40]
    found = connection.run(nearest_by_trigrams, texts, sample, "book")
    _check(demo.owner.knowledge_base, texts[["text", "book"]], found, "<<->")
