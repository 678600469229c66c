"""SQL of a test's own, also from a thread that has an event loop, as Playwright's has."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from tests.databases import library

Result = TypeVar("Result")


def execute(dsn: str, *statements: str) -> None:
    """Run statements one by one, each in its own transaction."""
    _apart(library.execute, dsn, *statements)


def fetch(dsn: str, sql: str, *arguments: Any) -> list[tuple[Any, ...]]:
    """The rows of one query."""
    return _apart(library.fetch, dsn, sql, *arguments)


def _apart(function: Callable[..., Result], *arguments: Any) -> Result:
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(function, *arguments).result()
