"""Arithmetic on two threads, one core for each."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from threadpoolctl import threadpool_limits

THREADS = 2

_entering = threading.Lock()
_inside = 0
_limit: threadpool_limits | None = None

Item = TypeVar("Item")
Found = TypeVar("Found")


def side_by_side(work: Callable[[Item], Found], items: Sequence[Item]) -> list[Found]:
    """`work` on each item, two at a time: numpy leaves the interpreter to others meanwhile."""
    # One core for each: two that both want all cores take many times as long.
    with _one_core_each(), ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(work, items))


@contextmanager
def _one_core_each() -> Iterator[None]:
    """BLAS on one core while anybody is in here, and afterwards as it was before.

    The limit is one of the process: where it is set by two at once, the one who leaves last would
    put back what the other had set.
    """
    global _inside, _limit
    with _entering:
        if _inside == 0:
            _limit = threadpool_limits(1, user_api="blas")
        _inside += 1
    try:
        yield
    finally:
        with _entering:
            _inside -= 1
            if _inside == 0 and _limit is not None:
                _limit.restore_original_limits()
                _limit = None
