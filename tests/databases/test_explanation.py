"""One highlight explained: beside which passage, what is marked, and why it is not found."""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from lib.connection import Connection
from lib.databases import highlights
from lib.demo.server import OWNER, DemoServer
from lib.matching.explanation import Explanation, explain, strip
from lib.matching.fallback import find_places
from lib.matching.orders import ORDERS, Order, attempt_numbers
from lib.matching.rates import Scope
from lib.matching.scan import Scan, scan
from lib.matching.study import Study, study
from lib.matching.windows import Mode, normalise
from lib.matching.word_alignment import Part
from tests.databases.library import TABLES, execute, insert, settings_for

if TYPE_CHECKING:
    from tests.conftest import MakeDatabase, Open

THRESHOLD = 0.35

TALE, COURT, STORM, MISSING = 1, 2, 3, 99
SWANS = "Seven swans flew over the old grey mill at the break of day,"
MILLER = "and the miller's daughter counted them twice before she spoke."
FATHER = "Her father, who was deaf, heard nothing of the wings above."
KING = "The king had lost his crown in a game of cards with the bishop."
HARVEST = "Nobody at court dared to mention it until the harvest was in."
STORMY = "It was a cold and stormy night indeed, and the rain fell in torrents all over the town."
PASSAGES = [
    (10, TALE, 1, SWANS),
    (11, TALE, 1, MILLER),
    (12, TALE, 2, FATHER),
    (20, COURT, None, KING),
    (21, COURT, None, HARVEST),
    (30, STORM, 1, "He said: it was a cold and stormy night on the moor."),
    (31, STORM, 1, None),
    (32, STORM, 1, "Nobody came."),
    (33, STORM, 1, STORMY),
]

# Highlights by what they are: book and text.
SAID: dict[str, tuple[int | None, str]] = {
    "found": (TALE, "Lo, SEVEN swans flew over the old grey mill"),
    "across": (TALE, "break of day and the miller's daughter counted"),
    "commas": (TALE, "father who was deaf heard nothing of the wings"),
    "misheard": (COURT, "the king has lost his crane in a game for cards with a bishop"),
    "foreign": (COURT, "wholly other words that no one here has ever put down on any page at all"),
    "short": (TALE, "old gray mill"),
    "missing": (MISSING, "seven swans flew over the old grey mill"),
    "wordless": (TALE, "— — … ! ? – —"),
    "empty": (TALE, ""),
    "bookless": (None, "the king had lost his crown in a game"),
    "bookless, misheard": (None, "nobody at cord dared to mention eat until the harvest wasn't in"),
    "astray": (TALE, "had lost his crown in a game of cards with"),
    "twice": (STORM, "it was a cold and stormy night indeed, and the rain fell in torrents all"),
    "between": (TALE, "swans flew over an old grey mill at the break of dawn"),
}
ROW = {name: row for row, name in enumerate(SAID)}


class Library:
    """The library above, its scans kept: most tests only look."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.scan = cache(self._scan)

    def _scan(self, mode: Mode = "ilike", stride: int = 1) -> Scan:
        texts = self.connection.run(highlights.read_texts)
        return self.connection.run(scan, texts, 6, stride, mode)

    def explain(
        self,
        name: str,
        mode: Mode = "ilike",
        order: Order = "sequential",
        scope: Scope = "book",
        threshold: float = THRESHOLD,
        stride: int = 1,
    ) -> Explanation:
        found = self.scan(mode, stride)
        row = ROW[name]
        asked = found, study(found, scope), row, order, scope, threshold
        return self.connection.run(explain, *asked)


@pytest.fixture(scope="module")
def library(server: DemoServer) -> Iterator[Library]:
    owner = server.dsn(OWNER, OWNER)
    execute(owner, "CREATE DATABASE explained")
    dsn = server.dsn("explained", OWNER)
    execute(dsn, "CREATE EXTENSION vector", TABLES)
    columns = ["chunk_id", "book_id", "chapter_number", "content"]
    insert(dsn, "chunks", columns, PASSAGES)
    rows = [(row, book, text) for row, (book, text) in enumerate(SAID.values())]
    insert(dsn, "events", ["id", "book_id", "text"], rows)
    connection = Connection(settings_for(dsn))
    yield Library(connection)
    connection.close()
    execute(owner, "DROP DATABASE explained WITH (FORCE)")


def text_of(parts: list[Part]) -> str:
    return "".join(part.text for part in parts)


def marked(parts: list[Part]) -> str:
    """The words that are in a window that hits, with what stands between them."""
    return "|".join(part.text for part in parts if part.hit)


def marked_passages(explained: Explanation) -> dict[Any, str]:
    return {row.passage: marked(row.parts) for row in explained.passages.itertuples()}


def passages_of(explained: Explanation) -> list[Any]:
    return list(explained.passages["passage"])


# Found


def test_the_words_that_hit_are_marked_on_both_sides(library: Library) -> None:
    explained = library.explain("found")
    assert explained.reason == "found"
    assert marked(explained.heard) == "SEVEN swans flew over the old grey mill"
    assert marked_passages(explained) == {10: "Seven swans flew over the old grey mill"}
    assert math.isnan(explained.distance)
    row = explained.passages.iloc[0]
    assert (row["book"], row["chapter"]) == ("1", "1")
    assert text_of(row["parts"]) == SWANS
    assert [(part.text, part.kind) for part in explained.heard if part.kind == "insertion"] == [
        ("Lo", "insertion")
    ]


def test_a_window_over_a_border_is_marked_on_both_sides_of_it(library: Library) -> None:
    explained = library.explain("across", mode="words")
    assert explained.reason == "found"
    assert marked(explained.heard) == "break of day and the miller's daughter counted"
    assert marked_passages(explained) == {
        10: "break of day",
        11: "and the miller's daughter counted",
    }
    assert set(explained.windows["state"]) == {"hits here"}


def test_typography_is_marked_as_it_is_written(library: Library) -> None:
    explained = library.explain("commas", mode="words")
    assert marked_passages(explained) == {12: "father, who was deaf, heard nothing of the wings"}
    assert marked(explained.heard) == SAID["commas"][1]


def test_a_highlight_is_put_beside_the_passage_its_order_lands_in(library: Library) -> None:
    """Though most of it stands four passages on, where another order lands."""
    sequential = library.explain("twice", order="sequential")
    assert passages_of(sequential) == [30]
    assert "most of its windows hit another place" in sequential.sentence
    assert marked_passages(sequential) == {30: "it was a cold and stormy night"}
    assert marked(sequential.heard) == "it was a cold and stormy night"
    states = sequential.windows["state"].tolist()
    assert states == ["hits here"] * 2 + ["hits elsewhere"] * (len(states) - 2)
    middle = library.explain("twice", order="middle_out")
    assert passages_of(middle) == [33]
    assert set(middle.windows["state"]) == {"hits here"}
    assert middle.alignment is not None
    assert middle.alignment.word_error_rate == 0


def test_without_a_book_it_is_found_in_any(library: Library) -> None:
    explained = library.explain("bookless")
    assert (explained.reason, passages_of(explained)) == ("found", [20])
    assert marked_passages(explained) == {20: "The king had lost his crown in a game"}
    assert explained.passages["chapter"].tolist() == [None]


def test_scope_library_finds_what_is_filed_under_another_book(library: Library) -> None:
    inside = library.explain("astray")
    assert inside.reason == "transcript too far"
    assert set(inside.passages["book"]) == {"1"}
    # The windows do hit, only not where this highlight may look.
    assert set(inside.windows["state"]) == {"hits elsewhere"}
    assert marked(inside.heard) == ""
    anywhere = library.explain("astray", scope="library")
    assert (anywhere.reason, passages_of(anywhere)) == ("found", [20])
    assert library.explain("missing", scope="library").reason == "found"


# Not found


def test_a_border_between_passages_is_named(library: Library) -> None:
    explained = library.explain("across")
    assert explained.reason == "punctuation or a border"
    assert "8 words in a row agree, but they lie in more passages than one" in explained.sentence
    assert explained.distance == 0
    assert passages_of(explained) == [10, 11]
    assert set(explained.windows["state"]) == {"no hit"}
    assert marked(explained.heard) == ""


def test_punctuation_is_named_and_mode_words_finds_it(library: Library) -> None:
    explained = library.explain("commas")
    assert explained.reason == "punctuation or a border"
    assert "9 words in a row agree, but punctuation" in explained.sentence
    assert "Mode words would find them." in explained.sentence
    assert library.explain("commas", mode="words").reason == "found"


def test_an_error_in_every_window_is_told_with_the_longest_run(library: Library) -> None:
    explained = library.explain("misheard")
    assert explained.reason == "an error in every window"
    assert "the longest run is 3 words" in explained.sentence
    assert passages_of(explained) == [20]
    assert explained.alignment is not None
    assert explained.alignment.substitutions == 4
    assert 0 < explained.distance < THRESHOLD * 14 / 20


@pytest.mark.parametrize(
    ("mode", "hint"),
    [
        ("ilike", "Mode words with a stride of 1 would find them."),
        ("words", "A smaller stride would cut one."),
    ],
)
def test_words_between_two_windows_are_not_put_down_to_punctuation(
    library: Library, mode: Mode, hint: str
) -> None:
    explained = library.explain("between", mode=mode, stride=6)
    assert "7 words in a row agree, but no window is cut just there. " + hint in explained.sentence
    assert library.explain("between", mode=mode).reason == "found"


def test_too_far_shows_the_nearest_place_all_the_same(library: Library) -> None:
    explained = library.explain("foreign")
    assert explained.reason == "transcript too far"
    assert f"at a distance of {explained.distance:.2f}; up to 0.28" in explained.sentence
    assert set(explained.passages["book"]) == {"2"}
    assert library.explain("foreign", threshold=0.95).reason == "an error in every window"


def test_too_short_is_put_beside_the_nearest_place(library: Library) -> None:
    explained = library.explain("short")
    assert (explained.reason, passages_of(explained)) == ("too short", [10])
    assert explained.windows.empty
    assert [part.text for part in explained.heard if part.kind == "substitution"] == ["gray"]


def test_a_book_that_the_library_does_not_have_leaves_nothing_to_compare(library: Library) -> None:
    explained = library.explain("missing")
    assert explained.reason == "book not in library"
    assert explained.passages.empty
    assert explained.alignment is None
    assert math.isnan(explained.distance)
    assert explained.heard == [Part(SAID["missing"][1], "outside")]
    assert list(explained.passages.columns) == ["passage", "book", "chapter", "parts"]
    assert len(explained.windows) == 3


def test_a_highlight_without_words_says_so(library: Library) -> None:
    wordless = library.explain("wordless")
    assert wordless.reason == "nothing to compare"
    assert wordless.heard == [Part(SAID["wordless"][1], "outside")]
    assert len(wordless.windows) == 2
    empty = library.explain("empty")
    assert (empty.reason, empty.heard) == ("too short", [])


def test_without_a_book_the_nearest_place_may_be_in_any(library: Library) -> None:
    explained = library.explain("bookless, misheard")
    assert explained.reason == "an error in every window"
    # The end of its book, a stretch a little shorter than the highlight.
    assert passages_of(explained) == [21]


def test_the_reason_agrees_with_what_the_fallback_accepts(library: Library) -> None:
    found = library.scan()
    read = study(found, "book")
    fallen = library.connection.run(
        find_places, found.highlights, read.unmatched, "alignment", "book"
    )
    accepted = set(fallen.accepted(THRESHOLD)["highlight"])
    assert accepted
    far = {"transcript too far", "book not in library", "nothing to compare"}
    for name, row in ROW.items():
        if row in read.unmatched:
            explained = library.explain(name)
            assert (explained.reason in far) == (row not in accepted), name


# The windows


@pytest.mark.parametrize("order", ORDERS)
def test_the_strip_tells_when_each_window_is_tried(library: Library, order: Order) -> None:
    windows = library.explain("twice", order=order).windows
    assert windows["window"].tolist() == list(range(1, 11))
    assert windows["attempt"].tolist() == attempt_numbers(order, 10).tolist()
    words = SAID["twice"][1].split()
    assert windows["words"].tolist() == [" ".join(words[n : n + 6]) for n in range(10)]


def test_a_window_hits_here_on_either_side_of_a_border(library: Library) -> None:
    found = library.scan("words")
    rows = found.passages["passage"].tolist()
    for here, state in ((10, "hits here"), (11, "hits here"), (12, "hits elsewhere")):
        shown = strip(found, ROW["across"], "spread", [rows.index(here)])
        assert set(shown["state"]) == {state}, here
    assert set(strip(found, ROW["across"], "spread", [])["state"]) == {"hits elsewhere"}
    assert set(strip(found, ROW["foreign"], "spread", range(9))["state"]) == {"no hit"}
    assert strip(found, ROW["short"], "spread", []).empty


# Ids of any type


IDS: dict[str, list[Any]] = {
    "bigint": [2**40, 2**40 + 1],
    "smallint": [7, 8],
    "text": ["ten", "2"],
    "numeric": [Decimal("1.5"), Decimal(10) ** 20],
    "uuid": [UUID(int=5), UUID(int=6)],
}


@pytest.mark.parametrize("type_name", IDS)
def test_passages_are_found_again_by_ids_of_any_type(
    make_database: MakeDatabase, open_connection: Open, type_name: str
) -> None:
    """Also where one database has the ids of books as text and the other as numbers."""
    dsn = make_database("vector")
    tables = TABLES.replace("chunk_id integer", f"chunk_id {type_name}")
    assert tables != TABLES
    execute(dsn, tables, "ALTER TABLE events ALTER book_id TYPE text")
    first, second = sorted(IDS[type_name])
    insert(
        dsn, "chunks", ["chunk_id", "book_id", "content"], [(first, 1, SWANS), (second, 1, KING)]
    )
    said = [(1, "1", SAID["found"][1]), (2, "1", SAID["misheard"][1])]
    insert(dsn, "events", ["id", "book_id", "text"], said)
    connection = open_connection(settings_for(dsn))
    found = connection.run(scan, connection.run(highlights.read_texts))
    read = study(found, "book")
    for row, (identifier, text) in enumerate([(first, SWANS), (second, KING)]):
        explained = connection.run(explain, found, read, row, "spread", "book", THRESHOLD)
        assert passages_of(explained) == [identifier]
        assert isinstance(passages_of(explained)[0], type(identifier))
        assert text_of(explained.passages["parts"].iat[0]) == text
        assert explained.reason == ("found", "an error in every window")[row]


def test_a_view_may_list_a_passage_twice(
    make_database: MakeDatabase, open_connection: Open
) -> None:
    dsn = make_database("vector")
    execute(dsn, TABLES, "ALTER TABLE chunks DROP CONSTRAINT chunks_pkey")
    rows = [(1, 1, SWANS), (1, 1, SWANS), (2, 1, MILLER)]
    insert(dsn, "chunks", ["chunk_id", "book_id", "content"], rows)
    insert(dsn, "events", ["id", "book_id", "text"], [(1, 1, SAID["found"][1])])
    connection = open_connection(settings_for(dsn))
    found = connection.run(scan, connection.run(highlights.read_texts))
    explained = connection.run(explain, found, study(found, "book"), 0, "spread", "book", THRESHOLD)
    assert explained.reason == "found"


# The demo


@pytest.fixture(scope="module")
def demo_scans(demo: Any) -> Iterator[tuple[Connection, dict[Mode, tuple[Scan, Study]]]]:
    connection = Connection(demo.settings)
    texts = connection.run(highlights.read_texts).iloc[::16].reset_index(drop=True)
    scans: dict[Mode, tuple[Scan, Study]] = {}
    for mode in ("ilike", "words"):
        found = connection.run(scan, texts, 6, 1, mode)
        scans[mode] = found, study(found, "book")
    yield connection, scans
    connection.close()


@pytest.mark.parametrize("mode", ["ilike", "words"])
@pytest.mark.parametrize("order", ["edge_first", "middle_out"])
def test_on_the_demo_marks_are_the_words_of_windows_that_hit(
    demo_scans: tuple[Connection, dict[Mode, tuple[Scan, Study]]], mode: Mode, order: Order
) -> None:
    connection, scans = demo_scans
    found, read = scans[mode]
    rows = read.landings["highlight"].tolist()[::3]
    assert len(rows) > 12
    for row in rows:
        explained = connection.run(explain, found, read, row, order, "book", THRESHOLD)
        assert explained.reason == "found"
        assert text_of(explained.heard) == found.highlights["text"].iat[row]
        landed = read.landings.set_index("highlight").loc[row, f"first_{order}"]
        assert found.passages["passage"].iat[landed] in passages_of(explained)
        heard = normalise(marked(explained.heard).replace("|", " "))
        written = normalise(
            " ".join(marked(parts) for parts in explained.passages["parts"]).replace("|", " ")
        )
        here = explained.windows[explained.windows["state"] == "hits here"]
        assert len(here)
        for window in here["words"]:
            assert _holds(heard, normalise(window))
            # ILIKE finds a window that begins or ends within a word, which is no marked one.
            inner = slice(1, -1) if mode == "ilike" else slice(None)
            assert _holds(written, normalise(window)[inner])
        # Nothing is marked that is in no such window.
        assert set(heard) == {word for window in here["words"] for word in normalise(window)}
        assert set(written) <= set(heard)


def test_on_the_demo_every_kind_of_reason_is_given(
    demo_scans: tuple[Connection, dict[Mode, tuple[Scan, Study]]],
) -> None:
    connection, scans = demo_scans
    found, read = scans["ilike"]
    reasons = set()
    for row in read.unmatched[:24]:
        explained = connection.run(explain, found, read, row, "spread", "book", THRESHOLD)
        reasons.add(explained.reason)
        if explained.alignment is not None and explained.reason == "an error in every window":
            assert explained.alignment.longest_run < 6
    assert reasons >= {
        "punctuation or a border",
        "an error in every window",
        "book not in library",
    }


def _holds(words: list[str], window: list[str]) -> bool:
    """Whether the words of a window stand in a row."""
    return f" {' '.join(window)} " in f" {' '.join(words)} "
