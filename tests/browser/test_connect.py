"""The Connect page in a browser: its addresses, a small window, settings mended while it runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from lib.databases.doctor import STEPS
from lib.demo.server import OWNER, DemoServer
from tests.browser.conftest import App, running_app, settled
from tests.databases.library import TABLES, execute

CANARY = "canary-81cd"
LIBRARY = (
    "CREATE EXTENSION vector",
    "CREATE EXTENSION pg_trgm",
    TABLES,
    "INSERT INTO events VALUES (1, 'a b c d e f g', 1, '[1,2]', 'm')",
    "INSERT INTO books VALUES (1, 'Emma')",
    "INSERT INTO chunks VALUES (1, 1, 1, 'x a b c d e f y')",
    "INSERT INTO chunk_embeddings VALUES (1, 'm', '[1,2]')",
    "ALTER TABLE books RENAME TO tomes",
)
TABS = [
    "State",
    "Find my tables",
    "A role that may only read",
    "How to connect",
    "What the figures mean",
]


@pytest.mark.parametrize("tab", TABS[1:])
def test_a_tab_has_an_address(app: App, page: Page, tab: str) -> None:
    page.goto(f"{app.url}/connect?tab={tab.replace(' ', '+')}")
    settled(page)
    chosen = page.get_by_role("tab", name=tab, exact=True)
    expect(chosen).to_have_attribute("aria-selected", "true")
    page.get_by_role("tab", name=TABS[0], exact=True).click()
    expect(page.get_by_text("Both databases, step by step")).to_be_visible()
    page.get_by_role("tab", name=tab, exact=True).click()
    spaced = tab.replace(" ", r"(\+|%20)")
    expect(page).to_have_url(re.compile(f"tab={spaced}"))


def test_every_step_fits_a_small_window(app: App, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 400, "height": 800})
    page = context.new_page()
    page.goto(f"{app.url}/connect")
    settled(page)
    for step in STEPS:
        badge = page.locator("p > span").filter(has_text=step.capitalize())
        expect(badge).to_have_count(2)
    wider = page.get_by_test_id("stMain").evaluate("main => main.scrollWidth - main.clientWidth")
    assert wider <= 0
    for paragraph in page.get_by_role("tabpanel").get_by_test_id("stMarkdownContainer").all():
        box = paragraph.bounding_box()
        assert box is None or box["x"] + box["width"] <= 400
    context.close()


@pytest.fixture
def renamed(server: DemoServer) -> Iterator[str]:
    """The address of a library whose table of books has another name."""
    # Playwright has a loop running in this thread, and queries of tests run one of their own.
    with ThreadPoolExecutor(1) as thread:
        owner = server.dsn(OWNER, OWNER)
        thread.submit(execute, owner, "CREATE DATABASE renamed").result()
        try:
            thread.submit(execute, server.dsn("renamed", OWNER), *LIBRARY).result()
            yield server.dsn("renamed", OWNER)
        finally:
            thread.submit(execute, owner, "DROP DATABASE renamed WITH (FORCE)").result()


def test_a_mapping_is_pasted_while_the_app_runs(renamed: str, page: Page, tmp_path: Path) -> None:
    secrets = tmp_path / "secrets.toml"
    addresses = "".join(
        f'[connections.{name}]\ndsn = "{renamed.replace("@/", f":{CANARY}@/")}"\n'
        for name in ("life_dashboard", "knowledge_base")
    )
    secrets.write_text(addresses)
    with running_app(tmp_path) as own:
        page.goto(f"{own.url}/connect")
        settled(page)
        expect(page.get_by_text("Do this next")).to_be_visible()
        expect(page.get_by_text("2 problems")).to_have_count(0)
        toml = page.get_by_test_id("stCode").filter(has_text="[relations.books]").inner_text()
        assert CANARY not in page.content()
        secrets.write_text(f"{addresses}\n{toml}")
        page.get_by_role("button", name="Check again").click()
        expect(page.get_by_text("Books are in public.tomes.", exact=False)).to_be_visible()
        expect(page.get_by_text("Do this next")).to_have_count(0)
        # And the pages are there, without a new start.
        page.get_by_role("link", name="Library", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Library")
        settled(page)
        expect(page.get_by_text("Emma").first).to_be_attached()
        expect(page.get_by_test_id("stException")).to_have_count(0)
