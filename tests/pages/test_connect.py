"""The Connect page: every step, a mapping, a safer role, and what is wrong with the settings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from lib.databases.doctor import STEPS
from lib.demo.server import DemoServer
from tests.conftest import MakeDatabase
from tests.databases.library import TABLES, execute
from tests.databases.roles import READ_ALL, MakeRole, as_role, made_roles
from tests.pages.conftest import ROOT, TIMEOUT, OpenPage, said

CANARY = "canary-77aa"
ROLE_TAB = "A role that may only read"

pytestmark = pytest.mark.usefixtures("fresh_connection")


@pytest.fixture
def make_role(server: DemoServer) -> Iterator[MakeRole]:
    # Asked for before any database, and so ended after it.
    with made_roles(server) as make:
        yield make


@pytest.fixture
def library(make_database: MakeDatabase) -> str:
    """A database with all tables and a row in each."""
    dsn = make_database("vector", "pg_trgm")
    execute(
        dsn,
        TABLES,
        "INSERT INTO events VALUES (1, 'a b c d e f g', 1, '[1,2]', 'm')",
        "INSERT INTO books VALUES (1, 'Emma')",
        "INSERT INTO chunks VALUES (1, 1, 1, 'x a b c d e f y')",
        "INSERT INTO chunk_embeddings VALUES (1, 'm', '[1,2]')",
    )
    return dsn


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    return tmp_path / "secrets.toml"


def connect(secrets: Path, dsn: str, rest: str = "", before: str = "") -> None:
    """Write the settings: both connections to one database, and what stands around them."""
    names = ("life_dashboard", "knowledge_base")
    sections = "".join(f'[connections.{name}]\ndsn = "{dsn}"\n' for name in names)
    secrets.write_text(f"{before}\n{sections}\n{rest}", encoding="utf-8")


@pytest.fixture
def in_a_page(tmp_path: Path) -> Callable[[str], AppTest]:
    """Runs some lines as a page would, in an app that has all pages."""
    (tmp_path / "pages").symlink_to(ROOT / "pages")

    def run(lines: str) -> AppTest:
        script = tmp_path / "entry.py"
        script.write_text(f"from lib import errors, ui\nui.navigation()\n{lines}\n")
        return AppTest.from_file(str(script), default_timeout=TIMEOUT).run()

    return run


def check_again(app: AppTest) -> None:
    next(button for button in app.button if button.label == "Check again").click().run()


def codes(app: AppTest) -> str:
    return "\n".join(code.value for code in app.code)


def plain(app: AppTest) -> str:
    """What the page says, without the backslashes that keep text from being markup."""
    return re.sub(r"\\(.)", r"\1", said(app))


def test_the_demo_is_healthy_step_by_step(open_page: OpenPage) -> None:
    app = open_page("connect")
    text = plain(app)
    assert not app.exception
    for step in STEPS:
        assert text.count(f":green-badge[:material/check: {step.capitalize()}]") == 2
    assert "31,102 passages." in text
    assert not app.error
    assert not app.code


def test_a_missing_table_comes_with_what_to_paste(
    open_page: OpenPage, library: str, secrets: Path
) -> None:
    execute(library, "ALTER TABLE books RENAME TO tomes")
    connect(secrets, library)
    app = open_page("connect")
    text = plain(app)
    assert "knowledge_base has no table books." in text
    assert "Do this next Paste the mapping that is proposed below." in text
    assert "By hand: Set relations.books.table to the right name" in text
    assert "Rows] 1 passage. 1 embedding." in text
    assert "Books** are in **tomes**" in text
    [toml] = [code.value for code in app.code if code.language == "toml"]
    assert '[relations.books]\ntable = "tomes"' in toml
    assert str(secrets) in text
    # Pasted, and checked again: the connection takes up the new settings.
    connect(secrets, library, toml)
    app.button[0].click().run()
    assert not app.exception
    assert not app.error
    assert "Books are in public.tomes." in plain(app)


@pytest.mark.parametrize(
    ("statements", "told", "by_mapping"),
    [
        (["ALTER TABLE events DROP COLUMN text"], "map a view that joins them.", True),
        (
            [
                "ALTER TABLE events DROP COLUMN embedding",
                "ALTER TABLE chunk_embeddings DROP COLUMN embedding",
            ],
            "Embed the texts first.",
            False,
        ),
    ],
    ids=["to be mapped", "to be embedded"],
)
def test_the_document_is_named_only_where_it_helps(
    open_page: OpenPage,
    library: str,
    secrets: Path,
    statements: list[str],
    told: str,
    by_mapping: bool,
) -> None:
    execute(library, *statements)
    connect(secrets, library)
    app = open_page("connect")
    assert not app.exception
    missing = [re.sub(r"\\(.)", r"\1", info.value) for info in app.info]
    assert any(told in sentence for sentence in missing)
    assert any("How to connect" in sentence for sentence in missing) == by_mapping


def test_tables_can_be_looked_for_at_any_time(open_page: OpenPage) -> None:
    app = open_page("connect", tab="Find my tables")
    assert "Look again" in plain(app)
    assert not app.dataframe
    app.button[0].click().run()
    assert not app.exception
    assert len(app.dataframe) == 4
    assert app.dataframe[0].value["key"].tolist()[:2] == ["id", "text"]


@pytest.mark.parametrize("fault", ["reach", "extensions"])
def test_no_tables_are_looked_for_where_nobody_can_look(
    open_page: OpenPage, library: str, secrets: Path, fault: str
) -> None:
    if fault == "extensions":
        execute(library, "DROP EXTENSION vector CASCADE")
    connect(secrets, library if fault == "extensions" else "postgresql://reader@127.0.0.1:9/x")
    app = open_page("connect", tab="Find my tables")
    text = plain(app)
    assert not app.exception
    assert "First correct what State shows." in text
    assert "All tables are found" not in text
    assert not app.code


def test_tables_are_looked_for_at_once_where_one_is_missing(
    open_page: OpenPage, library: str, secrets: Path
) -> None:
    execute(library, "ALTER TABLE books RENAME TO tomes")
    connect(secrets, library)
    app = open_page("connect", tab="Find my tables")
    assert not app.exception
    assert 'table = "tomes"' in codes(app)


def test_an_unreachable_server_is_a_step_not_a_traceback(
    open_page: OpenPage, secrets: Path
) -> None:
    connect(secrets, f"postgresql://reader:{CANARY}@127.0.0.1:9/x")
    app = open_page("connect")
    text = plain(app)
    assert text.count("127.0.0.1:9 refuses") == 2
    assert text.count("Not looked at: logging in comes first.") == 2
    assert CANARY not in text
    assert not app.exception


def test_a_setting_that_is_wrong_is_told_and_taken_back(
    open_page: OpenPage, library: str, secrets: Path
) -> None:
    connect(secrets, library, "[relations.boks]\ntable = 'books'")
    app = open_page("connect")
    text = plain(app)
    assert "Unknown setting relations.boks in secrets.toml." in text
    assert "Did you mean books?" in text
    assert str(secrets) in text
    assert not app.exception
    connect(secrets, library)
    check_again(app)
    assert not app.error
    assert "Books are in public.books." in plain(app)


def test_the_demo_is_named_as_long_as_it_is_what_is_connected(
    open_page: OpenPage, library: str, secrets: Path
) -> None:
    as_demo = secrets.read_text(encoding="utf-8")
    app = open_page("connect")
    assert "This is the demo." in plain(app)
    # Written, but not yet taken up.
    connect(secrets, library)
    assert "This is the demo." in plain(app.run())
    check_again(app)
    assert "This is the demo." not in plain(app)
    assert "1 passage." in plain(app)
    secrets.write_text(as_demo, encoding="utf-8")
    assert "This is the demo." not in plain(app.run())
    check_again(app)
    assert "This is the demo." in plain(app)
    assert "31,102 passages." in plain(app)
    assert not app.exception
    assert not app.error


@pytest.mark.parametrize("tab", ["How to connect", "What the figures mean", ROLE_TAB])
def test_every_tab_has_its_address(open_page: OpenPage, tab: str) -> None:
    app = open_page("connect", tab=tab)
    assert not app.exception
    text = plain(app)
    assert {
        "How to connect": "LIFE_DASHBOARD_DSN",
        "What the figures mean": "Newcombe",
        ROLE_TAB: "The role concordance_reader may only read.",
    }[tab] in text
    assert "step by step" not in text


# The role


def test_the_grants_for_a_safer_role_can_be_pasted(
    make_role: MakeRole, open_page: OpenPage, library: str, secrets: Path
) -> None:
    connect(secrets, library)
    app = open_page("connect", tab=ROLE_TAB)
    assert "knowledge_base: The role postgres is a superuser" in plain(app)
    statements = [code.value for code in app.code if code.language == "sql"]
    assert len(statements) == 2
    execute(library, *statements)
    connect(secrets, as_role(library, "concordance_reader"))
    state = open_page("connect")
    state.button[0].click().run()
    assert "Permissions] The role concordance_reader may only read." in plain(state)


def test_a_role_that_is_required_to_be_harmless(
    make_role: MakeRole, open_page: OpenPage, library: str, secrets: Path
) -> None:
    role = make_role()
    execute(library, READ_ALL.format(role=role), f"GRANT DELETE ON books TO {role}")
    connect(secrets, as_role(library, role), before="require_least_privilege = true")
    text = plain(open_page("connect"))
    assert f"The role {role} may DELETE on public.books, which require_least_privilege" in text
    assert "Do this next Concordance only reads" in text
    # Whoever is refused needs the statements most.
    app = open_page("connect", tab=ROLE_TAB)
    assert "GRANT SELECT ON" in codes(app)
    assert not app.error


TOO_POWERFUL = "The role {role} may do more than read in knowledge_base."


@pytest.mark.parametrize("name", ["Check again", ROLE_TAB])
def test_a_role_that_was_mended_is_no_longer_warned_of(
    make_role: MakeRole, open_page: OpenPage, library: str, secrets: Path, name: str
) -> None:
    role = make_role()
    execute(library, READ_ALL.format(role=role), f"GRANT INSERT ON chunks TO {role}")
    connect(secrets, as_role(library, role))
    line = TOO_POWERFUL.format(role=role)
    app = open_page("connect")
    assert line in plain(app)
    execute(library, f"REVOKE INSERT ON chunks FROM {role}")
    if name == ROLE_TAB:
        app.query_params["tab"] = ROLE_TAB
        app.session_state["tab"] = ROLE_TAB
        app.run()
    else:
        check_again(app)
    assert not app.exception
    assert f"The role {role} may only read." in plain(app)
    assert line not in plain(app)
    # What the tab finds is known to every page, in this direction too.
    if name == ROLE_TAB:
        execute(library, f"GRANT INSERT ON chunks TO {role}")
        assert line in plain(app.run())


def test_what_a_role_may_create_besides_is_said_without_a_contradiction(
    make_role: MakeRole, open_page: OpenPage, library: str, secrets: Path
) -> None:
    role = make_role()
    execute(library, READ_ALL.format(role=role), f"GRANT CREATE ON SCHEMA public TO {role}")
    connect(secrets, as_role(library, role))
    text = plain(open_page("connect", tab=ROLE_TAB))
    told = "may change nothing that Concordance reads, but may create tables in schema public."
    assert text.count(f"The role {role} {told}") == 2
    assert "may only read." not in text


@pytest.mark.parametrize(("grant", "warned"), [("SELECT", False), ("INSERT", True)])
def test_other_pages_have_one_line_on_a_role_that_may_write(
    make_role: MakeRole,
    in_a_page: Callable[[str], AppTest],
    library: str,
    secrets: Path,
    grant: str,
    warned: bool,
) -> None:
    role = make_role()
    execute(library, READ_ALL.format(role=role), f"GRANT {grant} ON chunks TO {role}")
    connect(secrets, as_role(library, role))
    app = in_a_page("ui.warn_of_privileges()")
    assert not app.exception
    assert (TOO_POWERFUL.format(role=role) in plain(app)) == warned
    assert len(app.markdown) == int(warned)


def test_the_line_is_silent_where_nothing_can_be_asked(
    in_a_page: Callable[[str], AppTest], secrets: Path
) -> None:
    connect(secrets, "postgresql://reader@127.0.0.1:9/x")
    app = in_a_page("ui.warn_of_privileges()")
    assert not app.exception
    assert not app.markdown


# In the place of a page


@pytest.mark.parametrize("name", ["Unreachable", "SettingsError"])
def test_a_failure_is_told_with_the_steps(
    in_a_page: Callable[[str], AppTest], name: str, secrets: Path
) -> None:
    connect(secrets, "postgresql://reader@127.0.0.1:9/x")
    of = "" if name == "SettingsError" else "'knowledge_base', "
    app = in_a_page(f"ui.show_connecting(errors.{name}({of}'It <b>fails</b>.', 'Mend it.'))")
    assert not app.exception
    text = plain(app)
    assert "It <b>fails</b>." in text
    assert "Mend it." in text
    assert ("127.0.0.1:9 refuses" in text) == (name == "Unreachable")
    assert any(button.label == "Check again" for button in app.button)


def test_a_failure_of_tables_proposes_them(
    in_a_page: Callable[[str], AppTest], library: str, secrets: Path
) -> None:
    execute(library, "ALTER TABLE events RENAME TO happenings")
    connect(secrets, library)
    app = in_a_page("ui.show_connecting(errors.TableMissing('life_dashboard', 'No table.'))")
    assert not app.exception
    assert 'table = "happenings"' in codes(app)
