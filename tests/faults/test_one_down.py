"""One database is down while the other works."""

from __future__ import annotations

import pytest

from lib.databases import books, highlights
from lib.databases.pools import Databases
from lib.settings import KNOWLEDGE_BASE, LIFE_DASHBOARD, Settings
from tests.conftest import Open
from tests.faults.proxy import Proxy
from tests.faults.servers import BOOKS, HIGHLIGHTS, Server
from tests.faults.timing import (
    ANSWER_SECONDS,
    Outcome,
    ask,
    ask_databases,
    recovered,
)

DOWN = pytest.mark.parametrize("down", [LIFE_DASHBOARD, KNOWLEDGE_BASE])
WORKS_SECONDS = 1.0


def settings_with(server: Server, proxy: Proxy, down: str, **pools: float) -> Settings:
    """Settings of which one database is behind the proxy."""
    addresses = [
        server.dsn(name, port=proxy.port if name == down else None)
        for name in (LIFE_DASHBOARD, KNOWLEDGE_BASE)
    ]
    return Settings.model_validate({"pools": pools}).with_connections(*addresses)


@DOWN
@pytest.mark.parametrize("silent", [False, True], ids=["refuses", "silent"])
@pytest.mark.parametrize("met", [False, True], ids=["from the start", "later"])
def test_the_other_database_is_read_on(
    server: Server, proxy: Proxy, open_connection: Open, down: str, silent: bool, met: bool
) -> None:
    connection = open_connection(settings_with(server, proxy, down, connect_timeout=1.5))

    def ask_highlights() -> Outcome:
        return ask(connection, highlights.count_by_model)

    def ask_books() -> Outcome:
        return ask(connection, books.read_books)

    if met:
        ask_highlights().answered()
        ask_books().answered()
    if silent:
        proxy.stall()
    else:
        proxy.refuse()
    fault = f"{down} {'silent' if silent else 'refuses'}{', met before' if met else ''}"
    both = (ask_highlights, ask_books)
    broken, whole = both if down == LIFE_DASHBOARD else both[::-1]
    outcome = broken().noted(f"{fault}: asked")
    assert outcome.within(ANSWER_SECONDS).refused().database == down
    other = whole().noted(f"{fault}: the other")
    # What was never looked up of the lost database may be looked up first.
    other.within(WORKS_SECONDS).answered()
    proxy.forward()
    counted = recovered(connection, highlights.count_by_model, f"{fault}: back")
    assert int(counted["highlights"].sum()) == HIGHLIGHTS
    assert len(recovered(connection, books.read_books)) == BOOKS


@DOWN
def test_a_query_of_both_databases_names_the_one_that_is_down(
    server: Server, proxy: Proxy, open_connection: Open, down: str
) -> None:
    connection = open_connection(settings_with(server, proxy, down))

    async def ping_both(databases: Databases) -> list[float]:
        return [await databases[name].ping() for name in (LIFE_DASHBOARD, KNOWLEDGE_BASE)]

    proxy.refuse()
    error = ask_databases(connection, ping_both).within(ANSWER_SECONDS).refused()
    assert error.database == down
    assert down in error.message
