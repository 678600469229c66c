"""The Search page as it is used: keyboard, phone, shared links, odd texts, slow endpoints."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import App, running_app, settled
from tests.databases.endpoints import Handler, Request, serve

SEARCH = "Search for"


def first_result(page: Page) -> Locator:
    """The head of the first result."""
    return page.locator("strong").filter(has_text=re.compile(r"^1\. ")).first


def search(page: Page, text: str) -> None:
    """Type a text and press Enter."""
    page.get_by_label(SEARCH).fill(text)
    page.get_by_label(SEARCH).press("Enter")


def test_typing_and_enter_are_all_it_takes(app: App, page: Page) -> None:
    page.goto(f"{app.url}/search")
    expect(page.get_by_label(SEARCH)).to_be_focused()
    settled(page)
    page.keyboard.type("charity suffereth long")
    page.keyboard.press("Enter")
    expect(first_result(page)).to_have_text(re.compile("1 Corinthians, chapter 13"))
    settled(page)
    # What is shown can be sent to somebody else.
    again = page.context.new_page()
    again.goto(page.url)
    expect(first_result(again)).to_have_text(re.compile("1 Corinthians, chapter 13"))
    again.close()


def test_more_like_this_and_its_link(app: App, page: Page) -> None:
    page.goto(f"{app.url}/search?q=charity+suffereth+long")
    expect(first_result(page)).to_be_visible()
    settled(page)
    page.get_by_role("button", name="More like this").first.click()
    expect(page.get_by_text(re.compile(r"^Passage \d+, chapter 13$"))).to_be_visible()
    settled(page)
    found = first_result(page).inner_text()
    assert re.search(r"passage=\d+", page.url)
    # And once more, from there.
    page.get_by_role("button", name="More like this").first.click()
    expect(first_result(page)).not_to_have_text(found)
    settled(page)
    found = first_result(page).inner_text()
    expect(page.get_by_test_id("stException")).to_have_count(0)
    again = page.context.new_page()
    again.goto(page.url)
    expect(first_result(again)).to_have_text(found)
    again.close()


def test_pages_and_what_is_around_a_result(app: App, page: Page) -> None:
    page.goto(f"{app.url}/search?q=the+lost+sheep")
    expect(first_result(page)).to_be_visible()
    settled(page)
    page.get_by_role("button", name="Page 2", exact=True).click()
    expect(page.locator("strong").filter(has_text=re.compile(r"^11\. "))).to_be_visible()
    settled(page)
    assert "page=2" in page.url
    page.get_by_role("button", name="Before and after").first.click()
    expect(page.get_by_role("button", name="Hide what is around it")).to_be_visible()
    search(page, "a soft answer turneth away wrath")
    expect(first_result(page)).to_have_text(re.compile("Proverbs, chapter 15"))


@pytest.mark.parametrize(
    "text",
    [
        "<script>document.title='pwned'</script><img src=x onerror=\"document.title='pwned'\">",
        "[a](javascript:alert(1)) ![x](http://127.0.0.1:9/x.png) **b** :material/home: $x^2$",
        "% _ \\ ' \" ; DROP TABLE chunks; --",
        "\u202eshepherd\u202c \u2066x\u2069",
    ],
)
def test_odd_text_stays_text(app: App, page: Page, text: str) -> None:
    page.goto(f"{app.url}/search")
    settled(page)
    search(page, text)
    # Once as a question, and once as the result of asking every way.
    expect(page.get_by_role("heading", name="Passages")).to_be_visible()
    settled(page)
    page.wait_for_timeout(300)
    assert "pwned" not in page.title()
    expect(page.get_by_test_id("stException")).to_have_count(0)
    expect(page.get_by_test_id("stMain").locator("img, script")).to_have_count(0)
    expect(page.get_by_label(SEARCH)).to_have_value(text)


@pytest.mark.parametrize("show", ["one list", "ways side by side", "models side by side"])
def test_results_are_usable_on_a_phone(app: App, browser: Browser, show: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True)
    page = context.new_page()
    page.goto(f"{app.url}/search?q=the+lost+sheep&show={show}")
    expect(first_result(page)).to_be_visible()
    settled(page)
    wide = page.evaluate("() => document.querySelector('[data-testid=stMain]').scrollWidth")
    assert wide <= 390
    text = page.get_by_text("of the house of Israel").first.bounding_box()
    assert text is not None
    assert text["width"] > 250
    context.close()


def _hang(handler: Handler, request: Request) -> None:
    handler.served.stopping.wait(60)


def test_an_endpoint_that_hangs_is_said_once_and_words_still_work(
    browser: Browser, tmp_path: Path
) -> None:
    with serve(_hang) as served:
        (tmp_path / "secrets.toml").write_text(
            '[embedders."wordllama-l2-256"]\n'
            f'base_url = "{served.url}"\nmodel = "m"\ntimeout = 1.0\n',
            encoding="utf-8",
        )
        with running_app(tmp_path) as app:
            page = browser.new_page()
            page.goto(f"{app.url}/search?q=charity+suffereth+long")
            expect(page.get_by_text(re.compile("did not answer within 1 s"))).to_be_visible()
            expect(first_result(page)).to_have_text(re.compile("1 Corinthians, chapter 13"))
            settled(page)
            # The endpoint is not asked at every question, until somebody wants it asked.
            asked = len(served.requests)
            search(page, "a soft answer turneth away wrath")
            expect(first_result(page)).to_have_text(re.compile("Proverbs, chapter 15"))
            settled(page)
            assert len(served.requests) == asked
            page.get_by_role("button", name="Ask the embedder again").click()
            expect(page.get_by_text(re.compile("did not answer within 1 s"))).to_be_visible()
            settled(page)
            assert len(served.requests) == asked + 1
            page.close()
