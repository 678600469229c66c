"""No secret in any page, log, error or report: a canary password through every failure."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from lib.__main__ import main
from lib.connection import Connection
from lib.databases.pools import Database, Databases
from lib.demo.provision import DemoAddresses
from lib.errors import ConcordanceError, SettingsError
from lib.search.embedders import Embedders
from lib.settings import Embedder, Settings, load
from tests.databases.library import execute
from tests.safety.canary import (
    IN_ADDRESS,
    KEY,
    PASSWORD,
    found_in,
    said_of_themselves,
    sent_by,
    told_by,
)
from tests.safety.conftest import SetUp
from tests.safety.everything import PAGES, open_page
from tests.safety.guarded import Guarded
from tests.safety.listeners import (
    break_encryption,
    hang_up,
    listening,
    refuse_encryption,
    say_nothing,
    speak_http,
)
from tests.safety.mistakes import MALFORMED, MISTAKEN

ROLE = "canary_role"
QUICK = "[pools]\nconnect_timeout = 0.5\nacquire_timeout = 0.5\n"
PRINTED = (
    ["doctor"],
    ["doctor", "--json"],
    ["report", "--format", "json", "--sample", "20"],
    ["report", "--format", "html", "--sample", "20"],
    ["report", "--format", "md", "--fallback", "pg_trgm", "--sample", "20"],
)
# What a whole application may hold, and print by mistake.
KINDS = (Settings, Embedder, Connection, Databases, Database, Embedders)


@dataclass(frozen=True)
class Case:
    """A failure: what follows the password in the addresses, and the settings beside them.

    In `rest`, `{port}` is that of the listener named in `listener`, `{there}` the server's own.
    """

    name: str
    rest: str = "@/{database}?{there}"
    settings: str = ""
    listener: object = None
    password: str = IN_ADDRESS
    user: str = ROLE


CASES = [
    Case("nothing is wrong"),
    Case("wrong password", password=f"{IN_ADDRESS}-wrong"),
    Case("no such role", user="nobody_here"),
    Case("no such database", "@/missing?{there}"),
    Case("nobody listens", "@127.0.0.1:9/{database}"),
    Case("unknown host", "@no-such-host.invalid/{database}"),
    Case("no such socket", "@/{database}?host=/nowhere&port=5432"),
    Case("silent", "@127.0.0.1:{port}/{database}", QUICK, say_nothing),
    Case("hangs up", "@127.0.0.1:{port}/{database}", QUICK, hang_up),
    Case("another service", "@127.0.0.1:{port}/{database}", QUICK, speak_http),
    Case("no TLS", "@127.0.0.1:{port}/{database}?sslmode=require", QUICK, refuse_encryption),
    Case("broken TLS", "@127.0.0.1:{port}/{database}?sslmode=require", QUICK, break_encryption),
    Case(
        "no such certificate",
        "@127.0.0.1:{port}/{database}?sslmode=verify-full&sslrootcert=/nowhere.pem",
        QUICK,
        break_encryption,
    ),
    Case("several hosts", "@127.0.0.1:9,127.0.0.1:{port}/{database}", QUICK, hang_up),
    Case("unknown parameter", "@/{database}?{there}&no_such_setting=1"),
    Case("wrong parameter", "@/{database}?{there}&sslmode=perhaps"),
    Case("no such table", settings='[relations.books]\ntable = "book"\n'),
    Case("no such column", settings='[relations.passages]\ncontent = "contents"\n'),
    Case("wrong type", settings='[relations.passages]\ncontent = "book_id"\n'),
    Case("too slow", settings="[pools]\nstatement_timeout = 0.001\n"),
    Case("may not read", user="canary_stranger"),
]


@pytest.fixture(scope="module", autouse=True)
def roles(guarded: Guarded) -> Iterator[None]:
    """Two roles that log in by the canary password: one reads everything, one nothing."""
    owner = guarded.owner
    literal = PASSWORD.replace("'", "''")
    rules = guarded.server.data / "pg_hba.conf"
    before = rules.read_text(encoding="utf-8")
    names = (ROLE, "canary_stranger")
    wanted = "".join(f"local all {name} scram-sha-256\n" for name in names)
    rules.write_text(wanted + before, encoding="utf-8")
    execute(
        owner.life_dashboard,
        *(f"CREATE ROLE {name} LOGIN PASSWORD '{literal}'" for name in names),
        f"GRANT pg_read_all_data TO {ROLE}",
        "SELECT pg_reload_conf()",
    )
    yield
    rules.write_text(before, encoding="utf-8")
    execute(owner.life_dashboard, *(f"DROP ROLE {name}" for name in names))
    execute(owner.life_dashboard, "SELECT pg_reload_conf()")


def addresses(guarded: Guarded, case: Case, port: int) -> DemoAddresses:
    """Both addresses of a case."""
    there = guarded.owner.life_dashboard.partition("?")[2]
    begin = f"postgresql://{case.user}:{case.password}"
    return DemoAddresses(
        *(
            begin + case.rest.format(database=database, port=port, there=there)
            for database in ("life_dashboard", "knowledge_base")
        )
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_no_failure_tells_the_password(
    guarded: Guarded,
    set_up: SetUp,
    case: Case,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    texts: list[str] = []
    with ExitStack() as stack:
        port = stack.enter_context(listening(case.listener)) if case.listener else 9  # type: ignore[arg-type]
        set_up(addresses(guarded, case, port), case.settings)
        for line in PRINTED:
            main(line)
        for page in PAGES:
            texts += sent_by(open_page(page, {"q": "the fear of the Lord"}))
        texts += raised_by_hand()
        texts += said_of_themselves(*KINDS)
    printed = capfd.readouterr()
    assert len("".join(texts)) > 1_000
    assert found_in([*texts, printed.out, printed.err, caplog.text]) == []


def raised_by_hand() -> Iterator[str]:
    """What the errors say of themselves that a notebook or a test would see."""
    try:
        settings = load()
    except SettingsError as error:
        yield from told_by(error)
        return
    connection = Connection(settings)
    try:
        connection.relations()
    except ConcordanceError as error:
        yield from told_by(error)
    finally:
        connection.close()
    yield repr(settings)
    yield str(settings)
    yield settings.model_dump_json()
    yield repr(settings.model_dump())
    yield repr(connection)


@pytest.mark.parametrize("address", MALFORMED)
def test_a_malformed_address_is_never_quoted(
    set_up: SetUp,
    address: str,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    written = "".join(
        f"[connections.{name}]\ndsn = {json.dumps(address)}\n"
        for name in ("life_dashboard", "knowledge_base")
    )
    set_up(None, QUICK + written)
    for line in PRINTED[:3]:
        assert main(line) == 1
    texts = [*sent_by(open_page("library", {})), *sent_by(open_page("connect", {}))]
    texts += raised_by_hand()
    printed = capfd.readouterr()
    assert found_in([*texts, printed.out, printed.err, caplog.text]) == []


@pytest.mark.parametrize("written", MISTAKEN)
def test_mistaken_settings_are_never_quoted(
    set_up: SetUp,
    written: str,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    set_up(None, written)
    for line in PRINTED[:3]:
        assert main(line) == 1
    texts = [*sent_by(open_page("library", {})), *raised_by_hand()]
    printed = capfd.readouterr()
    assert found_in([*texts, printed.out, printed.err, caplog.text]) == []


def test_the_search_for_the_canary_finds_it() -> None:
    error = ConcordanceError(f"postgresql://{ROLE}:{IN_ADDRESS}@h/d")
    assert found_in(told_by(error))
    with pytest.raises(RuntimeError) as caught:
        raise RuntimeError("outer") from ValueError(PASSWORD)
    assert found_in(told_by(caught.value))
    assert found_in([json.dumps({"dsn": PASSWORD}), f"before {KEY.upper()} after"])
    assert not found_in(["no bird"])


def test_a_page_that_tells_is_caught() -> None:
    from streamlit.testing.v1 import AppTest

    app = AppTest.from_string(f"import streamlit as st\nst.button('a', help={PASSWORD!r})").run()
    assert found_in(sent_by(app))
