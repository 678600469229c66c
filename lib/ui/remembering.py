"""Answers that are kept for whoever asks next."""

from __future__ import annotations

import pickle
import threading
import time
import uuid
import weakref
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import streamlit as st

from lib.ui.turns import tick

CACHE_SECONDS = 900
# More than fifty readers ask for; the size keeps them from filling the memory.
CACHE_ENTRIES = 1_000
CACHE_SIZE = "256MB"
LOOK_SECONDS = 0.1


@dataclass(frozen=True)
class Answer:
    """What was asked for, how many seconds it took, and when that was (Unix time)."""

    value: Any
    seconds: float
    asked_at: float


@dataclass(frozen=True)
class _Kept:
    """An answer as it is kept: a name that no other has, and its value pickled."""

    # Not a number: counting would begin anew when this module is loaded again after a change,
    # while what was kept before is kept on.
    name: str
    pickled: bytes
    seconds: float
    asked_at: float


# What readers hold at this moment, by the name of the answer. A scan has megabytes, and a
# fragment holds what it was called with for as long as its reader stays.
_held: weakref.WeakValueDictionary[str, Any] = weakref.WeakValueDictionary()

# What is being computed, by what was asked for.
_computing: dict[bytes, threading.Event] = {}


def remember(
    connection_number: int,
    name: str,
    arguments: tuple[Any, ...],
    keywords: dict[str, Any],
    compute: Callable[[], Any],
) -> Answer:
    """What `compute` returns, or returned before under this name with these arguments.

    All who hold an answer hold the same object: none of them may change it in place.
    """
    asked = (connection_number, name, arguments, keywords)
    _wait_for(asked)
    kept = _keep(asked, compute)
    value = _held.get(kept.name)
    if value is None:
        value = pickle.loads(kept.pickled)
        # What cannot be held weakly, numbers and lists, is small.
        with suppress(TypeError):
            value = _held.setdefault(kept.name, value)
    return Answer(value, kept.seconds, kept.asked_at)


def forget(*asked: Any) -> None:
    """Forget the answer to what was asked: the first four arguments of `remember`; without: all."""
    if asked:
        _keep.clear(asked, None)
    else:
        _keep.clear()


@st.cache_data(
    ttl=CACHE_SECONDS, max_entries=CACHE_ENTRIES, max_size=CACHE_SIZE, show_spinner=False
)
def _keep(asked: tuple[Any, ...], _compute: Callable[[], Any]) -> _Kept:
    name = pickle.dumps(asked)
    mine = _computing.setdefault(name, threading.Event())
    try:
        asked_at, started = time.time(), time.perf_counter()
        value = _compute()
        seconds = time.perf_counter() - started
        return _Kept(uuid.uuid4().hex, pickle.dumps(value), seconds, asked_at)
    finally:
        mine.set()
        _computing.pop(name, None)


def _wait_for(asked: tuple[Any, ...]) -> None:
    """Wait until nobody else computes this very answer.

    Streamlit would wait too, but as long as it takes, even for a reader who has left.
    """
    computed = _computing.get(pickle.dumps(asked)) if _computing else None
    while computed is not None and not computed.wait(LOOK_SECONDS):
        tick()
