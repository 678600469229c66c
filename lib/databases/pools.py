"""The two pools: read-only, bounded in size and in time, opened on first use."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from lib.databases.faults import FAULTS, UNUSABLE_ADDRESS, translate, unusable_address
from lib.errors import TooManyConnections
from lib.settings import KNOWLEDGE_BASE, LIFE_DASHBOARD, DatabaseName, Pools, Settings

APPLICATION_NAME = "concordance"
CLOSE_SECONDS = 2.0


class Database:
    """One database behind one pool. Use it on the event loop of `lib.databases.loop` only."""

    def __init__(self, name: DatabaseName, dsn: str, pools: Pools) -> None:
        self.name = name
        self._dsn = dsn
        self._settings = pools
        self._pool: asyncpg.Pool | None = None
        self._opening = asyncio.Lock()

    async def _open(self) -> asyncpg.Pool:
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    self._dsn,
                    min_size=0,
                    max_size=self._settings.max_size,
                    timeout=self._settings.connect_timeout,
                    command_timeout=self._settings.statement_timeout + 1,
                    max_inactive_connection_lifetime=120,
                    server_settings=self._server_settings(),
                )
        return self._pool

    def _server_settings(self) -> dict[str, str]:
        return {
            "application_name": APPLICATION_NAME,
            "default_transaction_read_only": "on",
            "statement_timeout": _milliseconds(self._settings.statement_timeout),
            "lock_timeout": _milliseconds(self._settings.lock_timeout),
            "idle_in_transaction_session_timeout": _milliseconds(
                self._settings.idle_in_transaction_timeout
            ),
            # A generic plan cannot use a partial vector index.
            "plan_cache_mode": "force_custom_plan",
            # Compiling a plan costs more than any of our queries gains from it.
            "jit": "off",
        }

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection inside a read-only transaction.

        Raises a DatabaseError (see `lib.errors`) for whatever goes wrong on the way.
        """
        try:
            pool = await self._open()
            connection = await self._acquire(pool)
            try:
                async with connection.transaction(readonly=True):
                    yield connection
            finally:
                await pool.release(connection, timeout=self._settings.acquire_timeout)
        except FAULTS as fault:
            raise translate(self.name, fault) from fault

    async def _acquire(self, pool: asyncpg.Pool) -> asyncpg.Connection:
        try:
            return await pool.acquire(timeout=self._settings.acquire_timeout)
        except UNUSABLE_ADDRESS as fault:
            raise unusable_address(self.name) from fault
        except TimeoutError as fault:
            exhausted = pool.get_size() >= self._settings.max_size and pool.get_idle_size() == 0
            if not exhausted:
                raise
            raise TooManyConnections(
                self.name,
                f"All {self._settings.max_size} connections to {self.name} are busy.",
                "Try again in a moment, or raise pools.max_size.",
            ) from fault

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
            cursor = await connection.cursor(sql, *arguments)
            while rows := await cursor.fetch(size):
                yield rows

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
        self.life_dashboard = Database(LIFE_DASHBOARD, settings.dsn(LIFE_DASHBOARD), settings.pools)
        self.knowledge_base = Database(KNOWLEDGE_BASE, settings.dsn(KNOWLEDGE_BASE), settings.pools)

    def __getitem__(self, name: DatabaseName) -> Database:
        return self.life_dashboard if name == LIFE_DASHBOARD else self.knowledge_base

    async def close(self) -> None:
        """Close both pools."""
        await asyncio.gather(self.life_dashboard.close(), self.knowledge_base.close())


def _milliseconds(seconds: float) -> str:
    return str(int(seconds * 1000))
