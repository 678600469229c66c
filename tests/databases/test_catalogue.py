"""What the catalogue says of every kind of table, and how long it takes to say it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from lib.databases.catalogue import (
    MOST_COLUMNS,
    MOST_TABLES,
    Catalogue,
    CatalogueTable,
    read_catalogue,
)
from lib.databases.deadline import Deadline
from lib.databases.samples import MOST_CHARACTERS, MOST_ROWS, Sample, count_held, read_sample
from lib.mapping import propose, proposing
from tests.databases.library import execute, settings_for

if TYPE_CHECKING:
    from lib.connection import Connection
    from tests.conftest import MakeDatabase, Open


def _read(connection: Connection) -> Catalogue:
    return connection.run_on_databases(lambda d: read_catalogue(d.knowledge_base, Deadline(9)))


def _by_name(catalogue: Catalogue) -> dict[str, CatalogueTable]:
    return {table.written: table for table in catalogue.tables}


def _sampled(connection: Connection, name: str) -> Sample | None:
    table = _by_name(_read(connection))[name]
    return connection.run_on_databases(lambda d: read_sample(d.knowledge_base, table, Deadline(9)))


def test_every_kind_of_table_is_listed(make_database: MakeDatabase, open_connection: Open) -> None:
    dsn = make_database("vector", "file_fdw", "pg_stat_statements")
    execute(
        dsn,
        "CREATE SCHEMA shelf",
        "CREATE DOMAIN shelf.point AS vector(3)",
        "CREATE DOMAIN shelf.near AS shelf.point",
        "CREATE TABLE works (id int PRIMARY KEY, isbn text UNIQUE, name text)",
        "CREATE TABLE shelf.parts (work int REFERENCES works, n int, body varchar(90),"
        " here shelf.near, PRIMARY KEY (work, n)) PARTITION BY HASH (work)",
        "CREATE TABLE shelf.parts_0 PARTITION OF shelf.parts FOR VALUES WITH (MODULUS 1,"
        " REMAINDER 0)",
        'CREATE VIEW "The View" AS SELECT n, body FROM shelf.parts',
        "CREATE MATERIALIZED VIEW \"m.v\" AS SELECT 1 AS n, '[1,2]'::halfvec AS v",
        "CREATE SERVER files FOREIGN DATA WRAPPER file_fdw",
        "CREATE FOREIGN TABLE far (line text) SERVER files OPTIONS (filename '/dev/null')",
        "CREATE SEQUENCE counter",
        "CREATE UNIQUE INDEX ON works (name) WHERE name <> ''",
        "CREATE UNIQUE INDEX ON works (lower(name))",
        "INSERT INTO works SELECT n FROM generate_series(1, 500) AS n",
        "INSERT INTO shelf.parts SELECT n, 1, 'x' FROM generate_series(1, 500) AS n",
        "ANALYZE",
    )
    catalogue = _read(open_connection(settings_for(dsn)))
    tables = _by_name(catalogue)
    assert {name: table.kind for name, table in tables.items()} == {
        "works": "table",
        "shelf.parts": "partitioned table",
        "The View": "view",
        '"m.v"': "materialised view",
        "far": "foreign table",
    }
    # The extension has views of its own.
    assert not catalogue.truncated
    # Those with vectors come first.
    assert {table.written for table in catalogue.tables[:2]} == {"shelf.parts", '"m.v"'}
    parts = tables["shelf.parts"]
    assert parts.sql == '"shelf"."parts"'
    assert (parts.rows, tables["works"].rows, tables["The View"].rows) == (500, 500, None)
    assert parts.keys == (("work", "n"),)
    assert tables["works"].keys == (("id",), ("isbn",))
    (key,) = parts.foreign_keys
    assert (key.columns, key.schema, key.table, key.to) == (("work",), "public", "works", ("id",))
    assert {name: column.type_name for name, column in parts.columns.items()} == {
        "work": "int4",
        "n": "int4",
        "body": "varchar",
        "here": "vector",
    }
    assert [column.dimensions for column in parts.vectors] == [3]
    assert [column.dimensions for column in tables['"m.v"'].vectors] == [None]


def test_what_the_role_may_not_read_is_marked(
    make_database: MakeDatabase, open_connection: Open
) -> None:
    dsn = make_database("vector")
    execute(
        dsn,
        "CREATE ROLE reader_of_some LOGIN PASSWORD 'x'",
        "CREATE SCHEMA closed",
        "CREATE TABLE closed.a (id int)",
        "CREATE TABLE b (id int)",
        "CREATE TABLE c (id int, secret text, text text)",
        "GRANT SELECT ON closed.a TO reader_of_some",
        "GRANT SELECT (id) ON c TO reader_of_some",
    )
    try:
        of_reader = dsn.replace("//postgres@", "//reader_of_some:x@")
        assert of_reader != dsn
        catalogue = _read(open_connection(settings_for(of_reader)))
        readable = {table.name: table.readable for table in catalogue.tables}
        assert readable == {"a": False, "b": False, "c": True}
        c = _by_name(catalogue)["c"]
        assert list(c.columns) == ["id"]
        assert c.hidden == {"text"}
    finally:
        execute(dsn, "DROP OWNED BY reader_of_some", "DROP ROLE reader_of_some")


def test_two_connections_to_one_database_know_it(
    make_database: MakeDatabase, open_connection: Open
) -> None:
    one, other = make_database("vector"), make_database("vector")
    found = [_read(open_connection(settings_for(dsn))).identity for dsn in (one, one, other)]
    assert found[0] == found[1] != found[2]


def test_thousands_of_tables_do_not_hurt(
    make_database: MakeDatabase, open_connection: Open
) -> None:
    dsn = make_database("vector")
    columns = ", ".join(f"c{n} text" for n in range(20))
    execute(
        dsn,
        "CREATE TABLE last_of_all (id int PRIMARY KEY, content text, embedding vector(3))",
        *(
            f"""DO $$ BEGIN FOR n IN {start}..{start + 499} LOOP
                EXECUTE format('CREATE TABLE t%s (id int PRIMARY KEY, {columns})', n);
            END LOOP; END $$"""
            for start in range(0, 3000, 500)
        ),
    )
    connection = open_connection(settings_for(dsn))
    started = time.perf_counter()
    catalogue = _read(connection)
    elapsed = time.perf_counter() - started
    print(f"{elapsed:.2f} s")
    assert len(catalogue.tables) == MOST_TABLES
    assert catalogue.truncated
    assert catalogue.tables[0].name == "last_of_all"
    assert elapsed < 5
    started = time.perf_counter()
    proposal = connection.run_on_databases(propose)
    print(f"{time.perf_counter() - started:.2f} s")
    assert {proposed.table for proposed in proposal.relations} == {"last_of_all"}
    assert any("more tables than were looked at" in sentence for sentence in proposal.missing)


def test_a_sample_is_short_whatever_the_table_holds(
    make_database: MakeDatabase, open_connection: Open
) -> None:
    dsn = make_database("vector")
    execute(
        dsn,
        "CREATE TABLE long (id int, content text, v vector, raw bytea, at timestamp)",
        "INSERT INTO long SELECT n, repeat('ab ', 1000000), '[1,2]', 'x', 'infinity'"
        " FROM generate_series(1, 3) AS n",
        "INSERT INTO long (id) VALUES (4)",
        "CREATE TABLE many (id int, content text)",
        "INSERT INTO many SELECT n, 'text ' || n FROM generate_series(1, 100000) AS n",
        "ANALYZE",
    )
    connection = open_connection(settings_for(dsn))
    sample = _sampled(connection, "long")
    assert sample is not None
    assert sample.rows == 4
    assert sample.values["v"] == ("vector(2)", "vector(2)", "vector(2)", None)
    assert sample.values["at"] == ("infinity", "infinity", "infinity", None)
    assert {len(text) for text in sample.values["content"] if text} == {MOST_CHARACTERS}
    assert sample.sizes == {"content": (3_000_000,) * 3}
    assert "raw" not in sample.values
    sample = _sampled(connection, "many")
    assert sample is not None
    assert sample.rows == MOST_ROWS
    # Not the first rows: those may all be of one book.
    assert sample.values["id"] != tuple(str(n) for n in range(1, MOST_ROWS + 1))


@pytest.mark.parametrize(
    "body",
    [
        "SELECT n AS id, (n / 0)::text AS content FROM generate_series(1, 3) AS n",
        "SELECT n AS id, pg_sleep(0.05)::text AS content FROM generate_series(1, 1000) AS n",
    ],
)
def test_a_view_that_fails_or_takes_long_is_passed_over(
    make_database: MakeDatabase, open_connection: Open, body: str
) -> None:
    dsn = make_database("vector")
    execute(dsn, f"CREATE VIEW bad AS {body}", "CREATE TABLE good (id int)")
    connection = open_connection(settings_for(dsn))
    started = time.perf_counter()
    assert _sampled(connection, "bad") is None
    assert time.perf_counter() - started < 6
    bad = _by_name(_read(connection))["bad"]
    column = bad.columns["content"]
    held = connection.run_on_databases(
        lambda d: count_held(d.knowledge_base, bad, column, ["x"], Deadline(9))
    )
    assert held is None
    assert _sampled(connection, "good") == Sample(0, {"id": ()}, {})


def test_a_column_beyond_those_that_are_listed_is_known_by_its_usual_name(
    make_database: MakeDatabase, open_connection: Open
) -> None:
    dsn = make_database("vector")
    many = ", ".join(f"c{n} int" for n in range(MOST_COLUMNS))
    execute(dsn, f"CREATE TABLE wide ({many}, author int, other int)", "CREATE TABLE b (title int)")
    tables = _by_name(_read(open_connection(settings_for(dsn))))
    assert "author" not in tables["wide"].columns
    assert tables["wide"].hidden == {"author"}
    assert tables["b"].hidden == set()


def test_a_mapping_is_looked_for_until_a_moment_and_no_longer(
    make_database: MakeDatabase, open_connection: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both databases at once, and several tables of each: what is late is passed over."""
    monkeypatch.setattr(proposing, "SECONDS", 3.0)
    dsn = make_database("vector")
    slow = "SELECT n AS id, pg_sleep(0.05)::text AS content FROM generate_series(1, 1000) AS n"
    execute(
        dsn,
        "CREATE TABLE texts (id int PRIMARY KEY, content text, embedding vector(2))",
        *(f"CREATE VIEW slow_{n} AS {slow}" for n in range(12)),
    )
    connection = open_connection(settings_for(dsn, pools={"max_size": 2}))
    started = time.monotonic()
    proposal = connection.run_on_databases(propose)
    assert 2 < time.monotonic() - started < 4
    assert {proposed.table for proposed in proposal.relations} == {"texts"}
