"""The app as docs/deploying.md puts it before the world: nginx, TLS, a sub-path, a login."""

from __future__ import annotations

import base64
import hashlib
import http.client
import re
import socket
import ssl
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import streamlit
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect
from streamlit import config

from scripts.ensure_browser import installed
from tests.browser.conftest import FLAGS, App, running_app, settled
from tests.browser.nginx import BASE, NAME, Site, documented, nginx_before, ports
from tests.browser.provider import log_in, running_provider

CHARTS = {"": 3, "scores": 7, "alignment": 5, "matches": 4, "search?q=the+lost+sheep": 0}
PAGES = [*CHARTS, "connect", "connect?tab=How+to+connect"]
HEADERS = {
    "content-security-policy": "default-src 'none'",
    "strict-transport-security": "max-age=31536000",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
# Of a deep link Streamlit finds out by these two where the app begins; that they are missing is
# the answer.
PROBE = re.compile(rf"/{BASE}/\w+/_stcore/(health|host-config)$")


@dataclass(frozen=True)
class Served:
    """A site, the app behind it, and a browser profile that is logged in."""

    site: Site
    app: App
    context: BrowserContext


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("site")
    site = ports()
    secrets = folder / "secrets.toml"
    with running_provider(folder) as provider:
        access = '[access]\nemails = ["reader@example.net"]\n'
        redirect = f"{site.url}/oauth2callback"
        secrets.write_text(provider.auth(redirect) + access, encoding="utf-8")
        provider.introduce("reader", email="reader@example.net")
        with (
            running_app(
                folder,
                STREAMLIT_SECRETS_FILES=str(secrets),
                STREAMLIT_SERVER_BASE_URL_PATH=BASE,
                STREAMLIT_SERVER_ALLOWED_HOSTS=NAME,
            ) as app,
            nginx_before(app.url, site, folder) as running,
        ):
            resolve = f"--host-resolver-rules=MAP {NAME} 127.0.0.1"
            own = browser.browser_type.launch(executable_path=installed(), args=[*FLAGS, resolve])
            context = own.new_context(
                ignore_https_errors=True, viewport={"width": 1280, "height": 900}
            )
            page = context.new_page()
            page.goto(f"{running.url}/matches")
            log_in(page, "reader")
            expect(page.get_by_role("button", name="Log out")).to_be_visible()
            assert page.url == f"{running.url}/"
            page.close()
            yield Served(running, app, context)
            own.close()


@pytest.fixture
def visit(served: Served) -> Iterator[Page]:
    page = served.context.new_page()
    yield page
    page.close()


def complaints(page: Page) -> list[str]:
    """Every error that the browser will have written to its console, probes left out."""
    told: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type == "error" and not PROBE.search(message.location["url"]):
            told.append(message.text)

    page.on("console", listen)
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on("requestfailed", lambda request: told.append(f"{request.url} {request.failure}"))
    return told


@pytest.mark.parametrize("name", PAGES)
def test_every_page_works_without_a_complaint(served: Served, visit: Page, name: str) -> None:
    told = complaints(visit)
    answers: list[tuple[str, dict[str, str]]] = []
    visit.on("response", lambda response: answers.append((response.url, response.headers)))
    visit.goto(f"{served.site.url}/{name}")
    expect(visit.get_by_role("heading", level=1)).to_have_text(
        (name.partition("?")[0] or "Library").capitalize()
    )
    settled(visit)
    expect(visit.locator(".marks")).to_have_count(CHARTS.get(name, 0))
    expect(visit.get_by_test_id("stException")).to_have_count(0)
    assert told == []
    from_here = [(url, headers) for url, headers in answers if url.startswith("http")]
    assert len(from_here) > 20
    for url, headers in from_here:
        assert url.startswith(f"{served.site.url}/")
        for header, begins in HEADERS.items():
            # A second header of the same name would come after a line break.
            assert headers[header].startswith(begins), (url, header)
            assert "\n" not in headers[header]
        assert not re.search(r"\d", headers["server"])


def test_widgets_and_downloads_work(served: Served, visit: Page) -> None:
    told = complaints(visit)
    visit.goto(f"{served.site.url}/matches")
    settled(visit)
    visit.get_by_role("radio", name="library").click()
    settled(visit)
    assert visit.url == f"{served.site.url}/matches?scope=library"
    visit.goto(f"{served.site.url}/search")
    box = visit.get_by_label("Search for")
    # The component that puts the cursor there is a script of its own.
    expect(box).to_be_focused()
    box.fill("the lost sheep of the house of Israel")
    box.press("Enter")
    expect(visit.get_by_text("Matthew, chapter").first).to_be_visible()
    settled(visit)
    visit.goto(f"{served.site.url}/scores")
    settled(visit)
    with visit.expect_download() as started:
        visit.get_by_role("button", name="Data as CSV").first.click()
    assert started.value.path().stat().st_size > 100
    assert told == []


def test_a_foreign_page_cannot_frame_it(served: Served, visit: Page) -> None:
    told = complaints(visit)
    visit.set_content(f'<iframe src="{served.site.url}/"></iframe>')
    visit.wait_for_timeout(1_000)
    assert any("frame-ancestors 'none'" in text for text in told)


def ask(
    served: Served, path: str, method: str = "GET", headers: Mapping[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and text of a request by TLS, its path sent as it is written here."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    raw = socket.create_connection(("127.0.0.1", served.site.port), 10)
    with context.wrap_socket(raw, server_hostname=NAME) as channel:
        connection = http.client.HTTPConnection(NAME)
        connection.sock = channel
        connection.putrequest(method, path, skip_host=True)
        for key, value in {"Host": f"{NAME}:{served.site.port}", **(headers or {})}.items():
            connection.putheader(key, value)
        connection.endheaders()
        answer = connection.getresponse()
        told = {key.lower(): value for key, value in answer.getheaders()}
        return answer.status, told, answer.read()


def assert_guarded(headers: dict[str, str]) -> None:
    for header, begins in HEADERS.items():
        assert headers[header].startswith(begins)


@pytest.mark.parametrize(
    "path",
    [
        "_stcore/metrics",
        "/_stcore/metrics",
        "_stcore/./metrics",
        "_stcore/x/../metrics",
        "_stcore/%6detrics",
        "_stcore%2fmetrics",
        "_stcore/metrics?x",
        "_stcore/metrics/",
        "_stcore/agent/openapi.json",
    ],
)
def test_metrics_and_the_door_for_programs_are_closed(served: Served, path: str) -> None:
    status, headers, text = ask(served, f"/{BASE}/{path}")
    assert status == 404
    assert b"# EOF" not in text
    assert_guarded(headers)


def test_the_app_itself_would_tell_its_metrics(served: Served) -> None:
    with urllib.request.urlopen(f"{served.app.url}/_stcore/metrics", timeout=10) as answer:
        assert b"# EOF" in answer.read()


def test_plain_http_is_sent_to_https(served: Served) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", served.site.plain_port, timeout=10)
    connection.request("GET", f"/{BASE}/matches?scope=library", headers={"Host": NAME})
    answer = connection.getresponse()
    assert answer.status == 301
    assert answer.headers["Location"] == f"https://{NAME}/{BASE}/matches?scope=library"
    connection.close()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/{BASE}/", 200),
        (f"/{BASE}/_stcore/health", 200),
        (f"/{BASE}", 301),
        ("/", 404),
        ("/_stcore/health", 404),
        (f"/{BASE}/media/0123.csv", 404),
    ],
)
def test_every_answer_has_the_headers(served: Served, path: str, status: int) -> None:
    found, headers, _ = ask(served, path)
    assert found == status
    assert_guarded(headers)


@pytest.mark.parametrize("origin", ["https://evil.example", f"http://{NAME}", "null", None])
def test_a_websocket_from_elsewhere_is_turned_away(served: Served, origin: str | None) -> None:
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(b"0123456789abcdef").decode(),
    }
    path = f"/{BASE}/_stcore/stream"
    given = {"Origin": origin} if origin else {}
    status, headers, _ = ask(served, path, headers={**upgrade, **given})
    assert status == 403
    assert_guarded(headers)
    assert ask(served, path, headers={**upgrade, "Origin": served.site.origin})[0] == 101


def test_a_large_request_is_refused(served: Served) -> None:
    for size, status in ((2_000_000, 413), (0, 405)):
        given = {"Content-Length": str(size)}
        assert ask(served, f"/{BASE}/", "POST", given)[0] == status


def test_another_name_gets_no_answer(served: Served) -> None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    raw = socket.create_connection(("127.0.0.1", served.site.port), 10)
    with raw, pytest.raises(ssl.SSLError, match=r"(?i)unrecognized.name"):
        context.wrap_socket(raw, server_hostname="evil.example")


def test_the_policy_lets_run_the_one_script_of_streamlit_s_page() -> None:
    index = Path(streamlit.__file__).parent / "static" / "index.html"
    scripts = re.findall(r"<script>(.*?)</script>", index.read_text("utf-8"), re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in scripts]
    assert re.findall(r"'sha256-([^']+)'", documented("nginx")) == hashes


def test_the_service_is_started_with_options_that_streamlit_has() -> None:
    command = documented("ini").replace("\\\n", "")
    options = dict(re.findall(r"--(\w+\.\w+) (\S+)", command))
    assert set(options) <= set(config.get_config_options())
    assert options["server.address"] == "127.0.0.1"
    assert options["server.allowedHosts"] == NAME
    assert f"proxy_pass http://127.0.0.1:{options['server.port']};" in documented("nginx")
    assert f"location /{options['server.baseUrlPath']}/ {{" in documented("nginx")
