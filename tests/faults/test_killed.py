"""Backends that are killed, and which errors are worth a second try."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial

import asyncpg
import pytest

from lib.databases.pools import Databases
from lib.errors import DatabaseError, QueryTimeout, TooManyConnections, Unreachable
from lib.settings import DSN_VARIABLES
from tests.conftest import Open
from tests.faults.locks import locked
from tests.faults.servers import PASSAGES, Server
from tests.faults.timing import (
    ANSWER_SECONDS,
    RECOVERY_SECONDS,
    Left,
    ask,
    ask_databases,
    count_passages,
    in_background,
    sleep,
    until,
)


def test_killed_while_idle(server: Server, open_connection: Open) -> None:
    connection = open_connection(server.settings())
    for _ in range(3):
        ask(connection, count_passages).answered()
        assert server.kill_backends() >= 1
        outcome = ask(connection, count_passages)
        assert outcome.within(RECOVERY_SECONDS).answered() == PASSAGES
    outcome.noted("backend killed while idle: next action")


def test_all_of_a_full_pool_killed_while_idle(server: Server, open_connection: Open) -> None:
    """One retry is enough, however many dead connections the pool still holds."""
    connection = open_connection(server.settings(max_size=4))
    asked = [in_background(lambda: ask(connection, sleep, 0.5)) for _ in range(4)]
    for one in asked:
        one.result(20).answered()
    assert server.kill_backends("datname = 'knowledge_base'") == 4
    outcomes = [in_background(lambda: ask(connection, count_passages)) for _ in range(4)]
    for one in outcomes:
        assert one.result(20).within(RECOVERY_SECONDS).answered() == PASSAGES


def test_killed_in_flight_once_is_asked_once_more(server: Server, open_connection: Open) -> None:
    mark = "killed once"
    connection = open_connection(server.settings())
    asked = in_background(lambda: ask(connection, sleep, 1.0, mark))
    until(lambda: server.runs(mark) == 1, 5)
    assert server.kill_backends(f"query LIKE '%{mark}%'") == 1
    outcome = asked.result(20).noted("backend killed in flight (a query of 1 s)")
    assert outcome.within(ANSWER_SECONDS).answered() == 42
    assert server.runs(mark) == 2


def has_run(server: Server, mark: str, times: int) -> bool:
    return server.runs(mark) == times


def test_killed_in_flight_twice_is_a_named_error(server: Server, open_connection: Open) -> None:
    mark = "killed twice"
    connection = open_connection(server.settings())
    asked = in_background(lambda: ask(connection, sleep, 10.0, mark))
    for times in (1, 2):
        until(partial(has_run, server, mark, times), 5)
        assert server.kill_backends(f"query LIKE '%{mark}%'") == 1
    error = asked.result(20).noted("backend killed in flight twice").refused()
    assert isinstance(error, Unreachable)
    assert server.runs(mark) == 2
    assert ask(connection, count_passages).within(RECOVERY_SECONDS).answered() == PASSAGES


def test_killed_between_two_batches(server: Server, open_connection: Open) -> None:
    """What was read before the kill is read again, and never twice into one result."""
    connection = open_connection(server.settings())
    seen: list[int] = []

    async def read(databases: Databases) -> list[int]:
        numbers: list[int] = []
        sql = "SELECT n, pg_sleep(0.0005) FROM generate_series(1, 2000) AS n"
        async for rows in databases.knowledge_base.batches(sql, size=100):
            numbers += [row["n"] for row in rows]
            seen.append(len(rows))
        return numbers

    asked = in_background(lambda: ask_databases(connection, read))
    until(lambda: len(seen) > 2, 5)
    assert server.kill_backends("query LIKE '%generate_series%'") == 1
    assert asked.result(20).answered() == list(range(1, 2001))


async def _read_lock(databases: Databases) -> None:
    await databases.knowledge_base.fetch("SELECT count(*) FROM chunks /* waits for a lock */")


def test_a_statement_timeout_is_not_tried_again(server: Server, open_connection: Open) -> None:
    mark = "takes too long"
    connection = open_connection(server.settings(statement_timeout=0.5))
    outcome = ask(connection, sleep, 10.0, mark).noted("statement timeout of 0.5 s")
    assert isinstance(outcome.within(2.0).refused(), QueryTimeout)
    assert server.runs(mark) == 1


def test_a_lock_timeout_is_not_tried_again(server: Server, open_connection: Open) -> None:
    connection = open_connection(server.settings(lock_timeout=0.5))
    with locked(server, "chunks"):
        error = ask_databases(connection, _read_lock).within(2.0).refused()
    assert isinstance(error, QueryTimeout)
    assert server.failures("/* waits for a lock */") == 1


def test_a_cancelled_statement_is_not_tried_again(server: Server, open_connection: Open) -> None:
    mark = "cancelled by an administrator"
    connection = open_connection(server.settings())
    asked = in_background(lambda: ask(connection, sleep, 10.0, mark))
    until(lambda: server.runs(mark), 5)
    server.execute(
        f"SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE '%{mark}%'"
        " AND application_name = 'concordance'"
    )
    assert isinstance(asked.result(20).within(ANSWER_SECONDS).refused(), QueryTimeout)
    assert server.runs(mark) == 1


def test_a_query_that_nobody_waits_for_is_not_tried_again(
    server: Server, open_connection: Open
) -> None:
    mark = "nobody waits"
    connection = open_connection(server.settings())

    def leave() -> None:
        if server.runs(mark):
            raise Left

    with pytest.raises(Left):
        connection.run(sleep, 10.0, mark, on_wait=leave)
    until(lambda: server.backends("state <> 'idle'") == 0, 2)
    assert server.runs(mark) == 1


def test_a_refused_query_is_not_tried_again(server: Server, open_connection: Open) -> None:
    connection = open_connection(server.settings())

    async def divide(databases: Databases) -> None:
        await databases.knowledge_base.fetch("SELECT 1 / 0 /* divided */")

    assert type(ask_databases(connection, divide).refused()) is DatabaseError
    assert server.failures("/* divided */") == 1


def test_no_connections_left_is_said_at_once_and_not_tried_again(
    server: Server, open_connection: Open
) -> None:
    connection = open_connection(server.settings())
    with asyncio.Runner() as runner:
        taken: list[asyncpg.Connection] = []
        with suppress(asyncpg.TooManyConnectionsError):
            while True:
                taken.append(runner.run(asyncpg.connect(server.dsn())))
        before = server.refusals()
        try:
            outcome = ask(connection, count_passages).noted("max_connections exhausted")
            assert isinstance(outcome.within(1.0).refused(), TooManyConnections)
            # The tables of both databases are looked for at once.
            assert server.refusals() - before == len(DSN_VARIABLES)
        finally:
            for one in taken[:4]:
                runner.run(one.close())
        back = ask(connection, count_passages).noted("max_connections exhausted: room again")
        assert back.within(RECOVERY_SECONDS).answered() == PASSAGES
        for one in taken[4:]:
            runner.run(one.close())
