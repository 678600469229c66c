"""Vectors as bytes are the vectors that pgvector itself writes as text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import asyncpg
import numpy as np
import pytest
from numpy.typing import NDArray

from lib.databases import vectors
from lib.databases.columns import Column
from lib.databases.loop import EventLoop
from lib.databases.pools import Database
from lib.databases.vectors import Matrix, Vectors
from lib.settings import Pools
from tests.databases.library import execute, fetch, insert

if TYPE_CHECKING:
    from tests.conftest import MakeDatabase

RNG = np.random.default_rng(7)

# Subnormal, largest and smallest numbers, zeros of both signs, thirds, and whatever comes.
EXTREMES: dict[str, list[float]] = {
    "vector": [1e-45, 3.4028235e38, -3.4028235e38, 0.0, -0.0, 1 / 3, 1e-38],
    "halfvec": [6e-8, 65504.0, -65504.0, 0.0, -0.0, 1 / 3, 6.1e-5],
}


@pytest.fixture
def dsn(make_database: MakeDatabase) -> str:
    return make_database("vector")


@pytest.fixture
def database(dsn: str) -> Iterator[Opened]:
    """The fresh database behind a pool."""
    opened = Opened(dsn)
    yield opened
    opened.close()


class Opened:
    """A pool and the loop that it lives on."""

    def __init__(self, dsn: str) -> None:
        self.pool = Database("knowledge_base", dsn, Pools())
        self.loop = EventLoop()

    def close(self) -> None:
        self.loop.run(self.pool.close())
        self.loop.stop()


def _table(dsn: str, column: Column, rows: list[str | None]) -> None:
    execute(dsn, f"CREATE TABLE t (id serial, {column.sql} {column.type_name})")
    places = f"$1::text::{column.type_name}"
    for row in rows:
        fetch(dsn, f"INSERT INTO t ({column.sql}) VALUES ({places}) RETURNING id", row)


def _read(database: Opened, column: Column, size: int = 1_000) -> Vectors:
    sql = f"SELECT id, {vectors.send(column)} AS payload FROM t WHERE {column.sql} IS NOT NULL"
    return database.loop.run(
        vectors.read(database.pool, f"{sql} ORDER BY id", column=column, size=size)
    )


def _as_text(dsn: str, column: Column) -> Matrix:
    rows = fetch(dsn, f"SELECT {column.sql}::text FROM t ORDER BY id")
    return np.array([json.loads(text) for (text,) in rows], dtype=np.float32)


@pytest.mark.parametrize("type_name", ["vector", "halfvec"])
def test_bytes_equal_text(database: Opened, dsn: str, type_name: str) -> None:
    column = Column('the "embedding"', type_name)
    drawn = [RNG.normal(size=7).astype(np.float32) for _ in range(20)]
    rows: list[NDArray[Any]] = [np.array(EXTREMES[type_name]), *drawn]
    _table(dsn, column, list(map(vectors.to_text, rows)))
    found = _read(database, column, size=6)
    assert found.ids == list(range(1, 22))
    assert found.matrix.dtype == np.float32
    expected = _as_text(dsn, column)
    if type_name == "halfvec":
        # The text has as many digits as half precision needs; the bytes are the number itself.
        expected = expected.astype(np.float16).astype(np.float32)
    assert np.array_equal(found.matrix, expected)


def test_to_text_and_back_loses_no_bit(database: Opened, dsn: str) -> None:
    column = Column("embedding", "vector")
    bits = RNG.integers(0, 2**32, size=(50, 16), dtype=np.uint32).view(np.float32)
    rows = np.where(np.isfinite(bits), bits, np.float32(0.1))
    _table(dsn, column, [vectors.to_text(row) for row in rows])
    assert np.array_equal(_read(database, column).matrix.view(np.uint32), rows.view(np.uint32))


def test_there_are_no_vectors_that_are_not_finite(dsn: str) -> None:
    """Why the gate only has to look for vectors that are missing or zero."""
    execute(dsn, "CREATE TABLE t (embedding vector, half halfvec)")
    for value in ("NaN", "Infinity", "-Infinity"):
        for type_name in ("vector", "halfvec"):
            with pytest.raises(asyncpg.PostgresError, match=r"(NaN|infinite value) not allowed"):
                fetch(dsn, f"SELECT '[{value}]'::{type_name}")


def test_rows_of_another_dimension_are_left_out(database: Opened, dsn: str) -> None:
    column = Column("embedding", "vector")
    _table(dsn, column, ["[1,2]", "[1,2,3]", "[4,5,6]", None, "[7,8]", "[9,9,9]", "[1]"])
    found = _read(database, column)
    assert found.ids == [2, 3, 6]
    assert found.matrix.tolist() == [[1, 2, 3], [4, 5, 6], [9, 9, 9]]


def test_every_batch_has_the_dimension_of_the_first(database: Opened, dsn: str) -> None:
    column = Column("embedding", "vector")
    _table(dsn, column, ["[1,2]", "[3,4]", "[1,2,3]", "[4,5,6]", "[7,8,9]", "[5,6]"])
    found = _read(database, column, size=2)
    assert found.ids == [1, 2, 6]
    assert found.matrix.tolist() == [[1, 2], [3, 4], [5, 6]]


def test_an_empty_table(database: Opened, dsn: str) -> None:
    column = Column("embedding", "vector")
    _table(dsn, column, [])
    found = _read(database, column)
    assert len(found) == 0
    assert found.matrix.shape == (0, 0)
    assert vectors.decode(column, []).shape == (0, 0)


def test_more_rows_than_a_batch_keep_their_order(database: Opened, dsn: str) -> None:
    column = Column("embedding", "vector")
    execute(dsn, "CREATE TABLE t (id integer, embedding vector)")
    insert(dsn, "t", ["id", "embedding"], [(n, f"[{n},{-n}]") for n in range(1_003)])
    found = _read(database, column, size=100)
    assert found.ids == list(range(1_003))
    assert np.array_equal(found.matrix, [[n, -n] for n in range(1_003)])


def test_the_server_reads_what_to_text_writes(dsn: str) -> None:
    row = np.array([0.1, -2.5e-30, 12345678.0], dtype=np.float32)
    [(payload,)] = fetch(dsn, "SELECT vector_send($1::text::vector)", vectors.to_text(row))
    assert payload[4:] == row.astype(">f4").tobytes()
