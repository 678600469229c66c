"""What an app holds while people come and go: memory, descriptors, threads, connections."""

from __future__ import annotations

import asyncio
import time
import tomllib
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg
import psutil

from tests.browser.conftest import ROOT, App
from tests.browser.visitors import Visitor

POLL_SECONDS = 0.05
FORGETTING = 3
REST_SECONDS = 1.0
# Only of one app: those of others on the same server are older, or hold nothing while they rest.
BACKENDS_SQL = """
    SELECT datname, count(*) AS connected, count(*) FILTER (WHERE state <> 'idle') AS busy
    FROM pg_stat_activity
    WHERE application_name = 'concordance' AND backend_type = 'client backend'
          AND backend_start >= $1 AND datname IS NOT NULL
    GROUP BY datname
"""


@dataclass(frozen=True)
class Footprint:
    """What a process holds: `memory` in bytes (resident), open `descriptors`, `threads`.

    The connections of its pools are no part of the descriptors: they close when they rest.
    """

    memory: int
    descriptors: int
    threads: int


class Footprints:
    """Watches an app from outside: its process, and its connections every 50 ms.

    `most` has the highest number of connections by database, `longest` the longest seconds between
    two looks. `dsn` is that of an owner; only connections made after `since` count.
    """

    def __init__(self, url: str, process: int, connection: asyncpg.Connection) -> None:
        self.url = url
        self.most: Counter[str] = Counter()
        self.longest = 0.0
        self._process = psutil.Process(process)
        self._since = datetime.fromtimestamp(self._process.create_time(), UTC)
        self._connection = connection
        self._using = asyncio.Lock()

    async def look_on(self) -> None:
        """Look, until cancelled."""
        last = time.perf_counter()
        while True:
            for name, (connected, _) in (await self._look()).items():
                self.most[name] = max(self.most[name], connected)
            now = time.perf_counter()
            self.longest, last = max(self.longest, now - last), now
            await asyncio.sleep(POLL_SECONDS)

    async def _look(self) -> dict[str, tuple[int, int]]:
        """Connections by database, and how many of them run a query or hold a transaction."""
        async with self._using:
            rows = await self._connection.fetch(BACKENDS_SQL, self._since)
        return {row["datname"]: (row["connected"], row["busy"]) for row in rows}

    async def busy(self) -> int:
        """How many of the connections run a query or hold a transaction now."""
        return sum(busy for _, busy in (await self._look()).values())

    async def footprint(self) -> Footprint:
        """What the process holds now."""
        connected = sum(connected for connected, _ in (await self._look()).values())
        memory = self._process.memory_info().rss
        return Footprint(memory, self._process.num_fds() - connected, self._process.num_threads())

    def core_seconds(self) -> float:
        """The time that the process has had on a core, since it was started."""
        times = self._process.cpu_times()
        return float(times.user + times.system)


@asynccontextmanager
async def watched(app: App, dsn: str) -> AsyncIterator[Footprints]:
    """Watch an app whose databases are on the server of `dsn`, the address of an owner."""
    connection = await asyncpg.connect(dsn)
    footprints = Footprints(app.url, app.process.pid, connection)
    looking = asyncio.create_task(footprints.look_on())
    try:
        yield footprints
    finally:
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking
        await connection.close()


async def settle(address: str, kept_seconds: float) -> None:
    """Wait until the app has forgotten who left, so that only what leaks stays behind.

    Streamlit keeps a session for so many seconds in case its browser comes back, and drops it when
    another one leaves after that.
    """
    await asyncio.sleep(kept_seconds + 1)
    for _ in range(FORGETTING):
        async with Visitor(address) as visitor:
            await visitor.open("")
    await asyncio.sleep(REST_SECONDS)


def kept_seconds() -> float:
    """How long the app's configuration keeps a session whose browser has gone."""
    configured = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    return float(configured["server"].get("disconnectedSessionTTL", 120))
