"""What a read-only transaction stops, what only a role stops, and that the printed role does.

Concordance runs no statement but its own, so none of this is open to whoever uses it. The tests
state what would follow if it ever were: read-only mode alone is not enough.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from lib.databases.pools import Database
from lib.errors import ConcordanceError
from lib.settings import Pools
from tests.databases.library import execute, fetch
from tests.safety.escapes import ESCAPES, WRITE, Escape
from tests.safety.guarded import Guarded, connected
from tests.safety.reader_role import drop_reader, make_reader, printed

READ_ONLY = {"25006", "25001"}


class Undone(Exception):
    """Ends the transaction without a trace."""


@pytest.fixture(scope="module")
def reader(guarded: Guarded) -> Iterator[str]:
    """The address of life_dashboard for the role of docs/connecting.md."""
    addresses = make_reader(guarded)
    yield addresses["life_dashboard"]
    drop_reader(guarded)


async def attempt(guarded: Guarded, dsn: str, escape: Escape) -> str | None:
    """Run an escape as the app runs its queries; returns the SQLSTATE that stopped it, if any."""
    database = Database("life_dashboard", dsn, Pools())
    itself = parse_qs(urlsplit(guarded.owner.life_dashboard).query)
    async with connected(guarded.owner.life_dashboard) as other:
        where = f"host={itself['host'][0]} port={itself['port'][0]}"
        filled = {
            "other": other.get_server_pid(),
            "itself": f"user=postgres dbname=life_dashboard {where}",
        }
        try:
            async with database.reading() as connection:
                for statement in escape.statements:
                    await connection.execute(statement.format(**filled))
                raise Undone
        except Undone:
            return None
        except ConcordanceError as error:
            if not isinstance(error.__cause__, asyncpg.PostgresError):
                raise
            return str(error.__cause__.sqlstate)
        finally:
            await database.close()


def try_as(guarded: Guarded, dsn: str, escape: Escape) -> str | None:
    """An attempt, and afterwards a look at whether anything came of it."""
    stopped_by = asyncio.run(attempt(guarded, dsn, escape))
    planted = "SELECT count(*) FROM events WHERE text = 'planted'"
    assert fetch(guarded.owner.life_dashboard, planted) == [(0,)]
    return stopped_by


@pytest.mark.parametrize("escape", ESCAPES, ids=lambda escape: escape.name)
def test_of_a_superuser_read_only_mode_stops_some(guarded: Guarded, escape: Escape) -> None:
    state = try_as(guarded, guarded.owner.life_dashboard, escape)
    if escape.stopped_by == "transaction":
        assert state in READ_ONLY
    else:
        assert state is None


@pytest.mark.parametrize("escape", ESCAPES, ids=lambda escape: escape.name)
def test_of_the_printed_role_all_that_changes_anything_is_stopped(
    guarded: Guarded, reader: str, escape: Escape
) -> None:
    assert (try_as(guarded, reader, escape) is None) == (escape.stopped_by == "nothing")


def test_the_attempt_would_see_a_write(guarded: Guarded) -> None:
    """A transaction that may write is not stopped by anything here: the test can fail."""
    dsn = guarded.owner.life_dashboard
    with pytest.raises(Undone):
        asyncio.run(_write_and_undo(dsn))
    assert try_as(guarded, dsn, Escape("insert", "transaction", (WRITE,))) == "25006"


async def _write_and_undo(dsn: str) -> None:
    async with connected(dsn) as connection, connection.transaction():
        await connection.execute(WRITE)
        raise Undone


def test_the_printed_role_reads_what_the_app_reads(guarded: Guarded, reader: str) -> None:
    other = reader.replace("/life_dashboard?", "/knowledge_base?")
    assert fetch(reader, "SELECT count(*) > 0 FROM events") == [(True,)]
    for table in ("books", "chunks", "chunk_embeddings"):
        assert fetch(other, f"SELECT count(*) > 0 FROM {table}") == [(True,)]
    assert [database for database, _ in printed()][-2:] == ["life_dashboard", "knowledge_base"]


def test_a_role_that_may_write_would_come_through(guarded: Guarded, reader: str) -> None:
    """The privilege is what counts: granted, the same statements pass."""
    owner = guarded.owner.life_dashboard
    escape = next(one for one in ESCAPES if one.name == "write as the first")
    execute(owner, "GRANT INSERT ON events TO concordance_reader")
    try:
        assert try_as(guarded, reader, escape) is None
    finally:
        execute(owner, "REVOKE INSERT ON events FROM concordance_reader")
    assert try_as(guarded, reader, escape) == "42501"
