"""A brush over the scores lists the pairs behind them; a link shows the same again."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import App, settled

LISTED = re.compile(r"pairs from (-?[\d.]+) to (-?[\d.]+), the highest scores first")


def plot(page: Page) -> Locator:
    """The chart of the distributions."""
    return page.locator("[class*=st-key-chart-scores] :is(svg.marks, canvas)").first


def drag(page: Page, start: float, end: float) -> None:
    """Brush over the chart, from one share of its width to another."""
    # A chart that is drawn listens to the mouse a moment later.
    page.wait_for_timeout(1_000)
    box = plot(page).bounding_box()
    assert box is not None
    height = box["y"] + box["height"] / 2
    places = [box["x"] + box["width"] * share for share in (start, (start + end) / 2, end)]
    page.mouse.move(places[0], height)
    page.mouse.down()
    page.mouse.move(places[1], height, steps=4)
    page.mouse.move(places[2], height, steps=4)
    page.mouse.up()


def listed(page: Page) -> tuple[float, float]:
    """The range whose pairs are listed."""
    caption = page.get_by_text(LISTED)
    expect(caption).to_be_visible()
    found = LISTED.search(caption.inner_text())
    assert found is not None
    return float(found[1]), float(found[2])


def test_a_brush_lists_its_pairs_and_a_link_shows_them_again(app: App, page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 1500})
    page.goto(f"{app.url}/scores")
    settled(page)
    expect(page.get_by_text("the least certain ones")).to_be_visible()
    expect(plot(page)).to_be_visible()
    drag(page, 0.5, 0.55)
    first = listed(page)
    settled(page)
    drag(page, 0.7, 0.8)
    expect(page.get_by_text(f"from {first[0]:.3f} to")).to_have_count(0)
    second = listed(page)
    assert first[0] < first[1] < second[0] < second[1]
    settled(page)
    again = page.context.new_page()
    again.goto(page.url)
    assert listed(again) == second
    again.close()
    # The slider moves the range without a brush, and the brush that was there is gone.
    page.get_by_role("slider", name="Scores of the pairs").nth(1).press("ArrowRight")
    expect(page.get_by_text(f"from {second[0]:.3f} to {second[1] + 0.001:.3f}")).to_be_visible()
    settled(page)
    plot(page).dblclick()
    settled(page)
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_a_threshold_moves_by_key_and_measures_nothing(app: App, page: Page) -> None:
    page.goto(f"{app.url}/scores?shape=ECDF")
    settled(page)
    caption = page.get_by_text("the least certain ones")
    before = caption.inner_text()
    page.get_by_role("slider", name="Threshold").first.press("ArrowRight")
    expect(caption).not_to_have_text(before)
    expect(page.get_by_text("Passages compared")).to_have_count(0)
    settled(page)
    assert "threshold-" in page.url
    assert "shape=ECDF" in page.url
