"""The role that docs/connecting.md prints, made by the very statements that it prints."""

from __future__ import annotations

import re

from tests.databases.library import execute
from tests.pages.conftest import ROOT
from tests.safety.guarded import Guarded

READER = "concordance_reader"
SECTION = re.compile(r"^## A role that may only read\n(.*?)^## ", re.DOTALL | re.MULTILINE)
BLOCK = re.compile(r"(?:^In `(\w+)`:\n\n)?```sql\n(.*?)```", re.DOTALL | re.MULTILINE)


def printed() -> list[tuple[str, str]]:
    """The statements of the section, each block with the database in which it says to run it."""
    found = SECTION.search((ROOT / "docs" / "connecting.md").read_text(encoding="utf-8"))
    assert found
    return [(database or "postgres", sql) for database, sql in BLOCK.findall(found[1])]


def make_reader(guarded: Guarded) -> dict[str, str]:
    """Makes the role; returns its addresses of both databases."""
    dsns = {
        database: guarded.server.dsn(database, "postgres")
        for database in ("postgres", "life_dashboard", "knowledge_base")
    }
    execute(dsns["postgres"], f"DROP ROLE IF EXISTS {READER}")
    for database, sql in printed():
        execute(dsns[database], sql)
    return {name: dsn.replace("//postgres@", f"//{READER}@") for name, dsn in dsns.items()}


def drop_reader(guarded: Guarded) -> None:
    """The role and all that it was granted are gone."""
    for database in ("life_dashboard", "knowledge_base"):
        dsn = guarded.server.dsn(database, "postgres")
        execute(dsn, f"DROP OWNED BY {READER}")
    execute(guarded.server.dsn("postgres", "postgres"), f"DROP ROLE {READER}")
