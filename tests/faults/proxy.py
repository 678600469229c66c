"""A proxy between the app and a server that can do what bad networks do."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from tests.faults.ports import free_port

CHUNK_BYTES = 65_536
START_SECONDS = 10


class _Link:
    """One connection through the proxy: what goes through it waits while the gate is shut."""

    def __init__(self, client: asyncio.StreamWriter, flowing: bool) -> None:
        self.gate = asyncio.Event()
        self.writers = [client]
        if flowing:
            self.gate.set()

    def cut(self) -> None:
        for writer in self.writers:
            writer.transport.abort()


class Proxy:
    """Listens on `port` and forwards to `target`, a port of loopback, until told otherwise.

    What comes while it stalls is kept and goes on when it forwards again, as in a network that was
    gone for a while. Closing does not go through either: neither side learns of the other's end.
    """

    def __init__(self, target: int) -> None:
        self.port = free_port()
        self.accepted = 0
        self._target = target
        self._flowing = True
        self._links: set[_Link] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._listener: asyncio.Server | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)

    def forward(self) -> None:
        """Let everything through, old and new connections."""

        async def open_all() -> None:
            self._flowing = True
            for link in self._links:
                link.gate.set()
            await self._listen()

        self._run(open_all())

    def stall(self, new_ones: bool = True) -> None:
        """Let nothing through any more on existing connections, nor on new ones if so told."""

        def shut() -> None:
            self._flowing = not new_ones
            for link in self._links:
                link.gate.clear()

        self._call(shut)

    def cut(self) -> None:
        """Reset all existing connections."""

        def cut_all() -> None:
            for link in self._links:
                link.cut()

        self._call(cut_all)

    def refuse(self) -> None:
        """Reset all existing connections and listen no more."""

        async def close() -> None:
            await self._close_listener()
            for link in self._links:
                link.cut()

        self._run(close())

    def start(self) -> None:
        self._thread.start()
        self._run(self._listen())

    def close(self) -> None:
        """End everything."""
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(START_SECONDS)
        self._loop.close()

    def _run(self, coroutine: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(START_SECONDS)

    def _call(self, function: Callable[[], object]) -> None:
        async def call() -> None:
            function()

        self._run(call())

    async def _listen(self) -> None:
        if self._listener is None:
            self._listener = await asyncio.start_server(
                self._serve, "127.0.0.1", self.port, backlog=64
            )

    async def _close_listener(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()

    async def _end(self) -> None:
        await self._close_listener()
        for link in self._links:
            link.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        link = _Link(writer, self._flowing)
        self._links.add(link)
        try:
            with suppress(OSError, asyncio.CancelledError):
                await link.gate.wait()
                upstream_reader, upstream_writer = await asyncio.open_connection(
                    "127.0.0.1", self._target
                )
                link.writers.append(upstream_writer)
                await asyncio.gather(
                    _pump(link, reader, upstream_writer), _pump(link, upstream_reader, writer)
                )
        finally:
            link.cut()
            self._links.discard(link)
            self._tasks.discard(task)


async def _pump(link: _Link, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Carry bytes one way until the source ends, then end the sink."""
    with suppress(OSError):
        while data := await source.read(CHUNK_BYTES):
            await link.gate.wait()
            sink.write(data)
            await sink.drain()
    await link.gate.wait()
    with suppress(OSError):
        sink.close()


@contextmanager
def proxied(target: int) -> Iterator[Proxy]:
    """A proxy to a port of loopback, forwarding at first."""
    proxy = Proxy(target)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.close()
