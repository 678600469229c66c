"""One script at a time, in the order in which they came.

Python runs one thread at a time. Forty scripts at once do not only take forty times as long: they
wait for Streamlit's locks, whose holders wait for the interpreter, so that all pages come late and
at the same moment, and the server, a thread among them, answers nobody. One after the other, most
readers have their page at once.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import streamlit as st

AT_ONCE = 1
# Whoever takes longer goes on, and no longer keeps others waiting: nothing that a script does, or
# waits for, holds up everybody for long.
LEASE_SECONDS = 1.0
# How often who waits looks whether its browser is still there.
LOOK_SECONDS = 0.2


class Turns:
    """A queue of scripts; `at_once` have their turn, each for at most `lease` seconds.

    While one waits, `on_wait` is called five times a second; whatever it raises leaves the queue.
    """

    def __init__(self, at_once: int, lease: float, on_wait: Callable[[], object]) -> None:
        self._at_once = at_once
        self._lease = lease
        self._on_wait = on_wait
        self._lock = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        # When each turn ends at the latest, by what whoever has it waited for.
        self._taken: dict[threading.Event, float] = {}

    def take(self, first: bool = False) -> threading.Event:
        """Wait for a turn, which `leave` ends; `first`: before all who wait."""
        mine = threading.Event()
        with self._lock:
            if first:
                self._waiting.appendleft(mine)
            else:
                self._waiting.append(mine)
            self._let_in()
        try:
            while not mine.wait(self._patience(mine)):
                with self._lock:
                    self._let_in()
                self._on_wait()
        except BaseException:
            self.leave(mine)
            raise
        return mine

    def leave(self, mine: threading.Event) -> None:
        """End a turn, or the wait for it; twice is harmless."""
        with self._lock:
            self._taken.pop(mine, None)
            if mine in self._waiting:
                self._waiting.remove(mine)
            self._let_in()

    def _patience(self, mine: threading.Event) -> float:
        """How long to wait before looking again: the first in the queue also sees leases end."""
        with self._lock:
            if self._waiting and self._waiting[0] is mine and self._taken:
                left = min(self._taken.values()) - time.monotonic()
                return min(max(left, 0.0), LOOK_SECONDS)
        return LOOK_SECONDS

    def _let_in(self) -> None:
        now = time.monotonic()
        for ended in [each for each, until in self._taken.items() if until <= now]:
            del self._taken[ended]
        while self._waiting and len(self._taken) < self._at_once:
            first = self._waiting.popleft()
            self._taken[first] = now + self._lease
            first.set()


def _look() -> None:
    """Where Streamlit may interrupt a wait: when the browser reruns or leaves."""
    _ = "_look" in st.session_state


_turns = Turns(AT_ONCE, LEASE_SECONDS, _look)


class _Script:
    """The turn of a script that runs; None while it waits for something else."""

    def __init__(self, turn: threading.Event) -> None:
        self.turn: threading.Event | None = turn


_script: ContextVar[_Script | None] = ContextVar("script", default=None)


@contextmanager
def in_turn() -> Iterator[None]:
    """Run a script, or a fragment by itself, when its turn has come."""
    if _script.get() is not None:
        yield
        return
    script = _Script(_turns.take())
    token = _script.set(script)
    try:
        yield
    finally:
        _script.reset(token)
        if script.turn is not None:
            _turns.leave(script.turn)


def tick() -> None:
    """To be called while a script waits for a database or a lock, ten times a second or so.

    Others have their turn meanwhile, and Streamlit may interrupt the script here.
    """
    script = _script.get()
    if script is not None and script.turn is not None:
        _turns.leave(script.turn)
        script.turn = None
    _look()


def go_on() -> None:
    """After waiting: the script's turn comes before that of those who have not begun.

    Not to be called with a lock that others wait for in their turn.
    """
    script = _script.get()
    if script is not None and script.turn is None:
        script.turn = _turns.take(first=True)
