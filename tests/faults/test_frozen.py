"""A server that is frozen: it takes connections and never says a word."""

from __future__ import annotations

import time

import pytest

from lib.databases.pools import Databases
from lib.errors import Unreachable
from tests.conftest import Open
from tests.faults.servers import HIGHLIGHTS, PASSAGES, Server
from tests.faults.timing import (
    ANSWER_SECONDS,
    Left,
    ask,
    count_highlights,
    count_passages,
    in_background,
    recovered,
    sleep,
    timed,
    until,
)

QUERIES_OF_A_PAGE = 10
BY = pytest.mark.parametrize("socket", [False, True], ids=["tcp", "socket"])


@BY
def test_frozen_while_idle_and_thawed(server: Server, open_connection: Open, socket: bool) -> None:
    way = "socket" if socket else "TCP"
    connection = open_connection(server.settings(socket=socket))
    ask(connection, count_passages).answered()
    with server.frozen():
        started = time.monotonic()
        first = ask(connection, count_passages).noted(f"frozen while idle, {way}: first action")
        first.within(ANSWER_SECONDS)
        error = first.refused()
        assert isinstance(error, Unreachable)
        assert error.database == "knowledge_base"
        later = [ask(connection, count_passages) for _ in range(QUERIES_OF_A_PAGE - 1)]
        slowest = max(later, key=lambda outcome: outcome.seconds)
        slowest.noted(f"frozen while idle, {way}: slowest of the later actions").within(1.0)
        for outcome in later:
            assert isinstance(outcome.refused(), Unreachable)
        assert time.monotonic() - started <= ANSWER_SECONDS, "a page is at rest too late"
    assert recovered(connection, count_passages, f"frozen while idle, {way}: thawed") == PASSAGES


@BY
def test_frozen_with_a_query_in_flight(server: Server, open_connection: Open, socket: bool) -> None:
    way = "socket" if socket else "TCP"
    connection = open_connection(server.settings(socket=socket))
    ask(connection, count_passages).answered()
    mark = f"frozen in flight, {way}"
    asked = in_background(lambda: (ask(connection, sleep, 60.0, mark), time.monotonic()))
    until(lambda: server.runs(mark), 5)
    with server.frozen():
        frozen_at = time.monotonic()
        outcome, ended_at = asked.result(20)
        assert isinstance(outcome.refused(), Unreachable)
        assert ended_at - frozen_at <= ANSWER_SECONDS
        outcome.noted(f"frozen in flight, {way}: a query that was asked before")
        ask(connection, count_passages).within(1.0).refused()
    assert recovered(connection, count_passages, f"frozen in flight, {way}: thawed") == PASSAGES
    assert server.runs(mark) == 1


def test_frozen_with_every_connection_in_flight(server: Server, open_connection: Open) -> None:
    """Whoever waits has the same server to look at, and does not wait for others' looks."""
    connection = open_connection(server.settings())
    ask(connection, count_passages).answered()
    pools = connection.settings.pools.max_size
    mark = "frozen with all in flight"
    asked = [
        in_background(lambda: (ask(connection, sleep, 60.0, mark), time.monotonic()))
        for _ in range(pools)
    ]
    until(lambda: server.runs(mark) == pools, 5)
    with server.frozen():
        frozen_at = time.monotonic()
        ended = [one.result(20) for one in asked]
        for outcome, _ in ended:
            assert isinstance(outcome.refused(), Unreachable)
        last = max(ended_at for _, ended_at in ended) - frozen_at
    assert last <= ANSWER_SECONDS
    assert recovered(connection, count_passages) == PASSAGES
    assert server.runs(mark) == pools


def test_a_query_that_is_only_slow_is_waited_for(server: Server, open_connection: Open) -> None:
    """The server is asked whether it lives, which it does, and the query goes on."""
    connection = open_connection(server.settings())
    outcome = ask(connection, sleep, 4.0, "slow but well")
    assert outcome.answered() == 42
    assert outcome.seconds >= 4.0
    assert server.runs("slow but well") == 1


def test_frozen_before_anything_is_asked(server: Server, open_connection: Open) -> None:
    connection = open_connection(server.settings())
    with server.frozen():
        outcome = ask(connection, count_passages).noted("frozen before the first action")
        outcome.within(ANSWER_SECONDS).refused()
    assert recovered(connection, count_passages) == PASSAGES


def test_frozen_while_many_ask_at_once(server: Server, open_connection: Open) -> None:
    connection = open_connection(server.settings())
    ask(connection, count_passages).answered()
    queries = [count_passages, count_highlights] * 20
    with server.frozen():
        asked = [in_background(ask, connection, query) for query in queries]
        outcomes = [one.result(20) for one in asked]
        slowest = max(outcomes, key=lambda outcome: outcome.seconds)
        slowest.noted("frozen, forty actions at once: the slowest").within(ANSWER_SECONDS)
        for outcome in outcomes:
            assert isinstance(outcome.refused(), Unreachable)
    assert recovered(connection, count_passages) == PASSAGES
    assert recovered(connection, count_highlights) == HIGHLIGHTS


def test_leaving_and_closing_while_the_server_is_frozen(
    server: Server, open_connection: Open
) -> None:
    connection = open_connection(server.settings())
    ask(connection, count_passages).answered()
    waited_since = time.monotonic()

    def leave() -> None:
        if time.monotonic() - waited_since > 0.5:
            raise Left

    async def ping(databases: Databases) -> float:
        return await databases.knowledge_base.ping()

    with server.frozen():
        waited_since = time.monotonic()
        with pytest.raises(Left):
            connection.run_on_databases(ping, leave)
        timed(lambda on_wait: connection.run_on_databases(ping, on_wait)).within(
            ANSWER_SECONDS
        ).refused()
        started = time.monotonic()
        connection.close()
        assert time.monotonic() - started <= ANSWER_SECONDS
