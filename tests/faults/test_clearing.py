"""Caches that are cleared while pages wait for their queries."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from lib.settings import KNOWLEDGE_BASE, LIFE_DASHBOARD
from tests.faults.locks import locked
from tests.faults.servers import HIGHLIGHTS, PASSAGES, Server
from tests.faults.timing import in_background, until

ROOT = Path(__file__).parents[2]
PAGES_AT_ONCE = 3
MAX_SIZE = 2
WAITS = "wait_event_type = 'Lock'"


@pytest.fixture(autouse=True)
def settings(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """The app reads the test's server, and waits long for a lock."""
    secrets = tmp_path / "secrets.toml"
    secrets.write_text(f"[pools]\nmax_size = {MAX_SIZE}\nlock_timeout = 30\nacquire_timeout = 30\n")
    monkeypatch.setenv("CONCORDANCE_SECRETS", str(secrets))
    monkeypatch.setenv("LIFE_DASHBOARD_DSN", server.dsn(LIFE_DASHBOARD))
    monkeypatch.setenv("KNOWLEDGE_BASE_DSN", server.dsn(KNOWLEDGE_BASE))
    _clear()
    yield
    _clear()


def _clear() -> None:
    st.cache_data.clear()
    st.cache_resource.clear()


def _open_page() -> AppTest:
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=30).run()


def _figures(app: AppTest) -> list[str]:
    return [str(metric.value) for metric in app.metric]


def test_every_cache_is_cleared_with_queries_in_flight(server: Server) -> None:
    with locked(server, "chunks"):
        opened = [in_background(_open_page) for _ in range(PAGES_AT_ONCE)]
        until(lambda: server.backends(WAITS) > 0, 15)
        old = server.fetch(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'concordance'"
        )
        _clear()
        # The connection of before is closed, though its queries had no answer yet.
        still_there = f"pid IN ({', '.join(str(pid) for (pid,) in old)})"
        until(lambda: server.backends(still_there) == 0, 5)
    for one in opened:
        app = one.result(30)
        assert not app.exception
        assert not app.error
        assert str(PASSAGES) in _figures(app)
        assert str(HIGHLIGHTS) in _figures(app)
    assert server.backends() <= 2 * MAX_SIZE


def test_caches_are_cleared_again_and_again(server: Server) -> None:
    """Nobody hangs, nothing is left open, and what is read last is right."""
    ended, most = threading.Event(), [0]

    def clear() -> None:
        while not ended.wait(0.3):
            _clear()
            most[0] = max(most[0], server.backends())

    clearing = in_background(clear)
    opened = [in_background(_open_page) for _ in range(PAGES_AT_ONCE)]
    try:
        apps = [one.result(60) for one in opened]
    finally:
        ended.set()
        clearing.result(10)
    assert not [app.exception for app in apps if app.exception]
    _clear()
    app = _open_page()
    assert not app.exception
    assert not app.error
    assert str(PASSAGES) in _figures(app)
    until(lambda: server.backends() <= 2 * MAX_SIZE, 5)


def test_only_results_are_cleared(server: Server) -> None:
    """The connection stays, and whoever waits gets the answer."""
    with locked(server, "chunks"):
        opened = in_background(_open_page)
        until(lambda: server.backends(WAITS) > 0, 15)
        before = server.backends()
        st.cache_data.clear()
        assert server.backends() == before
    app = opened.result(30)
    assert not app.exception
    assert str(PASSAGES) in _figures(app)
