"""A loop of their own for tests of what runs on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lib.databases.loop import EventLoop


@pytest.fixture
def loop() -> Iterator[EventLoop]:
    """A loop on a thread of its own, as the app's connections have it."""
    loop = EventLoop()
    yield loop
    loop.stop()
