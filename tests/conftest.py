"""The real databases: the demo library, and a server for tests that make databases of their own."""

from __future__ import annotations

import asyncio
import itertools
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import asyncpg
import pytest

from lib.connection import Connection
from lib.demo.provision import DemoAddresses, addresses, provision
from lib.demo.server import OWNER, READER, DemoServer, server_in
from lib.settings import Settings, demo_directory


@dataclass(frozen=True)
class Demo:
    """The running demo library: its folder, and the DSNs of both databases for either role."""

    directory: Path
    owner: DemoAddresses
    reader: DemoAddresses

    @property
    def settings(self) -> Settings:
        """Settings that read the demo as the app does."""
        return Settings().with_connections(self.reader.life_dashboard, self.reader.knowledge_base)


class MakeDatabase(Protocol):
    """Creates a database with the given extensions and returns its owner's DSN."""

    def __call__(self, *extensions: str) -> str: ...


@pytest.fixture(scope="session")
def demo() -> Iterator[Demo]:
    """The demo library; the lease that is held keeps its server running for the session."""
    directory = demo_directory()
    server = provision(directory)
    try:
        yield Demo(directory, addresses(server, OWNER), addresses(server, READER))
    finally:
        server.release()


@pytest.fixture
def connection(demo: Demo) -> Iterator[Connection]:
    """A connection to the demo, as the app has it."""
    connection = Connection(demo.settings)
    try:
        yield connection
    finally:
        connection.close()


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


@pytest.fixture(scope="session")
def server() -> Iterator[DemoServer]:
    """An empty server of its own; its folder has a short name because it holds the socket."""
    directory = Path(tempfile.mkdtemp(prefix="cc-"))
    server = server_in(directory)
    try:
        server.start()
        yield server
    finally:
        server.release()
        shutil.rmtree(directory)


@pytest.fixture
def make_database(server: DemoServer) -> Iterator[MakeDatabase]:
    """Makes fresh databases on `server`, which are dropped after the test."""
    names: list[str] = []

    def make(*extensions: str) -> str:
        name = f"made_{next(_NUMBERS)}"
        asyncio.run(_execute(server.dsn(OWNER, OWNER), f"CREATE DATABASE {name}"))
        names.append(name)
        dsn = server.dsn(name, OWNER)
        asyncio.run(_execute(dsn, *(f"CREATE EXTENSION {extension}" for extension in extensions)))
        return dsn

    try:
        yield make
    finally:
        for name in names:
            drop = f"DROP DATABASE {name} WITH (FORCE)"
            asyncio.run(_execute(server.dsn(OWNER, OWNER), drop))


_NUMBERS = itertools.count(1)


async def _execute(dsn: str, *statements: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()
