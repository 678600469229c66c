"""Debian's nginx on loopback, configured as docs/deploying.md says."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from scripts.ensure_servers import installed
from tests.browser.conftest import ROOT, free_port
from tests.certificates import certify

NAME = "concordance.example.org"
BASE = "concordance"
DEPLOYING = ROOT / "docs" / "deploying.md"
START_SECONDS = 10

# What /etc/nginx/nginx.conf and the packaging have; everything else comes from the page.
AROUND = """
{user}
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/concordance.conf;
}}
"""


@dataclass(frozen=True)
class Site:
    """Where a running nginx answers: in the clear, and by TLS."""

    plain_port: int
    port: int
    log: Path

    @property
    def origin(self) -> str:
        """Scheme, name and port."""
        return f"https://{NAME}:{self.port}"

    @property
    def url(self) -> str:
        """Where the app is."""
        return f"{self.origin}/{BASE}"


def documented(language: str) -> str:
    """The one block of that language in docs/deploying.md."""
    (block,) = re.findall(rf"```{language}\n(.*?)```", DEPLOYING.read_text("utf-8"), re.DOTALL)
    return str(block)


def ports() -> Site:
    """Two free ports for a site that is to be started."""
    return Site(free_port(), free_port(), Path())


@contextmanager
def nginx_before(app_url: str, site: Site, folder: Path) -> Iterator[Site]:
    """nginx on the ports of `site` before an app, with a certificate that nobody knows."""
    program = installed("nginx")
    if program is None:
        pytest.fail("No nginx: run make test, which gets one, or set NGINX.")
    certify(folder, NAME)
    configuration = documented("nginx")
    for there, here in {
        "listen 80;": f"listen 127.0.0.1:{site.plain_port};",
        "listen 443 ": f"listen 127.0.0.1:{site.port} ",
        "127.0.0.1:8501": urlsplit(app_url).netloc,
        "/etc/ssl/concordance/": f"{folder}/",
    }.items():
        assert there in configuration
        configuration = configuration.replace(there, here)
    (folder / "concordance.conf").write_text(configuration, encoding="utf-8")
    # Only root may say, and has to, whose the workers are: the folder of a test is its own.
    user = "user root;" if os.geteuid() == 0 else ""
    around = folder / "nginx.conf"
    around.write_text(AROUND.format(folder=folder, user=user), encoding="utf-8")
    log = folder / "error.log"
    process = subprocess.Popen([program, "-e", str(log), "-c", str(around)])
    try:
        _wait_for(site.port, process, log)
        yield Site(site.plain_port, site.port, log)
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if time.monotonic() > deadline or process.poll() is not None:
            raise AssertionError(log.read_text() if log.exists() else "nginx did not start")
        time.sleep(0.05)
