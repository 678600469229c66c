"""Vectors of both databases in memory, label by label: read once, and judged many times."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lib.databases import embeddings, highlights, vectors
from lib.databases.indexes import read_dimensions
from lib.databases.pools import Databases
from lib.databases.relations import Relations
from lib.databases.vectors import Vectors
from lib.similarity.scores import Matrix

OnCount = Callable[[int], object]

PRECISION_ROWS = 50
BYTES = 4
FEWEST = 1_000


@dataclass(frozen=True)
class LabelledRows:
    """Rows under one label: `ids`, unit vectors of shape (len(ids), d), and their `books` (ids as
    text, or None).

    `total` rows have a vector in the database, `read` of them were read: a sample, where that is
    less. Vectors without a direction (zero, or not finite) were read and left out. `precision`
    says of what kind of numbers the vectors are.
    """

    label: str
    ids: list[Any]
    matrix: Matrix
    books: NDArray[np.object_]
    total: int
    read: int
    precision: str

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def dimension(self) -> int:
        """Numbers in a vector; 0 where there is none."""
        return int(self.matrix.shape[1]) if len(self.ids) else 0


async def read_passages(
    databases: Databases,
    relations: Relations,
    models: Mapping[str, int],
    seed: int,
    on_rows: OnCount,
) -> AsyncIterator[LabelledRows]:
    """The embeddings of `models`, a number of vectors for each: all, or a sample of each; model
    after model.

    At most `limits.alignment_rows` of a model, and `limits.alignment_megabytes` of all together.
    `on_rows` is told how many were read so far.
    """
    limits = databases.settings.limits
    dimensions = await read_dimensions(databases, relations, list(models))
    room = limits.alignment_megabytes * 2**20 // (BYTES * max(sum(dimensions.values()), 1))
    most = max(min(limits.alignment_rows, room), FEWEST)
    seen = 0
    for model, total in models.items():
        batches: list[Vectors] = []
        async for batch in embeddings.stream_with_books(
            databases, relations, model, total, most, seed
        ):
            batches.append(batch)
            seen += len(batch)
            on_rows(seen)
        yield _labelled(model, vectors.joined(batches), total)


async def read_highlights(
    databases: Databases, relations: Relations, labels: Mapping[str, int]
) -> dict[str, LabelledRows]:
    """The embeddings of highlights by label, at most `limits.alignment_highlights` of each."""
    most = databases.settings.limits.alignment_highlights
    found = {}
    for label, total in labels.items():
        read = await highlights.read_vectors(
            databases, relations, label, most if total > most else None
        )
        found[label] = _labelled(label, read, total)
    return found


def describe_read(
    heard: Mapping[str, LabelledRows], written: Mapping[str, LabelledRows]
) -> pd.DataFrame:
    """Columns `relation`, `label`, `rows` and `total`: a sample where the last two differ."""
    sides = (("highlights", heard), ("embeddings", written))
    return pd.DataFrame(
        [
            (relation, rows.label, rows.read, rows.total)
            for relation, side in sides
            for rows in side.values()
        ],
        columns=["relation", "label", "rows", "total"],
    )


def _labelled(label: str, read: Vectors, total: int) -> LabelledRows:
    matrix = read.matrix
    precision = precision_of(matrix)
    norms = np.sqrt(np.einsum("ij,ij->i", matrix, matrix)) if len(read) else np.empty(0)
    directed = np.isfinite(norms) & (norms > 0)
    ids: Sequence[Any] = read.ids
    books = np.array(read.books or [None] * len(read), dtype=object)
    if not directed.all():
        matrix, norms, books = matrix[directed], norms[directed], books[directed]
        ids = [identifier for identifier, kept in zip(ids, directed, strict=True) if kept]
    # In place: there may be little room for a second copy.
    matrix /= norms[:, None].astype(np.float32) if len(ids) else 1
    return LabelledRows(label, list(ids), matrix, books, total, len(read), precision)


def precision_of(matrix: Matrix) -> str:
    """Of what kind of numbers vectors of shape (n, d) are: "binary", "8-bit", "16-bit" or
    "32-bit", judged by the first fifty."""
    rows = matrix[:PRECISION_ROWS]
    if rows.size == 0:
        return "32-bit"
    filled = [row[row != 0] for row in rows]
    counts = [(len(np.unique(row)), len(row)) for row in filled if len(row)]
    if all(len(np.unique(row)) <= 2 for row in rows):
        return "binary"
    # A row of 8-bit numbers, however scaled, cannot hold more than 256 different ones.
    if all(values <= min(256, 0.9 * count) for values, count in counts):
        return "8-bit"
    with np.errstate(over="ignore"):
        half = np.array_equal(rows, rows.astype(np.float16).astype(np.float32))
    brain = not (np.ascontiguousarray(rows).view(np.uint32) & 0xFFFF).any()
    return "16-bit" if half or brain else "32-bit"
