"""A moment by which several things together are to be done."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

Result = TypeVar("Result")


class Deadline:
    """The moment by which everything is to be answered."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds until then, not below 0."""
        return max(0.0, self._end - time.monotonic())


async def in_time(deadline: Deadline, ask: Callable[[], Awaitable[Result]]) -> Result:
    """What `ask` answers before the deadline; TimeoutError after it.

    Nothing waits for what is late to end: a connection that is given back to a silent server may
    take its time.
    """
    task = asyncio.ensure_future(ask())
    try:
        done, _ = await asyncio.wait({task}, timeout=deadline.left)
    except asyncio.CancelledError:
        task.cancel()
        raise
    if not done:
        task.cancel()
        task.add_done_callback(lambda late: late.cancelled() or late.exception())
        raise TimeoutError
    return task.result()
