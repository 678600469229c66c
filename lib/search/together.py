"""Several queries at once, of which none outlives the others' failure."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

Found = TypeVar("Found")


async def together(queries: Iterable[Coroutine[Any, Any, Found]]) -> list[Found]:
    """The results of some queries, in their order.

    Raises what the first of them raises to fail, once the others are cancelled, and their
    statements with them.
    """
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(query) for query in queries]
    except BaseExceptionGroup as failed:
        error = failed.exceptions[0]
        raise error from error.__cause__
    return [task.result() for task in tasks]
