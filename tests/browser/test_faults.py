"""What a reader sees when servers and networks fail, and what is left when readers leave."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from lib.settings import KNOWLEDGE_BASE, LIFE_DASHBOARD
from tests.browser import conftest
from tests.browser.conftest import App, running_app, settled
from tests.faults.locks import locked
from tests.faults.proxy import Proxy, proxied
from tests.faults.servers import HIGHLIGHTS, PASSAGES, Server, running, seeded
from tests.faults.timing import ANSWER_SECONDS, in_background, until

LEAVE_SECONDS = 2.0
# What drawing a page takes on top, on a busy machine.
DRAWING_SECONDS = 2.0
MAX_SIZE = 4
BUSY = "state <> 'idle'"
WAITS = "wait_event_type = 'Lock'"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with seeded() as seed, running(seed) as server:
        yield server


@pytest.fixture(scope="module")
def proxy(server: Server) -> Iterator[Proxy]:
    """Before the knowledge base, forwarding at first."""
    with proxied(server.port) as proxy:
        yield proxy


def environment(server: Server, port: int | None = None) -> dict[str, str]:
    """Where the app finds both databases; `port` is that of a proxy to the knowledge base."""
    return {
        "LIFE_DASHBOARD_DSN": server.dsn(LIFE_DASHBOARD),
        "KNOWLEDGE_BASE_DSN": server.dsn(KNOWLEDGE_BASE, port=port),
    }


def patient(folder: Path) -> Path:
    """Settings under which a query waits long for a lock."""
    (folder / "secrets.toml").write_text(f"[pools]\nmax_size = {MAX_SIZE}\nlock_timeout = 60\n")
    return folder


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, server: Server, proxy: Proxy) -> Iterator[App]:
    """An app on the server, with its knowledge base behind the proxy."""
    folder = patient(tmp_path_factory.mktemp("faults"))
    with running_app(folder, **environment(server, proxy.port)) as started:
        yield started


def shows(page: Page, figure: int) -> None:
    """Wait until one of the page's figures is this."""
    figures = page.get_by_test_id("stMetricValue")
    expect(figures.get_by_text(str(figure), exact=True).first).to_be_visible()


def is_well(page: Page, app: App) -> None:
    """The page is drawn to its end, and neither it nor the log holds a traceback."""
    settled(page)
    logged = app.log.read_text()
    assert "Traceback" not in logged, logged[-3000:]
    expect(page.get_by_test_id("stException")).to_have_count(0)


@pytest.mark.parametrize("goes", ["closes the tab", "goes elsewhere", "ends the browser"])
def test_whoever_leaves_takes_the_query_along(
    app: App, browser: Browser, server: Server, goes: str
) -> None:
    context = browser.new_context()
    page = context.new_page()
    with locked(server, "chunks"):
        page.goto(f"{app.url}/matches?window={4 + len(goes)}", wait_until="commit")
        until(lambda: server.backends(WAITS) > 0, 15)
        if goes == "closes the tab":
            page.close()
        elif goes == "goes elsewhere":
            page.goto("about:blank")
        else:
            context.close()
        until(lambda: server.backends(BUSY) == 0, LEAVE_SECONDS)
        assert server.backends() <= 2 * MAX_SIZE
    context.close()


def test_a_frozen_server_is_one_sentence_in_time(app: App, page: Page, server: Server) -> None:
    page.goto(app.url)
    shows(page, PASSAGES)
    settled(page)
    with server.frozen():
        started = time.monotonic()
        # Nothing of this page is remembered: it asks many questions, of both databases.
        page.goto(f"{app.url}/scores", wait_until="commit")
        expect(page.get_by_text("does not answer in time").first).to_be_visible()
        settled(page)
        assert time.monotonic() - started <= ANSWER_SECONDS + DRAWING_SECONDS
    time.sleep(1)
    page.reload()
    settled(page)
    expect(page.get_by_text("does not answer in time")).to_have_count(0)
    is_well(page, app)


def test_one_database_is_down_while_the_other_is_read(
    page: Page, tmp_path: Path, server: Server, proxy: Proxy
) -> None:
    proxy.refuse()
    try:
        with running_app(tmp_path, **environment(server, proxy.port)) as app:
            page.goto(app.url)
            expect(page.get_by_text("No server answers for knowledge_base").first).to_be_visible()
            shows(page, HIGHLIGHTS)
            is_well(page, app)
            proxy.forward()
            page.reload()
            shows(page, PASSAGES)
            is_well(page, app)
            expect(page.get_by_text("No server answers")).to_have_count(0)
    finally:
        proxy.forward()


def test_nobody_sees_a_short_restart(page: Page, tmp_path: Path, server: Server) -> None:
    with running_app(tmp_path, **environment(server)) as app:
        page.goto(app.url)
        shows(page, PASSAGES)
        settled(page)
        restarting = in_background(server.restart)
        # Pages of which nothing is remembered.
        for name in ("search", "alignment", "matches", "scores"):
            page.goto(f"{app.url}/{name}")
            settled(page)
            expect(page.get_by_test_id("stAlertContentError")).to_have_count(0)
            is_well(page, app)
        restarting.result(30)


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the project whose files a test may change; apps started now run from there."""
    copy = tmp_path / "project"
    for part in ("app.py", "pages", "lib", "docs", ".streamlit/config.toml"):
        source, target = conftest.ROOT / part, copy / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    monkeypatch.setattr(conftest, "ROOT", copy)
    return copy


def save(file: Path, old: str, new: str) -> None:
    """Change a text of a source file, as an editor does that saves it."""
    source = file.read_text(encoding="utf-8")
    assert old in source
    file.write_text(source.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize("errors_too", [False, True], ids=["the page", "the page and its errors"])
def test_a_file_is_saved_while_its_page_waits(
    page: Page, tmp_path: Path, server: Server, copied: Path, errors_too: bool
) -> None:
    """The page is run again, by itself: one answer, no error, and no connection too many."""
    reload = {"STREAMLIT_SERVER_RUN_ON_SAVE": "true", "STREAMLIT_SERVER_FILE_WATCHER_TYPE": "poll"}
    with (
        proxied(server.port) as proxy,
        running_app(patient(tmp_path), **environment(server, proxy.port), **reload) as app,
    ):
        # A session watches its files once a page was drawn to its end.
        page.goto(f"{app.url}/matches")
        is_well(page, app)
        with locked(server, "chunks"):
            page.get_by_role("radio", name="words", exact=True).click()
            until(lambda: server.backends(WAITS) > 0, 15)
            if errors_too:
                save(copied / "lib/errors.py", "Every error", "Each error")
            save(copied / "pages/matches.py", "A highlight is cut", "SAVED ONCE MORE: it is cut")
            expect(page.get_by_text("SAVED ONCE MORE")).to_be_visible()
            until(lambda: server.backends(WAITS) > 0, 15)
            assert server.backends(WAITS) <= MAX_SIZE
        expect(page.get_by_test_id("stVegaLiteChart").first).to_be_visible()
        is_well(page, app)
        until(lambda: server.backends() <= 2 * MAX_SIZE, LEAVE_SECONDS)
        # Errors are known for what they are though their module is another one now.
        proxy.refuse()
        page.goto(f"{app.url}/scores")
        is_well(page, app)
        expect(page.get_by_text("No server answers for knowledge_base").first).to_be_visible()
