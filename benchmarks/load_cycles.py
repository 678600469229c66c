"""Entering and leaving an app many times: what stays behind."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from benchmarks.load_journeys import PAGES
from tests.browser.footprints import Footprint, Footprints, kept_seconds, settle
from tests.browser.visitors import Run, Visitor

# Before a leak can be told from a pool of threads that has not been needed before.
WARMING = 10
# Long enough for the script to be in the middle of something.
HASTE_SECONDS = 0.1


@dataclass(frozen=True)
class Leak:
    """What the app held before so many cycles and after, and the runs that were waited for."""

    cycles: int
    runs: tuple[Run, ...]
    before: Footprint
    after: Footprint

    @property
    def descriptors(self) -> int:
        """Descriptors that the cycles left open."""
        return self.after.descriptors - self.before.descriptors

    @property
    def threads(self) -> int:
        """Threads that the cycles left running."""
        return self.after.threads - self.before.threads


async def enter_and_leave(footprints: Footprints, cycles: int) -> Leak:
    """Enter and leave so many times, page after page; see what stays when all is forgotten."""
    await _go_round(footprints.url, WARMING)
    await settle(footprints.url, kept_seconds())
    before = await footprints.footprint()
    runs = await _go_round(footprints.url, cycles)
    await settle(footprints.url, kept_seconds())
    return Leak(cycles, tuple(runs), before, await footprints.footprint())


async def _go_round(address: str, cycles: int) -> list[Run]:
    """Every second visitor leaves before the page is there."""
    runs = []
    for number in range(cycles):
        page = PAGES[number // 2 % len(PAGES)]
        async with Visitor(address) as visitor:
            if number % 2:
                await visitor.ask(page)
                await asyncio.sleep(HASTE_SECONDS)
            else:
                runs.append(await visitor.open(page))
    return runs
