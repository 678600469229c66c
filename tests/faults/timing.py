"""Asking with a clock: what came of a question, and after how long."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from lib.connection import Connection
from lib.databases.pools import Databases
from lib.databases.relations import Relations
from lib.errors import DatabaseError
from lib.settings import KNOWLEDGE_BASE
from tests.faults.sql import answers_newcomers

# What any action may take under any fault, and the first one after the fault is over.
ANSWER_SECONDS = 5.0
RECOVERY_SECONDS = 1.0
# Longer than any bound: what is not back by then will never be.
HANG_SECONDS = 20.0

MEASURED: list[tuple[str, float, str]] = []


class Left(Exception):
    """The browser is gone."""


@dataclass(frozen=True)
class Outcome:
    """A value or a named error, and the seconds until it was there."""

    seconds: float
    value: Any = None
    error: DatabaseError | None = None

    def noted(self, fault: str) -> Outcome:
        """The same, kept for the table that is printed in the end."""
        what = type(self.error).__name__ if self.error else "answer"
        MEASURED.append((fault, self.seconds, what))
        return self

    def within(self, seconds: float) -> Outcome:
        """The same; fails unless it came in time."""
        assert self.seconds <= seconds, f"{self} took longer than {seconds} s"
        return self

    def answered(self) -> Any:
        """The value; fails where there is an error instead."""
        assert self.error is None, f"an error after {self.seconds:.2f} s: {self.error}"
        return self.value

    def refused(self) -> DatabaseError:
        """The error; fails where there is a value instead."""
        assert self.error is not None, f"{self.value} after {self.seconds:.2f} s, not an error"
        assert self.error.message.endswith(".")
        return self.error


def timed(action: Callable[[Callable[[], None]], Any]) -> Outcome:
    """The outcome of an action, which is given an `on_wait` that ends a wait without end.

    Whatever is no DatabaseError goes on up and fails the test.
    """
    started = time.monotonic()

    def on_wait() -> None:
        assert time.monotonic() - started < HANG_SECONDS, "hangs"

    try:
        value = action(on_wait)
    except DatabaseError as error:
        return Outcome(time.monotonic() - started, error=error)
    return Outcome(time.monotonic() - started, value)


def ask(connection: Connection, query: Callable[..., Any], *arguments: Any) -> Outcome:
    """The outcome of a query that needs the relations."""
    return timed(lambda on_wait: connection.run(query, *arguments, on_wait=on_wait))


def ask_databases(connection: Connection, query: Callable[[Databases], Any]) -> Outcome:
    """The outcome of a query that needs none."""
    return timed(lambda on_wait: connection.run_on_databases(query, on_wait))


def recovered(connection: Connection, query: Callable[..., Any], fault: str = "") -> Any:
    """The answer that must come within a second of a server's return, however often one asks.

    A server has returned when it, or one of several, answers somebody else who has just come.
    """
    assert answers_newcomers(connection.settings.dsn(KNOWLEDGE_BASE))
    started = time.monotonic()
    outcome = ask(connection, query)
    while outcome.error is not None:
        assert time.monotonic() - started < RECOVERY_SECONDS, f"not back: {outcome.error}"
        time.sleep(0.05)
        outcome = ask(connection, query)
    whole = Outcome(time.monotonic() - started, outcome.value).within(RECOVERY_SECONDS)
    return (whole.noted(fault) if fault else whole).value


def in_background(action: Callable[..., Any], *arguments: Any) -> Future[Any]:
    """What `action(*arguments)` will have come to, on a thread of its own."""
    future: Future[Any] = Future()

    def run() -> None:
        try:
            future.set_result(action(*arguments))
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future


def until(condition: Callable[[], Any], seconds: float, pause: float = 0.05) -> float:
    """Seconds until a condition holds; fails where that takes longer than it may."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < seconds, f"not within {seconds} s"
        time.sleep(pause)
    return time.monotonic() - started


async def count_passages(databases: Databases, relations: Relations) -> int:
    """A short query to the knowledge base."""
    table = relations.passages.sql
    return int((await databases.knowledge_base.fetchrow(f"SELECT count(*) FROM {table}"))[0])


async def count_highlights(databases: Databases, relations: Relations) -> int:
    """A short query to the life dashboard."""
    table = relations.highlights.sql
    return int((await databases.life_dashboard.fetchrow(f"SELECT count(*) FROM {table}"))[0])


async def sleep(
    databases: Databases, relations: Relations, seconds: float, mark: str = "asleep"
) -> int:
    """A query that takes so long, and can be found on the server by its mark."""
    row = await databases.knowledge_base.fetchrow(
        f"SELECT 42 AS answer, pg_sleep($1) /* {mark} */", seconds
    )
    return int(row["answer"])
