"""A connection to PostgreSQL that knows where it leads, and since when it awaits an answer."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import asyncpg

from lib.databases.silence import Address

# A network that drops packets without a word is noticed by the kernel within these seconds.
KEEPALIVE = {
    "TCP_KEEPIDLE": 2,
    "TCP_KEEPALIVE": 2,  # What macOS calls the same.
    "TCP_KEEPINTVL": 1,
    "TCP_KEEPCNT": 3,
    "TCP_USER_TIMEOUT": 5_000,
}


class Reader(asyncpg.Connection):  # type: ignore[misc]
    """asyncpg's connection, and what is needed to tell when it is broken.

    `waiting_since` (monotonic) is None unless a statement is with the server. `server` and `pid`
    tell its process on the server from all others; None where nobody can.
    """

    __slots__ = ("address", "in_use", "made_at", "pid", "server", "waiting_since")

    def __init__(
        self, protocol: Any, transport: Any, loop: Any, addr: Address, config: Any, params: Any
    ) -> None:
        super().__init__(protocol, transport, loop, addr, config, params)
        self.address = addr
        self.made_at = time.monotonic()
        self.in_use = False
        self.server: str | None = None
        self.pid: int | None = None
        self.waiting_since: float | None = None
        _keep_alive(transport.get_extra_info("socket"))

    @property
    def itself(self) -> Reader:
        """This, also where a pool's stand-in for it is asked, which forgets it once it breaks."""
        return self

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """While a statement of this connection is with the server."""
        self.waiting_since = time.monotonic()
        try:
            yield
        finally:
            self.waiting_since = None

    async def execute(self, *arguments: Any, **keywords: Any) -> Any:
        """As asyncpg's."""
        with self.waiting():
            return await super().execute(*arguments, **keywords)

    async def fetch(self, *arguments: Any, **keywords: Any) -> Any:
        """As asyncpg's."""
        with self.waiting():
            return await super().fetch(*arguments, **keywords)

    async def fetchrow(self, *arguments: Any, **keywords: Any) -> Any:
        """As asyncpg's."""
        with self.waiting():
            return await super().fetchrow(*arguments, **keywords)

    async def fetchval(self, *arguments: Any, **keywords: Any) -> Any:
        """As asyncpg's."""
        with self.waiting():
            return await super().fetchval(*arguments, **keywords)


def _keep_alive(connected: socket.socket | None) -> None:
    if connected is None or connected.family not in {socket.AF_INET, socket.AF_INET6}:
        return
    # The other end may have gone this moment: then whoever uses the connection is told.
    with suppress(OSError):
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in KEEPALIVE.items():
            if hasattr(socket, name):
                connected.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
