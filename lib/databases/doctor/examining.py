"""All steps of both databases, at the same time and in a bounded time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from lib.databases.deadline import Deadline, in_time
from lib.databases.doctor.checks import STEPS, Check, guarded, skipped
from lib.databases.doctor.contents import count_rows, look_at_indexes
from lib.databases.doctor.extended import look_at_extensions
from lib.databases.doctor.permitted import permitted
from lib.databases.doctor.reaching import Knock, knock, reached
from lib.databases.doctor.sessions import Session, logged_in, read_session
from lib.databases.doctor.standing import Standing, look_at
from lib.databases.faults import silent
from lib.databases.hosts import hosts_of
from lib.databases.pools import Databases
from lib.databases.privileges import Privileges, read_privileges
from lib.databases.relations import Relation, Relations
from lib.databases.resolving import resolve
from lib.errors import ConcordanceError, SettingsError, Unreachable
from lib.settings import KNOWLEDGE_BASE, LIFE_DASHBOARD, DatabaseName

# Whoever waits for longer thinks that nothing happens.
ANSWER_SECONDS = 4.6
KNOCK_SECONDS = 3.0

Look = Callable[[], Awaitable[list[Check]]]

RELATIONS: dict[DatabaseName, tuple[str, ...]] = {
    LIFE_DASHBOARD: ("highlights",),
    KNOWLEDGE_BASE: ("books", "passages", "embeddings"),
}


async def examine(databases: Databases) -> list[Check]:
    """All checks, of life_dashboard first, in the order of `STEPS`, at least one for each step.

    Never raises a DatabaseError: it becomes a `problem`. Answers within five seconds, or half a
    second after `pools.connect_timeout` where that is longer.
    """
    patience = databases.settings.pools.connect_timeout + 0.5
    deadline = Deadline(max(ANSWER_SECONDS, patience))
    examinations = [_Examination(databases, name, deadline) for name in RELATIONS]
    await asyncio.gather(*(each.begin() for each in examinations))
    checks: list[Check] = []
    relations: Relations | None = None
    if all(each.usable for each in examinations):
        # What every page does first: nothing is healthy without it.
        checks, relations = await _resolve(databases, deadline)
    await asyncio.gather(*(each.finish(relations) for each in examinations))
    known = [each.privileges for each in examinations if each.privileges is not None]
    for each in examinations:
        each.conclude(known)
    checks += [check for each in examinations for check in each.checks]
    names = list(RELATIONS)
    return sorted(checks, key=lambda c: (names.index(c.database), STEPS.index(c.step)))


async def _resolve(
    databases: Databases, deadline: Deadline
) -> tuple[list[Check], Relations | None]:
    found: list[Relations] = []

    async def resolved() -> list[Check]:
        found.append(await resolve(databases))
        return []

    checks = await guarded(KNOWLEDGE_BASE, "types", deadline, resolved)
    return checks, found[0] if found else None


class _Examination:
    """The steps of one database: `begin` looks for what is there, `finish` into it, and `conclude`
    says what to do about its role."""

    def __init__(self, databases: Databases, name: DatabaseName, deadline: Deadline) -> None:
        self.checks: list[Check] = []
        self.privileges: Privileges | None = None
        self._standings: dict[str, Standing] = {}
        self._databases = databases
        self._database = databases[name]
        self._name = name
        self._deadline = deadline
        self._inside = False

    @property
    def usable(self) -> bool:
        """Whether everything that is mapped was found."""
        return self._inside and not any(check.state == "problem" for check in self.checks)

    async def begin(self) -> None:
        """Reach, log in, extensions, tables, columns and types."""
        hosts = hosts_of(self._databases.settings.dsn(self._name))
        knocks, session = await asyncio.gather(
            knock(hosts, min(KNOCK_SECONDS, self._deadline.left)), self._log_in()
        )
        self._tell_entry(knocks, session)
        if not self._inside:
            self._fill("Not looked at: logging in comes first.")
            return
        self.checks += await self._guarded("extensions", lambda: look_at_extensions(self._database))
        vectors = not any(c.step == "extensions" and c.state == "problem" for c in self.checks)
        # Whether there is to be a table of books depends on the passages.
        names = RELATIONS[self._name]
        first = [name for name in names if name != "books"]
        looks = await asyncio.gather(*(self._look_at(name, vectors) for name in first))
        found = dict(zip(first, looks, strict=True))
        if self._has_one_book():
            told = "All passages are of one book, so that no table of books is needed."
            found["books"] = [Check(self._name, "tables", "ok", told)]
        elif "books" in names:
            found["books"] = await self._look_at("books", vectors)
        self.checks += [check for name in names for check in found[name]]

    def _has_one_book(self) -> bool:
        passages = self._standings.get("passages")
        if passages is None or passages.relation is None:
            return False
        book = passages.relation.columns.get("book_id")
        return book is not None and book.literal is not None

    async def _log_in(self) -> Session | ConcordanceError:
        try:
            pooled = self._databases.settings.pools.pooler == "transaction"
            return await in_time(self._deadline, lambda: read_session(self._database, pooled))
        except ConcordanceError as error:
            return error
        except TimeoutError:
            return silent(self._name)

    def _tell_entry(self, knocks: list[Knock], session: Session | ConcordanceError) -> None:
        if isinstance(session, Session):
            self._inside = True
            self.checks += [
                reached(self._name, knocks, session.server),
                logged_in(self._database, session),
            ]
            return
        open_doors = any(each.seconds is not None for each in knocks)
        unusable = not knocks and isinstance(session, (SettingsError, Unreachable))
        if knocks and not open_doors:
            self.checks.append(reached(self._name, knocks))
        elif unusable:
            self._problem("reach", session)
        else:
            self.checks.append(reached(self._name, knocks))
            self._problem("log in", session)

    def _problem(self, step: str, error: ConcordanceError) -> None:
        self.checks.append(Check(self._name, step, "problem", error.message, error.hint))

    async def _look_at(self, name: str, vectors: bool) -> list[Check]:
        async def look() -> list[Check]:
            names = self._databases.settings.relations
            standing = await look_at(self._database, name, names, vectors)
            self._standings[name] = standing
            return standing.checks

        return await self._guarded("tables", look)

    async def finish(self, relations: Relations | None) -> None:
        """Rows and indexes of the relations that were found, and what the role may do."""
        if not self._inside:
            return
        names = [name for name in RELATIONS[self._name] if name in self._standings]
        found = [r for name in names if (r := self._standings[name].relation) is not None]
        if relations is not None:
            found = [getattr(relations, name) for name in RELATIONS[self._name]]
        looks: list[tuple[str, Look]] = [
            ("rows", partial(count_rows, self._database, table)) for table in found
        ]
        looks += [
            ("indexes", lambda: self._look_at_indexes(relations)),
            ("permissions", lambda: self._look_at_permissions(found)),
        ]
        results = await asyncio.gather(*(self._guarded(step, look) for step, look in looks))
        self.checks += [check for checks in results for check in checks]

    def conclude(self, known: Sequence[Privileges]) -> None:
        """Permissions, where the privileges of both connections are `known` as far as they are."""
        if self.privileges is not None:
            self.checks += permitted(self.privileges, known, self._databases.settings)
        if self._inside:
            self._fill("Not looked at: no table was found.")

    async def _look_at_indexes(self, relations: Relations | None) -> list[Check]:
        if self._name == LIFE_DASHBOARD:
            return [
                Check(self._name, "indexes", "ok", "None needed: highlights are read as a whole.")
            ]
        if relations is None:
            return skipped(self._name, "indexes", "Not looked at until all tables are found.")
        return await look_at_indexes(self._databases, relations)

    async def _look_at_permissions(self, found: list[Relation]) -> list[Check]:
        self.privileges = await read_privileges(self._database, found)
        return []

    async def _guarded(self, step: str, look: Look) -> list[Check]:
        return await guarded(self._name, step, self._deadline, look)

    def _fill(self, why: str) -> None:
        """Steps of which nothing was found out."""
        done = {check.step for check in self.checks}
        for step in STEPS:
            if step not in done:
                self.checks += skipped(self._name, step, why)
