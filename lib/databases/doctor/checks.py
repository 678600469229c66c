"""What one step of the doctor found, and how a step is kept from failing or lasting."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

from lib.errors import ConcordanceError, ConnectionLost
from lib.settings import DatabaseName

Result = TypeVar("Result")

# Steps whose lateness stops nobody: every page has a limit of its own for what they look at.
DISPENSABLE = frozenset({"rows", "indexes"})

State = Literal["ok", "advice", "problem", "skipped"]

STEPS = (
    "reach",
    "log in",
    "extensions",
    "tables",
    "columns",
    "types",
    "rows",
    "indexes",
    "permissions",
)


@dataclass(frozen=True)
class Check:
    """One thing that a step found. `todo` is the next thing to do unless it is `ok`: a sentence,
    and below it, on lines of their own, the statements to paste, if there are any."""

    database: DatabaseName
    step: str
    state: State
    found: str
    todo: str = ""


def skipped(database: DatabaseName, step: str, why: str) -> list[Check]:
    """A step that an earlier one made impossible."""
    return [Check(database, step, "skipped", why)]


class Deadline:
    """The moment by which everything is to be answered."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds until then, not below 0."""
        return max(0.0, self._end - time.monotonic())


async def guarded(
    database: DatabaseName,
    step: str,
    deadline: Deadline,
    examine_step: Callable[[], Awaitable[list[Check]]],
) -> list[Check]:
    """The checks of one step; an error of ours becomes one of them, and so does lateness: what was
    not looked at is not healthy."""
    try:
        try:
            return await in_time(deadline, examine_step)
        except ConnectionLost:
            # As everywhere: a connection that broke is replaced once.
            return await in_time(deadline, examine_step)
    except TimeoutError:
        return [
            Check(
                database,
                step,
                "advice" if step in DISPENSABLE else "problem",
                f"Left after {deadline.seconds:.0f} s without an answer.",
                "Ask again when the server has less to do.",
            )
        ]
    except ConcordanceError as error:
        return [
            Check(getattr(error, "database", database), step, "problem", error.message, error.hint)
        ]


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
