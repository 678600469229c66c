"""Navigation, cold deep links, and the state of both connections."""

from __future__ import annotations

import socket
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from playwright.sync_api import Page, expect
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from tests.browser.conftest import App, running_app, settled

PAGES = ["scores", "alignment", "matches", "search", "connect"]
TITLES = ["Library", *(name.capitalize() for name in PAGES)]


@pytest.mark.parametrize("name", ["", "library", *PAGES])
def test_a_cold_deep_link_shows_the_frame(page: Page, tmp_path: Path, name: str) -> None:
    with running_app(tmp_path) as cold:
        page.goto(f"{cold.url}/{name}")
        expect(page.get_by_role("heading", level=1)).to_have_text(name.capitalize() or "Library")
        for title in TITLES:
            expect(page.get_by_role("link", name=title, exact=True)).to_be_visible()
        expect(page.get_by_text("This is the demo")).to_be_visible()
        expect(page.get_by_text("knowledge_base", exact=False).first).to_be_visible()
        expect(page.get_by_text("Page not found")).to_have_count(0)


def test_navigation_reaches_every_page_without_an_error(app: App, page: Page) -> None:
    failures: list[str] = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.goto(app.url)
    settled(page)
    for title in [*TITLES[1:], TITLES[0]]:
        page.get_by_role("link", name=title, exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(title)
        settled(page)
        expect(page.get_by_test_id("stException")).to_have_count(0)
    assert failures == []


def test_the_demo_notice_leads_to_how_to_connect(app: App, page: Page) -> None:
    page.goto(f"{app.url}/scores")
    page.get_by_role("link", name="Connect your own databases").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Connect")
    expect(page.get_by_text("LIFE_DASHBOARD_DSN").first).to_be_visible()


def test_nothing_is_fetched_from_elsewhere(app: App, page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda opened: asked.append(opened.url))
    for name in ["", *PAGES, "connect?tab=How+to+connect", "search?q=the+lost+sheep"]:
        page.goto(f"{app.url}/{name}")
        settled(page)
    own = (app.url, app.url.replace("http", "ws", 1), "data:", "blob:")
    assert [url for url in asked if not url.startswith(own)] == []
    assert {url.partition(":")[0] for url in asked} >= {"http", "ws"}


def test_it_listens_on_this_machine_alone(app: App) -> None:
    listening = [
        connection.laddr.ip
        for connection in psutil.Process(app.process.pid).net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert listening == ["127.0.0.1"]


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        # A name that somebody else points at this machine, and their page on the same name.
        ("rebound.example", "http://rebound.example"),
        ("127.0.0.1.evil.example", "http://127.0.0.1.evil.example"),
    ],
)
def test_no_other_name_is_answered_to(app: App, host: str, origin: str) -> None:
    port = urlsplit(app.url).port
    assert port is not None

    def handshake(name: str, page: str) -> None:
        address = f"ws://{name}:{port}/_stcore/stream"
        channel = socket.create_connection(("127.0.0.1", port), 10)
        with connect(address, origin=Origin(f"{page}:{port}"), sock=channel, proxy=None):
            pass

    handshake("127.0.0.1", "http://127.0.0.1")
    handshake("localhost", "http://localhost")
    with pytest.raises(InvalidStatus, match="403"):
        handshake(host, origin)
