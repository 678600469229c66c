"""Who is on the allow-list, and whether a login is asked for at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from lib.errors import SettingsError
from lib.settings import Access, asks_for_login, files, load

LIST = Access(emails=("Reader@Example.net",), domains=("@Example.org",))


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    return tmp_path / "secrets.toml"


@pytest.mark.parametrize(
    "email",
    ["reader@example.net", "READER@EXAMPLE.NET", "anybody@example.org", "a.b+c@EXAMPLE.org"],
)
def test_who_is_listed_is_let_in(email: str) -> None:
    assert LIST.admits(email)


@pytest.mark.parametrize(
    "email",
    [
        "",
        "reader",
        "@example.org",
        "other@example.net",
        "reader@example.net.evil.example",
        "anybody@sub.example.org",
        "anybody@notexample.org",
        "anybody@example.org.evil.example",
        "anybody@example.org@evil.example",
        "anybody@evil.example@example.org",
        '"anybody@evil.example"@example.org',
        " anybody@example.org",
        "anybody@example.org\n",
        "evil example@example.org",
        "reader@example.net".replace("e", "\N{LATIN SMALL LETTER E WITH ACUTE}", 1),
    ],
)
def test_nobody_else_is(email: str) -> None:
    assert not LIST.admits(email)


@pytest.mark.parametrize(
    ("listed", "other"),
    [
        ("mike@example.net", "mi\N{KELVIN SIGN}e@example.net"),
        ("sam@example.net", "\N{LATIN SMALL LETTER LONG S}am@example.net"),
        ("ilse@example.net", "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}lse@example.net"),
    ],
)
def test_another_letter_is_another_mailbox(listed: str, other: str) -> None:
    access = Access(emails=(listed,))
    assert access.admits(listed.upper())
    assert not access.admits(other)
    assert not Access(domains=("kelvin.example",)).admits("a@\N{KELVIN SIGN}elvin.example")


def test_a_star_is_everybody_with_an_address_and_nothing_is_nobody() -> None:
    assert Access(domains=("*",)).admits("anybody@wherever.example")
    assert not Access(domains=("*",)).admits("nobody")
    assert not Access().admits("anybody@wherever.example")


def test_the_file_gives_the_list(secrets: Path) -> None:
    assert load(secrets, {}).access is None
    secrets.write_text('[access]\nemails = ["A@b.example"]\ndomains = ["@C.example", "*"]')
    access = load(secrets, {}).access
    assert access is not None
    assert (access.emails, access.domains) == (("a@b.example",), ("c.example", "*"))


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ('emails = ["reader"]', "access.emails"),
        ('emails = ["*@example.org", "@example.org"]', "access.emails"),
        ('emails = [""]', "access.emails"),
        ('emails = "reader@example.net"', "access.emails"),
        ('domains = ["*.example.org"]', "access.domains"),
        ('domains = ["reader@example.org"]', "access.domains"),
        ('domains = ["example.org evil.example"]', "access.domains"),
        ('domains = [""]', "access.domains"),
        ("domains = [5]", "access.domains"),
        ('domain = ["example.org"]', "access.domain "),
    ],
)
def test_what_is_no_list_is_refused(secrets: Path, toml: str, said: str) -> None:
    secrets.write_text(f"[access]\n{toml}")
    with pytest.raises(SettingsError, match=said):
        load(secrets, {})


@pytest.mark.parametrize(
    ("toml", "asked"),
    [
        ("", False),
        ("[pools]\nmax_size = 3", False),
        ("# [auth]\n# [access]\n", False),
        ('[auth]\nclient_id = "x"', True),
        ("[auth.google]\n", True),
        ("auth = 5", True),
        ("[access]\n", True),
        ("[pools]\nmax_size =", False),
        ("[auth]\nclient_id =", True),
        ('access.emails = ["x"', True),
    ],
)
def test_login_is_asked_for_where_the_file_speaks_of_it(
    secrets: Path, toml: str, asked: bool
) -> None:
    secrets.write_text(toml)
    assert asks_for_login({"CONCORDANCE_SECRETS": str(secrets)}) is asked


def test_a_file_that_cannot_be_read_may_ask_for_login(tmp_path: Path) -> None:
    assert asks_for_login({"CONCORDANCE_SECRETS": str(tmp_path)})
    (tmp_path / "secrets.toml").write_bytes(b"\xff")
    assert asks_for_login({"CONCORDANCE_SECRETS": str(tmp_path / "secrets.toml")})
    (tmp_path / "loop.toml").symlink_to(tmp_path / "loop.toml")
    assert asks_for_login({"CONCORDANCE_SECRETS": str(tmp_path / "loop.toml")})


def test_a_file_that_is_named_and_gone_may_have_asked_for_login(tmp_path: Path) -> None:
    assert asks_for_login({"CONCORDANCE_SECRETS": str(tmp_path / "none.toml")})


def test_where_no_file_is_named_there_need_be_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "SECRETS", tmp_path / "none.toml")
    assert not asks_for_login({})
    assert not asks_for_login({"CONCORDANCE_SECRETS": ""})
    assert load(environ={}).demo
