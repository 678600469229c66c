"""SQL of a test's own, also from a thread that has an event loop, as Playwright's has."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import asyncpg

from lib.databases.hosts import Host, hosts_of
from tests.databases import library

NEWCOMER_SECONDS = 10

Result = TypeVar("Result")


def execute(dsn: str, *statements: str) -> None:
    """Run statements one by one, each in its own transaction."""
    _apart(library.execute, dsn, *statements)


def fetch(dsn: str, sql: str, *arguments: Any) -> list[tuple[Any, ...]]:
    """The rows of one query."""
    return _apart(library.fetch, dsn, sql, *arguments)


def answers_newcomers(dsn: str) -> bool:
    """Whether one of the hosts of an address answers somebody who has only just come."""
    answers: bool = _apart(asyncio.run, _one_answers(dsn))
    return answers


async def _one_answers(dsn: str) -> bool:
    looks = [asyncio.create_task(_answers(dsn, host)) for host in hosts_of(dsn)]
    try:
        for look in asyncio.as_completed(looks):
            if await look:
                return True
        return False
    finally:
        for task in looks:
            task.cancel()
        await asyncio.gather(*looks, return_exceptions=True)


async def _answers(dsn: str, host: Host) -> bool:
    try:
        newcomer = await asyncpg.connect(
            dsn,
            host=host.name,
            port=host.port,
            target_session_attrs="any",
            timeout=NEWCOMER_SECONDS,
        )
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False
    try:
        return bool(await newcomer.fetchval("SELECT 1") == 1)
    finally:
        newcomer.terminate()


def _apart(function: Callable[..., Result], *arguments: Any) -> Result:
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(function, *arguments).result()
