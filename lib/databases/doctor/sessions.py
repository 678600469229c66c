"""Log in: as whom, to what server, and which settings are in force."""

from __future__ import annotations

from dataclasses import dataclass

from lib.databases.doctor.checks import Check
from lib.databases.pools import Database


@dataclass(frozen=True)
class Session:
    """What a server says of one of our sessions."""

    role: str
    acting_as: str
    database_name: str
    product: str
    standby: bool
    encryption: str | None
    over_network: bool
    pooled: bool
    settings: dict[str, str]

    @property
    def server(self) -> str:
        """The server in a few words."""
        parts = [self.product, "standby" if self.standby else "primary"]
        if self.encryption or self.over_network:
            # The server knows who connects to it, which is the pooler.
            where = " between pooler and server" if self.pooled else ""
            parts.append(f"{self.encryption or 'no TLS'}{where}")
        return ", ".join(parts)


SHOWN = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")

SESSION_SQL = """
    SELECT session_user::text AS role, current_user::text AS acting_as,
           current_database()::text AS database_name, version() AS version,
           pg_is_in_recovery() AS standby, inet_server_addr() IS NOT NULL AS over_network,
           (SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl) AS encryption,
           current_setting('statement_timeout') AS statement_timeout,
           current_setting('lock_timeout') AS lock_timeout,
           current_setting('idle_in_transaction_session_timeout')
               AS idle_in_transaction_session_timeout
"""


async def read_session(database: Database, pooled: bool) -> Session:
    """Ask the server what kind of session it gives us, through a pooler if `pooled`.

    Raises what logging in raises, also where what makes a session safe is not in force.
    """
    row = await database.fetchrow(SESSION_SQL)
    return Session(
        role=row["role"],
        acting_as=row["acting_as"],
        database_name=row["database_name"],
        # "PostgreSQL 18.6 on x86_64…", "PostgreSQL 11.2-YB-2.25…"
        product=" ".join(row["version"].split()[:2]),
        standby=row["standby"],
        encryption=row["encryption"],
        over_network=row["over_network"],
        pooled=pooled,
        settings={name: row[name] for name in SHOWN},
    )


def logged_in(database: Database, session: Session) -> Check:
    """The step, with what the server says is in force."""
    settings = session.settings
    acting = f", acting as {session.acting_as}" if session.acting_as != session.role else ""
    return Check(
        database.name,
        "log in",
        "ok",
        f"Role {session.role}{acting} in database {session.database_name}. Read-only; a statement "
        f"may take {settings['statement_timeout']}, a lock {settings['lock_timeout']}, an idle "
        f"transaction {settings['idle_in_transaction_session_timeout']}.",
    )
