"""Statements that would write, change the server or stand in others' way, and what stops each.

All of them run on `life_dashboard` of the server that notes everything, in a transaction that is
rolled back, so that the few that do come through leave nothing behind.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# "transaction": read-only mode stops it, whoever asks. "role": it passes as a superuser, and only
# a role without the privilege stops it. "nothing": every role may, and no row is changed by it.
Stopped = Literal["transaction", "role", "nothing"]


@dataclass(frozen=True)
class Escape:
    """Statements, run one by one as the first of a transaction, and what stops them.

    In them `{other}` is the process of a session of the owner, and `{itself}` is how the server
    reaches itself.
    """

    name: str
    stopped_by: Stopped
    statements: tuple[str, ...]


WRITE = "INSERT INTO events (id, text, created_at) VALUES (-1, 'planted', now())"
DBLINK = "SELECT dblink_exec('{itself}', 'DELETE FROM events WHERE false')"

ESCAPES = [
    Escape("insert", "transaction", (WRITE,)),
    Escape("update", "transaction", ("UPDATE events SET text = text",)),
    Escape("delete", "transaction", ("DELETE FROM events",)),
    Escape(
        "merge",
        "transaction",
        ("MERGE INTO events e USING events f ON e.id = f.id WHEN MATCHED THEN DELETE",),
    ),
    Escape("truncate", "transaction", ("TRUNCATE events",)),
    Escape(
        "delete within a query",
        "transaction",
        ("WITH gone AS (DELETE FROM events RETURNING id) SELECT count(*) FROM gone",),
    ),
    Escape("explained insert", "transaction", (f"EXPLAIN ANALYZE {WRITE}",)),
    Escape("insert in a block", "transaction", (f"DO $$ BEGIN {WRITE}; END $$",)),
    Escape("lock rows", "transaction", ("SELECT id FROM events FOR UPDATE",)),
    Escape("make a table of a query", "transaction", ("SELECT 1 AS one INTO planted",)),
    Escape("make a table", "transaction", ("CREATE TABLE planted (id int)",)),
    Escape("make an index", "transaction", ("CREATE INDEX planted ON events (text)",)),
    Escape("drop a table", "transaction", ("DROP TABLE events",)),
    Escape("alter a table", "transaction", ("ALTER TABLE events ADD COLUMN planted int",)),
    Escape("make a role", "transaction", ("CREATE ROLE planted",)),
    Escape("grant", "transaction", ("GRANT ALL ON events TO PUBLIC",)),
    Escape("make a large object", "transaction", ("SELECT lo_create(0)",)),
    Escape("load rows", "transaction", ("COPY events FROM PROGRAM 'true'",)),
    Escape("write after a query", "transaction", ("SELECT 1", "SET TRANSACTION READ WRITE", WRITE)),
    Escape("write as the first", "role", ("SET TRANSACTION READ WRITE", WRITE)),
    Escape("end the transaction and write", "role", (f"ROLLBACK; BEGIN READ WRITE; {WRITE}",)),
    Escape(
        "lock a table against everybody",
        "role",
        ("LOCK TABLE events IN ACCESS EXCLUSIVE MODE",),
    ),
    Escape("run a program", "role", ("COPY (SELECT 1) TO PROGRAM 'cat > /dev/null'",)),
    Escape("write a file", "role", ("COPY (SELECT 1) TO '/dev/null'",)),
    Escape("read a file", "role", ("SELECT pg_read_file('postgresql.conf')",)),
    Escape("write by another session", "role", (DBLINK,)),
    Escape("checkpoint", "role", ("CHECKPOINT",)),
    Escape("configure anew", "role", ("SELECT pg_reload_conf()",)),
    Escape("another log", "role", ("SELECT pg_rotate_logfile()",)),
    Escape("forget statistics", "role", ("SELECT pg_stat_reset_shared('bgwriter')",)),
    Escape("end another session", "role", ("SELECT pg_terminate_backend({other})",)),
    Escape("read passwords", "role", ("SELECT rolpassword FROM pg_authid",)),
    Escape("hide from the log", "role", ("SET LOCAL log_statement = 'none'",)),
    Escape("wait for ever", "nothing", ("SET LOCAL statement_timeout = 0", "SELECT pg_sleep(0)")),
    Escape("hold an advisory lock", "nothing", ("SELECT pg_advisory_xact_lock(7)",)),
    Escape("notify", "nothing", ("NOTIFY planted",)),
]
