"""Servers with a small library for the tests of faults, and what was measured in the end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.proxy import Proxy, proxied
from tests.faults.servers import Server, running, seeded
from tests.faults.timing import MEASURED


@pytest.fixture(scope="session")
def seed() -> Iterator[Path]:
    """The data folder that every server is a copy of."""
    with seeded() as data:
        yield data


@pytest.fixture(scope="session")
def shared_server(seed: Path) -> Iterator[Server]:
    """One server for all tests that leave it as they found it."""
    with running(seed) as server:
        yield server


@pytest.fixture
def server(shared_server: Server) -> Iterator[Server]:
    """The shared server, without connections of the app from earlier tests."""
    yield shared_server
    shared_server.kill_backends()


@pytest.fixture
def proxy(server: Server) -> Iterator[Proxy]:
    """A proxy to the server, forwarding at first."""
    with proxied(server.port) as proxy:
        yield proxy


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print how long every answer took."""
    if MEASURED:
        terminalreporter.section("answer times under faults")
        for fault, seconds, what in MEASURED:
            terminalreporter.write_line(f"{seconds:6.2f} s  {what:20}  {fault}")
