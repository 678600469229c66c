"""The running app in a real browser."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from scripts.ensure_browser import installed

ROOT = Path(__file__).parents[2]
START_SECONDS = 30
STOP_SECONDS = 15
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

expect.set_options(timeout=30_000)


@dataclass(frozen=True)
class App:
    """A running app: its address and its process."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def interrupt(self) -> float:
        """Press Ctrl-C and wait for the end; returns the seconds it took."""
        started = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        self.process.wait(STOP_SECONDS)
        return time.monotonic() - started


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def running_app(folder: Path, **environment: str) -> Iterator[App]:
    """The app on a port of its own, on the demo unless `environment` says otherwise."""
    port = free_port()
    clean = {k: v for k, v in os.environ.items() if not k.endswith("_DSN")}
    # As make run sets it.
    clean["MALLOC_ARENA_MAX"] = "2"
    secrets = folder / "secrets.toml"
    secrets.touch()
    clean |= {"CONCORDANCE_SECRETS": str(secrets), **environment}
    log = folder / f"app-{port}.log"
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=clean, stdout=output, stderr=output, start_new_session=True
        )
    base = environment.get("STREAMLIT_SERVER_BASE_URL_PATH", "")
    app = App(f"http://127.0.0.1:{port}/{base}".rstrip("/"), process, log)
    try:
        _wait_until_healthy(app)
        yield app
    finally:
        if process.poll() is None:
            with suppress(subprocess.TimeoutExpired):
                app.interrupt()
        if process.poll() is None:
            process.kill()
            process.wait()


def _wait_until_healthy(app: App) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with urllib.request.urlopen(f"{app.url}/_stcore/health", timeout=1):
                return
        except OSError:
            if time.monotonic() > deadline or app.process.poll() is not None:
                raise AssertionError(app.log.read_text()) from None
            time.sleep(0.1)


@pytest.fixture(scope="session", autouse=True)
def library(demo: object) -> None:
    """The project's demo library is there before any app is started."""


# Closed with the last test of this folder: Playwright keeps an event loop in the tests' own thread,
# and tests elsewhere run loops of their own.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    path = installed()
    if path is None:
        pytest.fail("No browser: run make test, which gets one, or set CHROMIUM.")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture(scope="package")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """One app on the project's demo for all tests that only look."""
    with running_app(tmp_path_factory.mktemp("app")) as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh browser profile's page."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


def settled(page: Page) -> None:
    """Wait until the script of the page has run to its end."""
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)


def postgres_processes(folder: Path) -> list[str]:
    """Command lines of living PostgreSQL servers whose data lie in `folder`."""
    import psutil

    found = []
    for process in psutil.process_iter(["name", "cmdline", "status"]):
        line = " ".join(process.info["cmdline"] or [])
        if process.info["status"] != psutil.STATUS_ZOMBIE and str(folder) in line:
            found.append(line)
    return [line for line in found if "postgres" in line]
