"""The doctor, when there is something to find: it answers in time too, and names it."""

from __future__ import annotations

import pytest

from lib.connection import Connection
from lib.databases import doctor
from lib.settings import KNOWLEDGE_BASE, LIFE_DASHBOARD
from tests.conftest import Open
from tests.faults.locks import locked
from tests.faults.proxy import Proxy
from tests.faults.servers import Server
from tests.faults.test_one_down import DOWN, settings_with
from tests.faults.timing import ANSWER_SECONDS, ask_databases, until

BOTH = {LIFE_DASHBOARD, KNOWLEDGE_BASE}


def is_healthy(connection: Connection) -> bool:
    """Whether the doctor finds no problem now."""
    checks = ask_databases(connection, doctor.examine).within(ANSWER_SECONDS).answered()
    return all(check.state != "problem" for check in checks)


def test_a_frozen_server(server: Server, open_connection: Open) -> None:
    connection = open_connection(server.settings())
    with server.frozen():
        outcome = ask_databases(connection, doctor.examine).noted("doctor, server frozen")
        checks = outcome.within(ANSWER_SECONDS).answered()
    assert {check.database for check in checks if check.state == "problem"} == BOTH
    until(lambda: is_healthy(connection), 2)


@DOWN
def test_one_database_is_down(
    server: Server, proxy: Proxy, open_connection: Open, down: str
) -> None:
    connection = open_connection(settings_with(server, proxy, down))
    proxy.refuse()
    outcome = ask_databases(connection, doctor.examine).noted(f"doctor, {down} refuses")
    checks = outcome.within(ANSWER_SECONDS).answered()
    assert {check.database for check in checks if check.state == "problem"} == {down}
    assert {check.database for check in checks if check.state == "ok"} >= BOTH - {down}
    proxy.forward()
    assert is_healthy(connection)


@pytest.mark.parametrize("table", ["chunks", "pg_extension"])
def test_a_locked_table(server: Server, open_connection: Open, table: str) -> None:
    connection = open_connection(server.settings())
    with locked(server, table):
        outcome = ask_databases(connection, doctor.examine).noted(f"doctor, {table} locked")
        checks = outcome.within(ANSWER_SECONDS).answered()
    assert "locked" in " ".join(check.found for check in checks if check.state != "ok")
    assert is_healthy(connection)
