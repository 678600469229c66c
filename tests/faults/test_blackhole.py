"""A network that swallows what is sent: nothing arrives, nothing is refused."""

from __future__ import annotations

import time

import pytest

from lib.databases.pools import Databases
from tests.conftest import Open
from tests.faults.proxy import Proxy
from tests.faults.servers import PASSAGES, Server
from tests.faults.timing import (
    ANSWER_SECONDS,
    RECOVERY_SECONDS,
    ask,
    ask_databases,
    count_passages,
    in_background,
    recovered,
    sleep,
    until,
)


def test_everything_is_swallowed_while_idle(
    server: Server, proxy: Proxy, open_connection: Open
) -> None:
    connection = open_connection(server.settings(port=proxy.port))
    ask(connection, count_passages).answered()
    proxy.stall()
    first = ask(connection, count_passages).noted("blackholed while idle: first action")
    first.within(ANSWER_SECONDS).refused()
    ask(connection, count_passages).noted("blackholed while idle: next action").within(
        1.0
    ).refused()
    proxy.forward()
    assert recovered(connection, count_passages, "blackholed while idle: back") == PASSAGES


def test_everything_is_swallowed_in_flight(
    server: Server, proxy: Proxy, open_connection: Open
) -> None:
    connection = open_connection(server.settings(port=proxy.port))
    ask(connection, count_passages).answered()
    asked = in_background(lambda: (ask(connection, sleep, 60.0), time.monotonic()))
    until(lambda: server.backends("query LIKE '%asleep%'"), 5)
    proxy.stall()
    stalled_at = time.monotonic()
    outcome, ended_at = asked.result(20)
    outcome.refused()
    outcome.noted("blackholed in flight: a query that was asked before")
    assert ended_at - stalled_at <= ANSWER_SECONDS
    proxy.forward()
    assert recovered(connection, count_passages) == PASSAGES


def test_everything_is_swallowed_in_the_middle_of_a_result(
    server: Server, proxy: Proxy, open_connection: Open
) -> None:
    connection = open_connection(server.settings(port=proxy.port))
    ask(connection, count_passages).answered()
    seen = [0]

    async def read(databases: Databases) -> None:
        sql = "SELECT n, pg_sleep(0.001) FROM generate_series(1, 1000000) AS n"
        async for rows in databases.knowledge_base.batches(sql, size=50):
            seen[0] += len(rows)

    asked = in_background(lambda: (ask_databases(connection, read), time.monotonic()))
    until(lambda: seen[0] > 100, 5)
    proxy.stall()
    stalled_at = time.monotonic()
    outcome, ended_at = asked.result(20)
    outcome.refused()
    outcome.noted("blackholed in the middle of a result")
    assert ended_at - stalled_at <= ANSWER_SECONDS
    proxy.forward()
    assert recovered(connection, count_passages) == PASSAGES
    # The server notices that nobody reads on, once word of it can pass.
    until(lambda: server.backends("state <> 'idle'") == 0, 5)


@pytest.mark.parametrize("in_flight", [False, True], ids=["idle", "in flight"])
def test_only_existing_connections_are_swallowed(
    server: Server, proxy: Proxy, open_connection: Open, in_flight: bool
) -> None:
    """As after a firewall has forgotten them: a fresh one would do."""
    fault = f"existing connections blackholed, {'in flight' if in_flight else 'idle'}"
    connection = open_connection(server.settings(port=proxy.port))
    ask(connection, count_passages).answered()
    if not in_flight:
        proxy.stall(new_ones=False)
        first = ask(connection, count_passages).noted(f"{fault}: first action")
        assert first.within(ANSWER_SECONDS).answered() == PASSAGES
    else:
        mark = "forgotten in flight"
        asked = in_background(lambda: ask(connection, sleep, 1.0, mark))
        until(lambda: server.runs(mark), 5)
        proxy.stall(new_ones=False)
        stalled_at = time.monotonic()
        outcome = asked.result(20).noted(f"{fault}: a query that was asked before")
        assert time.monotonic() - stalled_at <= ANSWER_SECONDS
        assert outcome.answered() == 42
        assert server.runs(mark) == 2
    assert recovered(connection, count_passages, f"{fault}: next action") == PASSAGES


def test_refused_and_back(server: Server, proxy: Proxy, open_connection: Open) -> None:
    connection = open_connection(server.settings(port=proxy.port))
    ask(connection, count_passages).answered()
    proxy.refuse()
    refused = ask(connection, count_passages).noted("connections refused")
    assert "knowledge_base" in refused.within(ANSWER_SECONDS).refused().message
    proxy.forward()
    back = ask(connection, count_passages).noted("connections refused: taken again")
    assert back.within(RECOVERY_SECONDS).answered() == PASSAGES


def test_connections_are_cut_while_idle(
    server: Server, proxy: Proxy, open_connection: Open
) -> None:
    connection = open_connection(server.settings(port=proxy.port))
    ask(connection, count_passages).answered()
    proxy.cut()
    back = ask(connection, count_passages).noted("connections reset while idle: next action")
    assert back.within(RECOVERY_SECONDS).answered() == PASSAGES


def test_the_connection_is_cut_in_flight(
    server: Server, proxy: Proxy, open_connection: Open
) -> None:
    """The query is asked once more, of a fresh connection, and nobody hears of it."""
    mark = "cut in flight"
    connection = open_connection(server.settings(port=proxy.port))
    ask(connection, count_passages).answered()
    asked = in_background(lambda: ask(connection, sleep, 1.0, mark))
    until(lambda: server.runs(mark), 5)
    proxy.cut()
    outcome = asked.result(20).noted("connection reset in flight (a query of 1 s)")
    assert outcome.within(ANSWER_SECONDS).answered() == 42
    assert server.runs(mark) == 2
