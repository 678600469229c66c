"""What one step of the doctor found, and how a step is kept from failing or lasting."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from lib.databases.deadline import Deadline, in_time
from lib.errors import ConcordanceError, ConnectionLost
from lib.settings import DatabaseName

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
