"""Extensions: whether vector and pg_trgm are there, new enough, and where they can be found."""

from __future__ import annotations

from lib.databases.doctor.checks import Check
from lib.databases.pools import Database
from lib.databases.resolving import require_vector_extension
from lib.settings import KNOWLEDGE_BASE

# Version 0.8.0 began to search on where a filter leaves too few rows of an index.
OLDEST = (0, 8)

EXTENSIONS_SQL = """
    SELECT a.name, e.extversion AS installed, n.nspname AS schema
    FROM pg_available_extensions a
    LEFT JOIN pg_extension e ON e.extname = a.name
    LEFT JOIN pg_namespace n ON n.oid = e.extnamespace
    WHERE a.name IN ('vector', 'pg_trgm')
"""


async def look_at_extensions(database: Database) -> list[Check]:
    """The step; lets queries find an extension in a schema that is not searched."""
    rows = {row["name"]: row for row in await database.fetch(EXTENSIONS_SQL)}
    vector = rows.get("vector")
    if vector is None:
        return [
            Check(
                database.name,
                "extensions",
                "problem",
                f"{database.name} has no vector extension, and its server does not have it either.",
                "Install pgvector on the server, then run CREATE EXTENSION vector; as the owner of "
                "the database.",
            )
        ]
    await require_vector_extension(database)
    checks = []
    found = [_told("vector", vector["installed"], vector["schema"])]
    if _numbers(vector["installed"]) < OLDEST:
        checks.append(
            Check(
                database.name,
                "extensions",
                "advice",
                f"vector {vector['installed']} is old: with a filter its indexes find too little.",
                "Install pgvector 0.8 or later, then run ALTER EXTENSION vector UPDATE;",
            )
        )
    trigrams = rows.get("pg_trgm")
    if trigrams is not None and trigrams["installed"]:
        found.append(_told("pg_trgm", trigrams["installed"], trigrams["schema"]))
    elif database.name == KNOWLEDGE_BASE:
        checks.append(
            Check(
                database.name,
                "extensions",
                "advice",
                "No pg_trgm: word search is slow and the trigram fallback off.",
                "Run CREATE EXTENSION pg_trgm; as the owner of the database.",
            )
        )
    return [Check(database.name, "extensions", "ok", f"{', '.join(found)}."), *checks]


def _told(name: str, version: str, schema: str) -> str:
    return f"{name} {version}" + (f" in schema {schema}" if schema != "public" else "")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdecimal())
