"""Work that nobody waits for any more stops: in the app and on the server."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import asyncpg
import pytest
from playwright.sync_api import Page

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


class Owner:
    """The owner of the knowledge base, in a transaction, asked from outside any event loop."""

    def __init__(self, dsn: str) -> None:
        self.loop = EventLoop()
        self.connection: asyncpg.Connection = self.loop.run(asyncpg.connect(dsn))

    def lock_passages(self) -> None:
        self.loop.run(self.connection.execute("BEGIN"))
        self.loop.run(self.connection.execute("LOCK TABLE chunks IN ACCESS EXCLUSIVE MODE"))

    def waiting(self) -> int:
        return int(self.loop.run(self.connection.fetchval(WAITING_SQL)))

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
