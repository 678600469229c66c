"""Vectors in bulk: bytes from `vector_send`, not text.

Both types send two 16-bit numbers (the dimension and a reserved one) and then their elements, big
endian: 32-bit floats for `vector`, 16-bit floats for `halfvec`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lib.databases.columns import Column
from lib.databases.pools import Database

Matrix = NDArray[np.float32]

HEADER_BYTES = 4
ELEMENT_TYPES: dict[str, np.dtype[Any]] = {"vector": np.dtype(">f4"), "halfvec": np.dtype(">f2")}


@dataclass(frozen=True)
class Vectors:
    """Rows of one relation: `ids` in database type, `matrix` of shape (len(ids), dimension).

    `books` are the ids of their books as text, or None; empty where they were not asked for.
    """

    ids: list[Any]
    matrix: Matrix
    books: list[str | None] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.ids)


def send(column: Column, expression: str | None = None) -> str:
    """The SQL expression that sends a vector column, or `expression` of its type, as bytes."""
    return f"{column.type_name}_send({expression or column.sql})"


def decode(column: Column, payloads: Sequence[bytes]) -> Matrix:
    """Payloads of `vector_send` or `halfvec_send`, all of one dimension, as a float32 matrix."""
    element = ELEMENT_TYPES[column.type_name]
    if not payloads:
        return np.empty((0, 0), dtype=np.float32)
    rows = np.frombuffer(b"".join(payloads), dtype=np.uint8).reshape(len(payloads), -1)
    elements = np.ascontiguousarray(rows[:, HEADER_BYTES:]).view(element)
    vectors: Matrix = elements.astype(np.float32)
    return vectors


def to_text(vector: NDArray[np.floating[Any]]) -> str:
    """A vector as the text that pgvector reads, for a `$1::vector` parameter."""
    return "[" + ",".join(repr(float(value)) for value in vector) + "]"


async def stream(
    database: Database, sql: str, *arguments: Any, column: Column, size: int
) -> AsyncIterator[Vectors]:
    """Batches of a query that yields `id`, `payload` (see `send`) and maybe `book`.

    Rows of another dimension than most of the first batch are left out: the gate counts them.
    """
    length: int | None = None
    async for rows in database.batches(sql, *arguments, size=size):
        if length is None:
            length = Counter(len(row["payload"]) for row in rows).most_common(1)[0][0]
        kept = [row for row in rows if len(row["payload"]) == length]
        if not kept:
            continue
        yield Vectors(
            ids=[row["id"] for row in kept],
            matrix=decode(column, [row["payload"] for row in kept]),
            books=[row["book"] for row in kept] if "book" in kept[0] else [],
        )


async def read(database: Database, sql: str, *arguments: Any, column: Column, size: int) -> Vectors:
    """All batches of `stream` in one."""
    return await gathered(stream(database, sql, *arguments, column=column, size=size))


async def gathered(streamed: AsyncIterator[Vectors]) -> Vectors:
    """All batches of a stream in one."""
    return joined([batch async for batch in streamed])


def joined(batches: Sequence[Vectors]) -> Vectors:
    """Several batches as one."""
    if not batches:
        return Vectors(ids=[], matrix=np.empty((0, 0), dtype=np.float32))
    return Vectors(
        ids=[identifier for batch in batches for identifier in batch.ids],
        matrix=np.concatenate([batch.matrix for batch in batches]),
        books=[book for batch in batches for book in batch.books],
    )
