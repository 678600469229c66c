"""The statements that make a role which may read the mapped tables and do nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from lib.databases.columns import quote, quote_literal
from lib.databases.privileges import Privileges
from lib.databases.session import session_settings
from lib.settings import DatabaseName, Pools

READER = "concordance_reader"
OTHER_READER = "concordance_reader_only"
CONNECTIONS = 20
PLAIN_PATH = ("public",)


def reader_for(found: Sequence[Privileges]) -> str:
    """The name of the role to make: not that of one which may already do too much."""
    taken = any(each.role == READER and each.too_powerful for each in found)
    return OTHER_READER if taken else READER


def grants(found: Sequence[Privileges], pools: Pools) -> dict[DatabaseName, str]:
    """For each database the statements to run in it, as SQL that may be run again.

    Those that make the role come first: where both databases are on one server, either will do.
    The role has no password yet: a statement that is shown holds none.
    """
    role = reader_for(found)
    return {each.database: _granted(each, role, pools) for each in found}


def _granted(found: Privileges, role: str, pools: Pools) -> str:
    name, database = quote(role), quote(found.database_name)
    schemas = dict.fromkeys([*(schema for schema, _ in found.needed), *found.other_schemas])
    tables = ", ".join(f"{quote(schema)}.{quote(table)}" for schema, table in found.needed)
    limit = max(CONNECTIONS, 4 * pools.max_size)
    lines = [
        "-- Once on the server, as a superuser or as a role that may create roles:",
        "DO $$ BEGIN",
        f"    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {quote_literal(role)}) THEN",
        f"        CREATE ROLE {name} LOGIN CONNECTION LIMIT {limit};",
        "    END IF;",
        "END $$;",
        # What the role itself holds also holds behind a pooler that drops what a session asks.
        *(
            f"ALTER ROLE {name} SET {setting} = {quote_literal(_with_unit(value))};"
            for setting, value in session_settings(pools).items()
        ),
    ]
    if found.search_path != PLAIN_PATH and found.search_path:
        path = ", ".join(map(quote, found.search_path))
        lines.append(f"ALTER ROLE {name} IN DATABASE {database} SET search_path = {path};")
    lines += [
        "",
        f"-- In the database {' '.join(found.database_name.split())}, as a superuser or as the "
        "owner of it and of all that is named:",
        f"GRANT CONNECT ON DATABASE {database} TO {name};",
        *(f"GRANT USAGE ON SCHEMA {quote(schema)} TO {name};" for schema in schemas),
    ]
    if tables:
        lines.append(f"GRANT SELECT ON {tables} TO {name};")
    return "\n".join(lines)


def _with_unit(value: str) -> str:
    """Times of a session are in milliseconds, which whoever reads the statement is to know."""
    return f"{value}ms" if value.isdecimal() else value
