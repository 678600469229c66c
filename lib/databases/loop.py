"""One event loop, on one daemon thread, for every query of the process.

An asyncpg pool belongs to the loop that made it. Awaited from another loop it fails with messages
that mislead ("another operation is in progress"), so this module is the only way in: whatever
thread asks, the coroutine runs here.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")

POLL_SECONDS = 0.05
STOP_SECONDS = 3.0


class EventLoop:
    """A running event loop on a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._running: set[concurrent.futures.Future[Any]] = set()
        self._thread = threading.Thread(target=self._serve, name="concordance-loop", daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._loop.close()

    def run(
        self,
        coroutine: Coroutine[Any, Any, Result],
        on_wait: Callable[[], object] | None = None,
    ) -> Result:
        """Run `coroutine` on the loop and wait for its result.

        While waiting, `on_wait` is called every 50 ms. Whatever it raises (a browser that reruns
        or leaves) cancels the coroutine, and with it the statement on the server, and goes on up.
        A loop that is stopped, before or meanwhile, raises CancelledError.
        """
        try:
            future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        except RuntimeError:
            # The loop is closed.
            coroutine.close()
            raise concurrent.futures.CancelledError from None
        self._running.add(future)
        try:
            while not concurrent.futures.wait([future], timeout=POLL_SECONDS).done:
                # A loop that was stopped while this waited completes nothing any more.
                if not self._thread.is_alive():
                    raise concurrent.futures.CancelledError
                if on_wait is not None:
                    on_wait()
            return future.result()
        except BaseException:
            future.cancel()
            raise
        finally:
            self._running.discard(future)

    def cancel_all(self) -> None:
        """Cancel what runs, and with it the statements on the servers; `run` goes on to work."""
        for future in list(self._running):
            future.cancel()

    def stop(self) -> None:
        """Cancel what still runs and end the thread; calling it twice is harmless."""
        if not self._thread.is_alive():
            return
        asyncio.run_coroutine_threadsafe(_cancel_others(), self._loop)
        self._thread.join(STOP_SECONDS)


async def _cancel_others() -> None:
    """Cancel all tasks but this one, let them end, and stop the loop."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    if others:
        await asyncio.wait(others, timeout=STOP_SECONDS / 2)
    asyncio.get_running_loop().stop()
