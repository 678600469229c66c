"""The trigram fallback in a whole library: candidates by rare terms, and the demo's truth."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from lib.databases.highlights import read_texts
from lib.errors import ExtensionMissing
from lib.matching.fallback.rare_terms import MOST_CANDIDATES, find_candidates
from lib.matching.fallback.trigrams import nearest_by_trigrams
from lib.matching.rates import Scope, within
from lib.matching.scan import scan
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
    from tests.conftest import Demo, MakeDatabase, Open


@pytest.fixture
def dsn(make_database: MakeDatabase) -> str:
    dsn = make_database("vector", "pg_trgm")
    execute(dsn, TABLES)
    return dsn


@pytest.fixture
def library(dsn: str, open_connection: Open) -> Connection:
    """The usual tables, empty; the tests fill them through `dsn`."""
    return open_connection(settings_for(dsn))


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
    highlights = make_highlights(*[(text, "1") for text in texts])
    counts: list[int] = []
    seen: list[int] = []
    found = library.run(
        nearest_by_trigrams, highlights, range(4), "library", "<<->", counts.append, seen.append
    )
    assert counts == [2, 4]
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
    highlights = make_highlights(
        ("white whale", None), ("white whale", math.nan), ("white whale", "1")
    )
    found = library.run(nearest_by_trigrams, highlights, [0, 1, 2], "book")
    assert found["passage"].tolist() == [2, 2, 1]
    assert found["candidates"].tolist() == [2, 2, 1]


def test_odd_texts_find_themselves_in_the_library(dsn: str, library: Connection) -> None:
    fill_library(dsn)
    texts = [text for text in ODD if any(map(str.isalnum, text))]
    highlights = make_highlights(*[(text, None) for text in texts])
    found = library.run(nearest_by_trigrams, highlights, range(len(texts)), "library")
    # This server's pg_trgm knows no letters but ASCII's: what has none of them is far from itself.
    for text, passage, distance in zip(texts, found["passage"], found["distance"], strict=True):
        sql = "SELECT min(chunk_id), min($1 <<-> content) FROM chunks WHERE content = $1"
        assert [(passage, distance)] == fetch(dsn, sql, text)


def test_texts_without_words_are_nowhere_in_the_library(dsn: str, library: Connection) -> None:
    fill_library(dsn)
    found = library.run(
        nearest_by_trigrams, make_highlights(("", None), ("… % _ \\", None)), [0, 1], "library"
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
    found = library.run(nearest_by_trigrams, make_highlights((text, "1")), [0], scope)
    assert 0 < found["candidates"].iat[0] <= 60
    sql = "SELECT ($1 <<-> content)::float8 FROM chunks WHERE chunk_id = $2"
    assert fetch(dsn, sql, text, found["passage"].iat[0]) == [(found["distance"].iat[0],)]
    if scope == "book":
        check_nearest(dsn, make_highlights((text, "1")), found, "<<->")


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
            nearest_by_trigrams, make_highlights(("x", "1")), [0], scope, on_passages=seen.append
        )
    assert seen == []


def test_an_operator_is_one_of_three(dsn: str, library: Connection) -> None:
    insert(dsn, "chunks", CHUNK, [(1, 1, "the whale")])
    with pytest.raises(ValueError, match="<=>"):
        library.run(nearest_by_trigrams, make_highlights(("x", "1")), [0], "book", "<=>")


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
    check_nearest(demo.owner.knowledge_base, texts[["text", "book"]], found, "<<->")
