"""The pools against a real server: read-only, bounded, and every fault as an error of ours."""

from __future__ import annotations

import asyncio
import socket
import time
import traceback
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from lib.databases.loop import EventLoop
from lib.databases.pools import Database, Databases
from lib.databases.session import APPLICATION_NAME
from lib.demo.server import OWNER, DemoServer
from lib.errors import (
    ConcordanceError,
    DatabaseError,
    DatabaseMissing,
    LoginRefused,
    PermissionDenied,
    QueryTimeout,
    SettingsError,
    TlsFailed,
    TooManyConnections,
    Unreachable,
)
from lib.settings import Pools, Settings
from tests.databases.library import execute, fetch

if TYPE_CHECKING:
    from tests.conftest import MakeDatabase

CANARY = "hunter2-canary"


@pytest.fixture
def loop() -> Iterator[EventLoop]:
    loop = EventLoop()
    yield loop
    loop.stop()


class Opened:
    """One pool, used from the test's own thread."""

    def __init__(self, loop: EventLoop, dsn: str, pools: Pools) -> None:
        self.database = Database("knowledge_base", dsn, pools)
        self.loop = loop

    def fetch(self, sql: str, *arguments: Any) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self.loop.run(self.database.fetch(sql, *arguments))]


OpenPool = Callable[..., Opened]


@pytest.fixture
def open_pool(loop: EventLoop) -> Iterator[OpenPool]:
    """Opens pools with any limits; they are closed in the end."""
    opened: list[Opened] = []

    def open_one(dsn: str, **limits: Any) -> Opened:
        opened.append(Opened(loop, dsn, Pools(**limits)))
        return opened[-1]

    yield open_one
    for pool in opened:
        loop.run(pool.database.close())


def test_nothing_can_be_written(make_database: MakeDatabase, open_pool: OpenPool) -> None:
    dsn = make_database()
    execute(dsn, "CREATE TABLE t (n integer)")
    pool = open_pool(dsn)
    for statement in (
        "INSERT INTO t VALUES (1)",
        "CREATE TABLE u (n integer)",
        "TRUNCATE t",
        "SELECT 1 FROM t FOR UPDATE",
    ):
        with pytest.raises(DatabaseError, match="read-only transaction"):
            pool.fetch(statement)
    assert fetch(dsn, "SELECT count(*) FROM t") == [(0,)]


def test_the_session_is_read_only_outside_a_transaction_too(
    make_database: MakeDatabase, open_pool: OpenPool, loop: EventLoop
) -> None:
    dsn = make_database()
    execute(dsn, "CREATE TABLE t (n integer)")
    pool = open_pool(dsn)

    async def leave_the_transaction() -> None:
        async with pool.database.reading() as connection:
            await connection.execute("COMMIT")
            await connection.execute("INSERT INTO t VALUES (1)")

    with pytest.raises(DatabaseError):
        loop.run(leave_the_transaction())
    assert fetch(dsn, "SELECT count(*) FROM t") == [(0,)]


def test_settings_are_in_force_on_the_server(server: DemoServer, open_pool: OpenPool) -> None:
    pool = open_pool(
        server.dsn(OWNER, OWNER),
        statement_timeout=7.5,
        lock_timeout=1.25,
        idle_in_transaction_timeout=9,
    )
    expected = {
        "default_transaction_read_only": "on",
        "transaction_read_only": "on",
        "statement_timeout": "7500ms",
        "lock_timeout": "1250ms",
        "idle_in_transaction_session_timeout": "9s",
        "plan_cache_mode": "force_custom_plan",
        "application_name": APPLICATION_NAME,
    }
    found = {name: pool.fetch(f"SHOW {name}")[0][0] for name in expected}
    assert found == expected


def test_no_connection_is_opened_before_it_is_needed(
    server: DemoServer, make_database: MakeDatabase, open_pool: OpenPool
) -> None:
    dsn = make_database()
    count = "SELECT count(*) FROM pg_stat_activity WHERE datname = $1"
    name = fetch(dsn, "SELECT current_database()")[0][0]
    pool = open_pool(dsn)
    assert fetch(server.dsn(OWNER, OWNER), count, name) == [(0,)]
    pool.fetch("SELECT 1")
    pool.fetch("SELECT 1")
    assert fetch(server.dsn(OWNER, OWNER), count, name) == [(1,)]


def test_a_statement_that_takes_too_long(server: DemoServer, open_pool: OpenPool) -> None:
    pool = open_pool(server.dsn(OWNER, OWNER), statement_timeout=0.3)
    started = time.monotonic()
    with pytest.raises(QueryTimeout, match="longer than allowed") as raised:
        pool.fetch("SELECT pg_sleep(10)")
    assert 0.25 < time.monotonic() - started < 1.2
    assert "pools.statement_timeout" in raised.value.hint
    assert pool.fetch("SELECT 1") == [(1,)]


def test_a_table_that_is_locked(make_database: MakeDatabase, open_pool: OpenPool) -> None:
    dsn = make_database()
    execute(dsn, "CREATE TABLE t (n integer)")
    pool = open_pool(dsn, lock_timeout=0.3)
    with asyncio.Runner() as runner:
        owner: asyncpg.Connection = runner.run(asyncpg.connect(dsn))
        runner.run(owner.execute("BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE"))
        with pytest.raises(QueryTimeout, match="locked"):
            pool.fetch("SELECT * FROM t")
        runner.run(owner.execute("ROLLBACK"))
        assert pool.fetch("SELECT * FROM t") == []
        runner.run(owner.close())


def test_an_exhausted_pool(server: DemoServer, open_pool: OpenPool, loop: EventLoop) -> None:
    pool = open_pool(server.dsn(OWNER, OWNER), max_size=2, acquire_timeout=0.4)

    async def crowd() -> float:
        busy = [asyncio.create_task(pool.database.fetch("SELECT pg_sleep(2)")) for _ in range(2)]
        await asyncio.sleep(0.3)
        started = time.monotonic()
        with pytest.raises(TooManyConnections, match="All 2 connections") as raised:
            await pool.database.fetch("SELECT 1")
        assert "pools.max_size" in raised.value.hint
        waited = time.monotonic() - started
        await asyncio.gather(*busy)
        return waited

    assert 0.35 < loop.run(crowd()) < 0.8
    assert pool.fetch("SELECT 1") == [(1,)]


def test_a_server_without_connections_left(server: DemoServer, open_pool: OpenPool) -> None:
    execute(server.dsn(OWNER, OWNER), "CREATE ROLE crowded LOGIN CONNECTION LIMIT 0")
    pool = open_pool(server.dsn(OWNER, "crowded"))
    with pytest.raises(TooManyConnections, match="no connection left"):
        pool.fetch("SELECT 1")
    execute(server.dsn(OWNER, OWNER), "DROP ROLE crowded")


def test_a_role_that_does_not_exist(server: DemoServer, open_pool: OpenPool) -> None:
    with pytest.raises(LoginRefused, match="refuses this role or password"):
        open_pool(server.dsn(OWNER, "nobody_here")).fetch("SELECT 1")


def test_a_role_that_may_not_read(make_database: MakeDatabase, open_pool: OpenPool) -> None:
    dsn = make_database()
    execute(dsn, "CREATE TABLE secret_diary (n integer)", "CREATE ROLE stranger LOGIN")
    with pytest.raises(PermissionDenied, match="secret_diary") as raised:
        open_pool(dsn.replace(f"//{OWNER}@", "//stranger@")).fetch("SELECT * FROM secret_diary")
    assert "SELECT" in raised.value.hint
    execute(dsn, "DROP ROLE stranger")


def test_a_database_that_does_not_exist(server: DemoServer, open_pool: OpenPool) -> None:
    with pytest.raises(DatabaseMissing, match="no database of the configured name"):
        open_pool(server.dsn("no_such_database", OWNER)).fetch("SELECT 1")


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield int(listening.getsockname()[1])


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def test_nobody_listens(open_pool: OpenPool, closed_port: int) -> None:
    for dsn in (
        f"postgresql://u:{CANARY}@127.0.0.1:{closed_port}/x",
        f"postgresql://u:{CANARY}@nowhere.invalid/x",
        f"postgresql://u:{CANARY}@/x?host=/nonexistent",
    ):
        with pytest.raises(Unreachable, match="No server answers for knowledge_base") as raised:
            open_pool(dsn).fetch("SELECT 1")
        assert "KNOWLEDGE_BASE_DSN" in raised.value.hint


def test_a_server_that_never_answers(open_pool: OpenPool, silent_port: int) -> None:
    pool = open_pool(f"postgresql://u@127.0.0.1:{silent_port}/x?sslmode=disable", connect_timeout=1)
    started = time.monotonic()
    with pytest.raises(Unreachable, match="does not answer in time"):
        pool.fetch("SELECT 1")
    assert time.monotonic() - started < 2


@pytest.fixture
def passworded(server: DemoServer) -> Iterator[str]:
    """A role that the server asks for a password, unlike all others."""
    owner = server.dsn(OWNER, OWNER)
    rules = server.data / "pg_hba.conf"
    before = rules.read_text()
    execute(owner, f"CREATE ROLE careful LOGIN PASSWORD '{CANARY}'")
    rules.write_text(f"local all careful scram-sha-256\n{before}")
    execute(owner, "SELECT pg_reload_conf()")
    _wait_for_rules(owner, 1)
    yield server.dsn(OWNER, "careful")
    rules.write_text(before)
    execute(owner, "SELECT pg_reload_conf()", "DROP ROLE careful")


def _wait_for_rules(owner: str, count: int) -> None:
    rules = "SELECT count(*) FROM pg_hba_file_rules WHERE 'careful' = ANY(user_name)"
    for _ in range(100):
        if fetch(owner, rules) == [(count,)]:
            break
        time.sleep(0.02)
    # The file is read at once; the server process itself takes the signal a little later.
    time.sleep(0.3)


def _with_password(dsn: str, password: str) -> str:
    return dsn.replace("@", f":{password}@", 1)


def test_a_wrong_password(passworded: str, open_pool: OpenPool) -> None:
    assert open_pool(_with_password(passworded, CANARY)).fetch("SELECT 1") == [(1,)]
    for wrong in (_with_password(passworded, f"wrong-{CANARY}"), passworded):
        with pytest.raises(LoginRefused, match="refuses this role or password") as raised:
            open_pool(wrong).fetch("SELECT 1")
        assert "KNOWLEDGE_BASE_DSN" in raised.value.hint


MALFORMED = {
    "port in the query that is no number": "postgresql://u:{}@/x?host=/tmp&port=abc",
    "port out of range": "postgresql://u:{}@127.0.0.1:99999/x",
    "unknown ssl mode": "postgresql://u:{}@127.0.0.1:1/x?sslmode=canary",
    "more ports than hosts": "postgresql://u:{}@127.0.0.1:1/x?port=1,2,3",
    "certificate that is not there": (
        "postgresql://u:{}@127.0.0.1:1/x?sslmode=verify-full&sslrootcert=/nonexistent"
    ),
}


@pytest.mark.parametrize("dsn", MALFORMED.values(), ids=MALFORMED.keys())
def test_an_address_that_cannot_be_used(open_pool: OpenPool, dsn: str) -> None:
    with pytest.raises((SettingsError, TlsFailed, Unreachable), match="knowledge_base"):
        open_pool(dsn.format(CANARY)).fetch("SELECT 1")


def test_no_fault_shows_the_password(
    server: DemoServer, passworded: str, open_pool: OpenPool, closed_port: int
) -> None:
    """Not in the message, not in the chain of causes with all its source lines."""
    addresses = [
        _with_password(passworded, f"wrong-{CANARY}"),
        _with_password(server.dsn(OWNER, "nobody_here"), CANARY),
        _with_password(server.dsn("no_such_database", OWNER), CANARY),
        f"postgresql://u:{CANARY}@127.0.0.1:{closed_port}/x",
        f"postgresql://u:{CANARY}@127.0.0.1:{closed_port}/x?sslmode=nonsense",
        f"postgresql://u:{CANARY}@/x?host=/nonexistent",
    ]
    for dsn in addresses:
        pool = open_pool(dsn)
        with pytest.raises(ConcordanceError) as raised:
            pool.fetch("SELECT 1")
        shown = "".join(traceback.format_exception(raised.value))
        for text in (str(raised.value), repr(raised.value), shown, repr(pool.database)):
            assert CANARY not in text


def test_settings_and_pools_do_not_show_the_password() -> None:
    dsn = f"postgresql://u:{CANARY}@localhost/x"
    settings = Settings().with_connections(dsn, dsn)
    databases = Databases(settings)
    for shown in (settings, databases, databases.life_dashboard, settings.connections):
        assert CANARY not in f"{shown!r} {shown!s}"
    assert settings.dsn("life_dashboard") == dsn


def test_close_twice_and_use_again(
    server: DemoServer, open_pool: OpenPool, loop: EventLoop
) -> None:
    pool = open_pool(server.dsn(OWNER, OWNER))
    loop.run(pool.database.close())
    assert pool.fetch("SELECT 1") == [(1,)]
    loop.run(pool.database.close())
    loop.run(pool.database.close())


def test_close_does_not_wait_for_a_query(
    server: DemoServer, open_pool: OpenPool, loop: EventLoop
) -> None:
    pool = open_pool(server.dsn(OWNER, OWNER))

    async def close_while_busy() -> float:
        busy = asyncio.create_task(pool.database.fetch("SELECT pg_sleep(20)"))
        await asyncio.sleep(0.3)
        started = time.monotonic()
        await pool.database.close()
        waited = time.monotonic() - started
        with pytest.raises(ConcordanceError):
            await busy
        return waited

    assert loop.run(close_while_busy()) < 3


@pytest.mark.parametrize("attempt", range(3))
def test_the_query_after_a_killed_backend_works(
    server: DemoServer, open_pool: OpenPool, attempt: int
) -> None:
    pool = open_pool(server.dsn(OWNER, OWNER), max_size=1)
    [(pid,)] = pool.fetch("SELECT pg_backend_pid()")
    assert fetch(server.dsn(OWNER, OWNER), "SELECT pg_terminate_backend($1, 2000)", pid) == [
        (True,)
    ]
    [(another,)] = pool.fetch("SELECT pg_backend_pid()")
    assert another != pid


def test_a_backend_killed_during_its_query(
    server: DemoServer, open_pool: OpenPool, loop: EventLoop
) -> None:
    pool = open_pool(server.dsn(OWNER, OWNER))

    async def kill_myself() -> None:
        await pool.database.fetch("SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(Unreachable):
        loop.run(kill_myself())
    assert pool.fetch("SELECT 1") == [(1,)]
