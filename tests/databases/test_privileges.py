"""What a role may do beyond reading is found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import pytest

from lib.databases.privileges import (
    Privileges,
    check_privileges,
    find_privileges,
    refuse_if_too_powerful,
)
from lib.demo.server import DemoServer
from lib.errors import RoleTooPowerful
from lib.settings import Settings
from tests.conftest import MakeDatabase, Open
from tests.databases.library import TABLES, execute, settings_for
from tests.databases.roles import READ_ALL, MakeRole, as_role, made_roles


@pytest.fixture
def make_role(server: DemoServer) -> Iterator[MakeRole]:
    # Asked for before any database, and so ended after it.
    with made_roles(server) as make:
        yield make


class Examine(Protocol):
    """What is found of a role in a library made by statements; `{role}` in them is its name,
    `{keeper}` that of a role which they may make."""

    def __call__(
        self, *statements: str, attributes: str = "", **sections: dict[str, Any]
    ) -> tuple[str, tuple[Privileges, ...]]: ...


@pytest.fixture
def examine(make_role: MakeRole, make_database: MakeDatabase, open_connection: Open) -> Examine:
    def examined(
        *statements: str, attributes: str = "", **sections: dict[str, Any]
    ) -> tuple[str, tuple[Privileges, ...]]:
        dsn = make_database("vector")
        role = make_role(attributes)
        filled = [statement.format(role=role, keeper=f"{role}_keeper") for statement in statements]
        execute(dsn, TABLES, *filled)
        settings = settings_for(as_role(dsn, role), **sections)
        return role, open_connection(settings).run(check_privileges)

    return examined


def test_a_reader_may_only_read(examine: Examine) -> None:
    role, found = examine(READ_ALL)
    assert [each.database for each in found] == ["life_dashboard", "knowledge_base"]
    for each in found:
        assert (each.role, each.too_powerful) == (role, False)
        assert (each.excess, each.advice, each.unreadable) == ((), (), ())
        assert each.sentence == f"The role {role} may only read."


EXCESS: dict[str, tuple[str, str, str]] = {
    # Attributes, a statement, and what is found of the role in knowledge_base.
    "superuser": ("SUPERUSER", READ_ALL, "is a superuser, whom nothing restrains"),
    "creates databases": ("CREATEDB", READ_ALL, "may create databases"),
    "creates roles": ("CREATEROLE", READ_ALL, "may create roles"),
    "replicates": ("REPLICATION", READ_ALL, "may replicate the whole server"),
    "passes row security": ("BYPASSRLS", READ_ALL, "passes by row security"),
    "writes everything": (
        "IN ROLE pg_write_all_data",
        READ_ALL,
        "may write to every table (pg_write_all_data) and may INSERT, UPDATE and DELETE on "
        "public.books, public.chunk_embeddings and public.chunks",
    ),
    "writes files": (
        "IN ROLE pg_write_server_files",
        READ_ALL,
        "may write files on the server (pg_write_server_files)",
    ),
    "runs programs": (
        "IN ROLE pg_execute_server_program",
        READ_ALL,
        "may run programs on the server (pg_execute_server_program)",
    ),
    "maintains": (
        "IN ROLE pg_maintain",
        READ_ALL,
        "may lock, vacuum and reindex every table (pg_maintain) and may MAINTAIN on "
        "public.books, public.chunk_embeddings and public.chunks",
    ),
    "owner": ("", "ALTER TABLE chunks OWNER TO {role}", "owns public.chunks"),
    "inserts": ("", "GRANT INSERT ON chunks TO {role}", "may INSERT on public.chunks"),
    "updates": ("", "GRANT UPDATE ON chunks TO {role}", "may UPDATE on public.chunks"),
    "deletes": ("", "GRANT DELETE ON books TO {role}", "may DELETE on public.books"),
    "truncates": ("", "GRANT TRUNCATE ON books TO {role}", "may TRUNCATE on public.books"),
    "maintains one": ("", "GRANT MAINTAIN ON books TO {role}", "may MAINTAIN on public.books"),
    "updates a column": (
        "",
        "GRANT UPDATE (title) ON books TO {role}",
        "may UPDATE on public.books",
    ),
    "all, as everybody": (
        "",
        "GRANT ALL ON books TO PUBLIC",
        "may INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER and MAINTAIN on public.books",
    ),
}


@pytest.mark.parametrize(("attributes", "statement", "phrase"), EXCESS.values(), ids=EXCESS.keys())
def test_more_than_reading_is_found(
    examine: Examine, attributes: str, statement: str, phrase: str
) -> None:
    role, (_, found) = examine(READ_ALL, statement, attributes=attributes)
    assert found.too_powerful
    assert found.sentence == f"The role {role} {phrase}."


@pytest.mark.parametrize(
    ("option", "may_become"),
    [
        ("INHERIT TRUE, SET FALSE", False),
        ("INHERIT FALSE, SET TRUE", True),
        # It may grant itself the rest.
        ("INHERIT FALSE, SET FALSE, ADMIN TRUE", True),
    ],
)
def test_what_a_role_inherits_or_becomes_counts(
    examine: Examine, option: str, may_become: bool
) -> None:
    """By its own name it owns nothing; it need only say SET ROLE, or not even that."""
    role, (_, found) = examine(
        READ_ALL,
        "CREATE ROLE {keeper} CREATEDB",
        "ALTER TABLE books OWNER TO {keeper}",
        f"GRANT {{keeper}} TO {{role}} WITH {option}",
    )
    assert "owns public.books" in found.excess
    becomes = f"may become {role}_keeper, which may create databases"
    assert (becomes in found.excess) == may_become


def test_a_membership_that_gives_nothing_is_nothing(examine: Examine) -> None:
    _, (_, found) = examine(
        READ_ALL, "GRANT pg_write_all_data TO {role} WITH INHERIT FALSE, SET FALSE"
    )
    assert not found.too_powerful


def test_what_may_be_made_in_a_schema_is_advice(examine: Examine) -> None:
    _, found = examine(READ_ALL, "GRANT CREATE ON SCHEMA public TO {role}")
    for each in found:
        assert not each.too_powerful
        assert each.advice == ("may create tables in schema public",)


def test_the_tables_beneath_a_view_and_the_partitions_count(examine: Examine) -> None:
    _, (_, found) = examine(
        "CREATE SCHEMA deep",
        "ALTER TABLE chunks SET SCHEMA deep",
        "CREATE VIEW between AS SELECT * FROM deep.chunks",
        "CREATE VIEW chunks AS SELECT * FROM between",
        "DROP TABLE books",
        "CREATE TABLE books (book_id integer, title text) PARTITION BY LIST (book_id)",
        "CREATE TABLE books_1 PARTITION OF books FOR VALUES IN (1)",
        READ_ALL,
        "GRANT UPDATE ON deep.chunks TO {role}",
        "GRANT DELETE ON books_1 TO {role}",
    )
    assert set(found.excess) == {
        "may UPDATE on deep.chunks",
        "may DELETE on public.books_1",
    }
    assert found.needed == (
        ("public", "books"),
        ("public", "chunk_embeddings"),
        ("public", "chunks"),
    )


def test_what_cannot_be_read_is_named(examine: Examine) -> None:
    _, (life, knowledge) = examine(
        "GRANT SELECT ON events, books TO {role}",
        "GRANT SELECT (chunk_id, book_id, chapter_number, content) ON chunks TO {role}",
        "GRANT SELECT (chunk_id, embedding) ON chunk_embeddings TO {role}",
    )
    assert life.unreadable == ()
    # The columns that are mapped suffice; one of them missing does not.
    assert knowledge.unreadable == (("public", "chunk_embeddings"),)


def test_row_security_is_told(examine: Examine) -> None:
    _, (life, _) = examine(READ_ALL, "ALTER TABLE events ENABLE ROW LEVEL SECURITY")
    assert life.row_security == (("public", "events"),)


def test_a_refusal_only_where_it_is_asked_for(
    make_role: MakeRole, make_database: MakeDatabase, open_connection: Open
) -> None:
    dsn, role = make_database("vector"), make_role()
    execute(dsn, TABLES, READ_ALL.format(role=role), f"GRANT INSERT ON events TO {role}")
    tolerant = open_connection(settings_for(as_role(dsn, role)))
    assert tolerant.run(refuse_if_too_powerful) is None
    strict = Settings(require_least_privilege=True)
    connection = open_connection(strict.with_connections(as_role(dsn, role), as_role(dsn, role)))
    with pytest.raises(RoleTooPowerful) as raised:
        connection.run(refuse_if_too_powerful)
    assert raised.value.database == "life_dashboard"
    assert f"The role {role} may INSERT on public.events in life_dashboard" in raised.value.message
    assert "doctor" in raised.value.hint
    execute(dsn, f"REVOKE INSERT ON events FROM {role}")
    assert connection.run(refuse_if_too_powerful) is None


def test_a_schema_that_queries_have_to_name_is_told_where_it_is_closed(examine: Examine) -> None:
    _, (life, knowledge) = examine(
        READ_ALL,
        "CREATE SCHEMA kinds",
        "CREATE TYPE kinds.model AS ENUM ('m')",
        "ALTER TABLE chunk_embeddings ALTER embedding_model TYPE kinds.model"
        " USING embedding_model::kinds.model",
        "CREATE DOMAIN kinds.prose AS text",
        "ALTER TABLE events ALTER text TYPE kinds.prose",
    )
    # A domain is read as the type beneath it.
    assert life.closed_schemas == ()
    assert knowledge.closed_schemas == ("kinds",)
    assert "kinds" in knowledge.other_schemas


@pytest.mark.parametrize("down", ["life_dashboard", "knowledge_base"])
def test_a_database_that_is_down_leaves_the_role_of_the_other_examined(
    make_role: MakeRole, make_database: MakeDatabase, open_connection: Open, down: str
) -> None:
    dsn, role = make_database("vector"), make_role()
    execute(dsn, TABLES, READ_ALL.format(role=role), f"GRANT INSERT ON events, books TO {role}")
    up = {"life_dashboard": as_role(dsn, role), "knowledge_base": as_role(dsn, role)}
    addresses = up | {down: "postgresql://u@127.0.0.1:9/x"}
    strict = Settings(require_least_privilege=True).with_connections(**addresses)
    connection = open_connection(strict)
    with pytest.raises(RoleTooPowerful) as raised:
        connection.relations()
    assert raised.value.database != down
    assert [each.database for each in connection.run_on_databases(find_privileges)] == [
        raised.value.database
    ]
    execute(dsn, f"REVOKE INSERT ON events, books FROM {role}")
    relations = connection.relations()
    assert not relations.complete
    served = relations.books if down == "life_dashboard" else relations.highlights
    assert served.schema == "public"
