"""The demo library, and where its highlights truly are."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import asyncpg
import pandas as pd

from lib.connection import Connection
from lib.demo.provision import addresses, provision
from lib.demo.server import OWNER
from lib.settings import Settings, demo_directory


@dataclass(frozen=True)
class Demo:
    """A connection to the demo's databases, and what was planted there.

    `truth`: by highlight id the `first` and `last` true passage, NaN for text that is in no book.
    """

    connection: Connection
    truth: pd.DataFrame


@contextlib.contextmanager
def demo_library() -> Iterator[Demo]:
    """The demo, made if need be, whatever else is configured."""
    server = provision(demo_directory())
    try:
        found = addresses(server)
        settings = Settings().with_connections(found.life_dashboard, found.knowledge_base)
        # The role that reads the library may not read what was planted.
        truth = asyncio.run(_read_truth(addresses(server, OWNER).life_dashboard))
        with contextlib.closing(Connection(settings)) as connection:
            yield Demo(connection, truth)
    finally:
        server.release()


async def _read_truth(dsn: str) -> pd.DataFrame:
    settings = {"default_transaction_read_only": "on"}
    connection = await asyncpg.connect(dsn, server_settings=settings)
    try:
        rows = await connection.fetch(
            "SELECT id, first_chunk, last_chunk FROM demo_planted WHERE kind IN ('span', 'outside')"
        )
    finally:
        await connection.close()
    frame = pd.DataFrame([tuple(row) for row in rows], columns=["id", "first", "last"])
    return frame.set_index("id").astype(float)
