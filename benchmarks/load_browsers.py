"""Real browsers among the visitors of a busy app."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, Error, Page, async_playwright

from benchmarks.pages import AT_REST
from scripts.ensure_browser import installed
from tests.browser.conftest import FLAGS
from tests.browser.visitors import RUN_SECONDS, Run

# Where each comes to, and the link that it follows from there.
WAYS = (("", "Scores"), ("scores", "Matches"), ("search?q=the+lost+sheep", "Alignment"))
ERRORS = """
() => [...document.querySelectorAll(
  '[data-testid="stException"], [data-testid="stAlertContentError"]')].map(e => e.innerText)
"""


@asynccontextmanager
async def launched() -> AsyncIterator[Browser]:
    """A browser that is ready before anybody comes."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=installed(), args=FLAGS, timeout=1000 * RUN_SECONDS
        )
        yield browser
        await browser.close()


async def browse(
    browser: Browser, address: str, number: int, after: float, together: asyncio.Barrier
) -> list[Run]:
    """Come to a page with a profile of its own, and follow a link; the `number` says to which.

    A run ends when everything is drawn. The browser stays like everybody else: see `travel`.
    """
    first, link = WAYS[number % len(WAYS)]
    context = await browser.new_context(viewport={"width": 1280, "height": 900})
    page = await context.new_page()
    await asyncio.sleep(after)
    started = time.perf_counter()
    runs = [await _finish(page, first.partition("?")[0], started, f"{address}/{first}")]
    started = time.perf_counter()
    runs.append(await _finish(page, link.lower(), started, None, link))
    for _ in range(2):
        await together.wait()
    await context.close()
    return runs


async def _finish(
    page: Page, name: str, started: float, address: str | None, link: str = ""
) -> Run:
    """Go to an address or follow a link, and wait until everything is drawn."""
    problems: list[str] = []
    try:
        if address is not None:
            await page.goto(address)
        else:
            await page.get_by_role("link", name=link, exact=True).click()
        title = (name or "library").capitalize()
        await page.get_by_role("heading", level=1, name=title).wait_for(timeout=1000 * RUN_SECONDS)
        await page.wait_for_function(AT_REST, timeout=1000 * RUN_SECONDS, polling=50)
        problems += await page.evaluate(ERRORS)
    except Error as fault:
        problems.append(fault.message.splitlines()[0])
    return Run(name, time.perf_counter() - started, tuple(problems), 0)
