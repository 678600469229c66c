"""Roles that tests make, and drop after the databases in which they may do something."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from lib.databases.granting import OTHER_READER, READER
from lib.demo.server import OWNER, DemoServer
from tests.databases.library import execute

READ_ALL = "GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}"

_numbers = itertools.count(1)


class MakeRole(Protocol):
    """Creates a role that may log in, with the given attributes, and returns its name."""

    def __call__(self, attributes: str = "") -> str: ...


@contextmanager
def made_roles(server: DemoServer) -> Iterator[MakeRole]:
    """Makes roles; those that are called `<name>_keeper` and the proposed ones are dropped too."""
    names = [READER, OTHER_READER]

    def make(attributes: str = "") -> str:
        name = f"role_{next(_numbers)}"
        names.extend([name, f"{name}_keeper"])
        execute(server.dsn(OWNER, OWNER), f"CREATE ROLE {name} LOGIN {attributes}")
        return name

    try:
        yield make
    finally:
        drops = (f"DROP ROLE IF EXISTS {name}" for name in reversed(names))
        execute(server.dsn(OWNER, OWNER), *drops)


def as_role(dsn: str, role: str) -> str:
    """The owner's address of a database, for another role."""
    return dsn.replace(f"://{OWNER}@", f"://{role}@")
