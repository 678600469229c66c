"""Makes the demo library, once, so that it is either whole or not there.

Everything is built in databases of other names, which take their real names in one transaction
at the end, together with a comment that says which recipe made them. A killed provisioning leaves
only the other names behind, and the next one drops them first. A lock lets one process build while
the others wait and show its progress.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import asyncpg
import fasteners

from lib.demo import building
from lib.demo.server import OWNER, READER, DemoServer, server_in
from lib.errors import DemoError
from lib.settings import DSN_VARIABLES, KNOWLEDGE_BASE, LIFE_DASHBOARD

PARTS = (
    "building.py",
    "copying.py",
    "highlights.py",
    "models.py",
    "noise.py",
    "outside.txt",
    "random_indexing.py",
    "schema.py",
    "sounds.py",
    "text.py",
    "vocabulary.py",
)
POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Progress:
    """Where provisioning stands: step `step` of `steps`, and `done` of `total` within it."""

    step: int
    steps: int
    what: str
    done: int = 0
    total: int = 0

    @property
    def share(self) -> float:
        """How far along all steps are, from 0 to 1."""
        within = self.done / self.total if self.total else 0.0
        return min(1.0, (self.step - 1 + within) / self.steps)


Reporter = Callable[[Progress], object]


@dataclass(frozen=True)
class DemoAddresses:
    """The DSNs of a running, whole demo for one role."""

    life_dashboard: str
    knowledge_base: str


def recipe() -> str:
    """A name for what the demo's files would make: it changes when any of them does."""
    digest = hashlib.sha256()
    for part in PARTS:
        digest.update(Path(__file__).with_name(part).read_bytes())
    return f"Concordance demo {digest.hexdigest()[:16]}"


def provision(
    directory: Path, report: Reporter = lambda progress: None, reset: bool = False
) -> DemoServer:
    """Start the demo's server and make sure that its library is whole.

    Blocks for up to half a minute the first time; `report` is told of every step. The caller holds
    a lease on the server that is returned and must `release()` it. Raises DemoError.
    """
    server = server_in(directory.resolve())
    report(Progress(1, len(building.STEPS) + 1, "Start PostgreSQL"))
    server.start()
    if reset or not _whole(server):
        _build_once(server, report, reset)
    return server


def addresses(server: DemoServer, role: str = READER) -> DemoAddresses:
    """The DSNs of both databases."""
    return DemoAddresses(server.dsn(LIFE_DASHBOARD, role), server.dsn(KNOWLEDGE_BASE, role))


def _whole(server: DemoServer) -> bool:
    return asyncio.run(_read_marks(server)) == [recipe()] * len(DSN_VARIABLES)


async def _read_marks(server: DemoServer) -> list[str]:
    connection = await building.connect(server, OWNER)
    try:
        rows = await connection.fetch(
            "SELECT coalesce(shobj_description(oid, 'pg_database'), '') AS mark"
            " FROM pg_database WHERE datname = ANY($1)",
            list(DSN_VARIABLES),
        )
        return [row["mark"] for row in rows]
    finally:
        await connection.close()


def _build_once(server: DemoServer, report: Reporter, reset: bool) -> None:
    progress_file = server.directory / "progress.json"
    lock = fasteners.InterProcessLock(server.directory / "provision.lock")
    while not lock.acquire(blocking=False):
        _report_other(progress_file, report)
        time.sleep(POLL_SECONDS)
    try:
        if not reset and _whole(server):
            return

        def tell(step: int, what: str, done: int, total: int) -> None:
            # The server's start was the first step.
            progress = Progress(step + 1, len(building.STEPS) + 1, what, done, total)
            _write(progress_file, progress)
            report(progress)

        asyncio.run(building.build(server, recipe(), tell))
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        raise DemoError(
            f"The demo library cannot be made: {error}.",
            "Start Concordance again; if that does not help, delete the folder .demo.",
        ) from error
    finally:
        progress_file.unlink(missing_ok=True)
        lock.release()


def _write(progress_file: Path, progress: Progress) -> None:
    fresh = progress_file.with_suffix(".new")
    fresh.write_text(json.dumps(asdict(progress)))
    fresh.replace(progress_file)


def _report_other(progress_file: Path, report: Reporter) -> None:
    """Pass on what the process that builds says of itself."""
    try:
        report(Progress(**json.loads(progress_file.read_text())))
    except (OSError, ValueError, TypeError):
        return
