"""Find a Chromium for the browser tests, or get one; says what to install when none can be had.

In this order: `$CHROMIUM`, a chromium or chrome on PATH, Playwright's own download, and for root
`apt-get install chromium`.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
DOWNLOAD_SECONDS = 300


def installed() -> str | None:
    """The path of a browser that is there already, Playwright's own included."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named if Path(named).exists() else None
    on_path = next((path for name in NAMES if (path := shutil.which(name))), None)
    return on_path or _downloaded()


def _downloaded() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def obtain() -> str | None:
    """The path of a browser, after trying to get one."""
    if found := installed():
        return found
    if os.environ.get("CHROMIUM"):
        return None
    attempts = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        attempts += [["apt-get", "update"], ["apt-get", "install", "--yes", "chromium"]]
    for command in attempts:
        print("Looking for a browser:", " ".join(command[-3:]), flush=True)
        try:
            subprocess.run(command, check=False, timeout=DOWNLOAD_SECONDS)
        except (OSError, subprocess.TimeoutExpired):
            continue
        if found := installed():
            return found
    return None


if __name__ == "__main__":
    browser = obtain()
    if browser is None:
        sys.exit(
            "No browser for the tests: install Chromium or Chrome, or set CHROMIUM to its path."
        )
    print(f"Browser: {Path(browser).name}")
