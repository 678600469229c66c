"""What every session of ours asks of the server, and whether the server does as asked.

A pooler between us and the server may drop settings without a word, so nobody trusts the request:
the server is asked what is in force.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from contextlib import suppress

import asyncpg

from lib.databases.columns import quote, quote_literal
from lib.databases.reader import Reader
from lib.errors import SettingsNotInForce
from lib.settings import DatabaseName, Pools

APPLICATION_NAME = "concordance"

# Without one of these a statement could write, or last for ever.
TIMEOUTS = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
GUARDS = ("default_transaction_read_only", *TIMEOUTS)

LOOK_MILLISECONDS = 500
# One server of several behind one address.
SERVER = "concat_ws(' ', pg_postmaster_start_time(), inet_server_addr(), inet_server_port())"


def session_settings(pools: Pools) -> dict[str, str]:
    """The settings of a session, as PostgreSQL wants them; times in milliseconds."""
    settings = {
        "default_transaction_read_only": "on",
        "statement_timeout": _milliseconds(pools.statement_timeout),
        "lock_timeout": _milliseconds(pools.lock_timeout),
        "idle_in_transaction_session_timeout": _milliseconds(pools.idle_in_transaction_timeout),
        # A generic plan cannot use a partial vector index.
        "plan_cache_mode": "force_custom_plan",
    }
    if pools.pooler == "none":
        # Compiling a plan costs more than any of our queries gains from it. asyncpg switches it
        # too, and would leave it off on a session that the next one gets.
        settings["jit"] = "off"
    return settings


def set_locally(settings: Mapping[str, str]) -> str:
    """The statements that make settings hold until the end of a transaction, in one text."""
    return " ".join(f"SET LOCAL {name} = '{value}';" for name, value in settings.items())


def search_also(schemas: Sequence[str]) -> str:
    """The statement that adds schemas to the search path until the end of a transaction."""
    added = ", ".join(quote_literal(quote(schema)) for schema in dict.fromkeys(schemas))
    return (
        "SELECT set_config('search_path', "
        f"concat_ws(', ', nullif(current_setting('search_path'), ''), {added}), true)"
    )


async def check_in_force(
    database: DatabaseName, connection: asyncpg.Connection, asked: Mapping[str, str]
) -> None:
    """Ask the server whether a session is read-only and its times are limited as asked, or more.

    Raises SettingsNotInForce, which names what is not.
    """
    rows = await connection.fetch(
        "SELECT name, setting FROM pg_settings WHERE name = ANY($1)", list(GUARDS)
    )
    found = {row["name"]: row["setting"] for row in rows}
    dropped = [
        f"{name} is {found.get(name, 'missing')}"
        for name in GUARDS
        if not _holds(name, found.get(name), asked[name])
    ]
    if dropped:
        raise SettingsNotInForce(
            database,
            f"The sessions that {database} gives are not as asked: {', '.join(dropped)}.",
            'A pooler in between may drop settings: write pooler = "transaction" under [pools].',
        )


async def identify(connection: Reader) -> None:
    """Note which process of which server serves a connection, so that it can be told again."""
    with suppress(asyncpg.PostgresError):
        row = await connection.fetchrow(f"SELECT pg_backend_pid() AS pid, {SERVER} AS server")
        connection.pid, connection.server = row["pid"], row["server"]


async def is_at_rest(asking: asyncpg.Connection, asked: Reader, seconds: float) -> bool:
    """Whether the process that serves a connection has had no statement for so many seconds.

    False also where it cannot be told, as `asking` leads to another server.
    """
    if asked.server is None:
        return False
    row = await asking.fetchrow(
        f"""
        SELECT {SERVER} AS server,
               (SELECT state = 'active' OR state_change > clock_timestamp() - $2::interval
                FROM pg_stat_activity WHERE pid = $1) AS at_work
        """,
        asked.pid,
        dt.timedelta(seconds=seconds),
    )
    return row["server"] == asked.server and not row["at_work"]


async def notice_our_end(connection: asyncpg.Connection) -> None:
    """Let the server look, during a statement, whether we are still there; some cannot.

    Else what an app that was killed had asked for would go on to its end.
    """
    with suppress(asyncpg.PostgresError):
        await connection.execute(
            f"SELECT set_config('client_connection_check_interval', '{LOOK_MILLISECONDS}', false)"
        )


def _holds(name: str, found: str | None, asked: str) -> bool:
    if name not in TIMEOUTS:
        return found == asked
    # None of them means no limit.
    return found is not None and found.isdecimal() and 0 < int(found) <= int(asked)


def _milliseconds(seconds: float) -> str:
    return str(int(seconds * 1000))
