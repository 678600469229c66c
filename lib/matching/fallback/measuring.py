"""Measures trigram distances in the database, several statements at once, and keeps the least."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from lib.databases import trigrams as queries
from lib.databases.pools import Databases
from lib.databases.relations import Relations
from lib.databases.trigrams import Operator
from lib.matching.fallback.pace import Comparison, Pace

Item = TypeVar("Item")


@dataclass(frozen=True)
class Place:
    """A measured passage. Of equally near ones the one of the lower number is kept."""

    distance: float
    number: int
    passage: Any


class Measuring:
    """One question, and how far it has come.

    By the row of the highlight: `texts`, the `nearest` of the passages that were measured so far,
    and how many `candidates` that is the nearest of. `on_count` is told how many are `finish`ed.
    """

    def __init__(
        self,
        databases: Databases,
        relations: Relations,
        texts: dict[int, str],
        operator: Operator,
        on_count: Callable[[int], object],
    ) -> None:
        self.databases = databases
        self.relations = relations
        self.texts = texts
        self.operator = operator
        self.nearest: dict[int, Place] = {}
        self.candidates: Counter[int] = Counter()
        self._pace = Pace(databases.settings.pools.statement_timeout)
        self._on_count = on_count
        self._finished = 0

    async def measure(self, comparisons: Iterable[Comparison]) -> None:
        """Measure all of these, in statements of about a second."""
        waiting = deque(comparisons)
        while waiting:
            taken = self._pace.take(waiting)
            started = time.perf_counter()
            found = await queries.nearest_of(
                self.databases,
                self.relations,
                [comparison.text for comparison in taken],
                [comparison.passages for comparison in taken],
                self.operator,
            )
            self._pace.learn(taken, time.perf_counter() - started)
            for near in found:
                asked = taken[near.n]
                place = Place(near.distance, asked.numbers[near.place], asked.passages[near.place])
                self._keep(asked.row, place)

    def _keep(self, row: int, place: Place) -> None:
        known = self.nearest.get(row)
        if known is None or (place.distance, place.number) < (known.distance, known.number):
            self.nearest[row] = place

    def finish(self, count: int) -> None:
        """So many more highlights are done."""
        self._finished += count
        self._on_count(self._finished)

    async def spread(self, items: Iterable[Item], work: Callable[[Item], Awaitable[None]]) -> None:
        """Do some work on all items, on as many at a time as the database may be asked for.

        The first that fails, and whoever cancels, ends the others too before this returns.
        """
        waiting = deque(items)
        lanes = queries.lanes(self.databases)

        async def run() -> None:
            while waiting:
                async with lanes:
                    # Another may have taken the last one meanwhile.
                    if waiting:
                        await work(waiting.popleft())

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(len(waiting), queries.most_at_once(self.databases))):
                    group.create_task(run())
        except BaseExceptionGroup as failed:
            error = failed.exceptions[0]
            raise error from error.__cause__
