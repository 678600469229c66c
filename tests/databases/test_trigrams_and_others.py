"""The trigram fallback beside other people: what it leaves them, and what it leaves behind."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from lib.errors import QueryTimeout
from lib.matching.fallback import own_books, trigrams
from lib.matching.fallback.trigrams import nearest_by_trigrams
from lib.matching.rates import Scope
from tests.databases.library import TABLES, execute, fetch, insert, settings_for
from tests.databases.odd_library import (
    CHUNK,
    check_nearest,
    fill_library,
    make_highlights,
)

if TYPE_CHECKING:
    from lib.connection import Connection
    from lib.databases.pools import Databases
    from lib.databases.relations import Relations
    from tests.conftest import MakeDatabase, Open

RUNNING = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND pid <> pg_backend_pid() AND state IN ('active', 'idle in transaction')"
)


@pytest.fixture
def dsn(make_database: MakeDatabase) -> str:
    dsn = make_database("vector", "pg_trgm")
    execute(dsn, TABLES)
    return dsn


class Left(Exception):
    """The browser is gone."""


@pytest.fixture
def slow(dsn: str) -> pd.DataFrame:
    """Highlights that take minutes: every passage may be the nearest, and each takes long."""
    rng = np.random.default_rng(5)
    words = ["".join(rng.choice(list("abcdefghij"), 5)) for _ in range(2_000)]
    text = " ".join(words)
    insert(dsn, "chunks", CHUNK, [(n, 1, f"{text} rare{n % 9}") for n in range(180)])
    halves = [" ".join(words[n::2]) for n in (0, 1)]
    return make_highlights(*[(f"{half} rare{n}", "1") for n in range(9) for half in halves])


def _assert_nothing_is_left(dsn: str, library: Connection) -> None:
    """Within a second no statement runs, no transaction is open, and no task is on the loop."""
    started = time.monotonic()
    while fetch(dsn, RUNNING) != [(0,)] or library.run_on_databases(_other_tasks):
        assert time.monotonic() - started < 1.0, library.run_on_databases(_other_tasks)
        time.sleep(0.02)


async def _other_tasks(databases: Databases) -> list[str]:
    return [str(task) for task in asyncio.all_tasks() - {asyncio.current_task()}]


@pytest.mark.parametrize("scope", ["book", "library"])
def test_whoever_leaves_leaves_nothing_behind(
    dsn: str, open_connection: Open, slow: pd.DataFrame, scope: Scope
) -> None:
    library = open_connection(settings_for(dsn, pools={"max_size": 4}))
    measured = f"{RUNNING} AND query LIKE '%DISTINCT ON%'"
    most = 0

    def leave() -> None:
        nonlocal most
        [(running,)] = fetch(dsn, measured)
        most = max(most, running)
        if most >= 2:
            raise Left

    def ask() -> None:
        library.run(nearest_by_trigrams, slow, range(len(slow)), scope, on_wait=leave)

    split = pytest.MonkeyPatch()
    split.setattr(own_books, "PART_PASSAGES", 45)
    split.setattr(trigrams, "PART_HIGHLIGHTS", 2)
    with split.context(), pytest.raises(Left):
        ask()
    split.undo()
    _assert_nothing_is_left(dsn, library)
    assert library.run(nearest_by_trigrams, slow, [], scope).empty


def test_whoever_leaves_while_candidates_are_sought_leaves_nothing_behind(
    dsn: str, open_connection: Open
) -> None:
    rows = [(n, 1, f"passage {n} of a book") for n in range(20_000)]
    insert(dsn, "chunks", CHUNK, rows)
    library = open_connection(settings_for(dsn, limits={"batch_rows": 100}))
    seen: list[int] = []

    def leave() -> None:
        if seen:
            raise Left

    with pytest.raises(Left):
        library.run(
            nearest_by_trigrams,
            make_highlights(("a book", None)),
            [0],
            "book",
            on_passages=seen.append,
            on_wait=leave,
        )
    assert seen[-1] < 20_000
    _assert_nothing_is_left(dsn, library)


def test_one_that_fails_ends_the_others(
    dsn: str, open_connection: Open, slow: pd.DataFrame
) -> None:
    library = open_connection(settings_for(dsn, pools={"statement_timeout": 0.02}))
    with pytest.raises(QueryTimeout):
        library.run(nearest_by_trigrams, slow, range(len(slow)), "book")
    _assert_nothing_is_left(dsn, library)


def test_a_connection_is_left_to_others(
    dsn: str, open_connection: Open, slow: pd.DataFrame
) -> None:
    """However many ask at once."""
    pools = {"max_size": 3, "acquire_timeout": 0.2}
    library = open_connection(settings_for(dsn, pools=pools))
    waits = []

    async def crowd(databases: Databases, relations: Relations) -> None:
        askers = [
            asyncio.create_task(
                nearest_by_trigrams(databases, relations, slow, range(len(slow)), "library")
            )
            for _ in range(3)
        ]
        try:
            for _ in range(15):
                await asyncio.sleep(0.1)
                waits.append(await databases.knowledge_base.ping())
            assert not any(asker.done() for asker in askers)
        finally:
            for asker in askers:
                asker.cancel()
            await asyncio.gather(*askers, return_exceptions=True)

    library.run(crowd)
    assert len(waits) == 15


def test_one_connection_is_enough(dsn: str, open_connection: Open) -> None:
    highlights = fill_library(dsn)
    library = open_connection(settings_for(dsn, pools={"max_size": 1}))
    rows = list(range(len(highlights)))
    found = library.run(nearest_by_trigrams, highlights, rows, "book")
    check_nearest(dsn, highlights, found, "<<->")
    with ThreadPoolExecutor(3) as threads:
        answers = threads.map(
            lambda _: library.run(nearest_by_trigrams, highlights, rows[:9], "library"), range(3)
        )
        assert all(len(answer) == 9 for answer in answers)
