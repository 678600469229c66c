"""Addresses with several hosts, of which the first does not answer."""

from __future__ import annotations

from lib.errors import Unreachable
from lib.settings import KNOWLEDGE_BASE, LIFE_DASHBOARD, Settings
from tests.conftest import Open
from tests.faults.ports import free_port, silent_port
from tests.faults.servers import PASSAGES, Server, dsn_of
from tests.faults.timing import ANSWER_SECONDS, ask, count_highlights, count_passages, recovered

FIRST_SECONDS = 3.0
LATER_SECONDS = 0.5


def settings_of(*ports: int, **pools: float) -> Settings:
    """Settings that name a host of loopback for every port."""
    addresses = [dsn_of(database, *ports) for database in (LIFE_DASHBOARD, KNOWLEDGE_BASE)]
    return Settings.model_validate({"pools": pools}).with_connections(*addresses)


def test_the_first_host_is_silent(server: Server, open_connection: Open) -> None:
    with silent_port() as silent:
        connection = open_connection(settings_of(silent, server.port))
        first = ask(connection, count_passages).noted("silent first host: first action")
        assert first.within(FIRST_SECONDS).answered() == PASSAGES
        ask(connection, count_highlights).answered()
        # Connections that must be made anew do not wait for the silent host again.
        for _ in range(3):
            server.kill_backends()
            later = ask(connection, count_passages).within(LATER_SECONDS)
            assert later.answered() == PASSAGES
        later.noted("silent first host: later actions")


def test_the_first_host_is_silent_for_one_database(server: Server, open_connection: Open) -> None:
    with silent_port() as silent:
        settings = settings_of(silent, server.port).with_connections(
            server.dsn(LIFE_DASHBOARD),
            settings_of(silent, server.port).dsn(KNOWLEDGE_BASE),
        )
        connection = open_connection(settings)
        ask(connection, count_passages).within(FIRST_SECONDS).answered()


def test_the_first_host_refuses(server: Server, open_connection: Open) -> None:
    connection = open_connection(settings_of(free_port(), server.port))
    first = ask(connection, count_passages).noted("refusing first host: first action")
    assert first.within(1.0).answered() == PASSAGES


def test_every_host_is_silent(open_connection: Open) -> None:
    with silent_port() as one, silent_port() as other:
        connection = open_connection(settings_of(one, other))
        outcome = ask(connection, count_passages).noted("every host silent")
        assert isinstance(outcome.within(ANSWER_SECONDS).refused(), Unreachable)


def test_every_host_refuses(open_connection: Open) -> None:
    connection = open_connection(settings_of(free_port(), free_port()))
    outcome = ask(connection, count_passages).noted("every host refuses")
    assert isinstance(outcome.within(ANSWER_SECONDS).refused(), Unreachable)


def test_the_second_host_freezes_and_the_first_is_silent(
    server: Server, open_connection: Open
) -> None:
    """The one that served is frozen too: a named error in time, and back when it is."""
    with silent_port() as silent:
        base = settings_of(silent, server.port)
        suffix = "?target_session_attrs=primary"
        connection = open_connection(
            base.with_connections(
                base.dsn(LIFE_DASHBOARD) + suffix, base.dsn(KNOWLEDGE_BASE) + suffix
            )
        )
        ask(connection, count_passages).answered()
        with server.frozen():
            outcome = ask(connection, count_passages).noted("silent first host, frozen second")
            outcome.within(ANSWER_SECONDS).refused()
        assert recovered(connection, count_passages) == PASSAGES
