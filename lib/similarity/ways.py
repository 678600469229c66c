"""Three ways to the nearest passages: all compared, a vector index asked, a sample compared."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lib.databases import embeddings, nearest, vectors
from lib.databases.indexes import read_dimensions
from lib.databases.pools import Databases
from lib.databases.relations import Relations
from lib.databases.vectors import Vectors
from lib.similarity.scores import NearestPassages, Scores, unit

Way = Literal["exact", "index", "sample"]
OnCount = Callable[[int], object]


@dataclass(frozen=True)
class Nearest:
    """The nearest passages of some highlights, and how they were found.

    `scores` and `passages` have shape (highlights, k), best first; −inf and None where there are
    fewer. `compared`: passages that could be found. `index`: its name, where one was asked.
    """

    way: Way
    scores: Scores
    passages: NDArray[Any]
    compared: int
    index: str | None = None


async def by_all(
    databases: Databases,
    relations: Relations,
    model: str,
    highlights: Vectors,
    k: int,
    on_passages: OnCount,
) -> Nearest:
    """All passages of the model, in one pass."""
    kept = NearestPassages(unit(highlights.matrix), k)
    batches = embeddings.stream_vectors(databases, relations, model)
    compared = await _compare(kept, highlights, batches, on_passages)
    return Nearest("exact", kept.scores, kept.ids, compared)


async def by_sample(
    databases: Databases,
    relations: Relations,
    model: str,
    highlights: Vectors,
    k: int,
    size: tuple[int, int, int],
    on_passages: OnCount,
) -> Nearest:
    """A sample of (most, of a total, by a seed) passages, drawn at random."""
    most, total, seed = size
    kept = NearestPassages(unit(highlights.matrix), k)
    batches = embeddings.draw_vectors(databases, relations, model, most, total, seed)
    compared = await _compare(
        kept, highlights, batches, lambda seen: on_passages(total * seen // most)
    )
    return Nearest("sample", kept.scores, kept.ids, compared)


async def _compare(
    kept: NearestPassages,
    highlights: Vectors,
    batches: AsyncIterator[Vectors],
    on_passages: OnCount,
) -> int:
    """Compare each batch while the next one is read; returns how many passages there were."""
    seen = 0
    working: asyncio.Future[None] | None = None
    try:
        async for batch in batches:
            if working is not None:
                await working
            working = None
            if comparable(highlights, batch):
                working = asyncio.ensure_future(asyncio.to_thread(_take_in, kept, batch))
            seen += len(batch)
            on_passages(seen)
    finally:
        if working is not None:
            await working
    return seen


def _take_in(kept: NearestPassages, batch: Vectors) -> None:
    batch = with_direction(batch)
    kept.add(batch.ids, kept.queries @ unit(batch.matrix).T)


async def by_index(
    databases: Databases,
    relations: Relations,
    model: str,
    highlights: Vectors,
    k: int,
    total: int,
    on_passages: OnCount,
) -> Nearest | None:
    """Each highlight looked up in the vector index of the model; None where none would be used."""
    if len(highlights) == 0:
        return None
    directions = unit(highlights.matrix)
    dimensions = directions.shape[1]
    if (await read_dimensions(databases, relations, [model])).get(model) != dimensions:
        return None
    asked = [vectors.to_text(direction) for direction in directions]
    index = await nearest.find_index(databases, relations, model, asked[0], dimensions, k)
    if index is None:
        return None
    found = await nearest.nearest_of_each(
        databases,
        relations,
        model,
        asked,
        dimensions,
        k,
        lambda done: on_passages(total * done // len(asked)),
    )
    scores = np.full((len(asked), k), -np.inf, dtype=np.float32)
    passages = np.full((len(asked), k), None, dtype=object)
    for row, mine in enumerate(found):
        for place, (passage, score) in enumerate(mine):
            scores[row, place], passages[row, place] = score, passage
    return Nearest("index", scores, passages, total, index)


def comparable(a: Vectors, b: Vectors) -> bool:
    """Whether both have rows, and rows of the same dimension."""
    return len(a) > 0 and len(b) > 0 and a.matrix.shape[1] == b.matrix.shape[1]


def with_direction(drawn: Vectors) -> Vectors:
    """The rows that have a direction: finite, and not zero."""
    if len(drawn) == 0:
        return drawn
    # What is out of range has no direction for pgvector either, which computes in single precision.
    with np.errstate(over="ignore", under="ignore"):
        norms = np.linalg.norm(drawn.matrix, axis=1)
    kept = np.isfinite(norms) & (norms > 0)
    if kept.all():
        return drawn
    ids = [identifier for identifier, keep in zip(drawn.ids, kept, strict=True) if keep]
    return Vectors(ids, drawn.matrix[kept])
