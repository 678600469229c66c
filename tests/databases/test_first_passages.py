"""The table of highlights with the words they are found in: one row each, whatever they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from lib.connection import Connection
from lib.databases import books, highlights
from lib.matching.breakdown import break_down, group_names
from lib.matching.fallback import find_places
from lib.matching.first_hits import FOUND, first_hits, read_first_passages, select
from lib.matching.rates import Scope
from lib.matching.scan import scan
from lib.matching.study import study
from tests.databases.library import TABLES, execute, insert, settings_for

if TYPE_CHECKING:
    from tests.conftest import MakeDatabase, Open

SWANS = "Seven swans flew over the old grey mill at the break of day"
KING = "The king had lost his crown in a game of cards with the bishop"
HEARD = "the kink has lost his crowd in a game for cards with that bishop"


@pytest.fixture
def connection(make_database: MakeDatabase, open_connection: Open) -> Connection:
    dsn = make_database("vector")
    execute(dsn, TABLES)
    insert(dsn, "books", ["book_id", "title"], [(1, "Tales"), (2, "Court"), (4, "Court")])
    passages = [(10, 1, 3, SWANS), (20, 2, None, KING), (21, 2, None, None)]
    insert(dsn, "chunks", ["chunk_id", "book_id", "chapter_number", "content"], passages)
    said = [
        (1, 1, SWANS),
        (2, None, KING),
        (3, 1, KING),
        (4, 2, HEARD),
        (5, 77, "six words of an unknown book"),
        (6, None, "six words that are in none"),
        (7, 4, "too short"),
    ]
    insert(dsn, "events", ["id", "book_id", "text"], said)
    return open_connection(settings_for(dsn))


def _table(connection: Connection, scope: Scope) -> pd.DataFrame:
    found = connection.run(scan, connection.run(highlights.read_texts))
    read = study(found, scope)
    fallen = connection.run(find_places, found.highlights, read.unmatched, "alignment", scope)
    hits = first_hits(found, read, "spread", None, fallen, 0.35)
    return connection.run(read_first_passages, hits, connection.run(books.read_books))


def test_each_highlight_is_there_once_with_the_words_it_is_found_in(
    connection: Connection,
) -> None:
    table = _table(connection, "book")
    assert table["id"].tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert table["row"].tolist() == list(range(7))
    assert table["state"].tolist() == [
        "found",
        "found",
        "not found",
        "by the fallback",
        "not found",
        "not found",
        "too short",
    ]
    shown = table["content"].where(table["content"].notna(), None)
    assert shown.tolist() == [SWANS, KING, None, KING, None, None, None]
    assert table["chapter"].iat[0] == "3"


def test_the_title_is_that_of_the_place_and_the_own_one_is_kept(connection: Connection) -> None:
    table = _table(connection, "library").set_index("id")
    assert table["title"].tolist() == [
        "Tales",
        "Court",
        "Court",
        "Court",
        "book 77",
        None,
        "Court",
    ]
    assert table["own_title"].tolist() == [
        "Tales",
        None,
        "Tales",
        "Court",
        "book 77",
        None,
        "Court",
    ]


@pytest.mark.parametrize("scope", ["book", "library"])
def test_the_group_of_a_highlight_does_not_depend_on_being_found(
    connection: Connection, scope: Scope
) -> None:
    table = _table(connection, scope)
    groups = group_names(table, "book")
    rates = break_down(groups, table["state"] != "too short", table["state"].isin(FOUND))
    rates = rates.set_index("group")
    assert rates["highlights"].to_dict() == {"Court": 2, "Tales": 2, "book 77": 1, "no book": 2}
    assert rates.loc["no book", "matched"] == 1
    assert rates.loc["Tales", "matched"] == (1 if scope == "book" else 2)
    assert rates.loc["Court", ["eligible", "matched"]].tolist() == [1, 1]


def test_groups_states_and_words_narrow_the_table(connection: Connection) -> None:
    table = _table(connection, "book")
    table = table.assign(group=group_names(table, "book"))
    assert select(table, None, "", ["Tales", "no book"])["id"].tolist() == [1, 2, 3, 6]
    assert select(table, "found", "", ["Tales", "no book"])["id"].tolist() == [1, 2]
    assert select(table, "found", " KING", ["no book"])["id"].tolist() == [2]
    assert select(table, None, "", ["Emma"]).empty
    assert len(select(table, None, "", [])) == 7


def test_nothing_found_has_no_words(make_database: MakeDatabase, open_connection: Open) -> None:
    dsn = make_database("vector")
    execute(dsn, TABLES)
    insert(dsn, "events", ["id", "text"], [(1, "six words that are in none")])
    table = _table(open_connection(settings_for(dsn)), "library")
    assert table["state"].tolist() == ["not found"]
    assert table[["passage", "content", "chapter", "title"]].isna().all(axis=None)


def test_a_view_may_list_a_passage_twice(
    make_database: MakeDatabase, open_connection: Open
) -> None:
    dsn = make_database("vector")
    execute(dsn, TABLES, "ALTER TABLE chunks DROP CONSTRAINT chunks_pkey")
    insert(dsn, "chunks", ["chunk_id", "book_id", "content"], [(1, 1, SWANS), (1, 1, SWANS)])
    insert(dsn, "events", ["id", "text"], [(1, SWANS)])
    table = _table(open_connection(settings_for(dsn)), "library")
    assert table["id"].tolist() == [1]
