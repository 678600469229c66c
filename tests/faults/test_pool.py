"""A pool that has no connection left, and many threads that want one."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from typing import Any

import pytest

from lib.databases.pools import Databases
from lib.databases.relations import Relations
from lib.errors import TooManyConnections
from tests.conftest import Open
from tests.faults.servers import PASSAGES, Server
from tests.faults.timing import (
    ANSWER_SECONDS,
    RECOVERY_SECONDS,
    ask,
    count_passages,
    in_background,
    sleep,
    until,
)

THREADS = 20
ASKED_BY_EACH = 25


@pytest.mark.parametrize("wait", [None, 1.0], ids=["default", "1 s"])
def test_every_connection_of_the_pool_is_busy(
    server: Server, open_connection: Open, wait: float | None
) -> None:
    pools: dict[str, Any] = {} if wait is None else {"acquire_timeout": wait}
    connection = open_connection(server.settings(max_size=4, **pools))
    ask(connection, count_passages).answered()
    gone = threading.Event()

    def leave() -> None:
        if gone.is_set():
            raise InterruptedError

    busy = [in_background(lambda: connection.run(sleep, 30.0, on_wait=leave)) for _ in range(4)]
    until(lambda: server.backends("query LIKE '%asleep%' AND state = 'active'") == 4, 5)
    try:
        outcome = ask(connection, count_passages).noted(
            f"pool exhausted, acquire_timeout {'as it is' if wait is None else f'{wait} s'}"
        )
        assert isinstance(outcome.refused(), TooManyConnections)
        outcome.within(ANSWER_SECONDS if wait is None else wait + 1.0)
    finally:
        gone.set()
    for one in busy:
        assert isinstance(one.exception(5), InterruptedError)
    back = ask(connection, count_passages).noted("pool exhausted: room again")
    assert back.within(RECOVERY_SECONDS).answered() == PASSAGES


async def _echo(databases: Databases, relations: Relations, number: int) -> int:
    row = await databases.knowledge_base.fetchrow("SELECT $1::int AS n, pg_sleep(0.002)", number)
    other = await databases.life_dashboard.fetchrow("SELECT $1::int AS n", number)
    assert row["n"] == other["n"]
    return int(row["n"])


def test_twenty_threads_ask_at_once(server: Server, open_connection: Open) -> None:
    connection = open_connection(server.settings(max_size=4))
    most, ended = [0], threading.Event()

    def watch() -> None:
        while not ended.is_set():
            most[0] = max(most[0], server.backends())
            time.sleep(0.05)

    def hammer(thread: int) -> list[tuple[int, int]]:
        answers = []
        for turn in range(ASKED_BY_EACH):
            number = thread * 1000 + turn
            answers.append((number, ask(connection, _echo, number).answered()))
        return answers

    started = time.monotonic()
    watching = in_background(watch)
    asked = [in_background(hammer, thread) for thread in range(THREADS)]
    for one in asked:
        for number, answer in one.result(60):
            assert answer == number
    ended.set()
    watching.result(5)
    assert time.monotonic() - started < 30
    assert 0 < most[0] <= 8


def test_threads_that_come_and_go(server: Server, open_connection: Open) -> None:
    """Browsers that leave in the middle of a query take no connection with them."""
    connection = open_connection(server.settings(max_size=4))

    def come_and_go(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(10):
            leaves_at = time.monotonic() + chance.uniform(0, 0.1)

            def leave(leaves_at: float = leaves_at) -> None:
                if time.monotonic() > leaves_at:
                    raise InterruptedError

            with pytest.raises(InterruptedError):
                connection.run(sleep, 20.0, on_wait=leave)

    for one in [in_background(come_and_go, thread) for thread in range(8)]:
        one.result(60)
    until(lambda: server.backends("state <> 'idle'") == 0, 2)
    busy = [in_background(lambda: ask(connection, sleep, 0.3)) for _ in range(4)]
    for one in busy:
        assert one.result(20).within(2.0).answered() == 42
    assert server.backends("datname = 'knowledge_base'") <= 4


def test_another_event_loop_harms_nobody(server: Server, open_connection: Open) -> None:
    """A pool belongs to one loop: asked from another it refuses, before anything is sent."""
    connection = open_connection(server.settings())
    ask(connection, count_passages).answered()
    with pytest.raises(Exception, match="loop"):
        asyncio.run(connection.databases.knowledge_base.fetch("SELECT 'wrong loop'"))
    assert server.runs("wrong loop") == 0
    assert ask(connection, count_passages).within(RECOVERY_SECONDS).answered() == PASSAGES
