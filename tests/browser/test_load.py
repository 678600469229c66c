"""Several people at once: all are served, and nothing of them stays behind."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from lib.databases.loop import EventLoop
from lib.demo.provision import addresses
from lib.demo.server import OWNER, server_in
from lib.settings import Pools, demo_directory
from tests.browser.conftest import App, running_app
from tests.browser.footprints import Footprint, settle, watched
from tests.browser.visitors import Run, Visitor

# A session is kept for its browser to come back; not for minutes while a test waits.
KEPT_SECONDS = 2
BUSY_SECONDS = 20
LEFT_SECONDS = 2
# Shorter than a turn may last at most.
AHEAD_SECONDS = 0.6
CYCLES = 15
LEAK = 2
PAGES = ("", "scores", "search", "matches")
CHANGES = {
    "scores": ("And the k-th nearest, k", 7),
    "search": ("Search for", "the sun stood still"),
    "matches": ("Budget", 5),
}


@pytest.fixture
def owner() -> Iterator[str]:
    """The address of the demo's owner, who sees every connection."""
    server = server_in(demo_directory().resolve())
    server.start()
    yield addresses(server, OWNER).knowledge_base
    server.release()


@pytest.fixture
def fresh_app(tmp_path: Path) -> Iterator[App]:
    """An app of its own, whose figures nobody else changes."""
    kept = {"STREAMLIT_SERVER_DISCONNECTED_SESSION_TTL": str(KEPT_SECONDS)}
    with running_app(tmp_path, **kept) as started:
        yield started


@pytest.fixture
def loop() -> Iterator[EventLoop]:
    """Playwright has a loop of its own on the thread of these tests."""
    loop = EventLoop()
    yield loop
    loop.stop()


async def visit(address: str, page: str, together: asyncio.Barrier) -> list[Run]:
    """Open a page, change something on it, go to the first page, and leave with all others."""
    async with Visitor(address) as visitor:
        runs = [await visitor.open(page)]
        if page in CHANGES and not runs[0].problems:
            runs.append(await visitor.change(*CHANGES[page]))
        runs.append(await visitor.go(""))
        await together.wait()
    return runs


def problems(runs: list[Run]) -> list[str]:
    return [f"/{run.page}: {problem}" for run in runs for problem in run.problems]


def test_eight_at_once_are_served_and_leave_no_query(
    fresh_app: App, owner: str, loop: EventLoop
) -> None:
    async def crowd() -> tuple[list[Run], dict[str, int], int]:
        together = asyncio.Barrier(2 * len(PAGES))
        async with watched(fresh_app, owner) as footprints:
            visits = await asyncio.gather(
                *(visit(fresh_app.url, page, together) for page in 2 * PAGES)
            )
            # The last one leaves in the middle of a search of the whole library.
            async with Visitor(fresh_app.url) as hasty:
                await hasty.ask("matches", "window=11&stride=5")
                async with asyncio.timeout(BUSY_SECONDS):
                    while not await footprints.busy():
                        pass
            await asyncio.sleep(LEFT_SECONDS)
            return (
                [run for runs in visits for run in runs],
                dict(footprints.most),
                await footprints.busy(),
            )

    runs, most, left = loop.run(crowd())
    assert problems(runs) == []
    assert len(runs) == 2 * (len(PAGES) * 2 + len(CHANGES))
    assert set(most) == {"life_dashboard", "knowledge_base"}
    assert max(most.values()) <= Pools().max_size
    assert left == 0


def test_who_waits_for_a_database_keeps_nobody_else_waiting(
    fresh_app: App, owner: str, loop: EventLoop
) -> None:
    """Scripts take turns, and waiting is no turn: also not waiting for what somebody else asked."""

    async def meet() -> tuple[list[Run], list[bool], list[Run]]:
        locking = await asyncpg.connect(owner)
        try:
            async with contextlib.AsyncExitStack() as present:
                slow = [await present.enter_async_context(Visitor(fresh_app.url)) for _ in range(3)]
                quick = await present.enter_async_context(Visitor(fresh_app.url))
                for visitor in (*slow, quick):
                    await visitor.open("")
                await locking.execute("BEGIN; LOCK TABLE chunks IN ACCESS EXCLUSIVE MODE")
                # All three want one scan that nobody has asked for.
                asked = [
                    asyncio.create_task(visitor.open("matches", "window=11&stride=5"))
                    for visitor in slow
                ]
                await asyncio.sleep(AHEAD_SECONDS)
                runs = [await quick.open("") for _ in range(3)]
                waited = [each.done() for each in asked]
                await locking.execute("ROLLBACK")
                return runs, waited, await asyncio.gather(*asked)
        finally:
            await locking.close()

    runs, waited, slow = loop.run(meet())
    assert problems(runs) == []
    assert waited == [False] * 3
    assert max(run.seconds for run in runs) < AHEAD_SECONDS
    assert problems(slow) == []


def test_entering_and_leaving_leaks_nothing(fresh_app: App, owner: str, loop: EventLoop) -> None:
    async def go_round(cycles: int) -> list[Run]:
        runs = []
        for number in range(cycles):
            page = PAGES[number % len(PAGES)]
            async with Visitor(fresh_app.url) as visitor:
                if number % 3 == 2:
                    await visitor.ask(page)
                else:
                    runs.append(await visitor.open(page))
        return runs

    async def measure() -> tuple[list[Run], Footprint, Footprint]:
        async with watched(fresh_app, owner) as footprints:
            await go_round(2 * len(PAGES))
            await settle(fresh_app.url, KEPT_SECONDS)
            before = await footprints.footprint()
            runs = await go_round(CYCLES)
            await settle(fresh_app.url, KEPT_SECONDS)
            return runs, before, await footprints.footprint()

    runs, before, after = loop.run(measure())
    assert problems(runs) == []
    assert after.descriptors - before.descriptors <= LEAK
    assert after.threads - before.threads <= LEAK


def test_a_page_that_is_not_there_or_shows_an_error_is_not_called_served(
    fresh_app: App, loop: EventLoop
) -> None:
    async def visit_in_vain() -> tuple[Run, Run, Run]:
        async with Visitor(fresh_app.url) as visitor:
            missing = await visitor.open("no-such-page")
            empty = await visitor.open("search", "ask=a vector")
            return missing, empty, await visitor.change("Vector", "[1, two]")

    missing, empty, refused = loop.run(visit_in_vain())
    assert any("no page" in problem for problem in missing.problems)
    assert empty.problems == ()
    assert any("two" in problem for problem in refused.problems)
