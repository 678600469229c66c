"""The doctor: every step of both databases, and no failing step that hides another."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from lib.connection import Connection
from lib.databases.deadline import Deadline
from lib.databases.doctor import STEPS, Check, examine
from lib.databases.doctor.checks import guarded
from lib.databases.granting import OTHER_READER, READER
from lib.databases.pools import Databases
from lib.databases.privileges import find_privileges
from lib.demo.server import OWNER, DemoServer
from lib.errors import ConcordanceError
from lib.settings import Settings
from tests.conftest import Demo, MakeDatabase, Open
from tests.databases.library import TABLES, execute, settings_for
from tests.databases.roles import READ_ALL, MakeRole, as_role, made_roles

CANARY = "hunter2-canary"
ROWS = (
    "INSERT INTO events VALUES (1, 'a b c d e f g', 1, '[1,2]', 'm')",
    "INSERT INTO books VALUES (1, 'Emma')",
    "INSERT INTO chunks VALUES (1, 1, 1, 'x a b c d e f y')",
    "INSERT INTO chunk_embeddings VALUES (1, 'm', '[1,2]')",
)
DATABASES = ("life_dashboard", "knowledge_base")
ANSWER_SECONDS = 5.0


@pytest.fixture
def make_role(server: DemoServer) -> Iterator[MakeRole]:
    # Asked for before any database, and so ended after it.
    with made_roles(server) as make:
        yield make


def checked(connection: Connection) -> list[Check]:
    """All checks, in time and in order, with each step of both databases."""
    started = time.monotonic()
    checks = connection.run_on_databases(examine)
    assert time.monotonic() - started < ANSWER_SECONDS
    steps = list(dict.fromkeys((check.database, check.step) for check in checks))
    assert steps == [(database, step) for database in DATABASES for step in STEPS]
    assert all(check.todo for check in checks if check.state in {"advice", "problem"})
    return checks


def of(checks: list[Check], step: str, database: str = "knowledge_base") -> list[Check]:
    return [check for check in checks if (check.step, check.database) == (step, database)]


def states(checks: list[Check], database: str = "knowledge_base") -> dict[str, set[str]]:
    return {step: {check.state for check in of(checks, step, database)} for step in STEPS}


@pytest.fixture
def library(make_database: MakeDatabase) -> str:
    """A database with all tables and a row in each."""
    dsn = make_database("vector", "pg_trgm")
    execute(dsn, TABLES, *ROWS)
    return dsn


def test_the_demo_is_healthy_in_every_step(demo: Demo, open_connection: Open) -> None:
    checks = checked(open_connection(demo.settings))
    assert {check.state for check in checks} == {"ok"}
    assert "PostgreSQL 18" in of(checks, "reach")[0].found
    assert "primary." in of(checks, "reach")[0].found
    assert "no TLS" not in of(checks, "reach")[0].found
    [login] = of(checks, "log in")
    assert "Role concordance_reader in database knowledge_base. Read-only" in login.found
    assert [c.found for c in of(checks, "rows")] == [
        "66 books.",
        "31,102 passages.",
        "62,204 embeddings.",
    ]
    [types] = of(checks, "types", "life_dashboard")
    assert "embedding is vector(256)" in types.found


def test_the_settings_that_are_in_force_are_told(library: str, open_connection: Open) -> None:
    pools = {"statement_timeout": 7, "lock_timeout": 2, "idle_in_transaction_timeout": 9}
    [login] = of(checked(open_connection(settings_for(library, pools=pools))), "log in")
    assert "a statement may take 7s, a lock 2s, an idle transaction 9s" in login.found


# Reach and log in


def _unreached(checks: list[Check]) -> str:
    found = states(checks)
    assert found.pop("reach") == {"problem"}
    assert set(map(frozenset, found.values())) == {frozenset({"skipped"})}
    assert CANARY not in repr(checks)
    return of(checks, "reach")[0].found


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("127.0.0.1:9", "127.0.0.1:9 refuses"),
        ("no-such-host.invalid", "no-such-host.invalid:5432 is no host that anybody knows"),
        ("[::1]:9,127.0.0.1:9", "127.0.0.1:9 refuses"),
        ("/x?host=/nonexistent", "/nonexistent/.s.PGSQL.5432 is not there"),
        ("db..example.org", "db..example.org:5432 is no host that anybody knows"),
        (f"{'x' * 64}.example.org", "is no host that anybody knows"),
    ],
)
def test_nobody_takes_connections(open_connection: Open, host: str, said: str) -> None:
    tail = host if host.startswith("/") else f"{host}/x"
    dsn = f"postgresql://u:{CANARY}@{tail}"
    checks = checked(open_connection(settings_for(dsn)))
    assert said in _unreached(checks)
    assert "KNOWLEDGE_BASE_DSN" in of(checks, "reach")[0].todo


def test_a_server_that_says_nothing_is_reached_and_not_logged_in_to(open_connection: Open) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        port = listener.getsockname()[1]
        checks = checked(
            open_connection(settings_for(f"postgresql://u:{CANARY}@127.0.0.1:{port}/x"))
        )
    for database in DATABASES:
        found = states(checks, database)
        assert (found["reach"], found["log in"]) == ({"ok"}, {"problem"})
        assert found["tables"] == found["permissions"] == {"skipped"}
    assert "does not answer in time" in of(checks, "log in")[0].found
    assert CANARY not in repr(checks)


def test_one_server_of_several_is_enough(library: str, open_connection: Open) -> None:
    """Each says for itself whether it takes connections."""
    folder = library.partition("host=")[2].partition("&")[0]
    port = library.partition("port=")[2]
    dsn = library.replace(f"host={folder}&port={port}", f"host=127.0.0.1,{folder}&port=9,{port}")
    checks = checked(open_connection(settings_for(dsn)))
    [reach] = of(checks, "reach")
    assert reach.state == "ok"
    assert "127.0.0.1:9 refuses" in reach.found
    assert f".s.PGSQL.{port} takes connections" in reach.found
    assert states(checks)["tables"] == {"ok"}


@pytest.mark.parametrize(
    ("database", "role", "said"),
    [("nowhere", OWNER, "no database of the configured name"), (OWNER, "nobody", "refuses")],
)
def test_a_login_that_is_refused_is_not_an_address_that_is_wrong(
    server: DemoServer, open_connection: Open, database: str, role: str, said: str
) -> None:
    checks = checked(open_connection(settings_for(server.dsn(database, role))))
    found = states(checks)
    assert (found["reach"], found["log in"]) == ({"ok"}, {"problem"})
    assert said in of(checks, "log in")[0].found


def test_one_database_that_fails_leaves_the_other_examined(
    library: str, open_connection: Open
) -> None:
    settings = Settings().with_connections("postgresql://u@127.0.0.1:9/x", library)
    checks = checked(open_connection(settings))
    assert states(checks, "life_dashboard")["reach"] == {"problem"}
    found = states(checks)
    for step in ("reach", "log in", "extensions", "tables", "columns", "types", "rows"):
        assert found[step] == {"ok"}


@pytest.mark.parametrize(
    ("step", "state"), [("tables", "problem"), ("permissions", "problem"), ("rows", "advice")]
)
def test_what_was_left_unanswered_is_not_healthy(
    library: str, open_connection: Open, step: str, state: str
) -> None:
    async def late(databases: Databases) -> list[Check]:
        async def look() -> list[Check]:
            await databases.knowledge_base.fetch("SELECT pg_sleep(30)")
            return []

        return await guarded("knowledge_base", step, Deadline(0.1), look)

    [check] = open_connection(settings_for(library)).run_on_databases(late)
    assert (check.step, check.state) == (step, state)
    assert "without an answer" in check.found


# Extensions, tables, columns and types


def test_several_faults_are_all_told(library: str, open_connection: Open) -> None:
    execute(
        library,
        "ALTER TABLE books RENAME TO tomes",
        "ALTER TABLE chunks RENAME content TO body",
        "ALTER TABLE chunks RENAME book_id TO tome",
        "ALTER TABLE chunk_embeddings ALTER embedding TYPE text",
    )
    checks = checked(open_connection(settings_for(library)))
    problems = [check for check in checks if check.state == "problem"]
    assert [(check.step, check.todo.partition(" to ")[0]) for check in problems] == [
        ("tables", "Set relations.books.table"),
        ("columns", "Set relations.passages.book_id"),
        ("columns", "Set relations.passages.content"),
        ("types", "Map relations.embeddings.embedding"),
    ]
    # What is there is looked into all the same.
    assert [check.found for check in of(checks, "rows")] == ["1 passage.", "1 embedding."]
    assert states(checks)["indexes"] == {"skipped"}
    assert "superuser" in of(checks, "permissions")[0].found
    assert not [c for c in checks if c.state == "problem" and c.database == "life_dashboard"]


FAULTS = {
    "nothing": "SELECT 1",
    "table": "ALTER TABLE events RENAME TO happenings",
    "column": "ALTER TABLE events RENAME text TO heard",
    "optional column": "ALTER TABLE events DROP COLUMN created_at",
    "type": "ALTER TABLE events ALTER created_at TYPE text",
    "title": "ALTER TABLE books ALTER title TYPE integer USING 0",
    "extension": "DROP EXTENSION vector CASCADE",
    "domain": "CREATE DOMAIN embedded AS vector(2); "
    "ALTER TABLE events ALTER embedding TYPE embedded USING embedding",
    "no book": "ALTER TABLE chunks DROP COLUMN book_id",
}


@pytest.mark.parametrize("statement", FAULTS.values(), ids=FAULTS.keys())
@pytest.mark.parametrize(
    "relations",
    [{}, {"highlights": {"created_at": "created_at"}}, {"passages": {"book": "Emma"}}],
    ids=["as in the design", "a column mapped", "one book"],
)
def test_what_the_doctor_finds_healthy_every_page_can_use(
    library: str, open_connection: Open, statement: str, relations: dict[str, dict[str, Any]]
) -> None:
    """And the other way round."""
    execute(library, statement)
    settings = settings_for(library, relations=relations)
    checks = checked(open_connection(settings))
    try:
        open_connection(settings).relations()
        usable = True
    except ConcordanceError:
        usable = False
    assert usable == all(check.state != "problem" for check in checks)


def test_without_the_extension_only_that_is_a_problem(library: str, open_connection: Open) -> None:
    """Its columns went with it; they are told of and not counted as faults of their own."""
    execute(library, "DROP EXTENSION vector CASCADE")
    checks = checked(open_connection(settings_for(library)))
    assert [c.step for c in checks if c.state == "problem"] == ["extensions"] * 2
    skipped = [check.found for check in of(checks, "columns") if check.state == "skipped"]
    assert skipped == [
        "Table chunk_embeddings in knowledge_base has no column embedding: without the vector "
        "extension it cannot."
    ]


def test_types_are_told_through_domains(library: str, open_connection: Open) -> None:
    execute(
        library,
        "CREATE DOMAIN prose AS varchar(200)",
        "CREATE DOMAIN embedded AS vector(2)",
        "ALTER TABLE chunks ALTER content TYPE prose",
        "ALTER TABLE chunk_embeddings ALTER embedding TYPE embedded USING embedding",
    )
    found = [check.found for check in of(checked(open_connection(settings_for(library))), "types")]
    assert "Passages: content is prose, a domain over varchar." in found
    assert "Embeddings: embedding is embedded, a domain over vector(2)." in found
    assert "Books: title is text." in found


def test_one_book_needs_no_table_of_books(library: str, open_connection: Open) -> None:
    execute(library, "DROP TABLE books", "ALTER TABLE chunks DROP COLUMN book_id")
    settings = settings_for(library, relations={"passages": {"book": "Emma"}})
    checks = checked(open_connection(settings))
    assert not [check for check in checks if check.state == "problem"]
    assert "All passages are of one book" in " ".join(c.found for c in of(checks, "tables"))
    assert "1 book." in [check.found for check in of(checks, "rows")]


# Rows and indexes


def test_many_rows_are_estimated_and_not_counted(library: str, open_connection: Open) -> None:
    execute(
        library,
        "INSERT INTO chunks SELECT n, 1, 1, 'x' FROM generate_series(2, 120001) n",
        "DROP TABLE books",
        "CREATE TABLE books (book_id integer, title text) PARTITION BY RANGE (book_id)",
        "CREATE TABLE books_1 PARTITION OF books FOR VALUES FROM (0) TO (60000)",
        "CREATE TABLE books_2 PARTITION OF books FOR VALUES FROM (60000) TO (200000)",
        "INSERT INTO books SELECT n, 'x' FROM generate_series(1, 110000) n",
        "CREATE VIEW many AS SELECT n AS chunk_id, 'm' AS embedding_model,"
        " '[1,2]'::vector AS embedding FROM generate_series(1, 100001) n",
        "ANALYZE chunks, books",
    )
    settings = settings_for(library, relations={"embeddings": {"table": "many"}})
    books, passages, embeddings = of(checked(open_connection(settings)), "rows")
    assert books.found == "about 110,000 books."
    assert passages.found == "about 120,001 passages."
    assert embeddings.found == "more than 100,000 embeddings."


def test_rare_labels_of_a_large_table_are_looked_for_too(
    library: str, open_connection: Open
) -> None:
    """The label of the last rows is far beyond those that are read, but the server knows it."""
    execute(
        library,
        "INSERT INTO chunk_embeddings SELECT n, 'm', '[1,2]' FROM generate_series(1, 110000) n",
        "INSERT INTO chunk_embeddings SELECT n, 'rare', '[1,2]' FROM generate_series(1, 9000) n",
        "ANALYZE chunk_embeddings",
    )
    found = [
        check.found for check in of(checked(open_connection(settings_for(library))), "indexes")
    ]
    assert any("No vector index for rare" in sentence for sentence in found)
    assert any("No vector index for m:" in sentence for sentence in found)


def test_an_index_that_lacks_comes_with_its_statement(library: str, open_connection: Open) -> None:
    connection = open_connection(settings_for(library))
    missing = [check for check in of(checked(connection), "indexes") if check.state == "advice"]
    assert len(missing) == 2
    for check in missing:
        execute(library, check.todo.partition("\n")[2])
    assert {check.state for check in of(checked(connection), "indexes")} == {"ok"}


# Permissions


def test_what_may_not_be_read_is_a_problem_with_its_grants(
    make_role: MakeRole, library: str, open_connection: Open
) -> None:
    role = make_role()
    execute(library, 'CREATE SCHEMA "Apart"', 'ALTER TABLE books SET SCHEMA "Apart"')
    execute(library, f"GRANT SELECT ON events, chunks, chunk_embeddings TO {role}")
    relations = {"books": {"table": "Apart.books"}}
    connection = open_connection(settings_for(as_role(library, role), relations=relations))
    checks = checked(connection)
    [permissions] = of(checks, "permissions")
    assert permissions.state == "problem"
    assert permissions.found == f"The role {role} may not read Apart.books."
    execute(library, permissions.todo.partition("\n")[2])
    checks = checked(connection)
    assert {check.state for check in of(checks, "permissions")} == {"ok"}
    assert {check.state for check in of(checks, "rows")} == {"ok"}


def test_a_role_that_may_write_is_advice_or_where_asked_for_a_problem(
    make_role: MakeRole, library: str, open_connection: Open
) -> None:
    for required, state in ((False, "advice"), (True, "problem")):
        settings = Settings(require_least_privilege=required).with_connections(library, library)
        connection = open_connection(settings)
        [found] = of(checked(connection), "permissions")
        assert found.state == state
        assert "is a superuser" in found.found
        statements = found.todo.partition("\n")[2]
        assert "GRANT SELECT ON" in statements
        assert connection.run_on_databases(find_privileges)[0].too_powerful
        execute(library, statements)


def test_both_databases_are_given_one_role_to_make(
    make_role: MakeRole, make_database: MakeDatabase, open_connection: Open
) -> None:
    """Also where the usual name is taken in one of them, by a role that may write."""
    life, knowledge = make_database("vector"), make_database("vector")
    execute(knowledge, TABLES, *ROWS, f"CREATE ROLE {READER} LOGIN")
    execute(knowledge, READ_ALL.format(role=READER), f"GRANT DELETE ON books TO {READER}")
    execute(life, TABLES, *ROWS)
    settings = Settings().with_connections(life, as_role(knowledge, READER))
    checks = checked(open_connection(settings))
    for database, dsn in zip(DATABASES, (life, knowledge), strict=True):
        [found] = [c for c in of(checks, "permissions", database) if c.state == "advice"]
        sentence, _, statements = found.todo.partition("\n")
        assert f"\\password {OTHER_READER} in psql" in sentence
        execute(dsn, statements)
    addresses = [as_role(dsn, OTHER_READER) for dsn in (life, knowledge)]
    again = checked(open_connection(Settings().with_connections(*addresses)))
    for database in DATABASES:
        assert states(again, database)["permissions"] == {"ok"}


def test_a_schema_of_types_that_is_closed_comes_with_its_grant(
    make_role: MakeRole, library: str, open_connection: Open
) -> None:
    role = make_role()
    execute(
        library,
        READ_ALL.format(role=role),
        'CREATE SCHEMA "Kinds"',
        """CREATE TYPE "Kinds".model AS ENUM ('m')""",
        'ALTER TABLE chunk_embeddings ALTER embedding_model TYPE "Kinds".model'
        ' USING embedding_model::"Kinds".model',
    )
    connection = open_connection(settings_for(as_role(library, role)))
    [closed] = of(checked(connection), "permissions")
    assert (closed.state, "may not use Kinds" in closed.found) == ("problem", True)
    execute(library, closed.todo.partition("\n")[2])
    assert states(checked(connection))["permissions"] == {"ok"}
