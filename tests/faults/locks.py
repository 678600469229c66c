"""Locks that somebody else holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from lib.databases.loop import EventLoop
from lib.demo.server import OWNER
from lib.settings import KNOWLEDGE_BASE
from tests.faults.servers import Server


@contextmanager
def locked(server: Server, tables: str) -> Iterator[None]:
    """Somebody else's transaction that lets nobody touch tables of the knowledge base."""
    loop = EventLoop()
    owner = loop.run(asyncpg.connect(server.dsn(KNOWLEDGE_BASE, OWNER)))
    try:
        loop.run(owner.execute(f"BEGIN; LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE"))
        yield
    finally:
        loop.run(owner.close())
        loop.stop()
