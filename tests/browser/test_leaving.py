"""Work that nobody waits for any more stops: in the app and on the server."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

import asyncpg
import psutil
import pytest
from playwright.sync_api import Page, expect

from lib.databases.loop import EventLoop
from lib.demo.provision import addresses
from lib.demo.server import OWNER, server_in
from lib.settings import demo_directory
from tests.browser.conftest import App

LEAVE_SECONDS = 2.0
WAITING_SQL = """
    SELECT count(*) FROM pg_stat_activity
    WHERE application_name = 'concordance' AND wait_event_type = 'Lock'
"""
BUSY_SQL = """
    SELECT count(*) FROM pg_stat_activity
    WHERE application_name = 'concordance' AND state <> 'idle' AND datname = current_database()
"""
# A tenth of a core: an app that only waits takes less.
QUIET_SHARE = 0.1


class Owner:
    """The owner of the knowledge base, in a transaction, asked from outside any event loop."""

    def __init__(self, dsn: str) -> None:
        self.loop = EventLoop()
        self.connection: asyncpg.Connection = self.loop.run(asyncpg.connect(dsn))

    def lock_passages(self) -> None:
        self.loop.run(self.connection.execute("BEGIN"))
        self.loop.run(self.connection.execute("LOCK TABLE chunks IN ACCESS EXCLUSIVE MODE"))

    def waiting(self) -> int:
        return self._count(WAITING_SQL)

    def busy(self) -> int:
        return self._count(BUSY_SQL)

    def _count(self, sql: str) -> int:
        # A transaction sees who is connected as at its first look, unless told to look again.
        self.loop.run(self.connection.execute("SELECT pg_stat_clear_snapshot()"))
        return int(self.loop.run(self.connection.fetchval(sql)))

    def close(self) -> None:
        self.loop.run(self.connection.close())
        self.loop.stop()


@pytest.fixture
def owner() -> Iterator[Owner]:
    server = server_in(demo_directory().resolve())
    server.start()
    connected = Owner(addresses(server, OWNER).knowledge_base)
    yield connected
    connected.close()
    server.release()


def eventually(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return condition()


def test_leaving_a_page_cancels_its_query(app: App, page: Page, owner: Owner) -> None:
    page.goto(f"{app.url}/connect")
    owner.lock_passages()
    # A window that nobody has asked for: nothing is remembered.
    page.goto(f"{app.url}/matches?window=11&stride=5", wait_until="commit")
    assert eventually(lambda: owner.waiting() > 0, 10)
    page.goto("about:blank")
    assert eventually(lambda: owner.waiting() == 0, LEAVE_SECONDS)


def cpu_share(process: psutil.Process, seconds: float) -> float:
    """The share of one core that a process takes for so long."""
    process.cpu_percent()
    return process.cpu_percent(seconds) / 100


def test_leaving_a_page_ends_the_comparing_in_the_app(app: App, page: Page, owner: Owner) -> None:
    process = psutil.Process(app.process.pid)
    page.goto(f"{app.url}/matches?fallback=alignment&scope=library", wait_until="commit")
    expect(page.get_by_text(re.compile(r"compared\W+[\d,]+ of", re.IGNORECASE))).to_be_visible()
    assert eventually(lambda: cpu_share(process, 0.3) > 2 * QUIET_SHARE, LEAVE_SECONDS)
    page.close()
    assert eventually(lambda: cpu_share(process, 0.3) < QUIET_SHARE, LEAVE_SECONDS)
    assert eventually(lambda: owner.busy() == 0, LEAVE_SECONDS)
