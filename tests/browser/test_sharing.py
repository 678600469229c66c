"""A view is its address: controls write the URL, and the URL sets the controls."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, expect

from tests.browser.conftest import App, settled

PHRASE = "the LORD is my shepherd I shall not want"


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def test_a_choice_goes_into_the_address_and_back(app: App, page: Page) -> None:
    page.goto(f"{app.url}/matches")
    settled(page)
    page.get_by_role("radio", name="library").click()
    settled(page)
    assert query(page) == {"scope": ["library"]}
    shared = page.url
    page.goto("about:blank")
    page.goto(shared)
    settled(page)
    expect(page.get_by_role("radio", name="library")).to_have_attribute("aria-checked", "true")


def test_a_search_is_shared_by_its_address(app: App, page: Page) -> None:
    page.goto(f"{app.url}/search")
    settled(page)
    box = page.get_by_label("Search for")
    box.fill(PHRASE)
    box.press("Enter")
    expect(page.get_by_text("Psalms, chapter 23")).to_be_visible()
    assert query(page)["q"] == [PHRASE]


def test_charts_are_named_and_their_data_downloads(app: App, page: Page) -> None:
    page.goto(f"{app.url}/scores?shape=histogram")
    settled(page)
    expect(page.get_by_label("Distributions of cosine similarity").first).to_be_visible()
    with page.expect_download() as started:
        page.get_by_role("button", name="Data as CSV").first.click()
    text = started.value.path().read_text()
    assert started.value.suggested_filename.startswith("concordance-scores-")
    assert text.splitlines()[0] == "series,score,left,right,height"
    assert len(text.splitlines()) == 1 + 3 * 60


def test_a_narrow_window_does_not_scroll_sideways(app: App, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    for name in ("", "scores", "alignment", "matches", "search?q=light", "connect"):
        page.goto(f"{app.url}/{name}")
        settled(page)
        wider = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert wider <= 0, name
