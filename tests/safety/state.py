"""What a server holds, in figures that any write would change."""

from __future__ import annotations

from typing import Any

from lib.demo.server import OWNER
from tests.safety.guarded import Guarded, connected

# Shared by all databases of the server. Every transaction that writes takes a number.
SERVER_SQL = {
    "transaction numbers given": "SELECT pg_snapshot_xmax(pg_current_snapshot())::text",
    "roles": "SELECT rolname, rolsuper, rolcanlogin, rolpassword FROM pg_authid",
    "memberships": "SELECT roleid, member FROM pg_auth_members",
    "databases": "SELECT datname, datacl::text FROM pg_database",
    "settings": "SELECT name, setting FROM pg_file_settings",
    "settings of roles": "SELECT setdatabase, setrole, setconfig FROM pg_db_role_setting",
}
DATABASE_SQL = {
    "relations": """
        SELECT n.nspname, c.relname, c.relkind, c.relfilenode, c.relacl::text
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    """,
    "functions": "SELECT oid, proname, prosrc FROM pg_proc",
    "extensions": "SELECT extname, extversion FROM pg_extension",
    "schemas": "SELECT nspname, nspacl::text FROM pg_namespace",
    "sequences": "SELECT schemaname, sequencename, last_value FROM pg_sequences",
    "large objects": "SELECT oid FROM pg_largeobject_metadata",
    # Catalogues and temporary tables too.
    "rows written": """
        SELECT relid, n_tup_ins, n_tup_upd, n_tup_del, n_tup_hot_upd
        FROM pg_stat_all_tables WHERE n_tup_ins + n_tup_upd + n_tup_del > 0
    """,
}
TABLES_SQL = """
    SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
    WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
"""
CHECKSUM_SQL = """
    SELECT count(*), md5(coalesce(string_agg(row::text, E'\\n' ORDER BY row::text), ''))
    FROM {} AS row
"""

State = dict[str, Any]


async def observed(guarded: Guarded) -> State:
    """All figures of the server and of both its databases, by what they are called."""
    state: State = {}
    async with connected(guarded.server.dsn(OWNER, OWNER)) as connection:
        for name, sql in SERVER_SQL.items():
            state[name] = _ordered(await connection.fetch(sql))
    for database in ("life_dashboard", "knowledge_base"):
        async with connected(getattr(guarded.owner, database)) as connection:
            for name, sql in DATABASE_SQL.items():
                state[f"{name} in {database}"] = _ordered(await connection.fetch(sql))
            for (table,) in await connection.fetch(TABLES_SQL):
                sums = await connection.fetch(CHECKSUM_SQL.format(table))
                state[f"{database}: {table}"] = _ordered(sums)
    return state


def _ordered(rows: list[Any]) -> list[str]:
    return sorted(str(tuple(row)) for row in rows)


def differences(before: State, after: State) -> list[str]:
    """The names of the figures that are not the same."""
    return sorted(name for name in before | after if before.get(name) != after.get(name))
