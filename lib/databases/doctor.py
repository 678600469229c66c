"""Checks both databases step by step, from the socket to the rows, and says what to do next."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from lib.databases import embeddings, highlights, passages
from lib.databases.indexes import check_indexes
from lib.databases.pools import Database, Databases
from lib.databases.relations import Relations, extensions, require_vector_extension, resolve
from lib.errors import ConcordanceError
from lib.settings import DatabaseName

State = Literal["ok", "advice", "problem"]


@dataclass(frozen=True)
class Check:
    """One step: what was found, and what to do when it is not `ok`."""

    database: DatabaseName
    step: str
    state: State
    found: str
    todo: str = ""


async def examine(databases: Databases) -> list[Check]:
    """All checks of both databases. Never raises a DatabaseError: it becomes a `problem`."""
    checks: list[Check] = []
    for database in (databases.life_dashboard, databases.knowledge_base):
        checks += await _examine_server(database)
    if any(check.state == "problem" for check in checks):
        return checks
    relations: Relations | None = None

    async def tables() -> list[Check]:
        nonlocal relations
        relations = await resolve(databases)
        return [
            Check(relation.database, relation.name, "ok", f"{relation.sql} has all columns")
            for relation in (
                relations.highlights,
                relations.books,
                relations.passages,
                relations.embeddings,
            )
        ]

    checks += await _guarded("life_dashboard", "tables", tables)
    if relations is not None:
        found = relations
        checks += await _guarded("life_dashboard", "rows", lambda: _count(databases, found))
        checks += await _guarded("knowledge_base", "indexes", lambda: _index(databases, found))
    return checks


async def _guarded(
    database: DatabaseName, step: str, examine_step: Callable[[], Awaitable[list[Check]]]
) -> list[Check]:
    try:
        return await examine_step()
    except ConcordanceError as error:
        where = getattr(error, "database", database)
        return [Check(where, step, "problem", error.message, error.hint)]


async def _examine_server(database: Database) -> list[Check]:
    async def reach() -> list[Check]:
        await database.ping()
        seconds = await database.ping()
        return [Check(database.name, "connection", "ok", f"answers in {seconds * 1000:.1f} ms")]

    async def extend() -> list[Check]:
        await require_vector_extension(database)
        installed = await extensions(database)
        found = [f"vector {installed['vector']}"]
        if "pg_trgm" in installed:
            found.append(f"pg_trgm {installed['pg_trgm']}")
        elif database.name == "knowledge_base":
            return [
                Check(
                    database.name,
                    "extensions",
                    "advice",
                    f"{found[0]}, but no pg_trgm: word search is slow and the trigram fallback off",
                    "Run CREATE EXTENSION pg_trgm; as the owner of the database.",
                )
            ]
        return [Check(database.name, "extensions", "ok", ", ".join(found))]

    checks = await _guarded(database.name, "connection", reach)
    if checks[0].state == "ok":
        checks += await _guarded(database.name, "extensions", extend)
    return checks


async def _count(databases: Databases, relations: Relations) -> list[Check]:
    by_label = await highlights.count_by_model(databases, relations)
    by_model = await embeddings.count_by_model(databases, relations)
    counted = int(by_label["highlights"].sum()), await passages.count_passages(databases, relations)
    return [
        _rows("life_dashboard", "highlights", counted[0], relations.highlights.sql),
        _rows("knowledge_base", "passages", counted[1], relations.passages.sql),
        _rows(
            "knowledge_base",
            "embeddings",
            int(by_model["embeddings"].sum()),
            relations.embeddings.sql,
        ),
    ]


def _rows(database: DatabaseName, what: str, count: int, table: str) -> Check:
    if count:
        return Check(database, "rows", "ok", f"{count:,} {what}")
    return Check(
        database,
        "rows",
        "problem",
        f"{table} holds no {what}.",
        f"Fill it, or map relations.{what} to another table.",
    )


async def _index(databases: Databases, relations: Relations) -> list[Check]:
    models = (await embeddings.count_by_model(databases, relations))["model"].tolist()
    return [
        Check(
            "knowledge_base",
            "indexes",
            "ok" if check.present else "advice",
            f"{check.name}: {check.sentence}" if check.present else check.sentence,
            check.create or "",
        )
        for check in await check_indexes(databases, relations, models)
    ]
