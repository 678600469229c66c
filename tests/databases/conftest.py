"""Connections that tests open with settings of their own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import pytest

from lib.connection import Connection
from lib.databases.loop import EventLoop
from lib.settings import Settings


class Open(Protocol):
    """Opens a connection that is closed after the test."""

    def __call__(self, settings: Settings) -> Connection: ...


@pytest.fixture
def open_connection() -> Iterator[Open]:
    """Opens connections with any settings."""
    opened: list[Connection] = []

    def open_one(settings: Settings) -> Connection:
        opened.append(Connection(settings))
        return opened[-1]

    yield open_one
    for connection in opened:
        connection.close()


@pytest.fixture
def loop() -> Iterator[EventLoop]:
    """A loop on a thread of its own, as the app's connections have it."""
    loop = EventLoop()
    yield loop
    loop.stop()
