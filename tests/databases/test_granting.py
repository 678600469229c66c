"""The role that is proposed reads everything that is mapped and writes nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from lib.connection import Connection
from lib.databases import books, embeddings, highlights, passages
from lib.databases.granting import OTHER_READER, READER, grants
from lib.databases.privileges import check_privileges
from lib.demo.server import DemoServer
from lib.report.build import build
from lib.report.options import Options
from lib.settings import PROJECT, Settings
from tests.conftest import Demo, MakeDatabase, Open
from tests.databases.library import TABLES, execute, fetch, settings_for
from tests.databases.roles import READ_ALL, MakeRole, as_role, made_roles


@pytest.fixture
def make_role(server: DemoServer) -> Iterator[MakeRole]:
    # Asked for before any database, and so ended after it.
    with made_roles(server) as make:
        yield make


LIBRARY = (
    "INSERT INTO events VALUES (1, 'a b c d e f g', 1, '[1,2]', 'm')",
    "INSERT INTO books VALUES (1, 'Emma')",
    "INSERT INTO chunks VALUES (1, 1, 1, 'x a b c d e f y')",
    "INSERT INTO chunk_embeddings VALUES (1, 'm', '[1,2]')",
)
WRITES = (
    "INSERT INTO {events} SELECT * FROM {events}",
    "UPDATE {chunks} SET content = ''",
    "DELETE FROM {books}",
    "TRUNCATE {embeddings}",
    "ALTER TABLE {books} ADD COLUMN x integer",
    "BEGIN; LOCK TABLE {books} IN ACCESS EXCLUSIVE MODE",
    "CREATE TABLE public.mine (x integer)",
    "CREATE SCHEMA mine",
    "CREATE ROLE mine",
    "COPY (SELECT 1) TO '/tmp/mine'",
)
SHAPES: dict[str, tuple[tuple[str, ...], dict[str, dict[str, Any]]]] = {
    "as in the design": ((TABLES, *LIBRARY), {}),
    "other schemas, capitals and quotes": (
        (
            TABLES,
            *LIBRARY,
            'CREATE SCHEMA "My ""Books"""',
            'ALTER TABLE books SET SCHEMA "My ""Books"""',
            'ALTER TABLE "My ""Books""".books RENAME TO "The Books; --"',
            'CREATE SCHEMA "Apart"',
            'ALTER TABLE events SET SCHEMA "Apart"',
        ),
        {"books": {"table": 'My "Books".The Books; --'}, "highlights": {"table": "Apart.events"}},
    ),
    "views that ask as whoever reads them": (
        (
            TABLES,
            *LIBRARY,
            "CREATE SCHEMA deep",
            "ALTER TABLE chunks SET SCHEMA deep",
            "CREATE VIEW chunks WITH (security_invoker = on) AS SELECT * FROM deep.chunks",
        ),
        {},
    ),
    "views that say so in capitals": (
        (
            TABLES,
            *LIBRARY,
            "CREATE SCHEMA deep",
            "ALTER TABLE chunks SET SCHEMA deep",
            "CREATE VIEW chunks WITH (security_invoker = TRUE, security_barrier = off)"
            " AS SELECT * FROM deep.chunks",
        ),
        {},
    ),
    "types and collations of other schemas": (
        (
            TABLES,
            *LIBRARY,
            "CREATE SCHEMA kinds",
            "CREATE TYPE kinds.model AS ENUM ('m')",
            "CREATE DOMAIN labelled AS kinds.model",
            "ALTER TABLE chunk_embeddings ALTER embedding_model TYPE kinds.model"
            " USING embedding_model::kinds.model",
            "ALTER TABLE events ALTER embedding_model TYPE labelled"
            " USING embedding_model::kinds.model",
            'CREATE SCHEMA "Order"',
            """CREATE COLLATION "Order".bare (LOCALE = 'C')""",
            'ALTER TABLE chunks ALTER content TYPE text COLLATE "Order".bare',
        ),
        {},
    ),
}


def _made_reader(
    dsn: str, open_connection: Open, relations: dict[str, dict[str, Any]]
) -> tuple[Connection, Connection, str]:
    """A connection as the owner, one as the role that its grants make, and the name of that."""
    owner = open_connection(settings_for(dsn, relations=relations))
    found = owner.run(check_privileges)
    assert all(each.too_powerful for each in found)
    for sql in grants(found, owner.settings.pools).values():
        # What is pasted twice does no harm.
        execute(dsn, sql, sql)
    reader = open_connection(settings_for(as_role(dsn, READER), relations=relations))
    return owner, reader, as_role(dsn, READER)


@pytest.mark.parametrize(("statements", "relations"), SHAPES.values(), ids=SHAPES.keys())
def test_the_proposed_role_reads_everything_and_writes_nothing(
    make_role: MakeRole,
    make_database: MakeDatabase,
    open_connection: Open,
    statements: tuple[str, ...],
    relations: dict[str, dict[str, Any]],
) -> None:
    dsn = make_database("vector", "pg_trgm")
    execute(dsn, *statements)
    owner, reader, reader_dsn = _made_reader(dsn, open_connection, relations)
    for found in reader.run(check_privileges):
        assert (found.role, found.excess, found.advice, found.unreadable) == (READER, (), (), ())
        assert found.closed_schemas == ()
    tables = owner.relations()
    assert reader.relations() == tables
    asked = Options(matches=True, fallback="pg_trgm")
    as_reader, as_owner = reader.run(build, asked), owner.run(build, asked)
    for key in ("sources", "matching", "similarity", "alignment"):
        assert as_reader[key] == as_owner[key]
    assert len(reader.run(highlights.read_texts)) == 1
    assert len(reader.run(books.read_books)) == 1
    assert reader.run(passages.count_passages) == 1
    assert reader.run(embeddings.read_ids, "m") == [1]
    names = {
        "events": tables.highlights.sql,
        "books": tables.books.sql,
        "chunks": tables.passages.sql,
        "embeddings": tables.embeddings.sql,
    }
    for write in WRITES:
        with pytest.raises(Exception, match=r"permission denied|must be owner"):
            execute(reader_dsn, "SET default_transaction_read_only = off", write.format(**names))


def test_the_proposed_role_holds_the_settings_of_a_session_by_itself(
    make_role: MakeRole, make_database: MakeDatabase, open_connection: Open
) -> None:
    """So that they are in force behind a pooler that drops what a session asks for."""
    dsn = make_database("vector")
    execute(dsn, TABLES)
    _, _, reader_dsn = _made_reader(dsn, open_connection, {})
    names = ("default_transaction_read_only", "statement_timeout", "lock_timeout")
    shown = [fetch(reader_dsn, f"SHOW {name}")[0][0] for name in names]
    assert shown == ["on", "1min", "3s"]


def test_extensions_in_a_schema_of_their_own_are_found_by_the_role(
    make_role: MakeRole, make_database: MakeDatabase, open_connection: Open
) -> None:
    dsn = make_database()
    execute(
        dsn,
        "CREATE SCHEMA extensions",
        "CREATE EXTENSION vector SCHEMA extensions",
        "SET search_path = public, extensions; " + TABLES,
        *(f"SET search_path = public, extensions; {statement}" for statement in LIBRARY),
    )
    path = f"{dsn}&search_path=public,extensions"
    owner = open_connection(settings_for(path))
    for sql in grants(owner.run(check_privileges), owner.settings.pools).values():
        execute(dsn, sql)
    reader = open_connection(settings_for(as_role(dsn, READER)))
    assert reader.run(highlights.read_vector, 1).matrix.tolist() == [[1, 2]]


def test_the_role_is_another_one_where_its_name_is_taken_by_one_that_may_write(
    make_role: MakeRole, make_database: MakeDatabase, open_connection: Open
) -> None:
    dsn = make_database("vector")
    execute(dsn, TABLES, f"CREATE ROLE {READER} LOGIN", f"GRANT ALL ON events TO {READER}")
    execute(dsn, READ_ALL.format(role=READER))
    connection = open_connection(settings_for(as_role(dsn, READER)))
    for sql in grants(connection.run(check_privileges), connection.settings.pools).values():
        assert f'"{OTHER_READER}"' in sql
        execute(dsn, sql)
    other = open_connection(settings_for(as_role(dsn, OTHER_READER)))
    assert not any(found.too_powerful for found in other.run(check_privileges))
    assert connection.run(check_privileges)[0].too_powerful


def _documented() -> list[str]:
    """The statements of the document: those that make the role, and those of either database."""
    text = (PROJECT / "docs" / "connecting.md").read_text(encoding="utf-8")
    section = text.partition("## A role that may only read")[2].partition("\n## ")[0]
    blocks = re.findall(r"```sql\n(.*?)\n```", section, re.DOTALL)
    assert len(blocks) == 3
    return blocks


def test_the_statements_in_the_documents_are_those_that_are_printed(
    demo: Demo, open_connection: Open
) -> None:
    settings = Settings().with_connections(demo.owner.life_dashboard, demo.owner.knowledge_base)
    owner = open_connection(settings)
    printed = grants(owner.run(check_privileges), settings.pools)
    role, *databases = _documented()
    assert [f"{role}\n\n{block}" for block in databases] == list(printed.values())


def test_the_statements_in_the_documents_do_the_same(
    make_role: MakeRole, make_database: MakeDatabase, open_connection: Open
) -> None:
    dsn = make_database("vector", "pg_trgm")
    execute(dsn, TABLES, *LIBRARY)
    [(name,)] = fetch(dsn, "SELECT current_database()")
    for block in _documented():
        execute(dsn, re.sub(r'DATABASE "\w+"', f"DATABASE {name}", block))
    reader = open_connection(settings_for(as_role(dsn, READER)))
    for found in reader.run(check_privileges):
        assert (found.excess, found.advice, found.unreadable) == ((), (), ())
    assert len(reader.run(highlights.read_texts)) == 1
