"""The two pools: read-only, bounded in size and in time, opened on first use."""

from __future__ import annotations

import asyncio
import ssl
import time
import weakref
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg

from lib.databases.faults import FAULTS, UNUSABLE_ADDRESS, silent, translate, unusable_address
from lib.databases.hosts import Connector
from lib.databases.pulse import DOUBT_SECONDS, Watch
from lib.databases.reader import Reader
from lib.databases.session import (
    APPLICATION_NAME,
    check_in_force,
    identify,
    is_at_rest,
    notice_our_end,
    search_also,
    session_settings,
    set_locally,
)
from lib.databases.silence import GLANCE_SECONDS, Silence
from lib.errors import (
    ConcordanceError,
    ConnectionLost,
    DatabaseError,
    TooManyConnections,
    Unreachable,
)
from lib.settings import KNOWLEDGE_BASE, LIFE_DASHBOARD, DatabaseName, Pools, Settings

CLOSE_SECONDS = 2.0
RELEASE_SECONDS = 2.0
# Every server begins a transaction at once; a connection on which it does not is dead.
BEGIN_SECONDS = 2.0
LOOK_SECONDS = 0.5
# A server that restarts is away for about a second.
PATIENCE_SECONDS = 2.5


class Database:
    """One database behind one pool. Use it on the event loop of `lib.databases.loop` only."""

    def __init__(
        self, name: DatabaseName, dsn: str, pools: Pools, silence: Silence | None = None
    ) -> None:
        self.name = name
        self._settings = pools
        self._asked = session_settings(pools)
        self._pooled = pools.pooler == "transaction"
        self._silence = silence or Silence()
        # The hosts have been tried before whoever waits for one of them gives up.
        seconds = 0.95 * min(pools.connect_timeout, pools.acquire_timeout)
        self._connector = Connector(dsn, seconds, self._options(), self._silence)
        self._searching = ""
        self._pool: asyncpg.Pool | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._readers: weakref.WeakSet[Reader] = weakref.WeakSet()
        self._opening = asyncio.Lock()

    def _options(self) -> dict[str, Any]:
        """What asyncpg is told besides the address."""
        sent = {"application_name": APPLICATION_NAME}
        options: dict[str, Any] = {
            "server_settings": sent if self._pooled else sent | self._asked,
            "command_timeout": self._settings.statement_timeout + 1,
        }
        if self._pooled:
            # A statement with a name would stay behind on a session that somebody else gets next.
            options["statement_cache_size"] = 0
        return options

    def search_also(self, schemas: Sequence[str]) -> None:
        """Let every query find what is in these schemas too, after those of the search path.

        A transaction at a time, because a session may be somebody else's the next moment.
        """
        if schemas:
            self._searching = search_also(schemas)

    async def _open(self) -> asyncpg.Pool:
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    connect=self._connect,
                    connection_class=Reader,
                    # Every setting of ours ends with its transaction: nothing is left to reset.
                    reset=_leave_as_it_is,
                    min_size=0,
                    max_size=self._settings.max_size,
                    max_inactive_connection_lifetime=120,
                )
        return self._pool

    async def _connect(self, *arguments: Any, **keywords: Any) -> Reader:
        connection = await self._connector.connect(PATIENCE_SECONDS)
        try:
            if self._pooled:
                async with connection.transaction(readonly=True):
                    await connection.execute(set_locally(self._asked))
                    await check_in_force(self.name, connection, self._asked)
            else:
                await check_in_force(self.name, connection, self._asked)
                await notice_our_end(connection)
                await identify(connection)
        except BaseException:
            connection.terminate()
            raise
        self._readers.add(connection)
        return connection

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection inside a read-only transaction.

        Raises a DatabaseError (see `lib.errors`) for whatever goes wrong on the way; ConnectionLost
        where the same may be asked once more on another connection.
        """
        self._keep_to_one_loop()
        if await self._silence.persists([host.address for host in self._connector.hosts]):
            raise silent(self.name)
        started = time.monotonic()
        watch: Watch | None = None
        try:
            pool = await self._open()
            connection = await self._acquire(pool)
            watch = Watch(connection.itself, self._silence, self._is_at_rest)
            try:
                left = started + self._settings.acquire_timeout - time.monotonic()
                # A pooler may have to wait for a session.
                watch.expect_word(left if self._pooled else min(left, BEGIN_SECONDS))
                async with connection.transaction(readonly=True):
                    if self._pooled:
                        await connection.execute(set_locally(self._asked))
                    if self._searching:
                        await connection.execute(self._searching)
                    watch.heard()
                    yield connection
            finally:
                watch.end()
                await self._release(pool, connection)
        except FAULTS as fault:
            raise self._explain(fault, watch) from fault

    def _keep_to_one_loop(self) -> None:
        loop = asyncio.get_running_loop()
        if self._pool is None:
            self._loop = loop
        elif loop is not self._loop:
            raise RuntimeError(f"The pool of {self.name} belongs to another event loop.")

    def _explain(self, fault: BaseException, watch: Watch | None) -> ConcordanceError:
        """The error of ours for a fault; connections that went the same way are not used again."""
        error = translate(self.name, fault)
        if watch is not None and watch.silent:
            self._silence.notice(watch.address)
            error = silent(self.name)
            if not all(self._silence.lately(host.address) for host in self._connector.hosts):
                # Another host may answer.
                error = ConnectionLost(self.name, error.message, error.hint)
        elif watch is not None and watch.stale and self._pooled:
            return self._no_session()
        elif watch is not None and watch.stale:
            error = ConnectionLost(self.name, error.message, error.hint)
        if isinstance(error, Unreachable):
            for reader in list(self._readers):
                if not reader.in_use:
                    reader.terminate()
        return error

    async def _is_at_rest(self, reader: Reader) -> bool:
        """Whether the server owes a connection nothing, by what it says on another one.

        False where the pool has no room for that.
        """
        pool = self._pool
        if pool is None or (pool.get_size() >= pool.get_max_size() and not pool.get_idle_size()):
            return False
        connection = await pool.acquire(timeout=LOOK_SECONDS)
        overdue = asyncio.get_running_loop().call_later(LOOK_SECONDS, connection.itself.terminate)
        connection.itself.in_use = True
        try:
            return await is_at_rest(connection, reader, DOUBT_SECONDS)
        finally:
            overdue.cancel()
            await self._release(pool, connection)

    async def _acquire(self, pool: asyncpg.Pool) -> Reader:
        deadline = time.monotonic() + self._settings.acquire_timeout
        try:
            while True:
                left = max(deadline - time.monotonic(), 0.0)
                connection: Reader = await pool.acquire(timeout=left)
                reader = connection.itself
                reader.in_use = True
                if reader.made_at >= self._silence.since(reader.address):
                    return connection
                # It was there before its server fell silent, and may be as dead.
                reader.terminate()
        except ssl.SSLError:
            # Some of these are values that cannot be, too.
            raise
        except UNUSABLE_ADDRESS:
            # What is said of an address quotes it.
            raise unusable_address(self.name) from None
        except TimeoutError as fault:
            if pool.get_size() >= self._settings.max_size and pool.get_idle_size() == 0:
                raise TooManyConnections(
                    self.name,
                    f"All {self._settings.max_size} connections to {self.name} are busy.",
                    "Try again in a moment, or raise pools.max_size.",
                ) from fault
            if self._pooled and await self._is_greeted():
                raise self._no_session() from fault
            raise

    async def _is_greeted(self) -> bool:
        hosts = self._connector.hosts
        return any([await self._silence.look(host.address, GLANCE_SECONDS) for host in hosts])

    def _no_session(self) -> TooManyConnections:
        return TooManyConnections(
            self.name,
            f"The pooler before {self.name} has no session free.",
            "Try again in a moment, or let the pooler have more of them.",
        )

    async def _release(self, pool: asyncpg.Pool, connection: Reader) -> None:
        """Give a connection back; asyncpg breaks one that does not come back in time."""
        # A stand-in for a connection that broke has forgotten it.
        with suppress(AttributeError):
            connection.itself.in_use = False
        with suppress(*FAULTS):
            await pool.release(connection, timeout=RELEASE_SECONDS)

    async def fetch(self, sql: str, *arguments: Any) -> list[asyncpg.Record]:
        """All rows of one query."""
        async with self.reading() as connection:
            rows: list[asyncpg.Record] = await connection.fetch(sql, *arguments)
            return rows

    async def fetchrow(self, sql: str, *arguments: Any) -> asyncpg.Record:
        """The one row of a query that always has one."""
        rows = await self.fetch(sql, *arguments)
        return rows[0]

    async def batches(
        self, sql: str, *arguments: Any, size: int
    ) -> AsyncIterator[Sequence[asyncpg.Record]]:
        """The rows of one query, `size` at a time, through a cursor on the server."""
        async with self.reading() as connection:
            reader = connection.itself
            with reader.waiting():
                statement = await connection.prepare(sql)
                cursor = await statement.cursor(*arguments)
                rows = await cursor.fetch(size)
            while rows:
                yield rows
                with reader.waiting():
                    rows = await cursor.fetch(size)

    async def ping(self) -> float:
        """Seconds that one round trip takes on a connection of the pool."""
        async with self.reading() as connection:
            started = time.perf_counter()
            await connection.fetchval("SELECT 1")
            return time.perf_counter() - started

    async def close(self) -> None:
        """Close the pool, by force when its connections do not come back in time."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        try:
            await asyncio.wait_for(pool.close(), CLOSE_SECONDS)
        except (TimeoutError, *FAULTS):
            pool.terminate()


class Databases:
    """Both databases of one set of settings."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        silence = Silence()
        self.life_dashboard, self.knowledge_base = (
            Database(name, settings.dsn(name), settings.pools, silence)
            for name in (LIFE_DASHBOARD, KNOWLEDGE_BASE)
        )

    def __getitem__(self, name: DatabaseName) -> Database:
        return self.life_dashboard if name == LIFE_DASHBOARD else self.knowledge_base

    async def ping(self) -> dict[DatabaseName, float | DatabaseError]:
        """Seconds of one round trip to each, both at once, or why there is none."""

        async def ping(database: Database) -> float | DatabaseError:
            try:
                try:
                    return await database.ping()
                except ConnectionLost:
                    return await database.ping()
            except DatabaseError as error:
                return error

        both = (self.life_dashboard, self.knowledge_base)
        answers = await asyncio.gather(*map(ping, both))
        return {one.name: answer for one, answer in zip(both, answers, strict=True)}

    async def close(self) -> None:
        """Close both pools."""
        await asyncio.gather(self.life_dashboard.close(), self.knowledge_base.close())


async def _leave_as_it_is(connection: asyncpg.Connection) -> None:
    return None
