"""Schemas that somebody else might have, all with the same library in them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import asyncpg
import numpy as np

from lib.databases.vectors import to_text

DIMENSIONS = 12
TITLES = ("Emma", "Moby-Dick", "Walden")
PASSAGES_OF_A_BOOK = 30
EVERY = 4  # of the passages has a highlight
WORDS_HEARD = 12


@dataclass(frozen=True)
class Piece:
    """A passage, or a highlight of one: numbered from 1, with the number of its book from 1."""

    number: int
    book: int
    text: str
    vector: str

    @property
    def title(self) -> str:
        return TITLES[self.book - 1]


@cache
def passages() -> tuple[Piece, ...]:
    """Passages of forty words that hardly share a sequence of them."""
    rng = np.random.default_rng(11)
    vocabulary = np.array([f"{a}{b}{c}" for a in "bdfgklm" for b in "aeiou" for c in "nrstx"])
    made = []
    for n in range(len(TITLES) * PASSAGES_OF_A_BOOK):
        text = " ".join(rng.choice(vocabulary, 40))
        vector = to_text(rng.normal(size=DIMENSIONS).round(3))
        made.append(Piece(n + 1, n // PASSAGES_OF_A_BOOK + 1, text, vector))
    return tuple(made)


@cache
def highlights() -> tuple[Piece, ...]:
    """The middles of some passages, word for word, with vectors near those of the passages."""
    rng = np.random.default_rng(12)
    made = []
    for n, passage in enumerate(passages()[::EVERY], start=1):
        words = passage.text.split()[10 : 10 + WORDS_HEARD]
        near = np.array([float(x) for x in passage.vector[1:-1].split(",")])
        vector = to_text((near + rng.normal(scale=0.05, size=DIMENSIONS)).round(3))
        made.append(Piece(n, passage.book, " ".join(words), vector))
    return tuple(made)


def passage_of(highlight: Piece) -> Piece:
    """The passage that a highlight is of."""
    return passages()[(highlight.number - 1) * EVERY]


def fill(dsn: str, table: str, rows: Sequence[Sequence[Any]], *casts: str) -> None:
    """Insert rows; each value is given as text and cast as named."""
    places = ", ".join(f"${n}::text::{cast}" for n, cast in enumerate(casts, start=1))

    async def run() -> None:
        connection = await asyncpg.connect(dsn)
        try:
            texts = [[None if value is None else str(value) for value in row] for row in rows]
            await connection.executemany(f"INSERT INTO {table} VALUES ({places})", texts)
        finally:
            await connection.close()

    asyncio.run(run())


def each(pieces: Sequence[Piece], *fields: str) -> Iterator[list[Any]]:
    """Rows of these attributes of pieces; any other word stands for itself."""
    for piece in pieces:
        yield [getattr(piece, name, name) for name in fields]
