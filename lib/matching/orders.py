"""Orders: the sequence in which a strategy tries the windows of a highlight."""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Order = Literal["middle_out", "edge_first", "sequential", "spread"]
ORDERS: tuple[Order, ...] = ("middle_out", "edge_first", "sequential", "spread")
BUDGETS = (1, 2, 3, 4, 6, 8, 12, 16)


def _middle_out(count: int) -> list[int]:
    middle = (count - 1) // 2
    steps = [middle]
    for distance in range(1, count):
        steps += [middle + distance, middle - distance]
    return [step for step in steps if 0 <= step < count]


def _edge_first(count: int) -> list[int]:
    return [step // 2 if step % 2 == 0 else count - 1 - step // 2 for step in range(count)]


def _sequential(count: int) -> list[int]:
    return list(range(count))


def _spread(count: int) -> list[int]:
    sequence = []
    waiting = deque([(0, count - 1)])
    while waiting:
        low, high = waiting.popleft()
        if low > high:
            continue
        middle = (low + high) // 2
        sequence.append(middle)
        waiting += [(low, middle - 1), (middle + 1, high)]
    return sequence


_SEQUENCES: dict[Order, Callable[[int], list[int]]] = {
    "middle_out": _middle_out,
    "edge_first": _edge_first,
    "sequential": _sequential,
    "spread": _spread,
}


@functools.lru_cache(maxsize=4_096)
def sequence(order: Order, count: int) -> tuple[int, ...]:
    """The window numbers 0..count-1 in the order in which they are tried."""
    return tuple(_SEQUENCES[order](count)) if count > 0 else ()


@functools.lru_cache(maxsize=4_096)
def attempt_numbers(order: Order, count: int) -> NDArray[np.int32]:
    """Entry i is the attempt, from 1, at which window i of `count` windows is tried."""
    numbers = np.zeros(count, dtype=np.int32)
    numbers[list(sequence(order, count))] = np.arange(1, count + 1)
    numbers.flags.writeable = False
    return numbers


def attempts_of(
    order: Order, counts: NDArray[np.int32], windows: NDArray[np.int32]
) -> NDArray[np.int32]:
    """The attempt at which each window is tried, `windows[i]` being one of `counts[i]`."""
    tried = np.zeros(len(windows), dtype=np.int32)
    for count in np.unique(counts):
        mine = counts == count
        tried[mine] = attempt_numbers(order, int(count))[windows[mine]]
    return tried
