"""What a session is shown that may not see the app: half a configuration shuts it for everybody."""

from __future__ import annotations

import copy
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit import config
from streamlit.testing.v1 import AppTest

from lib.connection import Setup
from tests.pages.conftest import ROOT, TIMEOUT, said
from tests.pages.test_every_page import CHARTS

CANARY = "canary-9d31-cookie-and-client-7e40aa"
AUTH: dict[str, Any] = {
    "redirect_uri": "http://localhost:8501/oauth2callback",
    "cookie_secret": CANARY,
    "client_id": "concordance",
    "client_secret": CANARY,
    "server_metadata_url": "http://localhost:9/.well-known/openid-configuration",
}
ACCESS = '[access]\nemails = ["reader@example.net"]\ndomains = ["example.org"]\n'
READER = {"is_logged_in": True, "email": "reader@example.net"}
UNSET = ("redirect_uri", "cookie_secret", "client_id", "client_secret", "server_metadata_url")

Visit = Callable[..., AppTest]


@pytest.fixture(scope="module", autouse=True)
def way() -> None:
    """Once is enough: whoever is not let in reaches no server, by no way."""


@pytest.fixture
def visit(tmp_path: Path, fresh_connection: None) -> Visit:
    """Opens a page with what Streamlit finds, what the file says, and who is logged in."""

    def visited(
        auth: object, toml: str, user: dict[str, Any] | None = None, page: str = "library"
    ) -> AppTest:
        (tmp_path / "secrets.toml").write_text(toml, encoding="utf-8")
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=TIMEOUT)
        if auth is not None:
            app.secrets["auth"] = copy.deepcopy(auth)
        app.user = dict(user or {})
        app.run()
        if page != "library":
            app.switch_page(f"pages/{page}.py").run()
        return app

    return visited


@pytest.fixture
def no_setup(monkeypatch: pytest.MonkeyPatch) -> list[Setup]:
    """What was begun to connect; nothing is."""
    begun: list[Setup] = []
    real = Setup.__init__

    def begin(self: Setup) -> None:
        begun.append(self)
        real(self)

    monkeypatch.setattr(Setup, "__init__", begin)
    return begun


def refused(app: AppTest) -> str:
    """The sentence that is shown in place of every page, and nothing beside it."""
    assert not app.exception
    assert [title.value for title in app.title] == ["Concordance"]
    assert len(app.error) == 1
    assert not app.button
    text = said(app)
    assert CANARY not in text
    assert "life" not in text
    return text.replace("\\", "")


def without(key: str) -> dict[str, Any]:
    return {name: value for name, value in AUTH.items() if name != key}


@pytest.mark.parametrize("page", CHARTS)
def test_every_page_is_behind_the_login(visit: Visit, no_setup: list[Setup], page: str) -> None:
    app = visit(AUTH, ACCESS, page=page)
    assert not app.exception
    assert [line.strip() for line in said(app).splitlines()] == [
        "Concordance",
        "Log in to see the library.",
    ]
    assert [button.label for button in app.button] == ["Log in"]
    assert no_setup == []


@pytest.mark.parametrize("page", ["library", "connect"])
@pytest.mark.parametrize(
    ("auth", "toml", "sentence"),
    [
        (None, f"[auth]\nclient_id = 'x'\n{ACCESS}", "Streamlit does not find the section [auth]"),
        (None, ACCESS, "Streamlit does not find the section [auth]"),
        (AUTH, "", "Login is on, but nobody is allowed in."),
        (AUTH, "[access]\nemails = []", "Login is on, but nobody is allowed in."),
        (AUTH, "[access]\nemail = ['a@b']", "Unknown setting access.email"),
        (AUTH, "[access]\ndomains = ['*.org']", "The setting access.domains"),
        (AUTH, f"{ACCESS}\n[pools]\nmax_sise = 3", "Unknown setting pools.max_sise"),
        (AUTH, "[access\n", "is not valid TOML"),
    ],
)
def test_half_a_configuration_shuts_every_page(
    visit: Visit, no_setup: list[Setup], auth: object, toml: str, sentence: str, page: str
) -> None:
    # Whoever could log in before is kept out as well.
    assert sentence in refused(visit(auth, toml, READER, page))
    assert no_setup == []


@pytest.mark.parametrize(
    ("auth", "sentence"),
    [
        *[(without(key), f"The setting auth.{key} is missing.") for key in UNSET],
        *[({**AUTH, key: ""}, f"The setting auth.{key} is missing.") for key in UNSET],
        ({**AUTH, "client_id": 5}, "The setting auth.client_id is missing."),
        ({**AUTH, "cookie_secret": CANARY[:31]}, "auth.cookie_secret has fewer than 32"),
        ({**AUTH, "redirect_uri": "http://localhost:8501"}, "auth.redirect_uri does not end in"),
        ({}, "The setting auth.redirect_uri is missing."),
        ("x", "The setting auth.redirect_uri is missing."),
        (
            {"redirect_uri": AUTH["redirect_uri"], "cookie_secret": CANARY, "okta": {}},
            "The setting auth.okta.client_id is missing.",
        ),
        ({**AUTH, "my_own": AUTH}, "The section auth.my_own has an underscore in its name."),
    ],
)
def test_a_section_that_cannot_serve_is_named(visit: Visit, auth: object, sentence: str) -> None:
    assert sentence in refused(visit(auth, ACCESS, READER))


def test_login_without_its_package_shuts_every_page(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "authlib", None)
    assert "Login needs the package Authlib" in refused(visit(AUTH, ACCESS, READER))


def test_names_from_request_headers_are_refused(visit: Visit) -> None:
    before = config.get_option("server.trustedUserHeaders")
    config.set_option("server.trustedUserHeaders", {"X-Email": "email"})
    try:
        assert "server.trustedUserHeaders" in refused(visit(AUTH, ACCESS, READER))
    finally:
        config.set_option("server.trustedUserHeaders", before)


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "reader@example.net"},
        {"email": "Anybody@EXAMPLE.org", "email_verified": True},
        {"email": "reader@example.net", "email_verified": "true"},
    ],
)
def test_who_is_listed_sees_the_page_and_the_way_out(visit: Visit, claims: dict[str, Any]) -> None:
    app = visit(AUTH, ACCESS, {"is_logged_in": True, **claims})
    assert not app.exception
    assert [title.value for title in app.title] == ["Library"]
    (out,) = [button for button in app.button if button.label == "Log out"]
    assert out.help == f"`{claims['email']}`"


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"email": "other@example.net"}, "You have no access"),
        ({"email": "a@sub.example.org"}, "You have no access"),
        ({"email": "a@example.org", "email_verified": False}, "has not been verified"),
        ({"email": "a@example.org", "email_verified": "false"}, "has not been verified"),
        ({"email": "a@example.org", "email_verified": None}, "has not been verified"),
        ({"email": ""}, "gave no e-mail address"),
        ({"email": ["a@example.org"]}, "gave no e-mail address"),
        ({"name": "**Bold** <b>Name</b>"}, "gave no e-mail address"),
        ({"name": "` **Bold** `"}, "gave no e-mail address"),
    ],
)
def test_who_is_not_listed_sees_nothing_else(
    visit: Visit, no_setup: list[Setup], claims: dict[str, Any], why: str
) -> None:
    app = visit(AUTH, ACCESS, {"is_logged_in": True, **claims}, "matches")
    assert [title.value for title in app.title] == ["Concordance"]
    assert why in said(app)
    assert "You are logged in as" in said(app)
    # As code it is shown as it stands.
    assert "**Bold**" not in re.sub("`[^`]*`", "", said(app))
    assert [button.label for button in app.button] == ["Log out"]
    assert no_setup == []


@pytest.mark.parametrize("flag", [False, None, "true", 1])
def test_only_a_login_counts_as_one(visit: Visit, flag: object) -> None:
    app = visit(AUTH, ACCESS, {"is_logged_in": flag, "email": "reader@example.net"})
    assert [button.label for button in app.button] == ["Log in"]


def test_logging_out_shows_the_login_in_the_same_run(visit: Visit) -> None:
    app = visit(AUTH, ACCESS, READER)
    next(button for button in app.button if button.label == "Log out").click().run()
    assert [button.label for button in app.button] == ["Log in"]
    assert [title.value for title in app.title] == ["Concordance"]


@pytest.mark.parametrize("toml", ["", "[pools]\nmax_size = 3\n"])
def test_a_file_that_asked_for_login_once_cannot_open_the_app(
    visit: Visit, no_setup: list[Setup], toml: str
) -> None:
    assert [button.label for button in visit(AUTH, ACCESS).button] == ["Log in"]
    said_then = refused(visit(None, toml, READER))
    assert "secrets.toml asked for a login when the app began, and no longer does." in said_then
    assert no_setup == []
    # What was there is taken up again without a restart.
    assert [button.label for button in visit(AUTH, ACCESS).button] == ["Log in"]


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda path: path.symlink_to(path), "secrets.toml cannot be read: "),
        (lambda path: path.mkdir(), "secrets.toml cannot be read: "),
        (lambda path: path.write_bytes(b"\xff[access]"), "secrets.toml is not valid TOML: "),
        (lambda path: None, "secrets.toml, which CONCORDANCE_SECRETS names, is not there."),
    ],
    ids=["loop", "folder", "not text", "gone"],
)
def test_a_file_that_cannot_be_read_shuts_the_app_with_a_sentence(
    visit: Visit,
    no_setup: list[Setup],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    spoil: Callable[[Path], object],
    sentence: str,
) -> None:
    elsewhere = tmp_path / "elsewhere" / "secrets.toml"
    elsewhere.parent.mkdir()
    spoil(elsewhere)
    monkeypatch.setenv("CONCORDANCE_SECRETS", str(elsewhere))
    assert sentence in refused(visit(None, "", READER))
    assert no_setup == []


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda path: path.symlink_to(path), "A file of secrets that Streamlit reads cannot be"),
        (lambda path: path.mkdir(), "A file of secrets that Streamlit reads cannot be"),
        (lambda path: path.write_bytes(b"\xff"), "A file of secrets that Streamlit reads is not"),
    ],
    ids=["loop", "folder", "not text"],
)
def test_a_file_that_streamlit_cannot_read_shuts_the_app_with_a_sentence(
    visit: Visit,
    no_setup: list[Setup],
    tmp_path: Path,
    spoil: Callable[[Path], object],
    sentence: str,
) -> None:
    of_streamlit = tmp_path / "streamlit.toml"
    spoil(of_streamlit)
    before = config.get_option("secrets.files")
    config.set_option("secrets.files", [str(of_streamlit)])
    try:
        assert sentence in refused(visit(None, "", READER))
    finally:
        config.set_option("secrets.files", before)
    assert no_setup == []


def test_everybody_may_be_let_in(visit: Visit) -> None:
    app = visit(AUTH, '[access]\ndomains = ["*"]', {**READER, "email": "a@wherever.example"})
    assert [title.value for title in app.title] == ["Library"]


def test_named_providers_have_a_button_each(visit: Visit) -> None:
    client = {key: AUTH[key] for key in ("client_id", "client_secret", "server_metadata_url")}
    shared = {key: AUTH[key] for key in ("redirect_uri", "cookie_secret")}
    app = visit({**shared, "google": client, "okta": client}, ACCESS)
    assert [button.label for button in app.button] == ["Log in with Google", "Log in with Okta"]
    app = visit({**AUTH, "client_kwargs": {"prompt": "login"}, "okta": client}, ACCESS)
    assert [button.label for button in app.button] == ["Log in", "Log in with Okta"]


def test_without_any_of_it_nothing_changes(visit: Visit) -> None:
    app = visit(None, "", {"email": "test@example.com"})
    assert [title.value for title in app.title] == ["Library"]
    assert not [button for button in app.button if button.label == "Log out"]
