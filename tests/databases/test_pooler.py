"""Behind PgBouncer in both modes that can work: nothing is lost, and what it drops is noticed."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest

from lib.databases import embeddings, highlights
from lib.databases.doctor import examine
from lib.databases.doctor.sessions import read_session
from lib.databases.loop import EventLoop
from lib.databases.pools import Database
from lib.databases.session import GUARDS
from lib.errors import DatabaseError, SettingsNotInForce
from lib.settings import Pools, Settings
from tests.conftest import Demo, Open
from tests.pgbouncer import PgBouncer, pgbouncer_before

STARTUP = (
    "default_transaction_read_only,statement_timeout,lock_timeout,"
    "idle_in_transaction_session_timeout,plan_cache_mode,jit"
)


@pytest.fixture(scope="module")
def pooler(demo: Demo) -> Iterator[PgBouncer]:
    with pgbouncer_before(demo.reader.life_dashboard) as running:
        yield running


@pytest.fixture(scope="module")
def forgetful(demo: Demo) -> Iterator[PgBouncer]:
    """Takes every setting that is asked for at the start, and passes none on."""
    options = f"ignore_startup_parameters = {STARTUP}"
    with pgbouncer_before(demo.reader.life_dashboard, options) as running:
        yield running


@pytest.fixture(scope="module")
def faithful(demo: Demo) -> Iterator[PgBouncer]:
    """Gives each connection a session of its own."""
    # Both pools of an app keep theirs.
    options = "default_pool_size = 20"
    with pgbouncer_before(demo.reader.life_dashboard, options, "session") as running:
        yield running


def _settings(through: PgBouncer, demo: Demo, **pools: Any) -> Settings:
    return Settings.model_validate({"pools": pools}).with_connections(
        through.dsn(demo.reader.life_dashboard), through.dsn(demo.reader.knowledge_base)
    )


@pytest.mark.parametrize("which", ["pooler", "faithful"])
def test_a_pooler_that_takes_no_settings_is_named(
    which: str, request: pytest.FixtureRequest, demo: Demo, open_connection: Open
) -> None:
    """In either mode: it knows no parameter but those that it tracks."""
    running: PgBouncer = request.getfixturevalue(which)
    with pytest.raises(SettingsNotInForce, match="default_transaction_read_only") as raised:
        open_connection(_settings(running, demo)).run(highlights.count_by_model)
    assert 'pooler = "transaction"' in raised.value.hint


def test_a_pooler_that_drops_settings_is_refused(
    forgetful: PgBouncer, demo: Demo, open_connection: Open
) -> None:
    with pytest.raises(SettingsNotInForce, match="not as asked") as raised:
        open_connection(_settings(forgetful, demo)).run(highlights.count_by_model)
    assert all(name in raised.value.message for name in GUARDS)
    assert 'pooler = "transaction"' in raised.value.hint


@pytest.mark.parametrize("which", ["pooler", "forgetful", "faithful"])
def test_every_transaction_is_read_only_and_limited(
    which: str, request: pytest.FixtureRequest, demo: Demo, loop: EventLoop
) -> None:
    running: PgBouncer = request.getfixturevalue(which)
    pools = Pools(pooler="transaction", statement_timeout=7.5, lock_timeout=1.25)
    database = Database("knowledge_base", running.dsn(demo.owner.knowledge_base), pools)

    async def look() -> list[tuple[Any, ...]]:
        sql = """
            SELECT current_setting('transaction_read_only'), current_setting('statement_timeout'),
                   current_setting('lock_timeout'), current_setting('plan_cache_mode'),
                   current_setting('application_name')
        """
        found = await asyncio.gather(*(database.fetchrow(sql) for _ in range(20)))
        return [tuple(row) for row in found]

    try:
        rows = loop.run(look())
        expected = ("on", "7500ms", "1250ms", "force_custom_plan", "concordance")
        assert set(rows) == {expected}
        with pytest.raises(DatabaseError, match="read-only transaction"):
            loop.run(database.fetch("CREATE TABLE written (n integer)"))
    finally:
        loop.run(database.close())


def test_streams_share_the_sessions(pooler: PgBouncer, demo: Demo, loop: EventLoop) -> None:
    """More cursors at once, from two pools as of two processes, than the pooler has sessions."""
    pools = Pools(pooler="transaction")
    dsn = pooler.dsn(demo.reader.knowledge_base)
    databases = [Database("knowledge_base", dsn, pools) for _ in range(2)]

    async def stream(database: Database, start: int) -> list[int]:
        sql = "SELECT n FROM generate_series($1::int, $1::int + 999) AS n"
        return [row["n"] async for rows in database.batches(sql, start, size=100) for row in rows]

    async def streams() -> list[list[int]]:
        return await asyncio.gather(*(stream(databases[n % 2], n) for n in range(24)))

    try:
        assert loop.run(streams()) == [list(range(n, n + 1000)) for n in range(24)]
    finally:
        for database in databases:
            loop.run(database.close())


def test_no_statement_is_left_on_a_session(pooler: PgBouncer, demo: Demo, loop: EventLoop) -> None:
    pools = Pools(pooler="transaction", max_size=1)
    database = Database("knowledge_base", pooler.dsn(demo.reader.knowledge_base), pools)

    async def use_and_look() -> list[str]:
        for _ in range(3):
            await database.fetch("SELECT $1::int", 1)
            async for _rows in database.batches("SELECT generate_series(1, 9)", size=4):
                pass
        return [
            row["name"] for row in await database.fetch("SELECT name FROM pg_prepared_statements")
        ]

    try:
        assert [name for name in loop.run(use_and_look()) if name] == []
    finally:
        loop.run(database.close())


@pytest.mark.parametrize("which", ["pooler", "faithful"])
def test_vectors_are_read_the_same(
    which: str, request: pytest.FixtureRequest, demo: Demo, open_connection: Open
) -> None:
    running: PgBouncer = request.getfixturevalue(which)
    direct = open_connection(demo.settings)
    pooled = open_connection(_settings(running, demo, pooler="transaction"))
    model = direct.run(embeddings.count_by_model)["model"].iloc[0]
    expected, found = (one.run(embeddings.read_sample, model, 300, 0) for one in (direct, pooled))
    assert found.ids == expected.ids
    assert (found.matrix == expected.matrix).all()


def test_the_doctor_finds_all_well_and_tells_whose_encryption_it_sees(
    faithful: PgBouncer, demo: Demo, open_connection: Open
) -> None:
    connection = open_connection(_settings(faithful, demo, pooler="transaction"))
    checks = connection.run_on_databases(examine)
    assert {check.state for check in checks} == {"ok"}
    # The pooler comes by a socket, of which there is nothing to tell.
    assert "TLS" not in " ".join(check.found for check in checks if check.step == "reach")


@pytest.mark.parametrize(("pooled", "told"), [(True, " between pooler and server"), (False, "")])
def test_encryption_is_the_poolers_where_there_is_one(
    pooled: bool, told: str, demo: Demo, loop: EventLoop
) -> None:
    database = Database("knowledge_base", demo.reader.knowledge_base, Pools())
    try:
        session = loop.run(read_session(database, pooled))
    finally:
        loop.run(database.close())
    far = dataclasses.replace(session, over_network=True)
    assert far.server.endswith(f"primary, no TLS{told}")
    assert dataclasses.replace(far, encryption="TLSv1.3").server.endswith(f", TLSv1.3{told}")
