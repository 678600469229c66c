"""Take the README's screenshots from the running app, in the light theme."""

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from playwright.sync_api import sync_playwright  # noqa: E402

from scripts.ensure_browser import installed  # noqa: E402
from tests.browser.conftest import FLAGS, running_app, settled  # noqa: E402

IMAGES = ROOT / "docs" / "images"
PAGES = {
    "library": "",
    "scores": "scores",
    "alignment": "alignment",
    "matches": "matches",
    "search": "search?q=the+LORD+is+my+shepherd+I+shall+not+want",
    # The tab of the state would show where the demo lies on this machine.
    "connect": "connect?tab=A+role+that+may+only+read",
}
SIZE = {"width": 1280, "height": 860}


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        running_app(Path(folder)) as app,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=installed(), args=FLAGS)
        context = browser.new_context(viewport=SIZE, color_scheme="light")  # type: ignore[arg-type]
        page = context.new_page()
        for name, address in PAGES.items():
            page.goto(f"{app.url}/{address}")
            page.get_by_role("heading", level=1).wait_for()
            settled(page)
            page.wait_for_timeout(1_500)
            settled(page)
            page.screenshot(path=IMAGES / f"{name}.png")
            print(f"docs/images/{name}.png")
        browser.close()


if __name__ == "__main__":
    main()
