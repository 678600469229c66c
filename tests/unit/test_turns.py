"""Scripts take turns: in order, one at a time, and none for longer than its lease."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from lib.ui.turns import Turns

LONG = 60.0
SOON = 5.0


class Left(Exception):
    """The browser of whoever waits has gone."""


@contextmanager
def waiting(
    turns: Turns, count: int, first: bool = False
) -> Iterator[list[Future[threading.Event]]]:
    """So many scripts in the queue, in the order of what is returned."""
    with ThreadPoolExecutor(count) as pool:
        asked = []
        for _ in range(count):
            before = len(turns._waiting)
            asked.append(pool.submit(turns.take, first))
            while len(turns._waiting) == before:
                time.sleep(0.001)
        yield asked


def queue(lease: float = LONG, at_once: int = 1) -> Turns:
    """A queue in which nobody leaves."""
    return Turns(at_once, lease, lambda: None)


def test_whoever_comes_first_goes_first_and_the_others_follow_one_by_one() -> None:
    turns = queue()
    mine = turns.take()
    with waiting(turns, 3) as asked:
        for number, next_one in enumerate(asked):
            assert not any(each.done() for each in asked[number:])
            turns.leave(mine)
            mine = next_one.result(SOON)
        turns.leave(mine)
    assert not turns._waiting
    assert not turns._taken


def test_two_may_have_their_turn_where_two_are_let_in() -> None:
    turns = queue(at_once=2)
    turns.take()
    turns.take()
    assert len(turns._taken) == 2


def test_whoever_takes_too_long_keeps_nobody_waiting() -> None:
    turns = queue(lease=0.2)
    started = time.monotonic()
    turns.take()
    turns.take()
    assert 0.2 <= time.monotonic() - started < SOON


def test_whoever_went_on_after_a_wait_comes_before_those_who_have_not_begun() -> None:
    turns = queue()
    mine = turns.take()
    with waiting(turns, 1) as (newcomer,), waiting(turns, 1, first=True) as (resumed,):
        turns.leave(mine)
        theirs = resumed.result(SOON)
        assert not newcomer.done()
        turns.leave(theirs)
        turns.leave(newcomer.result(SOON))


def test_whoever_leaves_the_queue_keeps_nobody_waiting() -> None:
    gone = threading.Event()

    def look() -> None:
        if gone.is_set() and threading.current_thread() is not threading.main_thread():
            raise Left

    turns = Turns(1, LONG, look)
    mine = turns.take()
    with waiting(turns, 2) as asked:
        gone.set()
        for each in asked:
            with pytest.raises(Left):
                each.result(SOON)
    turns.leave(mine)
    turns.leave(turns.take())


def test_leaving_twice_lets_in_no_more_than_one() -> None:
    turns = queue()
    mine = turns.take()
    with waiting(turns, 2) as (second, third):
        turns.leave(mine)
        turns.leave(mine)
        theirs = second.result(SOON)
        time.sleep(0.05)
        assert not third.done()
        turns.leave(theirs)
        third.result(SOON)


def test_many_threads_never_have_more_turns_than_there_are() -> None:
    turns = queue()
    inside, most = [0], [0]

    def script(_: int) -> None:
        mine = turns.take()
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        time.sleep(0.001)
        inside[0] -= 1
        turns.leave(mine)

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(script, range(200)))
    assert most == [1]
