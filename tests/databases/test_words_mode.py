"""Mode `words` against small libraries: windows that straddle passages, typography, positions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from lib.connection import Connection
from lib.databases import highlights
from lib.matching.rates import Scope, within
from lib.matching.scan import scan
from tests.databases.library import TABLES, execute, insert, settings_for

if TYPE_CHECKING:
    from tests.conftest import MakeDatabase, Open

# (number of the window, passage)
Found = set[tuple[int, Any]]


def _library(dsn: str, passages: list[tuple[int, int, str]], said: str, book: int | None) -> None:
    execute(dsn, TABLES)
    insert(dsn, "chunks", ["chunk_id", "book_id", "content"], passages)
    insert(dsn, "events", ["id", "text", "book_id"], [(1, said, book)])


def _find(connection: Connection, size: int, scope: Scope = "book") -> Found:
    texts = connection.run(highlights.read_texts)
    found = connection.run(scan, texts, size, 1, "words")
    hits = within(found, scope)
    passages = found.passages["passage"]
    return {(int(w), passages[p]) for w, p in zip(hits.window, hits.passage, strict=True)}


def test_a_window_may_straddle_two_passages_of_a_book(
    make_database: MakeDatabase, open_connection: Open
) -> None:
    dsn = make_database("vector")
    passages = [(1, 1, "alpha beta gamma"), (2, 1, "delta"), (3, 1, "epsilon zeta eta")]
    _library(dsn, passages, "beta gamma delta epsilon zeta", 1)
    connection = open_connection(settings_for(dsn))
    # It belongs to the passage that it begins in.
    assert _find(connection, 3) == {(0, 1), (1, 1), (2, 2)}
    assert _find(connection, 5) == {(0, 1)}


def test_a_window_does_not_straddle_two_books(
    make_database: MakeDatabase, open_connection: Open
) -> None:
    dsn = make_database("vector")
    passages = [(1, 1, "alpha beta"), (2, 2, "gamma delta"), (3, 3, "beta gamma")]
    _library(dsn, passages, "alpha beta gamma delta", None)
    connection = open_connection(settings_for(dsn))
    assert _find(connection, 2) == {(0, 1), (1, 3), (2, 2)}
    assert _find(connection, 3) == set()


def test_scope_book_keeps_to_the_highlight_s_own_book(
    make_database: MakeDatabase, open_connection: Open
) -> None:
    dsn = make_database("vector")
    _library(dsn, [(1, 1, "alpha beta"), (2, 2, "alpha beta")], "alpha beta", 2)
    connection = open_connection(settings_for(dsn))
    assert _find(connection, 2, "book") == {(0, 2)}
    assert _find(connection, 2, "library") == {(0, 1), (0, 2)}


def test_punctuation_case_and_quotes_do_not_matter(
    make_database: MakeDatabase, open_connection: Open
) -> None:
    dsn = make_database("vector")
    content = "“It’s PETER’S,” he said—‘not\n\tyours’; the ﬁnal STRASSE… Ｆｕｌｌ"
    said = "its peter's HE said, not yours. The final straße - full"
    _library(dsn, [(7, 1, content)], said, 1)
    connection = open_connection(settings_for(dsn))
    assert _find(connection, 10) == {(0, 7)}


def test_whole_words_only(make_database: MakeDatabase, open_connection: Open) -> None:
    dsn = make_database("vector")
    _library(dsn, [(1, 1, "the heart hears"), (2, 1, "she art hear")], "he art hear", 1)
    connection = open_connection(settings_for(dsn))
    assert _find(connection, 3) == set()
    assert _find(connection, 2) == {(1, 2)}


def test_passages_are_read_by_position_where_it_is_mapped(
    make_database: MakeDatabase, open_connection: Open
) -> None:
    """Ids in no order, as random uuids are: only `position` says what follows what."""
    dsn = make_database("vector")
    ids = [UUID(int=n) for n in (3, 1, 2)]
    _library(dsn, [], "one two three four five six", 1)
    execute(
        dsn,
        "DROP TABLE chunks",
        "CREATE TABLE chunks (chunk_id uuid, book_id integer, content text, place integer)",
    )
    insert(
        dsn,
        "chunks",
        ["chunk_id", "book_id", "content", "place"],
        [
            (ids[0], 1, "one two", 10),
            (ids[1], 1, "three four", 20),
            (ids[2], 1, "five six", 30),
        ],
    )
    mapped = {"passages": {"position": "place"}}
    by_position = open_connection(settings_for(dsn, relations=mapped))
    assert _find(by_position, 4) == {(0, ids[0]), (1, ids[0]), (2, ids[1])}
    by_id = open_connection(settings_for(dsn))
    # In the order of their ids: three four, five six, one two.
    assert _find(by_id, 4) == {(2, ids[1])}


def test_passages_without_a_book_belong_together(
    make_database: MakeDatabase, open_connection: Open
) -> None:
    dsn = make_database("vector")
    _library(dsn, [(1, 1, "alpha beta")], "beta gamma delta", None)
    execute(dsn, "INSERT INTO chunks VALUES (2, NULL, 1, 'beta gamma'), (3, NULL, 1, 'delta')")
    connection = open_connection(settings_for(dsn))
    assert _find(connection, 2) == {(0, 2), (1, 2)}
