"""Vectors read label by label: all or a sample, from tables and views, with their books."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import asyncpg
import numpy as np
import pandas as pd
import pytest

from lib.databases import embeddings, highlights
from lib.databases.pools import Databases
from lib.databases.relations import Relations
from lib.databases.vectors import joined
from lib.matching.anchors import search_anchors
from lib.similarity.audit import measure_audit
from lib.similarity.rows import LabelledRows, read_highlights, read_passages
from lib.similarity.selecting import write_selections
from tests.databases.library import TABLES, execute, insert, settings_for

if TYPE_CHECKING:
    from lib.connection import Connection
    from tests.conftest import MakeDatabase, Open

EVENT = ["id", "text", "book_id", "embedding", "embedding_model"]
CHUNK = ["chunk_id", "book_id", "content"]
EMBEDDING = ["chunk_id", "embedding_model", "embedding"]
ROWS = 6_000


@pytest.fixture
def dsn(make_database: MakeDatabase) -> str:
    dsn = make_database("vector", "pg_trgm")
    execute(dsn, TABLES)
    return dsn


@pytest.fixture
def large(dsn: str) -> str:
    """Six thousand passages of twelve books under one model; vectors that tell their number."""
    execute(
        dsn,
        f"INSERT INTO chunks SELECT n, n % 12, NULL, 'text' FROM generate_series(1, {ROWS}) n",
        "INSERT INTO chunk_embeddings SELECT n, 'm', ('[' || n || ',1,0,0]')::vector"
        f" FROM generate_series(1, {ROWS}) n",
        "ANALYZE",
    )
    return dsn


async def _read(
    databases: Databases, relations: Relations, total: int, most: int, seed: int
) -> Any:
    return joined(
        [
            batch
            async for batch in embeddings.stream_with_books(
                databases, relations, "m", total, most, seed
            )
        ]
    )


async def _read_models(
    databases: Databases, relations: Relations, models: dict[str, int]
) -> list[LabelledRows]:
    return [rows async for rows in read_passages(databases, relations, models, 0, lambda n: None)]


def test_all_rows_come_with_their_books(large: str, open_connection: Open) -> None:
    found = open_connection(settings_for(large)).run(_read, ROWS, ROWS, 0)
    assert sorted(found.ids) == list(range(1, ROWS + 1))
    assert found.books == [str(n % 12) for n in found.ids]
    assert found.matrix[:, 0].tolist() == [float(n) for n in found.ids]


@pytest.mark.parametrize("view", [False, True])
def test_a_sample_is_about_as_large_as_asked_and_the_same_again(
    large: str, open_connection: Open, view: bool
) -> None:
    sections: dict[str, Any] = {}
    if view:
        execute(large, "CREATE VIEW seen AS SELECT * FROM chunk_embeddings")
        sections = {"relations": {"embeddings": {"table": "seen"}}}
    connection = open_connection(settings_for(large, **sections))
    first = connection.run(_read, ROWS, 1_500, 3)
    assert len(set(first.ids)) == len(first.ids) == pytest.approx(1_500, rel=0.3)
    assert first.books == [str(n % 12) for n in first.ids]
    assert connection.run(_read, ROWS, 1_500, 3).ids == first.ids


def test_memory_bounds_the_rows_of_all_models(large: str, open_connection: Open) -> None:
    execute(
        large,
        "INSERT INTO chunk_embeddings SELECT chunk_id, 'k', embedding FROM chunk_embeddings",
        "UPDATE chunk_embeddings SET embedding ="
        " ('[' || repeat('0,', 1023) || chunk_id || ']')::vector",
        "ANALYZE",
    )
    limits = {"alignment_megabytes": 16}
    connection = open_connection(settings_for(large, limits=limits))
    found: list[LabelledRows] = connection.run(_read_models, {"m": ROWS, "k": ROWS})
    assert [rows.label for rows in found] == ["m", "k"]
    # Two models of 4 kB a row share 16 MB.
    for rows in found:
        assert 1_000 < len(rows) < 4_000
        assert rows.total == ROWS


def test_vectors_without_a_direction_are_left_out_and_lengths_are_one(
    dsn: str, open_connection: Open
) -> None:
    rows = [(1, "a", None, "[3,4]", "m"), (2, "b", None, "[0,0]", "m"), (3, "c", None, None, "m")]
    insert(dsn, "events", EVENT, rows)
    insert(dsn, "events", EVENT, [(4, "d", None, "[0,2]", None)])
    connection = open_connection(settings_for(dsn))
    found = connection.run(read_highlights, {"m": 2, "unlabelled": 1})
    assert found["m"].ids == [1]
    assert found["m"].matrix == pytest.approx(np.array([[0.6, 0.8]]))
    assert found["unlabelled"].ids == [4]


def test_passages_that_stand_twice_are_counted(dsn: str, open_connection: Open) -> None:
    rows = [(1, "m", "[1]"), (1, "m", "[2]"), (1, "k", "[1]"), (2, "m", "[1]"), (3, "k", "[1]")]
    insert(dsn, "chunk_embeddings", EMBEDDING, [*rows, (3, "k", None), (3, "k", "[2]")])
    connection = open_connection(settings_for(dsn))
    found: pd.DataFrame = connection.run(embeddings.read_duplicates, 10)
    assert found.to_numpy().tolist() == [[3, "k", 2, 2], [1, "m", 2, 2]]
    assert len(connection.run(embeddings.read_duplicates, 1)) == 1


def test_highlights_are_counted_by_book_and_label(dsn: str, open_connection: Open) -> None:
    rows = [(1, "a", 7, "[1]", "m"), (2, "b", 7, None, "m"), (3, "c", None, "[1]", None)]
    insert(dsn, "events", EVENT, rows)
    found = open_connection(settings_for(dsn)).run(highlights.count_by_book_and_model)
    assert found.astype(object).where(found.notna(), None).to_numpy().tolist() == [
        ["7", "m", 2, 1],
        [None, "unlabelled", 1, 1],
    ]


def test_ids_of_any_type_are_selected_as_they_are(
    make_database: MakeDatabase, open_connection: Open
) -> None:
    dsn = make_database("vector", "pg_trgm")
    execute(
        dsn,
        TABLES.replace("id integer PRIMARY KEY,\n        text", "id uuid,\n        text").replace(
            "chunk_id integer,\n        embedding_model", "chunk_id text,\n        embedding_model"
        ),
    )
    identifier = "0198a1b2-0000-7000-8000-000000000001"
    execute(
        dsn,
        f"INSERT INTO events (id, text, embedding_model) VALUES ('{identifier}', 'x', 'it''s')",
        "INSERT INTO chunk_embeddings VALUES ('a''b', 'm', '[1]'), ('c', 'm', '[1]')",
    )
    suspects = pd.DataFrame(
        [("highlights", identifier, "it's", None), ("embeddings", "a'b", "m", "other")],
        columns=["relation", "id", "label", "looks_like"],
    )
    stated = open_connection(settings_for(dsn)).run(write_selections, suspects)
    first, second = stated.split("\n\n")
    assert "look like other" in first
    assert "no known model" in second

    async def run() -> tuple[list[Any], list[Any]]:
        connection = await asyncpg.connect(dsn)
        try:
            return await connection.fetch(first), await connection.fetch(second)
        finally:
            await connection.close()

    embedded, heard = asyncio.run(run())
    assert [row["chunk_id"] for row in embedded] == ["a'b"]
    assert [str(row["id"]) for row in heard] == [identifier]


def test_an_empty_library_is_judged_without_a_fault(dsn: str, open_connection: Open) -> None:
    found = open_connection(settings_for(dsn)).run(measure_audit, {}, {})
    assert found.alignment.pairs == []
    assert (found.labels.judged, found.suspected, len(found.alignment.anchors.rows)) == (0, 0, 0)
    assert not found.sampled


def test_labels_of_different_dimensions_cannot_be_one_model(
    dsn: str, open_connection: Open
) -> None:
    insert(dsn, "events", EVENT, [(1, "a b c", 1, "[1,2]", "m")])
    insert(dsn, "chunks", CHUNK, [(1, 1, "a b c")])
    insert(dsn, "chunk_embeddings", EMBEDDING, [(1, "m", "[1,2,3]"), (1, "k", "[0,0]")])
    found = open_connection(settings_for(dsn)).run(measure_audit, {"m": 1}, {"m": 1, "k": 1})
    verdicts = {pair.passage_model: pair.judgement for pair in found.alignment.pairs}
    assert verdicts["m"].verdict == "mismatched"
    assert "2 dimensions against 3" in verdicts["m"].note
    # Of zero vectors alone nothing can be said.
    assert verdicts["k"].verdict == "inconclusive"


def test_anchors_are_looked_for_in_whole_books(large: str, open_connection: Open) -> None:
    insert(large, "events", EVENT, [(n, "text", n, None, "m") for n in range(24)])
    connection: Connection = open_connection(settings_for(large, limits={"anchor_passages": 1_100}))
    found = connection.run(search_anchors)
    # Books have five hundred passages each.
    assert found.passages == 1_000
    assert found.passages_total == ROWS
    assert found.highlights == 2
