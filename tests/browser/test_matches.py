"""Clicks on the Matches page: a group narrows the table, a row opens its explanation."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Locator, Page, Position, expect

from tests.browser.conftest import App, settled

# Where a click meets neither a point nor an interval.
LEFT_END: Position = {"x": 20.0, "y": 5.0}
GROUP = "20–29 words"
# The header of a table of data and the middle of its first row, in pixels.
FIRST_ROW: Position = {"x": 15.0, "y": 52.0}


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def row(page: Page, group: str) -> Locator:
    """The row of a group in the chart of the breakdown, as a reader of the screen finds it."""
    chart = page.locator("[class*=st-key-chart-breakdown] svg.marks")
    return chart.locator(".mark-rect").get_by_label(re.compile(f"group: {group}"))


def counted(page: Page, shown: str) -> None:
    """Wait until the caption of the table says that so many highlights are shown."""
    expect(page.get_by_text(f"{shown} of 1,408 highlights.", exact=True)).to_be_visible()


def test_a_click_on_a_group_shows_its_highlights_alone(app: App, page: Page) -> None:
    page.goto(f"{app.url}/matches?by=length")
    settled(page)
    counted(page, "1,408")
    only = page.locator(".st-key-only")
    row(page, GROUP).click(position=LEFT_END)
    expect(only).to_contain_text(GROUP)
    counted(page, "350")
    assert query(page) == {"by": ["length"], "only": [GROUP]}
    only.get_by_label("Clear all").click()
    counted(page, "1,408")
    assert query(page) == {"by": ["length"]}
    # The same row once more: a new chart takes the place of the one that was clicked before.
    settled(page)
    expect(row(page, GROUP)).to_have_count(1)
    row(page, GROUP).click(position=LEFT_END)
    counted(page, "350")
    page.get_by_role("radio", name="month", exact=True).click()
    counted(page, "1,408")
    assert query(page) == {"by": ["month"]}


def test_a_click_on_a_row_of_the_table_opens_its_explanation(app: App, page: Page) -> None:
    page.goto(f"{app.url}/matches?by=length")
    settled(page)
    expect(page.get_by_text(re.compile(r"^Highlight \d+:"))).to_have_count(0)
    page.locator(".st-key-highlights .dvn-scroller").click(position=FIRST_ROW)
    expect(page.get_by_text(re.compile(r"Highlight 1: \w+"))).to_be_visible()
    expect(page.get_by_text("Heard", exact=True)).to_be_visible()
    expect(page.get_by_label("Explain the highlight of id")).to_have_value("1")
    assert query(page)["highlight"] == ["1"]
    settled(page)
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_a_comparison_with_the_whole_library_can_be_stopped(app: App, page: Page) -> None:
    page.goto(f"{app.url}/matches?fallback=alignment&scope=library", wait_until="commit")
    stop = page.get_by_role("button", name="Stop comparing")
    expect(page.get_by_text(re.compile(r"passages compared: [\d,]+ of 31,102"))).to_be_visible()
    stop.click()
    method = page.get_by_role("radiogroup", name="Method").get_by_role("radio", name="none")
    expect(method).to_have_attribute("aria-checked", "true")
    expect(page.get_by_text("highlights have windows of which none hits")).to_be_visible()
    expect(stop).to_have_count(0)
    settled(page)
    assert query(page) == {"scope": ["library"]}
    expect(page.get_by_test_id("stException")).to_have_count(0)
