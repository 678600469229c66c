"""What a pass over the passages collects: the passages it saw, and the places of its hits."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lib.databases.passages import Batch

Indices = NDArray[np.int32]


@dataclass(frozen=True)
class Places:
    """Hits as arrays of one length.

    Hit k is pattern `pattern[k]`, from character `start[k]` of the passage of row `passage[k]`
    to before character `stop[k]` of the passage of row `last[k]`.
    """

    pattern: Indices
    passage: Indices
    start: Indices
    last: Indices
    stop: Indices

    def firsts(self) -> Places:
        """Each pattern once in each passage, where it first stands, by pattern and passage."""
        order = np.lexsort((self.stop, self.start, self.passage, self.pattern))
        pattern, passage = self.pattern[order], self.passage[order]
        new = np.ones(len(order), dtype=bool)
        new[1:] = (np.diff(pattern) != 0) | (np.diff(passage) != 0)
        return self.take(order[new])

    def take(self, rows: NDArray[np.int64]) -> Places:
        """The hits of these numbers."""
        return Places(
            self.pattern[rows],
            self.passage[rows],
            self.start[rows],
            self.last[rows],
            self.stop[rows],
        )


@dataclass
class Findings:
    """What a pass has found so far: the passages, in reading order, and blocks of hits."""

    ids: list[Any] = field(default_factory=list)
    books: list[str | None] = field(default_factory=list)
    blocks: list[Places] = field(default_factory=list)

    def add(self, batch: Batch) -> int:
        """Note the passages of a batch; returns the row of its first one."""
        first = len(self.ids)
        self.ids += batch.ids
        # One text for all passages of a book, not one for each.
        self.books += [book and sys.intern(book) for book in batch.books]
        return first

    def places(self) -> Places:
        """All hits so far, each pattern once in each passage."""
        names = [column.name for column in fields(Places)]
        empty = [np.empty(0, dtype=np.int32)]
        columns = [
            np.concatenate(empty + [getattr(block, name) for block in self.blocks])
            for name in names
        ]
        return Places(*columns).firsts()
