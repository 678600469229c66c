"""Reading on around a passage, the chapters of books, and passages by their ids."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from lib.databases import reading
from lib.databases.words import MOST_CHARACTERS
from tests.databases.library import TABLES, execute, fetch, insert, settings_for

if TYPE_CHECKING:
    import pandas as pd

    from lib.connection import Connection
    from tests.conftest import Demo, MakeDatabase, Open

CHUNK = ["chunk_id", "book_id", "chapter_number", "content"]


@pytest.fixture
def dsn(make_database: MakeDatabase) -> str:
    dsn = make_database("vector")
    execute(dsn, TABLES)
    return dsn


def _around(library: Connection, passage: Any, most: int = 2) -> tuple[list[Any], list[Any]]:
    """The passages before and after, each in reading order."""
    found: pd.DataFrame = library.run(reading.read_around, passage, most)
    assert found["side"].tolist() == sorted(
        found["side"], reverse=False, key=["before", "after"].index
    )
    sides = found.groupby("side")["passage"].apply(list).to_dict()
    return sides.get("before", []), sides.get("after", [])


# Around


def test_passages_around_one_come_in_the_order_of_the_book(dsn: str, open_connection: Open) -> None:
    rows = [(n, n % 2, n // 4, f"passage {n}") for n in range(20)]
    insert(dsn, "chunks", CHUNK, reversed(rows))
    library = open_connection(settings_for(dsn))
    found = library.run(reading.read_around, 8, 2)
    assert found.to_dict("records") == [
        {"passage": 4, "chapter": "1", "content": "passage 4", "side": "before"},
        {"passage": 6, "chapter": "1", "content": "passage 6", "side": "before"},
        {"passage": 10, "chapter": "2", "content": "passage 10", "side": "after"},
        {"passage": 12, "chapter": "3", "content": "passage 12", "side": "after"},
    ]
    assert _around(library, 0) == ([], [2, 4])
    assert _around(library, 2) == ([0], [4, 6])
    assert _around(library, 19) == ([15, 17], [])
    assert _around(library, 8, 100) == ([0, 2, 4, 6], [10, 12, 14, 16, 18])
    assert _around(library, 8, 0) == ([], [])


def test_a_mapped_position_is_the_order_and_ids_settle_equal_ones(
    dsn: str, open_connection: Open
) -> None:
    """By position: 5, 4, then 1, 2 and 3 at one place, then 6; of 7 nobody knows."""
    execute(dsn, "ALTER TABLE chunks ADD n integer")
    positions = {1: 10, 2: 10, 3: 10, 4: 2, 5: 1, 6: 11, 7: None}
    rows = [(n, 1, 1, "x", position) for n, position in positions.items()]
    insert(dsn, "chunks", [*CHUNK, "n"], rows)
    relations = {"passages": {"position": "n"}}
    library = open_connection(settings_for(dsn, relations=relations))
    assert _around(library, 2) == ([4, 1], [3, 6])
    assert _around(library, 1) == ([5, 4], [2, 3])
    assert _around(library, 6) == ([2, 3], [])
    assert _around(library, 5) == ([], [4, 1])
    assert _around(library, 7) == ([], [])


def test_a_passage_without_a_book_has_nothing_around_it(dsn: str, open_connection: Open) -> None:
    insert(dsn, "chunks", CHUNK, [(n, None, 1, "x") for n in range(5)] + [(9, 1, 1, "x")])
    library = open_connection(settings_for(dsn))
    assert _around(library, 2) == ([], [])
    assert _around(library, 9) == ([], [])
    assert _around(library, 77) == ([], [])


@pytest.mark.parametrize("kind", ["uuid", "text", "bigint"])
def test_ids_keep_their_type(dsn: str, open_connection: Open, kind: str) -> None:
    made: dict[str, list[Any]] = {
        "uuid": [uuid.UUID(int=n) for n in range(5)],
        "text": ["a", "a b", "b'c", "ch%", "é"],
        "bigint": [2**40 + n for n in range(5)],
    }
    ids = made[kind]
    execute(dsn, f"ALTER TABLE chunks ALTER chunk_id TYPE {kind} USING chunk_id::text::{kind}")
    insert(dsn, "chunks", CHUNK, [(one, 1, None, "x") for one in ids])
    library = open_connection(settings_for(dsn))
    assert _around(library, ids[2], 1) == ([ids[1]], [ids[3]])
    for one in ids:
        assert library.run(reading.find_passage, str(one)) == one
    assert library.run(reading.find_passage, "not there") is None


def test_without_chapters_and_of_long_and_missing_text(dsn: str, open_connection: Open) -> None:
    long = "x" * (MOST_CHARACTERS + 5)
    insert(dsn, "chunks", CHUNK, [(1, 1, 1, "a"), (2, 1, 1, long), (3, 1, 1, None)])
    execute(dsn, "ALTER TABLE chunks DROP chapter_number")
    library = open_connection(settings_for(dsn))
    [after] = library.run(reading.read_around, 1, 1).to_dict("records")
    assert (after["chapter"], len(after["content"])) == (None, MOST_CHARACTERS)
    assert library.run(reading.read_around, 2, 1)["content"].tolist() == ["a", None]
    # Of a long one the end is read that is nearer.
    execute(dsn, "UPDATE chunks SET content = 'first ' || content || ' last' WHERE chunk_id = 2")
    [after] = library.run(reading.read_around, 1, 1).to_dict("records")
    assert after["content"].startswith("first x")
    [before] = library.run(reading.read_around, 3, 1).to_dict("records")
    assert before["content"].endswith("x last")
    assert library.run(reading.read_chapters, ["1"]).names == []


# Chapters


def test_chapters_come_in_reading_order(dsn: str, open_connection: Open) -> None:
    rows = [(1, 1, 10, "x"), (2, 1, 9, "x"), (3, 1, 9, "x"), (4, 2, 100, "x"), (5, 2, None, "x")]
    insert(dsn, "chunks", CHUNK, rows)
    library = open_connection(settings_for(dsn))
    assert library.run(reading.read_chapters, ["1"]).names == ["9", "10"]
    assert library.run(reading.read_chapters, ["2"]).names == ["100"]
    assert library.run(reading.read_chapters, ["1", "2"]).names == ["9", "10", "100"]
    assert library.run(reading.read_chapters, ["3"]).names == []


def test_chapters_of_a_book_of_the_demo(demo: Demo, connection: Connection) -> None:
    # No book's chapters are sorted as text.
    [(psalms,)] = fetch(
        demo.owner.knowledge_base, "SELECT book_id FROM books WHERE title = 'Psalms'"
    )
    found = connection.run(reading.read_chapters, [str(psalms)])
    assert found.names == [str(n) for n in range(1, 151)]
    assert not found.truncated


# One passage


@pytest.mark.parametrize(
    "identifier",
    ["", " ", "x", "1.5", "1e3", "99999999999999999999", "9" * 500, "0x10", "'", "1; --", "%"],
)
def test_what_is_no_id_of_this_type_is_no_passage(
    dsn: str, open_connection: Open, identifier: str
) -> None:
    insert(dsn, "chunks", CHUNK, [(1, 1, 1, "x"), (16, 1, 1, "x"), (1000, 1, 1, "x")])
    found = open_connection(settings_for(dsn)).run(reading.find_passage, identifier)
    assert found == {"0x10": 16}.get(identifier)


def test_a_passage_is_found_by_its_id_as_text(connection: Connection) -> None:
    assert connection.run(reading.find_passage, "7") == 7
    assert connection.run(reading.find_passage, " 7 ") == 7
    assert connection.run(reading.find_passage, "0") is None
    for hostile in ("\x00", "7\x00", "\ud800"):
        assert connection.run(reading.find_passage, hostile) is None
