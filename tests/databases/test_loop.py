"""The event loop against a real server: results, errors, cancellation, threads, the end."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from lib.databases.loop import EventLoop
from lib.databases.pools import Database
from lib.demo.server import OWNER, DemoServer
from lib.settings import Pools
from tests.databases.library import fetch

SLEEPING = (
    "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(30)%'"
    " AND pid <> pg_backend_pid()"
)


@pytest.fixture
def database(loop: EventLoop, server: DemoServer) -> Iterator[Database]:
    database = Database("knowledge_base", server.dsn(OWNER, OWNER), Pools(max_size=4))
    yield database
    loop.run(database.close())


class Left(Exception):
    """The browser is gone."""


def _wait_until(server: DemoServer, sleeping: int, seconds: float) -> float:
    """Seconds until so many queries sleep on the server."""
    started = time.monotonic()
    while fetch(server.dsn(OWNER, OWNER), SLEEPING) != [(sleeping,)]:
        assert time.monotonic() - started < seconds, "not in time"
        time.sleep(0.02)
    return time.monotonic() - started


def test_run_returns_what_the_coroutine_returns(loop: EventLoop, database: Database) -> None:
    assert [tuple(row) for row in loop.run(database.fetch("SELECT $1::int + 1", 41))] == [(42,)]


def test_run_raises_what_the_coroutine_raises(loop: EventLoop) -> None:
    async def fail() -> None:
        await asyncio.sleep(0.01)
        raise LookupError("here")

    with pytest.raises(LookupError, match="here"):
        loop.run(fail())


def test_on_wait_is_called_while_waiting_and_not_for_its_result(
    loop: EventLoop, database: Database
) -> None:
    calls: list[float] = []

    def note() -> bool:
        calls.append(time.monotonic())
        return False

    rows = loop.run(database.fetch("SELECT pg_sleep(0.5)"), note)
    assert len(rows) == 1
    assert 5 <= len(calls) <= 12


def test_on_wait_that_raises_cancels_the_query_on_the_server(
    loop: EventLoop, database: Database, server: DemoServer
) -> None:
    seen = threading.Event()

    def leave() -> None:
        if fetch(server.dsn(OWNER, OWNER), SLEEPING) == [(1,)]:
            seen.set()
            raise Left

    with pytest.raises(Left):
        loop.run(database.fetch("SELECT pg_sleep(30)"), leave)
    assert seen.is_set()
    _wait_until(server, sleeping=0, seconds=1.0)
    # The connection is as good as new.
    assert [tuple(row) for row in loop.run(database.fetch("SELECT 1"))] == [(1,)]


def test_a_cancelled_cursor_gives_its_connection_back(loop: EventLoop, server: DemoServer) -> None:
    database = Database("knowledge_base", server.dsn(OWNER, OWNER), Pools(max_size=1))

    async def read() -> int:
        total = 0
        async for rows in database.batches(
            "SELECT pg_sleep(0.001) FROM generate_series(1, 100000)", size=50
        ):
            total += len(rows)
        return total

    def leave() -> None:
        raise Left

    for _ in range(3):
        with pytest.raises(Left):
            loop.run(read(), leave)
    assert [tuple(row) for row in loop.run(database.fetch("SELECT 1"))] == [(1,)]
    loop.run(database.close())


def test_many_threads_at_once(loop: EventLoop, database: Database) -> None:
    def ask(number: int) -> int:
        rows = loop.run(database.fetch("SELECT $1::int, pg_sleep(0.05)", number), lambda: None)
        return int(rows[0][0])

    started = time.monotonic()
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(ask, range(32)))
    assert answers == list(range(32))
    # Four connections share 32 × 50 ms: neither one after the other nor more at once.
    assert 0.4 <= time.monotonic() - started < 1.5


def test_stop_ends_the_thread_and_what_still_runs() -> None:
    before = threading.active_count()
    loop = EventLoop()
    assert threading.active_count() == before + 1
    ended: list[BaseException] = []

    def sleep() -> None:
        try:
            loop.run(asyncio.sleep(30))
        except BaseException as error:
            ended.append(error)

    waiting = threading.Thread(target=sleep)
    waiting.start()
    time.sleep(0.1)
    started = time.monotonic()
    loop.stop()
    waiting.join(2)
    assert not waiting.is_alive()
    assert len(ended) == 1
    assert threading.active_count() == before
    assert time.monotonic() - started < 1.0
    loop.stop()
