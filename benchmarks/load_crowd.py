"""A crowd of visitors at one app, and what is seen of the app while they are there."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from benchmarks.load_browsers import browse, launched
from benchmarks.load_journeys import plan, travel
from tests.browser.footprints import Footprint, Footprints
from tests.browser.visitors import Run

LEFT_SECONDS = 2.0


@dataclass(frozen=True)
class Load:
    """How many come, within how many seconds, how long they pause, and the seed of what they do."""

    sessions: int
    browsers: int
    arrival: float
    pause: float
    seed: int

    @property
    def everybody(self) -> int:
        """All sessions, those of browsers among them."""
        return self.sessions + self.browsers


@dataclass(frozen=True)
class Crowd:
    """What came of a crowd.

    `first` and `later` are runs of websocket sessions, `drawn` and `followed` those of browsers: an
    address, then a link, each until everything is drawn. `most` is the highest number of
    connections by database, `unseen` the longest time in seconds between two looks at them. `left`
    are the queries that ran 2 s after everybody had gone. Footprints are from before anybody came,
    when all were there at rest, and (in an app that is looked at for longer) when all had gone and
    were forgotten. `busy` is the app's time on a core, in seconds.
    """

    first: tuple[Run, ...]
    later: tuple[Run, ...]
    drawn: tuple[Run, ...]
    followed: tuple[Run, ...]
    most: dict[str, int]
    unseen: float
    left: int
    everybody: int
    busy: float
    before: Footprint
    there: Footprint
    after: Footprint | None = None

    @property
    def all_first(self) -> tuple[Run, ...]:
        """The first load of everybody, browsers among them."""
        return (*self.first, *self.drawn)


async def gather(load: Load, footprints: Footprints) -> Crowd:
    """Let everybody come, wait until all are at their last page, and send all away at once."""
    together = asyncio.Barrier(load.everybody + 1)
    before, busy = await footprints.footprint(), footprints.core_seconds()
    journeys = plan(load.sessions, load.arrival, load.pause, load.seed)
    spread = [load.arrival * number / load.browsers for number in range(load.browsers)]
    async with launched() as browser, asyncio.TaskGroup() as everybody:
        travels = [
            everybody.create_task(travel(footprints.url, each, together)) for each in journeys
        ]
        visits = [
            everybody.create_task(browse(browser, footprints.url, number, after, together))
            for number, after in enumerate(spread)
        ]
        await together.wait()
        there, busy = await footprints.footprint(), footprints.core_seconds() - busy
        await together.wait()
        await asyncio.wait([*travels, *visits])
        await asyncio.sleep(LEFT_SECONDS)
        left = await footprints.busy()
    travelled = [task.result() for task in travels]
    return Crowd(
        first=tuple(runs[0] for runs in travelled),
        later=tuple(run for runs in travelled for run in runs[1:]),
        drawn=tuple(task.result()[0] for task in visits),
        followed=tuple(run for task in visits for run in task.result()[1:]),
        most=dict(footprints.most),
        unseen=footprints.longest,
        left=left,
        everybody=load.everybody,
        busy=busy,
        before=before,
        there=there,
    )
