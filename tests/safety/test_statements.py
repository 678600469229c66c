"""The checks of what is written are checks: they find whatever is planted."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from lib.databases.session import APPLICATION_NAME
from tests.safety.guarded import Guarded, connected
from tests.safety.queries import never_sent, queries
from tests.safety.state import differences, observed
from tests.safety.statements import NotReading, judged, kinds

VOLATILE = {
    "dblink",
    "lo_import",
    "nextval",
    "pg_advisory_lock",
    "pg_relation_size",
    "pg_terminate_backend",
    "random",
    "set_config",
    "setval",
}

READING = {
    "SELECT 1": "SELECT",
    "WITH a AS (SELECT 1 AS b) SELECT b FROM a UNION ALL SELECT 2 ORDER BY 1": "SELECT",
    "SELECT id FROM events TABLESAMPLE SYSTEM (1) REPEATABLE (7) ORDER BY random()": "SELECT",
    "SELECT set_config('hnsw.ef_search', $1, true)": "SELECT",
    "SELECT set_config('default_transaction_read_only', 'on', true)": "SELECT",
    "EXPLAIN (FORMAT JSON, COSTS OFF) SELECT 1": "EXPLAIN",
    "DECLARE c CURSOR FOR SELECT 1": "DECLARE",
    "FETCH 5 FROM c": "FETCH",
    "CLOSE ALL": "CLOSE",
    "SHOW statement_timeout": "SHOW",
    "BEGIN READ ONLY": "BEGIN READ ONLY",
    "START TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY": "BEGIN READ ONLY",
    "SET TRANSACTION READ ONLY": "SET TRANSACTION READ ONLY",
    "SET LOCAL statement_timeout = '5s'": "SET LOCAL",
    "SET LOCAL transaction_read_only = 'on'": "SET LOCAL",
    "COMMIT": "COMMIT",
    "ROLLBACK": "ROLLBACK",
}
WRITING = [
    "INSERT INTO events VALUES (1)",
    "UPDATE events SET text = ''",
    "DELETE FROM events",
    "MERGE INTO a USING b ON a.id = b.id WHEN MATCHED THEN DELETE",
    "TRUNCATE events",
    "CREATE TABLE a (b int)",
    "CREATE TEMP TABLE a AS SELECT 1",
    "DROP TABLE events",
    "VACUUM events",
    "REINDEX TABLE events",
    "REFRESH MATERIALIZED VIEW a",
    "COPY events TO STDOUT",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "LOCK TABLE events",
    "DO $$ BEGIN END $$",
    "CALL something()",
    "NOTIFY a",
    "LISTEN a",
    "PREPARE a AS DELETE FROM events",
    "EXECUTE a",
    "SELECT 1 INTO a",
    "SELECT 1 FROM events FOR UPDATE",
    "SELECT 1 FROM (SELECT 1 FROM events FOR KEY SHARE) AS a",
    "WITH a AS (DELETE FROM events RETURNING id) SELECT id FROM a",
    "SELECT (WITH a AS (UPDATE events SET id = 1 RETURNING id) SELECT id FROM a)",
    "EXPLAIN ANALYZE INSERT INTO events VALUES (1)",
    "EXPLAIN EXECUTE a",
    "SELECT nextval('counter')",
    "SELECT 1 WHERE setval('counter', 1) > 0",
    "SELECT pg_catalog.pg_advisory_lock(1)",
    "SELECT lo_import('/etc/passwd')",
    "SELECT pg_terminate_backend(1)",
    "SELECT * FROM dblink('', '') AS a (b int)",
    "SELECT txid_current()",
    "SELECT set_config('statement_timeout', '0', false)",
    "SELECT set_config('transaction_read_only', 'off', true)",
    "SELECT set_config($1, $2, true)",
    "SET statement_timeout = 0",
    "SET LOCAL transaction_read_only = 'off'",
    "SET LOCAL ROLE postgres",
    "SET SESSION AUTHORIZATION postgres",
    "SET TRANSACTION READ WRITE",
    "SET TRANSACTION READ ONLY, READ WRITE",
    "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
    "BEGIN",
    "BEGIN READ WRITE",
    "BEGIN READ ONLY, READ WRITE",
    "SAVEPOINT a",
    "PREPARE TRANSACTION 'a'",
    "SELECT 1; DELETE FROM events",
    "SELECT 1 FROM",
]


@pytest.mark.parametrize("sql", READING)
def test_what_only_reads_is_let_through(sql: str) -> None:
    assert kinds(sql, VOLATILE) == [READING[sql]]


@pytest.mark.parametrize("sql", WRITING)
def test_what_may_do_more_is_found(sql: str) -> None:
    with pytest.raises(NotReading):
        kinds(sql, VOLATILE)


# Each as somebody's slip might send it, and what must notice it besides the statement itself.
PLANTED = {
    "a row": (
        "UPDATE events SET text = text WHERE id = (SELECT min(id) FROM events)",
        "transaction numbers given",
    ),
    "a row that is rolled back": (
        "BEGIN; DELETE FROM events WHERE id = (SELECT min(id) FROM events); ROLLBACK",
        "rows written in life_dashboard",
    ),
    "a table": ("CREATE TABLE planted (id int)", "relations in life_dashboard"),
    "a temporary table": ("CREATE TEMP TABLE planted AS SELECT 1", "transaction numbers given"),
    "a role": ("CREATE ROLE planted", "roles"),
    "a comment": ("COMMENT ON TABLE events IS 'planted'", "transaction numbers given"),
    "an extension": ("CREATE EXTENSION hstore", "extensions in life_dashboard"),
    "a setting of a role": ("ALTER ROLE postgres SET jit = off", "settings of roles"),
}
UNDONE = (
    "DROP TABLE IF EXISTS planted",
    "DROP ROLE IF EXISTS planted",
    "DROP EXTENSION IF EXISTS hstore",
    "COMMENT ON TABLE events IS NULL",
    "ALTER ROLE postgres RESET jit",
)


@pytest.fixture
def cleared(guarded: Guarded) -> Iterator[None]:
    yield
    asyncio.run(_run(guarded, "safety tests", *UNDONE))


async def _run(guarded: Guarded, application: str, *statements: str) -> None:
    async with connected(guarded.owner.life_dashboard, application) as connection:
        for statement in statements:
            await connection.execute(statement)


@pytest.mark.usefixtures("cleared")
@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_write_is_found(guarded: Guarded, name: str) -> None:
    sql, noticed = PLANTED[name]
    known = len(guarded.statements())
    before = asyncio.run(observed(guarded))
    asyncio.run(_run(guarded, APPLICATION_NAME, sql))
    assert noticed in differences(before, asyncio.run(observed(guarded)))
    (sent,) = guarded.statements()[known:]
    assert sent.application == APPLICATION_NAME
    assert judged([sent], VOLATILE)[1]


def test_looking_changes_nothing(guarded: Guarded) -> None:
    before = asyncio.run(observed(guarded))
    assert differences(before, asyncio.run(observed(guarded))) == []


def test_a_changed_row_changes_the_checksum(guarded: Guarded) -> None:
    before = asyncio.run(observed(guarded))
    change = "UPDATE events SET text = text || '.' WHERE id = (SELECT min(id) FROM events)"
    asyncio.run(_run(guarded, "safety tests", change))
    changed = differences(before, asyncio.run(observed(guarded)))
    assert "life_dashboard: public.events" in changed


def test_a_query_that_was_not_sent_is_found() -> None:
    unsent = {query.name for query in never_sent([])}
    assert unsent == {query.name for query in queries()}
    assert len(unsent) > 40
    (counted,) = [query for query in queries() if query.name == "passages.py: count_passages"]
    sent = 'SELECT count(*) AS n FROM "public"."chunks"'
    assert counted not in never_sent([sent])
    assert kinds(counted.example, VOLATILE) == ["SELECT"]
