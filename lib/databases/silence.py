"""Which servers do not even greet: found by a look that needs no login, and remembered for a while.

A server that is frozen, or behind a network that swallows everything, breaks no connection: what
waits for it waits on. A statement may take a minute, so its silence alone says nothing. But a new
connection to the server is greeted within milliseconds however long the statements that it runs.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

# A host and a port, or the path of a Unix socket.
Address = str | tuple[str, int]

# The request for TLS, which every server and every pooler answers before anything else.
TLS_REQUEST = struct.pack(">II", 8, 80877103)

LOOK_SECONDS = 1.0
GLANCE_SECONDS = 0.5
# For so long nobody looks again at a server that has just been found silent.
FRESH_SECONDS = 0.4
# For so long the other hosts of an address are tried before one that was silent.
SHUNNED_SECONDS = 30.0

# Sockets wait in threads of their own: there an answer counts that came while the loop was busy.
_threads = ThreadPoolExecutor(8, thread_name_prefix="concordance-silence")


async def answers(address: Address, seconds: float) -> bool:
    """Whether a server says anything to a new connection within so many seconds.

    Nothing is logged in to. A refusal is an answer too: whoever connects will be told why.
    """
    return await asyncio.get_running_loop().run_in_executor(_threads, _greets, address, seconds)


def _greets(address: Address, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    try:
        with _connected(address, seconds) as asking:
            asking.settimeout(max(deadline - time.monotonic(), 0.01))
            asking.sendall(TLS_REQUEST)
            asking.recv(1)
    except TimeoutError:
        return False
    except OSError:
        return True
    return True


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


class Silence:
    """Which servers were found silent, and when; shared by all who read from them.

    At one server one looks at a time, for all who want to know.
    """

    def __init__(self) -> None:
        self._since: dict[Address, float] = {}
        self._looks: dict[Address, asyncio.Task[bool]] = {}

    def notice(self, address: Address) -> None:
        """Remember that a server said nothing."""
        self._since[address] = time.monotonic()

    def heard(self, address: Address) -> None:
        """Remember that a server answers."""
        self._since.pop(address, None)

    def since(self, address: Address) -> float:
        """When a server was last found silent (monotonic), if not heard since; else 0."""
        return self._since.get(address, 0.0)

    def lately(self, address: Address) -> bool:
        """Whether a server was silent in the last half minute, and has not been heard since."""
        return address in self._since and time.monotonic() - self.since(address) < SHUNNED_SECONDS

    async def look(self, address: Address, seconds: float = LOOK_SECONDS) -> bool:
        """Whether a server answers; a look that somebody has begun serves for others too."""
        task = self._looks.get(address)
        if task is None or task.done():
            task = asyncio.create_task(answers(address, seconds))
            self._looks[address] = task
        if await asyncio.shield(task):
            self.heard(address)
            return True
        return False

    async def persists(self, addresses: Sequence[Address]) -> bool:
        """Whether all of these servers were silent and still are: half a second for a look."""
        if not addresses or not all(address in self._since for address in addresses):
            return False
        return all(await asyncio.gather(*map(self._is_silent, addresses)))

    async def _is_silent(self, address: Address) -> bool:
        if address not in self._since:
            return False
        looking = self._looks.get(address)
        is_looked_at = looking is not None and not looking.done()
        if is_looked_at or time.monotonic() - self.since(address) < FRESH_SECONDS:
            return True
        if await self.look(address, GLANCE_SECONDS):
            return False
        self.notice(address)
        return True
