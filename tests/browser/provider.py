"""A real provider of OpenID Connect on loopback, and what logging in there takes."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Page, expect

from tests.browser.conftest import free_port, settled

START_SECONDS = 20
COOKIE_SECRET = "canary-cookie-b3ac-61f0-9d2e-77aa-5c41"
CLIENT_SECRET = "canary-client-8e15-40bb"


@dataclass(frozen=True)
class Provider:
    """A running provider at `url`; it knows whoever was introduced to it."""

    url: str

    @property
    def metadata(self) -> str:
        """Where it describes itself."""
        return f"{self.url}/.well-known/openid-configuration"

    def introduce(self, subject: str, **claims: object) -> None:
        """Make the provider tell these claims of a subject."""
        request = urllib.request.Request(
            f"{self.url}/users/{quote(subject)}",
            json.dumps(claims).encode(),
            {"Content-Type": "application/json"},
            method="PUT",
        )
        with urllib.request.urlopen(request, timeout=5):
            pass

    def auth(self, redirect_uri: str = "http://127.0.0.1:{port}/oauth2callback") -> str:
        """The section [auth] for this provider; Streamlit puts its own port in place of {port}."""
        return f"""
            [auth]
            redirect_uri = "{redirect_uri}"
            cookie_secret = "{COOKIE_SECRET}"
            client_id = "concordance"
            client_secret = "{CLIENT_SECRET}"
            server_metadata_url = "{self.metadata}"
        """


@contextmanager
def running_provider(folder: Path) -> Iterator[Provider]:
    """A provider that believes everybody who they say they are."""
    port = free_port()
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port)]
    log = folder / f"provider-{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    provider = Provider(f"http://127.0.0.1:{port}")
    try:
        _wait_for(provider, process, log)
        yield provider
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(provider: Provider, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with urllib.request.urlopen(provider.metadata, timeout=1):
                return
        except OSError:
            if time.monotonic() > deadline or process.poll() is not None:
                raise AssertionError(log.read_text()) from None
            time.sleep(0.1)


def log_in(page: Page, subject: str, button: str = "Log in") -> None:
    """From the login page over the provider's back to the app."""
    page.get_by_role("button", name=button, exact=True).click()
    page.get_by_placeholder("sub").fill(subject)
    page.get_by_role("button", name="Authorize").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    settled(page)
