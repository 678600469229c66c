"""Login at a real provider: before it, nobody sees, asks or connects anything."""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, WebSocket, expect
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.util import calc_hash
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from lib.databases.loop import EventLoop
from lib.demo.server import OWNER, DemoServer
from tests.browser.conftest import ROOT, App, running_app, settled
from tests.browser.provider import (
    CLIENT_SECRET,
    COOKIE_SECRET,
    Provider,
    log_in,
    running_provider,
)
from tests.databases.library import TABLES, execute

Result = TypeVar("Result")

NAMES = ["scores", "alignment", "matches", "search", "connect"]
TITLE = "The Heliotrope Garden"
PASSAGE = "a heliotrope turns with the quiet sun of every afternoon"
DATABASES = ("guarded_life", "guarded_books")
LISTED = "alice@example.net"
ACCESS = f'[access]\nemails = ["{LISTED}"]\ndomains = ["example.org"]\n'
SESSIONS_SQL = """
    SELECT coalesce(sum(sessions), 0) + (
        SELECT count(*) FROM pg_stat_activity WHERE datname = ANY($1::text[])
    )
    FROM pg_stat_database WHERE datname = ANY($1::text[])
"""


def apart(function: Callable[..., Result], *arguments: Any) -> Result:
    """Run what has an event loop of its own: the browser keeps one in this thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function, *arguments).result()


@dataclass(frozen=True)
class Library:
    """Two databases with one book, and a look at who ever connected to them."""

    life_dashboard: str
    knowledge_base: str
    loop: EventLoop
    owner: asyncpg.Connection

    def sessions(self) -> int:
        """How many sessions there were and are."""
        return int(self.loop.run(self.owner.fetchval(SESSIONS_SQL, list(DATABASES))))


@pytest.fixture(scope="module")
def guarded(server: DemoServer) -> Iterator[Library]:
    for name in DATABASES:
        apart(execute, server.dsn(OWNER, OWNER), f"CREATE DATABASE {name}")
        apart(
            execute,
            server.dsn(name, OWNER),
            "CREATE EXTENSION vector",
            TABLES,
            f"INSERT INTO books VALUES (1, '{TITLE}', 'Nobody')",
            f"INSERT INTO chunks VALUES (1, 1, 1, '{PASSAGE}')",
            "INSERT INTO chunk_embeddings VALUES (1, 'guarded-model', '[1,2,3]')",
            f"INSERT INTO events VALUES (1, '{PASSAGE}', 1, '[1,2,3]', 'guarded-model', now())",
        )
    loop = EventLoop()
    owner = loop.run(asyncpg.connect(server.dsn(OWNER, OWNER)))
    life_dashboard, knowledge_base = (server.dsn(name, OWNER) for name in DATABASES)
    yield Library(life_dashboard, knowledge_base, loop, owner)
    for name in DATABASES:
        loop.run(owner.execute(f"DROP DATABASE {name} WITH (FORCE)"))
    loop.run(owner.close())
    loop.stop()


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with running_provider(tmp_path_factory.mktemp("provider")) as running:
        running.introduce("alice", email="ALICE@example.net", name="Alice")
        running.introduce("bob", email="bob@Example.org", email_verified=True)
        running.introduce("mallory", email="mallory@evil.example", email_verified=True)
        running.introduce("unverified", email="carol@example.org", email_verified=False)
        running.introduce("nameless", name="Dave")
        yield running


@contextmanager
def guarding(folder: Path, library: Library, toml: str, **environment: str) -> Iterator[App]:
    """The app on the library, with these secrets."""
    secrets = folder / "secrets.toml"
    secrets.write_text(toml, encoding="utf-8")
    dsns = {
        "LIFE_DASHBOARD_DSN": library.life_dashboard,
        "KNOWLEDGE_BASE_DSN": library.knowledge_base,
    }
    visible = {"STREAMLIT_SECRETS_FILES": str(secrets)}
    with running_app(folder, **{**dsns, **visible, **environment}) as app:
        yield app


@pytest.fixture(scope="module")
def guarded_app(
    tmp_path_factory: pytest.TempPathFactory, guarded: Library, provider: Provider
) -> Iterator[App]:
    with guarding(tmp_path_factory.mktemp("guarded"), guarded, provider.auth() + ACCESS) as app:
        yield app


def received(page: Page) -> list[bytes]:
    """All that the server will have sent over the websocket of a page."""
    frames: list[bytes] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", lambda data: frames.append(_bytes(data)))

    page.on("websocket", listen)
    return frames


def _bytes(data: str | bytes) -> bytes:
    return data.encode() if isinstance(data, str) else data


def holds_nothing(sent: bytes) -> bool:
    """Whether what was sent has no word of either database, nor of how they are reached."""
    words = (TITLE, PASSAGE, "heliotrope", "guarded", "life_dashboard", "postgresql://")
    return not any(word.encode() in sent for word in words)


def at_the_door(page: Page) -> None:
    """Hold the page to showing the login and nothing else."""
    expect(page.get_by_role("button", name="Log in", exact=True)).to_be_visible()
    settled(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Concordance")
    expect(page.get_by_role("link", name="Matches")).to_have_count(0)
    # "login" is the icon of the button, which is a letter of a font.
    shown = page.get_by_test_id("stMain").inner_text().split("\n\n")
    assert shown == ["Concordance", "Log in to see the library.", "login", "Log in"]


@pytest.mark.parametrize("name", ["", "library", *NAMES])
def test_a_cold_deep_link_shows_the_login_and_nothing_else(
    page: Page, tmp_path: Path, guarded: Library, provider: Provider, name: str
) -> None:
    before = guarded.sessions()
    with guarding(tmp_path, guarded, provider.auth() + ACCESS) as cold:
        frames = received(page)
        page.goto(f"{cold.url}/{name}")
        at_the_door(page)
        sent = b"".join(frames)
        assert b"Log in to see the library." in sent
        assert holds_nothing(sent)
        assert holds_nothing(page.content().encode())
        assert guarded.sessions() == before
        # The same page does connect and show once somebody may see it.
        log_in(page, "alice")
        page.goto(f"{cold.url}/{name}")
        expect(page.get_by_role("heading", level=1)).to_have_text(name.capitalize() or "Library")
        expect(page.get_by_role("button", name="Log out")).to_be_visible()
        settled(page)
        assert guarded.sessions() > before
        assert not holds_nothing(b"".join(frames))


def test_no_rerun_over_the_websocket_runs_a_page(
    tmp_path: Path, guarded: Library, provider: Provider
) -> None:
    before = guarded.sessions()
    by_path = [calc_hash(str(path)) for path in sorted((ROOT / "pages").glob("*.py"))]
    by_address = [calc_hash(name) for name in NAMES]
    with (
        guarding(tmp_path, guarded, provider.auth() + ACCESS) as app,
        connect(
            app.url.replace("http", "ws", 1) + "/_stcore/stream",
            origin=Origin(app.url),
            subprotocols=[Subprotocol("streamlit")],
            max_size=None,
            proxy=None,
        ) as socket,
    ):
        asked = ["", *by_path, *by_address]
        sent = b""
        while asked:
            message = BackMsg()
            message.rerun_script.page_script_hash = asked.pop(0)
            socket.send(message.SerializeToString())
            finished = False
            while not finished:
                data = _bytes(socket.recv(timeout=60))
                sent += data
                forward = ForwardMsg.FromString(data)
                finished = forward.WhichOneof("type") == "script_finished"
                # What the server itself calls its pages is asked for as well.
                known = [page.page_script_hash for page in forward.navigation.app_pages]
                if known and not by_address:
                    continue
                asked += known
                by_address = [] if known else by_address
        assert sent.count(b"Log in to see the library.") > len(by_path) + len(NAMES)
        assert holds_nothing(sent)
        assert guarded.sessions() == before


@pytest.mark.parametrize(("subject", "email"), [("alice", "ALICE@example.net"), ("bob", "bob@")])
def test_who_is_listed_lands_in_the_app_and_out_again(
    guarded_app: App, page: Page, subject: str, email: str
) -> None:
    page.goto(guarded_app.url)
    log_in(page, subject)
    expect(page.get_by_role("heading", level=1)).to_have_text("Library")
    expect(page.get_by_role("link", name="Matches", exact=True)).to_be_visible()
    out = page.get_by_role("button", name="Log out")
    out.hover()
    expect(page.get_by_role("tooltip")).to_contain_text(email)
    again = page.context.new_page()
    again.goto(f"{guarded_app.url}/scores")
    expect(again.get_by_role("heading", level=1)).to_have_text("Scores")
    out.click()
    page.get_by_role("button", name="End session").click()
    at_the_door(page)
    again.goto(f"{guarded_app.url}/scores")
    at_the_door(again)


@pytest.mark.parametrize(
    ("subject", "named", "why"),
    [
        ("mallory", "mallory@evil.example", "You have no access to this Concordance."),
        ("unverified", "carol@example.org", "This e-mail address has not been verified."),
        ("nameless", "Dave", "The login gave no e-mail address"),
    ],
)
def test_who_is_not_listed_sees_who_they_are_and_the_way_out(
    guarded_app: App, guarded: Library, page: Page, subject: str, named: str, why: str
) -> None:
    page.goto(f"{guarded_app.url}/matches")
    frames = received(page)
    log_in(page, subject)
    for name in ["", "library", *NAMES]:
        page.goto(f"{guarded_app.url}/{name}")
        expect(page.get_by_text(why)).to_be_visible()
        expect(page.get_by_text(f"You are logged in as {named}.")).to_be_visible()
        settled(page)
        expect(page.get_by_role("heading", level=1)).to_have_text("Concordance")
        expect(page.get_by_role("link", name="Matches")).to_have_count(0)
        assert holds_nothing(page.content().encode())
    assert holds_nothing(b"".join(frames))
    page.get_by_role("button", name="Log out").click()
    page.get_by_role("button", name="End session").click()
    at_the_door(page)


def carry_cookie(context: BrowserContext, app: App, secret: str, **claims: object) -> None:
    """Give the browser a cookie such as the login makes."""
    value = json.dumps({"origin": app.url, "is_logged_in": True, "provider": "default", **claims})
    signed = create_signed_value(secret, "_streamlit_user", value).decode()
    context.add_cookies([{"name": "_streamlit_user", "value": signed, "url": app.url}])


def test_only_a_cookie_with_the_right_signature_is_believed(
    guarded_app: App, browser: Browser
) -> None:
    context = browser.new_context()
    page = context.new_page()
    carry_cookie(context, guarded_app, "another secret of more than 32 letters", email=LISTED)
    page.goto(guarded_app.url)
    at_the_door(page)
    # One of another app with the same secret.
    carry_cookie(context, guarded_app, COOKIE_SECRET, email=LISTED, origin="https://elsewhere")
    page.goto(guarded_app.url)
    at_the_door(page)
    carry_cookie(context, guarded_app, COOKIE_SECRET, email=LISTED)
    page.goto(guarded_app.url)
    expect(page.get_by_role("heading", level=1)).to_have_text("Library")
    context.close()


def test_access_is_withdrawn_while_somebody_looks(
    tmp_path: Path, guarded: Library, provider: Provider, page: Page
) -> None:
    with guarding(tmp_path, guarded, provider.auth() + ACCESS) as app:
        page.goto(app.url)
        log_in(page, "alice")
        expect(page.get_by_role("heading", level=1)).to_have_text("Library")
        others = provider.auth() + '[access]\nemails = ["other@example.net"]\n'
        (tmp_path / "secrets.toml").write_text(others, encoding="utf-8")
        page.get_by_role("link", name="Scores", exact=True).click()
        expect(page.get_by_text("You have no access to this Concordance.")).to_be_visible()
        settled(page)
        assert TITLE not in page.content()


def test_access_is_withdrawn_from_within_a_part_of_a_page(
    tmp_path: Path, guarded: Library, provider: Provider, page: Page
) -> None:
    with guarding(tmp_path, guarded, provider.auth() + ACCESS) as app:
        page.goto(app.url)
        log_in(page, "alice")
        page.goto(f"{app.url}/matches")
        # This control reruns no more than the part of the page that it stands in.
        control = page.get_by_test_id("stCheckbox").filter(has_text="Within the budget")
        expect(control).to_be_visible()
        settled(page)
        others = provider.auth() + '[access]\nemails = ["other@example.net"]\n'
        (tmp_path / "secrets.toml").write_text(others, encoding="utf-8")
        control.locator("label").click()
        expect(page.get_by_text("You have no access to this Concordance.")).to_be_visible()
        settled(page)
        expect(page.get_by_role("heading", level=1)).to_have_text("Concordance")
        expect(control).to_have_count(0)
        assert PASSAGE not in page.content()


def test_a_file_that_is_gone_shuts_the_app(
    tmp_path: Path, guarded: Library, provider: Provider, page: Page
) -> None:
    with guarding(tmp_path, guarded, provider.auth() + ACCESS) as app:
        page.goto(app.url)
        at_the_door(page)
        (tmp_path / "secrets.toml").unlink()
        page.goto(f"{app.url}/matches")
        expect(page.get_by_text("which CONCORDANCE_SECRETS names, is not there")).to_be_visible()
        settled(page)
        expect(page.get_by_role("heading", level=1)).to_have_text("Concordance")
        assert holds_nothing(page.content().encode())


def test_each_named_provider_has_a_button(
    tmp_path: Path, guarded: Library, provider: Provider, page: Page
) -> None:
    unnamed = provider.auth()
    client = unnamed[unnamed.index("client_id") :]
    shared = unnamed[: unnamed.index("client_id")]
    toml = f"{shared}\n[auth.first]\n{client}\n[auth.second]\n{client}\n{ACCESS}"
    with guarding(tmp_path, guarded, toml) as app:
        page.goto(app.url)
        expect(page.get_by_role("button", name=re.compile("Log in"))).to_have_count(2)
        expect(page.get_by_role("button", name="Log in with First", exact=True)).to_be_visible()
        log_in(page, "alice", "Log in with Second")
        expect(page.get_by_role("heading", level=1)).to_have_text("Library")


def test_a_section_that_streamlit_does_not_find_shows_nobody_anything(
    tmp_path: Path, guarded: Library, provider: Provider, page: Page
) -> None:
    before = guarded.sessions()
    elsewhere = str(tmp_path / "none.toml")
    with guarding(
        tmp_path, guarded, provider.auth() + ACCESS, STREAMLIT_SECRETS_FILES=elsewhere
    ) as app:
        for name in ["matches", "connect", ""]:
            page.goto(f"{app.url}/{name}")
            expect(page.get_by_text("Streamlit does not find the section")).to_be_visible()
            settled(page)
            expect(page.get_by_role("heading", level=1)).to_have_text("Concordance")
            expect(page.get_by_role("button")).to_have_count(1)
            assert holds_nothing(page.content().encode())
        assert guarded.sessions() == before


def fetched(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        return error.read().decode()


def test_no_secret_is_told_when_logging_in_fails(
    tmp_path: Path, guarded: Library, page: Page
) -> None:
    with running_provider(tmp_path) as short_lived:
        toml = short_lived.auth() + ACCESS
        with guarding(tmp_path, guarded, toml) as app:
            frames = received(page)
            page.goto(app.url)
            page.get_by_role("button", name="Log in", exact=True).click()
            page.get_by_role("button", name="Authorize").wait_for()
            authorize = page.url
            # Denied at the provider.
            page.get_by_role("button", name="Deny").click()
            at_the_door(page)
            # A code that the provider never gave.
            page.goto(authorize)
            state = re.search(r"state=([^&]+)", authorize)
            assert state is not None
            page.goto(f"{app.url}/oauth2callback?code=wrong&state={state[1]}")
            at_the_door(page)
            told = [
                fetched(f"{app.url}/auth/login?provider=x"),
                fetched(f"{app.url}/oauth2callback?code=x&state=x"),
                fetched(f"{app.url}/oauth2callback?error=denied&error_description=x"),
            ]
            told += [page.content(), b"".join(frames).decode("latin-1"), app.log.read_text()]
    # The provider is gone for good.
    with guarding(tmp_path, guarded, toml) as app:
        page.goto(app.url)
        page.get_by_role("button", name="Log in", exact=True).click()
        expect(page.get_by_text("Authentication error")).to_be_visible()
        deadline = time.monotonic() + 5
        while "authorization redirect" not in app.log.read_text() and time.monotonic() < deadline:
            time.sleep(0.1)
        told += [page.content(), app.log.read_text()]
    assert "authorization redirect" in told[-1]
    for text in told:
        assert COOKIE_SECRET not in text
        assert CLIENT_SECRET not in text
