"""What a role may do beyond reading, as phrases that follow its name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lib.databases.wording import enumerated

# What a role may be by itself, as columns of pg_roles.
ATTRIBUTES = {
    "rolsuper": "is a superuser, whom nothing restrains",
    "rolbypassrls": "passes by row security",
    "rolcreatedb": "may create databases",
    "rolcreaterole": "may create roles",
    "rolreplication": "may replicate the whole server",
}

# Roles that PostgreSQL predefines, and what their members may do.
PREDEFINED = {
    "pg_write_all_data": "may write to every table",
    "pg_write_server_files": "may write files on the server",
    "pg_read_server_files": "may read files on the server",
    "pg_execute_server_program": "may run programs on the server",
    "pg_maintain": "may lock, vacuum and reindex every table",
    "pg_signal_backend": "may end the sessions of others",
    "pg_checkpoint": "may make the server write a checkpoint",
    "pg_create_subscription": "may create subscriptions",
}

MOST_NAMED = 4


def attributes(roles: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """What the role is by itself, and what the roles are that it may turn itself into."""
    for role in roles:
        held = [phrase for column, phrase in ATTRIBUTES.items() if role[column]]
        if held and role["rolsuper"]:
            held = held[:1]
        if role["own"]:
            yield from held
        elif held and role["becomes"]:
            yield f"may become {role['rolname']}, which {enumerated(held)}"


def memberships(roles: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """What it may do as a member of the roles that PostgreSQL predefines."""
    for role in roles:
        if role["rolname"] in PREDEFINED:
            yield f"{PREDEFINED[role['rolname']]} ({role['rolname']})"


def on_tables(found: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """What it may do with tables, those with the same privileges in one phrase."""
    groups: dict[str, list[str]] = {}
    for table in found:
        if table["owned"]:
            phrase = "owns"
        elif table["may"]:
            phrase = f"may {enumerated(table['may'])} on"
        else:
            continue
        groups.setdefault(phrase, []).append(f"{table['schema']}.{table['name']}")
    for phrase, names in groups.items():
        names = list(dict.fromkeys(names))
        more = [f"{len(names) - MOST_NAMED:,} more"] if len(names) > MOST_NAMED else []
        yield f"{phrase} {enumerated([*names[:MOST_NAMED], *more])}"
