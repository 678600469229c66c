"""Is the server still there? A look that needs no login, at servers that keep us waiting.

A server that is frozen, or behind a network that swallows everything, breaks no connection: what
waits for it waits on. A statement may take a minute, so its silence alone says nothing. But a new
connection to the server is greeted within milliseconds however long the statements that it runs.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

from lib.databases.hosts import Address, Reader

# The request for TLS, which every server and every pooler answers before anything else.
TLS_REQUEST = struct.pack(">II", 8, 80877103)

AFTER_SECONDS = 0.7
# So long after a statement was sent, the server is asked whether it is at work on it.
DOUBT_SECONDS = 2.0
EVERY_SECONDS = 0.5
LOOK_SECONDS = (1.0, 1.2)
# Every server begins a transaction at once; a connection on which it does not is dead.
BEGIN_SECONDS = 2.0
GLANCE_SECONDS = 0.5
# For so long nobody looks again at a server that has just been found silent.
SILENT_SECONDS = 0.4

# Sockets wait in threads of their own: there an answer counts that came while the loop was busy.
_threads = ThreadPoolExecutor(2, thread_name_prefix="concordance-pulse")


async def answers(address: Address, seconds: float) -> bool:
    """Whether a server greets a new connection within so many seconds; nothing is logged in to."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _greets, address, seconds)


def _greets(address: Address, seconds: float) -> bool:
    try:
        with _connected(address, seconds) as asking:
            asking.sendall(TLS_REQUEST)
            return bool(asking.recv(1))
    except OSError:
        return False


def _connected(address: Address, seconds: float) -> socket.socket:
    if isinstance(address, tuple):
        return socket.create_connection((address[0], address[1]), seconds)
    asking = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    asking.settimeout(seconds)
    try:
        asking.connect(address)
    except OSError:
        asking.close()
        raise
    return asking


class Watch:
    """Breaks a connection in use whose server has fallen silent, so that nobody waits for it."""

    def __init__(
        self, connection: Reader, is_at_rest: Callable[[int], Awaitable[bool]] | None
    ) -> None:
        """`is_at_rest`: whether the server process of a number has had no statement for a while.

        None where nobody can tell.
        """
        self._connection = connection
        self._is_at_rest = is_at_rest
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[None] | None = None
        self._timer = self._loop.call_later(AFTER_SECONDS, self._start)
        self._word: asyncio.TimerHandle | None = None
        self._unanswered = False
        # The server did not greet, or did, but said nothing on this connection.
        self.silent = False
        self.stale = False

    def _start(self) -> None:
        self._task = self._loop.create_task(self._look_on())

    async def _look_on(self) -> None:
        while True:
            for seconds in LOOK_SECONDS:
                self._unanswered = not await answers(self._connection.address, seconds)
                if not self._unanswered:
                    break
            else:
                self._give_up()
                return
            if await self._is_forgotten():
                self._give_up()
                return
            await asyncio.sleep(EVERY_SECONDS)

    async def _is_forgotten(self) -> bool:
        """Whether we await an answer that the server does not owe: it went, or came, astray."""
        since = self._connection.waiting_since
        if self._is_at_rest is None or since is None or time.monotonic() - since < DOUBT_SECONDS:
            return False
        at_rest = await self._is_at_rest(self._connection.get_server_pid())
        return at_rest and self._connection.waiting_since == since

    def expect_word(self, seconds: float) -> None:
        """Break the connection unless `heard` is called within so many seconds, or two at most."""
        seconds = min(BEGIN_SECONDS, max(seconds, BEGIN_SECONDS / 4))
        self._word = self._loop.call_later(seconds, self._give_up)

    def _give_up(self) -> None:
        self.silent = self._unanswered
        self.stale = not self._unanswered
        self._connection.terminate()

    def heard(self) -> None:
        """The server has answered what every server answers at once."""
        if self._word is not None:
            self._word.cancel()

    def end(self) -> None:
        """Look no longer."""
        self.heard()
        self._timer.cancel()
        if self._task is not None:
            self._task.cancel()


class Silence:
    """Which servers were found silent; shared by all who read from them."""

    def __init__(self) -> None:
        self._since: dict[Address, float] = {}

    def notice(self, address: Address) -> None:
        """Remember that a server said nothing."""
        self._since[address] = time.monotonic()

    async def persists(self, addresses: list[Address]) -> bool:
        """Whether all of these servers were silent and still are: half a second for a look."""
        if not addresses or not all(address in self._since for address in addresses):
            return False
        for address in addresses:
            if time.monotonic() - self._since[address] < SILENT_SECONDS:
                continue
            if await answers(address, GLANCE_SECONDS):
                self._since.pop(address, None)
                return False
            self.notice(address)
        return True
