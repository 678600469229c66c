"""A primary and its standby: which of them is asked, what is in the way there, and a promotion."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lib.databases.pools import Databases
from lib.demo.server import READER
from lib.errors import DatabaseError
from lib.settings import KNOWLEDGE_BASE, LIFE_DASHBOARD, Settings
from tests.conftest import Open
from tests.faults.servers import PASSAGES, Server, running, standby_of
from tests.faults.test_hosts import settings_of
from tests.faults.timing import (
    ANSWER_SECONDS,
    MEASURED,
    RECOVERY_SECONDS,
    ask,
    ask_databases,
    count_passages,
    in_background,
    recovered,
    timed,
    until,
)


@dataclass(frozen=True)
class Pair:
    """A primary and a standby that has caught up."""

    primary: Server
    standby: Server

    def settings(self, attribute: str | None = None, standby_first: bool = False) -> Settings:
        """Settings that name both hosts."""
        servers = [self.primary, self.standby]
        settings = settings_of(*(one.port for one in (servers[::-1] if standby_first else servers)))
        if attribute is None:
            return settings
        suffix = f"?target_session_attrs={attribute}"
        return settings.with_connections(
            settings.dsn(LIFE_DASHBOARD) + suffix, settings.dsn(KNOWLEDGE_BASE) + suffix
        )

    def catch_up(self) -> None:
        """Wait until the standby has all that the primary has written."""
        [(written,)] = self.primary.fetch("SELECT pg_current_wal_flush_lsn()::text")
        replayed = "SELECT pg_last_wal_replay_lsn() >= $1::text::pg_lsn"
        until(lambda: self.standby.fetch(replayed, written) == [(True,)], 10)


@pytest.fixture(scope="module")
def pair(seed: Path) -> Iterator[Pair]:
    with running(seed) as primary, standby_of(primary) as standby:
        yield Pair(primary, standby)


async def _on_standby(databases: Databases) -> bool:
    row = await databases.knowledge_base.fetchrow("SELECT pg_is_in_recovery() AS standby")
    return bool(row["standby"])


@pytest.mark.parametrize(
    ("attribute", "standby"),
    [
        (None, False),
        ("any", False),
        ("primary", False),
        ("read-write", False),
        ("standby", True),
        ("prefer-standby", True),
        ("read-only", True),
    ],
)
def test_the_host_that_was_asked_for_is_used(
    pair: Pair, open_connection: Open, attribute: str | None, standby: bool
) -> None:
    orders = [False] if attribute in {None, "any"} else [False, True]
    for standby_first in orders:
        connection = open_connection(pair.settings(attribute, standby_first))
        for _ in range(2):
            outcome = ask_databases(connection, _on_standby).within(RECOVERY_SECONDS)
            assert outcome.answered() is standby
        assert ask(connection, count_passages).answered() == PASSAGES


def test_a_standby_that_there_is_none_of(pair: Pair, open_connection: Open) -> None:
    settings = settings_of(pair.primary.port)
    suffix = "?target_session_attrs={}"

    def asking_for(attribute: str) -> Settings:
        return settings.with_connections(
            *(
                settings.dsn(name) + suffix.format(attribute)
                for name in (LIFE_DASHBOARD, KNOWLEDGE_BASE)
            )
        )

    connection = open_connection(asking_for("standby"))
    outcome = ask(connection, count_passages).noted("no standby among the hosts")
    outcome.within(ANSWER_SECONDS).refused()
    connection = open_connection(asking_for("prefer-standby"))
    assert ask(connection, count_passages).within(RECOVERY_SECONDS).answered() == PASSAGES


def test_a_query_that_is_in_the_way_of_recovery(pair: Pair, open_connection: Open) -> None:
    """The standby cancels it: a sentence, and no second try."""
    mark = "in the way"
    connection = open_connection(pair.settings("standby"))
    pair.primary.execute(
        "CREATE TABLE vanishing AS SELECT n FROM generate_series(1, 1000) AS n",
        f"GRANT SELECT ON vanishing TO {READER}",
    )
    pair.catch_up()

    async def read(databases: Databases) -> None:
        await databases.knowledge_base.fetch(
            f"SELECT n, pg_sleep(0.02) FROM vanishing /* {mark} */"
        )

    asked = in_background(lambda: (ask_databases(connection, read), time.monotonic()))
    until(lambda: pair.standby.runs(mark), 5)
    dropped_at = time.monotonic()
    pair.primary.execute("DROP TABLE vanishing")
    outcome, ended_at = asked.result(20)
    outcome.noted("query in the way of a standby's recovery")
    assert ended_at - dropped_at <= ANSWER_SECONDS
    error = outcome.refused()
    assert "again" in error.hint
    assert error.database == KNOWLEDGE_BASE
    assert pair.standby.runs(mark) == 1
    assert ask(connection, count_passages).within(RECOVERY_SECONDS).answered() == PASSAGES


def test_a_standby_that_freezes(pair: Pair, open_connection: Open) -> None:
    """Preferred and silent: the primary serves, in time."""
    connection = open_connection(pair.settings("prefer-standby", standby_first=True))
    assert ask_databases(connection, _on_standby).answered() is True
    with pair.standby.frozen():
        outcome = ask_databases(connection, _on_standby).noted("preferred standby frozen: first")
        assert outcome.within(ANSWER_SECONDS).answered() is False
        assert recovered(connection, count_passages, "preferred standby frozen: next") == PASSAGES
        assert ask_databases(connection, _on_standby).within(RECOVERY_SECONDS).answered() is False


@pytest.fixture
def doomed(seed: Path) -> Iterator[Pair]:
    """A pair of one's own, of which the primary will be lost."""
    with running(seed) as primary, standby_of(primary) as standby:
        yield Pair(primary, standby)


@pytest.mark.parametrize("attribute", [None, "primary"])
def test_a_standby_is_promoted(doomed: Pair, open_connection: Open, attribute: str | None) -> None:
    name = attribute or "any"
    connection = open_connection(doomed.settings(attribute))
    assert ask_databases(connection, _on_standby).answered() is False
    doomed.catch_up()
    doomed.primary.stop("immediate")
    between = ask(connection, count_passages).noted(f"primary lost, standby there ({name})")
    between.within(ANSWER_SECONDS)
    if attribute is None:
        assert between.answered() == PASSAGES
    else:
        between.refused()
    doomed.standby.promote()
    promoted_at = time.monotonic()
    back = ask(connection, count_passages)
    MEASURED.append((f"standby promoted ({name})", time.monotonic() - promoted_at, "answer"))
    assert back.within(RECOVERY_SECONDS).answered() == PASSAGES
    assert ask_databases(connection, _on_standby).within(RECOVERY_SECONDS).answered() is False

    async def write(databases: Databases) -> None:
        await databases.knowledge_base.fetch("INSERT INTO books VALUES (99, 'New', 'Nobody')")

    error = timed(lambda on_wait: connection.run_on_databases(write, on_wait)).refused()
    assert type(error) is DatabaseError
    assert doomed.standby.fetch("SELECT count(*) FROM books WHERE book_id = 99") == [(0,)]
