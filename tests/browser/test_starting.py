"""From nothing to the first page, and back to nothing."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import postgres_processes, running_app, settled


@pytest.mark.timeout(240)
def test_the_demo_is_made_with_progress_and_leaves_nothing_running(
    page: Page, tmp_path: Path
) -> None:
    folder = tmp_path / "demo"
    with running_app(tmp_path, CONCORDANCE_DEMO=str(folder)) as app:
        page.goto(app.url)
        expect(page.get_by_text("Making the demo library, step")).to_be_visible()
        steps = set()
        deadline = time.monotonic() + 120
        notice = page.get_by_text("Making the demo library, step")
        while notice.count() and time.monotonic() < deadline:
            steps |= {text.partition(" of ")[0] for text in notice.all_text_contents()}
            page.wait_for_timeout(200)
        assert len(steps) >= 4
        settled(page)
        expect(page.get_by_text("31,102").first).to_be_visible()
        assert postgres_processes(folder)
        assert app.interrupt() < 10
        assert postgres_processes(folder) == []


def test_wrong_settings_are_one_sentence_in_the_browser(page: Page, tmp_path: Path) -> None:
    (tmp_path / "secrets.toml").write_text('[connections.life_dashbord]\ndsn = "x"\n')
    with running_app(tmp_path) as app:
        page.goto(app.url)
        expect(page.get_by_text("Unknown setting connections.life_dashbord")).to_be_visible()
        expect(page.get_by_text("Did you mean life_dashboard?")).to_be_visible()
        assert "Traceback" not in app.log.read_text()
