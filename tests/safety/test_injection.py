"""Whatever people type, link to or write into settings reaches the server as a value or a name."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pglast
import pytest

from lib.demo.provision import DemoAddresses
from lib.demo.server import OWNER
from tests.databases.library import execute
from tests.safety.conftest import SetUp
from tests.safety.everything import open_page
from tests.safety.guarded import Guarded
from tests.safety.statements import Statement

# Looked for in the log: no statement of the app holds it by itself.
MARK = "zq7x"
HOSTILE = [
    f"'; DROP TABLE chunks; --{MARK}",
    f'"; DROP TABLE chunks; --{MARK}',
    f"{MARK}') OR 1=1 --",
    f"$$ {MARK} $1 $2",
    f"\\'; SELECT pg_sleep(9); {MARK}",
    f"/* {MARK} */ UNION SELECT rolpassword FROM pg_authid",
    f"{MARK}\x00; DROP TABLE books",
    f"{MARK}{{0}} %s %(a)s :a ?",
    f"E'{MARK}\\n\u2019\ud7ff\u202e",
]
FIELDS = {
    "search": [
        {"q": "{}"},
        {"q": "{}", "rank": "exact words"},
        {"q": "{}", "rank": "fuzzy words"},
        {"q": "the fear of the Lord", "books": "{}", "chapters": "{}"},
        {"q": "the fear of the Lord", "search-model": "{}"},
        {"q": "the fear of the Lord", "show": "models side by side", "models": "{}"},
        {"ask": "a highlight", "highlight": "{}"},
        {"ask": "a highlight", "holding-words": "{}"},
        {"ask": "a passage", "passage": "{}"},
        {"ask": "{}", "show": "{}", "most": "{}", "page": "{}"},
    ],
    "scores": [{"label": "{}", "model": "{}", "k": "{}", "books": "{}"}],
    "alignment": [{"suspects": "{}", "anchors": "{}"}],
    "matches": [
        {"highlight": "{}", "holding": "{}", "only": "{}", "state": "{}"},
        {"mode": "{}", "scope": "{}", "window": "{}", "fallback": "{}", "order": "{}"},
        {"fallback": "pg_trgm", "operator": "{}"},
    ],
    "connect": [{"tab": "{}"}],
}
NAME = f"""o"dd'; DROP "x"; --{MARK}\\ $1"""


def injected(statements: list[Statement]) -> list[str]:
    """Statements in which the mark stands outside of a quoted name; their values are apart."""
    return [one.sql for one in statements if MARK in one.sql and not _only_in_names(one.sql)]


def _only_in_names(sql: str) -> bool:
    written = sql.encode()
    marked = [
        written[token.start : token.end + 1]
        for token in pglast.parser.scan(sql)
        if MARK.encode() in written[token.start : token.end + 1]
    ]
    return len(pglast.parse_sql(sql)) == 1 and all(one.startswith(b'"') for one in marked)


@pytest.mark.parametrize("page", FIELDS)
def test_what_people_type_is_a_value(guarded: Guarded, set_up: SetUp, page: str) -> None:
    set_up(guarded.owner)
    known = len(guarded.statements())
    for text in HOSTILE:
        for fields in FIELDS[page]:
            app = open_page(page, {key: value.replace("{}", text) for key, value in fields.items()})
            assert not app.exception, (page, fields, text)
    sent = guarded.statements()[known:]
    assert injected(sent) == []
    if page == "search":
        assert sum(MARK in one.parameters for one in sent) > len(HOSTILE)


@pytest.fixture
def odd_names(guarded: Guarded) -> Iterator[DemoAddresses]:
    """A database in which every schema, table, column and label has a hostile name."""
    dsn = guarded.server.dsn(OWNER, OWNER)
    execute(dsn, "CREATE DATABASE odd_names")
    odd = guarded.server.dsn("odd_names", OWNER)
    name, label = '"' + NAME.replace('"', '""') + '{}"', NAME.replace("'", "''")
    schema = name.format("")
    vector = "'[' || i || ',' || 100 - i || ',1]'"
    execute(
        odd,
        "CREATE EXTENSION vector",
        "CREATE EXTENSION pg_trgm",
        f"CREATE SCHEMA {schema}",
        f"""CREATE TABLE {schema}.{name.format("events")} AS
            SELECT i AS {name.format("id")}, 'the words of event number ' || i AS
                   {name.format("text")}, '{label}' || i % 3 AS {name.format("book")},
                   ({vector})::vector(3) AS {name.format("vector")},
                   '{label}' AS {name.format("model")}
            FROM generate_series(1, 60) AS i""",
        f"""CREATE TABLE {schema}.{name.format("books")} AS
            SELECT '{label}' || i AS {name.format("book")}, '{label}' AS {name.format("title")}
            FROM generate_series(0, 2) AS i""",
        f"""CREATE TABLE {schema}.{name.format("chunks")} AS
            SELECT '{label}' || i AS {name.format("id")},
                   '{label}' || i % 3 AS {name.format("book")},
                   'and so the words of event number ' || i AS {name.format("text")},
                   '{label}' AS {name.format("chapter")}
            FROM generate_series(1, 400) AS i""",
        f"""CREATE TABLE {schema}.{name.format("vectors")} AS
            SELECT '{label}' || i AS {name.format("id")}, '{label}' AS {name.format("model")},
                   ({vector})::vector(3) AS {name.format("vector")}
            FROM generate_series(1, 400) AS i""",
    )
    yield DemoAddresses(odd, odd)
    execute(dsn, "DROP DATABASE odd_names WITH (FORCE)")


def settings_of_odd_names() -> str:
    """The mapping of the database whose names are hostile, as TOML."""

    def section(name: str, table: str, **columns: str) -> str:
        lines = [f"[relations.{name}]", f"table = {json.dumps(f'{NAME}.{NAME}{table}')}"]
        lines += [f"{key} = {json.dumps(NAME + column)}" for key, column in columns.items()]
        return "\n".join(lines) + "\n"

    return (
        section(
            "highlights",
            "events",
            id="id",
            text="text",
            book_id="book",
            embedding="vector",
            embedding_model="model",
        )
        + section("books", "books", book_id="book", title="title")
        + section(
            "passages",
            "chunks",
            chunk_id="id",
            book_id="book",
            content="text",
            chapter_number="chapter",
        )
        + section(
            "embeddings", "vectors", chunk_id="id", embedding_model="model", embedding="vector"
        )
        + f"[embedders.{json.dumps(NAME)}]\nbase_url = 'http://127.0.0.1:9/v1'\nmodel = 'm'\n"
    )


def test_names_are_quoted(
    guarded: Guarded, odd_names: DemoAddresses, set_up: SetUp, capsys: pytest.CaptureFixture[str]
) -> None:
    from lib.__main__ import main

    set_up(odd_names, settings_of_odd_names())
    known = len(guarded.statements())
    for page in ("library", "scores", "alignment", "matches", "connect"):
        assert not open_page(page, {}).exception
    for fields in FIELDS["search"]:
        app = open_page("search", {key: value.replace("{}", NAME) for key, value in fields.items()})
        assert not app.exception, fields
    assert main(["doctor"]) in {0, 1}
    assert main(["report", "--fallback", "pg_trgm"]) == 0, capsys.readouterr().err
    sent = guarded.statements()[known:]
    assert injected(sent) == []
    assert sum(MARK in one.sql for one in sent) > 50


@pytest.mark.parametrize("name", [*HOSTILE, "", ".", "a.b.c", "x" * 200, "\x7f\n\t"])
def test_names_that_nothing_has_are_said_to_be_missing(
    guarded: Guarded, set_up: SetUp, name: str
) -> None:
    from lib.__main__ import main

    for section, key in (("highlights", "table"), ("passages", "content")):
        set_up(guarded.owner, f"[relations.{section}]\n{key} = {json.dumps(name)}\n")
        known = len(guarded.statements())
        # Anything but an error of ours would leave it as an exception.
        assert main(["report"]) == 1
        assert injected(guarded.statements()[known:]) == []


def test_the_search_for_injected_text_finds_some() -> None:
    planted = [
        f"SELECT 1 FROM chunks WHERE content = '{MARK}'",
        f"SELECT {MARK} FROM chunks",
        f'SELECT "{MARK}"; DROP TABLE chunks',
        f"SELECT 1 -- {MARK}",
    ]
    assert injected([Statement("concordance", sql, "") for sql in planted]) == planted
    quoted = Statement("concordance", f'SELECT "a""{MARK}" FROM chunks', "")
    assert injected([quoted]) == []
