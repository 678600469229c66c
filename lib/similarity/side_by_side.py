"""Arithmetic on two threads, one core for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from threadpoolctl import threadpool_limits

THREADS = 2

Item = TypeVar("Item")
Found = TypeVar("Found")


def side_by_side(work: Callable[[Item], Found], items: Sequence[Item]) -> list[Found]:
    """`work` on each item, two at a time: numpy leaves the interpreter to others meanwhile."""
    # One core for each: two that both want all cores take many times as long.
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(work, items))
