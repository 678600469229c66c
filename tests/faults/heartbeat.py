"""When a server was away, as seen by somebody who logs in again and again."""

from __future__ import annotations

import asyncio
import threading
import time
from types import TracebackType

import asyncpg

from lib.demo.server import OWNER

PAUSE_SECONDS = 0.02


class Heartbeat:
    """Logs in over TCP all the time, on a thread and a loop of its own."""

    def __init__(self, port: int) -> None:
        self._dsn = f"postgresql://{OWNER}@127.0.0.1:{port}/{OWNER}?sslmode=disable"
        self._ended = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._feel()), daemon=True)
        self.gone_at: float | None = None
        self.back_at: float | None = None

    async def _feel(self) -> None:
        while not self._ended.is_set():
            try:
                connection = await asyncpg.connect(self._dsn, timeout=1)
                await connection.close()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                self.gone_at = self.gone_at or time.monotonic()
            else:
                if self.gone_at is not None and self.back_at is None:
                    self.back_at = time.monotonic()
            await asyncio.sleep(PAUSE_SECONDS)

    def wait_for_return(self, seconds: float) -> None:
        """Wait until the server was away and takes connections again."""
        deadline = time.monotonic() + seconds
        while self.back_at is None:
            assert time.monotonic() < deadline, "it does not return"
            time.sleep(PAUSE_SECONDS)

    @property
    def returned_at(self) -> float:
        """When the first login after the fault succeeded, by the monotonic clock."""
        assert self.back_at is not None
        return self.back_at

    @property
    def away_seconds(self) -> float:
        """From the first failure to the first success after it."""
        assert self.gone_at is not None
        return self.returned_at - self.gone_at

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join(5)
