"""Where in the text as it stands a hit is: what a page marks must be the words found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lib.databases import highlights
from lib.matching.scan import Scan, scan
from lib.matching.windows import Mode, normalise
from tests.databases.library import TABLES, execute, fetch, insert, settings_for

if TYPE_CHECKING:
    from lib.connection import Connection
    from tests.conftest import Demo, MakeDatabase, Open

WHOLE_LETTERS = 'ALTER TABLE chunks ALTER content TYPE text COLLATE "pg_unicode_fast"'


def _scan(
    connection: Connection, dsn: str, passages: list[str], said: str, size: int, mode: Mode
) -> Scan:
    insert(
        dsn,
        "chunks",
        ["chunk_id", "book_id", "content"],
        [(10 + row, 1, text) for row, text in enumerate(passages)],
    )
    insert(dsn, "events", ["id", "text", "book_id"], [(1, said, 1)])
    return connection.run(scan, connection.run(highlights.read_texts), size, 1, mode)


def _marked(found: Scan, passages: list[str]) -> list[str]:
    """The marked part of each hit, by window; `|` between two passages."""
    marked = []
    for k in range(len(found.hit_window)):
        row, last = int(found.hit_passage[k]), int(found.hit_last[k])
        start, stop = int(found.hit_start[k]), int(found.hit_stop[k])
        parts = passages[row : last + 1]
        parts[-1] = parts[-1][:stop]
        parts[0] = parts[0][start:]
        marked.append("|".join(parts))
    return marked


def test_ilike_marks_the_first_place_as_it_is_written(
    make_database: MakeDatabase, open_connection: Open
) -> None:
    dsn = make_database("vector")
    execute(dsn, TABLES)
    passages = ["He said: THE Old Man, the old man!", "nothing"]
    found = _scan(open_connection(settings_for(dsn)), dsn, passages, "the old man", 3, "ilike")
    assert _marked(found, passages) == ["THE Old Man"]


@pytest.mark.parametrize(
    ("passage", "said", "marked"),
    [
        ("İİ — of İstanbul and MORE", "of i̇stanbul and", "of İstanbul and"),
        ("İ the end of it. İ", "the end of", "the end of"),
        ("ΟΔΟΣ İ καὶ ὁ ΟΔΟΣ, of it", "ὁ οδος, of", "ὁ ΟΔΟΣ, of"),
    ],
)
def test_letters_that_grow_in_lower_case_move_no_mark(
    make_database: MakeDatabase,
    open_connection: Open,
    passage: str,
    said: str,
    marked: str,
) -> None:
    dsn = make_database("vector")
    execute(dsn, TABLES, WHOLE_LETTERS)
    found = _scan(open_connection(settings_for(dsn)), dsn, ["İİİİ", passage], said, 3, "ilike")
    assert _marked(found, ["İİİİ", passage]) == [marked]


def test_words_marks_typography_and_both_sides_of_a_border(
    make_database: MakeDatabase, open_connection: Open
) -> None:
    dsn = make_database("vector")
    execute(dsn, TABLES)
    passages = ["“Never,” she cried, “would I", "leave—you!” And", "went."]
    said = "never she cried would i leave you and went"
    found = _scan(open_connection(settings_for(dsn)), dsn, passages, said, 5, "words")
    assert _marked(found, passages) == [
        "Never,” she cried, “would I",
        "she cried, “would I|leave",
        "cried, “would I|leave—you",
        "would I|leave—you!” And",
        "I|leave—you!” And|went",
    ]


@pytest.mark.parametrize("mode", ["ilike", "words"])
def test_every_hit_of_the_demo_is_where_it_says(
    connection: Connection, demo: Demo, mode: Mode
) -> None:
    texts = connection.run(highlights.read_texts).iloc[::8].reset_index(drop=True)
    found = connection.run(scan, texts, 6, 2, mode)
    contents = _contents(demo, found)
    assert len(found.hit_window) > 300
    for k, window in enumerate(found.hit_window):
        row, last = int(found.hit_passage[k]), int(found.hit_last[k])
        start, stop = int(found.hit_start[k]), int(found.hit_stop[k])
        words = found.windows.text[window]
        parts = [contents[found.passages["passage"].iat[r]] for r in range(row, last + 1)]
        parts[-1] = parts[-1][:stop]
        parts[0] = parts[0][start:]
        if mode == "ilike":
            assert [part.lower() for part in parts] == [words.lower()]
        else:
            assert normalise(" ".join(parts)) == words.split()


def _contents(demo: Demo, found: Scan) -> dict[Any, str]:
    rows = fetch(demo.owner.knowledge_base, "SELECT chunk_id, content FROM chunks")
    assert len(rows) == len(found.passages)
    return dict(rows)
