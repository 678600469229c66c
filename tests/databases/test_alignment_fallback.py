"""The alignment fallback against small libraries, and how it ends with whoever asked."""

from __future__ import annotations

import gc
import itertools
import math
import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from types import AsyncGeneratorType
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pandas as pd
import pytest
from rapidfuzz import fuzz

import lib
from lib.connection import Connection
from lib.databases import highlights as highlight_queries
from lib.databases import passages as passage_queries
from lib.databases.pools import Databases
from lib.databases.relations import Relations
from lib.demo.server import OWNER, DemoServer
from lib.matching.fallback import (
    Fallen,
    Method,
    default_threshold,
    find_places,
    limit,
)
from lib.matching.fallback.alignment import align, read_books
from lib.matching.rates import Scope
from lib.matching.windows import normalise
from lib.settings import Pools
from tests.databases.library import TABLES, execute, fetch, insert, settings_for

if TYPE_CHECKING:
    from tests.conftest import Demo, MakeDatabase, Open

SWANS = "Seven swans flew over the old grey mill at the break of day,"
MILL = "and the miller's daughter counted them twice before she spoke."
KING = "The king had lost his crown in a game of cards with the bishop."
BISHOP = "Nobody at court dared to mention it until the harvest was in."
HEARD = "seven swarms flew over the gold grey mill at a break of day"

THRESHOLD = default_threshold("alignment")

# Of the books that `small` has: the swans are a tale, the king is at court.
TALE, COURT = "1", "2"
SMALL = [(1, 1, SWANS), (2, 1, MILL), (3, 2, KING), (4, 2, BISHOP)]

# Passage, book, text.
Rows = Iterable[tuple[Any, Any, str | None]]
OpenLibrary = Callable[[Rows], Connection]

LIMITS = {"batch_rows": 100}


def _fill(dsn: str, rows: Rows) -> None:
    execute(dsn, TABLES)
    insert(dsn, "chunks", ["chunk_id", "book_id", "content"], rows)


@contextmanager
def _kept(server: DemoServer, name: str, rows: Rows) -> Iterator[Connection]:
    """A library that several tests only read."""
    owner = server.dsn(OWNER, OWNER)
    execute(owner, f"CREATE DATABASE {name}")
    dsn = server.dsn(name, OWNER)
    execute(dsn, "CREATE EXTENSION vector")
    _fill(dsn, rows)
    connection = Connection(settings_for(dsn, limits=LIMITS))
    yield connection
    connection.close()
    execute(owner, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def small(server: DemoServer) -> Iterator[Connection]:
    with _kept(server, "alignment_small", SMALL) as connection:
        yield connection


@pytest.fixture
def open_library(make_database: MakeDatabase, open_connection: Open) -> OpenLibrary:
    """Opens a library of these passages, read 100 at a time."""

    def open_one(rows: Rows) -> Connection:
        dsn = make_database("vector")
        _fill(dsn, rows)
        return open_connection(settings_for(dsn, limits=LIMITS))

    return open_one


def _highlights(*rows: tuple[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["text", "book"]).astype(object)


def _align(
    connection: Connection,
    highlights: pd.DataFrame,
    scope: Scope,
    rows: Sequence[int] | None = None,
    counted: list[int] | None = None,
) -> pd.DataFrame:
    asked = range(len(highlights)) if rows is None else rows
    told = (lambda seen: None) if counted is None else counted.append
    found: pd.DataFrame = connection.run(align, highlights, asked, scope, told)
    return found


def _nowhere(found: pd.DataFrame) -> bool:
    return bool(found["distance"].isna().all()) and set(found["passage"]) == {None}


def _distance(text: str, *passages: str) -> float:
    """By rapidfuzz on the joined text."""
    joined = " ".join(" ".join(normalise(passage)) for passage in passages)
    return 1 - fuzz.partial_ratio(" ".join(normalise(text)), joined) / 100


def test_a_misheard_highlight_finds_its_passage(small: Connection) -> None:
    for scope in ("book", "library"):
        found = _align(small, _highlights((HEARD, TALE)), scope).iloc[0]
        assert (found["highlight"], found["passage"]) == (0, 1)
        assert found["distance"] == pytest.approx(_distance(HEARD, SWANS, MILL))
        assert found["distance"] < THRESHOLD


@pytest.mark.parametrize(
    ("heard", "passage"),
    [
        ("grey mill at the break of day and the miller's", 1),
        ("of day and the miller's daughter counted them twice", 2),
    ],
)
def test_a_highlight_that_straddles_belongs_where_its_middle_is(
    small: Connection, heard: str, passage: int
) -> None:
    found = _align(small, _highlights((heard, TALE)), "book").iloc[0]
    assert found["passage"] == passage
    assert found["distance"] == pytest.approx(0, abs=1e-9)


def test_scope_book_looks_nowhere_else(small: Connection) -> None:
    found = _align(small, _highlights((SWANS, COURT)), "book").iloc[0]
    assert found["passage"] in {3, 4}
    assert found["distance"] == pytest.approx(_distance(SWANS, KING, BISHOP))
    assert found["distance"] > THRESHOLD


def test_scope_library_looks_everywhere_whatever_the_book(small: Connection) -> None:
    highlights = _highlights((SWANS, COURT), (KING, None), (BISHOP, "lost"))
    found = _align(small, highlights, "library")
    assert found["passage"].tolist() == [1, 3, 4]
    assert found["distance"].tolist() == pytest.approx([0, 0, 0], abs=1e-9)


@pytest.mark.parametrize("no_book", [None, math.nan, pd.NA])
def test_a_highlight_without_a_book_looks_everywhere(small: Connection, no_book: Any) -> None:
    # Also beside one that has a book, and keeps to it.
    found = _align(small, _highlights((BISHOP, no_book), (BISHOP, TALE)), "book")
    assert found["passage"].iat[0] == 4
    assert found["distance"].iat[0] == pytest.approx(0, abs=1e-9)
    assert found["passage"].iat[1] in {1, 2}


UNKNOWN = ["lost", "", "3", "01", "1.0", " 1", "-1", "2147483648", "9" * 40, "1; --", "{1}", "NULL"]


def test_a_highlight_of_an_unknown_book_has_nowhere_to_look(small: Connection) -> None:
    """Book ids need not be of the type of the passages' column, here an integer."""
    counted: list[int] = []
    highlights = _highlights(*((SWANS, unknown) for unknown in UNKNOWN))
    assert _nowhere(_align(small, highlights, "book", counted=counted))
    assert counted == []
    assert set(_align(small, highlights, "library")["passage"]) == {1}


@pytest.mark.parametrize("another", [TALE, None])
def test_highlights_of_unknown_books_do_others_no_harm(
    small: Connection, another: str | None
) -> None:
    highlights = _highlights(*((SWANS, unknown) for unknown in UNKNOWN), (SWANS, another))
    found = _align(small, highlights, "book")
    assert _nowhere(found[:-1])
    assert found["passage"].iat[-1] == 1


def test_an_empty_library_has_nowhere_to_look(open_library: OpenLibrary) -> None:
    empty = open_library([])
    for scope in ("book", "library"):
        counted: list[int] = []
        highlights = _highlights((SWANS, None), (SWANS, TALE))
        assert _nowhere(_align(empty, highlights, scope, counted=counted))
        assert counted == []


def test_only_the_asked_rows_are_looked_for_in_their_order(small: Connection) -> None:
    highlights = _highlights((SWANS, TALE), (MILL, TALE), (KING, COURT))
    for scope in ("book", "library"):
        found = _align(small, highlights, scope, rows=[2, 0])
        assert found["highlight"].tolist() == [2, 0]
        assert found["passage"].tolist() == [3, 1]


@pytest.mark.parametrize("scope", ["book", "library"])
def test_without_rows_nothing_is_read(small: Connection, scope: Scope) -> None:
    counted: list[int] = []
    found = _align(small, _highlights((SWANS, TALE)), scope, rows=[], counted=counted)
    assert found.empty
    assert found.columns.tolist() == ["highlight", "passage", "first", "last", "distance"]
    assert counted == []


def test_a_short_book_does_not_take_a_highlight_from_its_true_passage(
    open_library: OpenLibrary,
) -> None:
    library = open_library([(9, 0, "Mill"), *SMALL, (10, 3, "The")])
    assert _align(library, _highlights((HEARD, None)), "book")["passage"].tolist() == [1]
    # A part of the highlight is not the highlight: this book holds one of its words.
    found = _align(library, _highlights((HEARD, "3")), "book")
    assert found["distance"].iat[0] > THRESHOLD


def test_a_highlight_without_words_matches_nothing(open_library: OpenLibrary) -> None:
    library = open_library([(1, 1, "* * *"), (2, 2, SWANS), (3, 3, None), (4, 3, "")])
    for scope in ("book", "library"):
        for book in ("1", "2", "3", None):
            assert _nowhere(_align(library, _highlights(("… — … — … —", book)), scope))


def test_passages_without_words_move_no_others(open_library: OpenLibrary) -> None:
    texts = [None, "", SWANS, "* * *", None, MILL, ""]
    library = open_library([(row, 1, text) for row, text in enumerate(texts)])
    found = _align(library, _highlights((SWANS, "1"), (MILL, "1")), "book")
    assert found["passage"].tolist() == [2, 5]
    assert found["distance"].tolist() == pytest.approx([0, 0], abs=1e-9)


def test_passages_without_a_book_are_read_in_scope_library_only(open_library: OpenLibrary) -> None:
    library = open_library([*SMALL[:2], (3, None, KING), (4, None, BISHOP)])
    straddling = "cards with the bishop. Nobody at court dared to mention it"
    highlights = _highlights((KING, TALE), (straddling, None))
    assert _align(library, highlights, "library")["passage"].tolist() == [3, 4]
    counted: list[int] = []
    found = _align(library, highlights, "book", rows=[0], counted=counted)
    assert found["passage"].iat[0] in {1, 2}
    assert counted == [2]
    # Who has no book looks everywhere.
    assert _align(library, highlights, "book")["passage"].tolist()[1] == 4


# Passages of each book of `many`: more than one batch, fewer than one, and exactly one.
SIZES = {1: 250, 2: 1, 3: 99, 4: 100, 5: 130, None: 120}


@dataclass(frozen=True)
class Book:
    """A book of `many`: its id as text, and id and words of each passage."""

    book: str | None
    passages: list[tuple[int, str]]

    @property
    def text(self) -> str:
        return " ".join(words for _, words in self.passages)

    def best(self, text: str) -> tuple[float, int]:
        """Score and passage of the best place, by rapidfuzz on the joined text."""
        place = fuzz.partial_ratio_alignment(text, self.text.ljust(len(text) + 1, "\0"))
        assert place is not None
        # One id for each character, the space behind its passage included.
        ids = [row for row, words in self.passages for _ in f"{words} "]
        return place.score, ids[min((place.dest_start + place.dest_end) // 2, len(ids) - 1)]


def _many() -> list[Book]:
    """Books in reading order whose words are all of one small vocabulary."""
    chance = random.Random(1)
    vocabulary = ["".join(chance.choices("aeioulmnrst", k=chance.randint(2, 8))) for _ in range(90)]
    ids = itertools.count()
    return [
        Book(
            None if book is None else str(book),
            [
                (next(ids), " ".join(chance.choices(vocabulary, k=chance.randint(0, 12))))
                for _ in range(size)
            ],
        )
        for book, size in SIZES.items()
    ]


MANY = _many()


@pytest.fixture(scope="module")
def many(server: DemoServer) -> Iterator[Connection]:
    rows = [
        (row, None if book.book is None else int(book.book), words)
        for book in MANY
        for row, words in book.passages
    ]
    # Reading order is not the order in which they were written.
    with _kept(server, "alignment_many", random.Random(2).sample(rows, len(rows))) as connection:
        yield connection


def _garble(chance: random.Random, words: Sequence[str]) -> str:
    """As a bad transcript has it: words lost, changed and added."""
    heard = []
    for word in words:
        kind = chance.random()
        if kind > 0.1:
            heard.append(word[::-1] if kind < 0.25 else word)
        if kind > 0.9:
            heard.append(chance.choice(words))
    return " ".join(heard)


def test_books_are_joined_over_batches_and_in_order(many: Connection) -> None:
    async def read(
        databases: Databases, relations: Relations, wanted: Sequence[str] | None
    ) -> list[tuple[str | None, list[int], str]]:
        books = read_books(databases, relations, wanted)
        return [(book.book, book.ids, book.text) async for book in books]

    everything = [(book.book, [row for row, _ in book.passages], book.text) for book in MANY]
    assert many.run(read, None) == everything
    assert many.run(read, ["5", "2"]) == [everything[1], everything[4]]
    assert many.run(read, []) == []


@pytest.mark.parametrize("scope", ["book", "library"])
def test_the_result_is_that_of_comparing_with_every_joined_book(
    many: Connection, scope: Scope
) -> None:
    chance = random.Random(3)
    said: list[tuple[str, str | None]] = []
    for book in MANY * 4:
        words = book.text.split()
        start = chance.randrange(max(1, len(words) - 30))
        heard = _garble(chance, words[start : start + chance.randint(5, 40)])
        said.append((heard or "alone", chance.choice([None, book.book, "1", "5"])))
    found = _align(many, _highlights(*said), scope)
    for row, (text, its_book) in enumerate(said):
        places = [
            book.best(text) for book in MANY if scope == "library" or its_book in {None, book.book}
        ]
        # Of equal ones the first.
        score, passage = max(places, key=lambda place: place[0])
        assert found["distance"].iat[row] == pytest.approx(1 - score / 100)
        assert found["passage"].iat[row] == passage
    assert len(set(found["passage"])) > 12


def test_progress_grows_to_the_number_of_passages_read(many: Connection) -> None:
    def count(scope: Scope, *books: str | None) -> list[int]:
        counted: list[int] = []
        highlights = _highlights(*((SWANS, book) for book in books))
        _align(many, highlights, scope, counted=counted)
        assert all(before < after for before, after in itertools.pairwise(counted))
        return counted

    sizes = list(SIZES.values())
    everything = list(itertools.accumulate(sizes))
    assert count("library", "1") == everything
    assert count("library", "lost", None) == everything
    assert count("book", None) == everything
    assert count("book", "3", None) == everything


def test_scope_book_reads_only_the_books_that_are_asked_for(many: Connection) -> None:
    def last(*books: str) -> int:
        counted: list[int] = []
        highlights = _highlights(*((SWANS, book) for book in books))
        _align(many, highlights, "book", counted=counted)
        return counted[-1]

    assert last("2") == 1
    assert last("5") == 130
    assert last("5", "2", "5") == 131
    assert last("1", "lost") == 250


# The id of a book, of another, and the first as text.
TYPES = {
    "uuid": (UUID(int=7), UUID(int=2**127), "00000000-0000-0000-0000-000000000007"),
    "text": ("Der Müller’s “Mühle”", "{other}", "Der Müller’s “Mühle”"),
    "varchar(20)": ("a,b", 'quo"ted', "a,b"),
    "bigint": (2**40, -1, str(2**40)),
    "numeric": (Decimal("1.50"), Decimal(2), "1.50"),
    # Named with a capital letter.
    '"Kind"': ("Fairy tale", "history", "Fairy tale"),
}


def test_ids_may_be_of_any_type(make_database: MakeDatabase, open_connection: Open) -> None:
    dsn = make_database("vector")
    execute(dsn, TABLES, "CREATE TYPE \"Kind\" AS ENUM ('history', 'Fairy tale')")
    for number, (type_name, (tale, court, known)) in enumerate(TYPES.items()):
        table = f"chunks_{number}"
        execute(
            dsn,
            f"CREATE TABLE {table} (chunk_id {type_name}, book_id {type_name}, content text)",
        )
        rows = [(tale, tale, f"{SWANS} {MILL}"), (court, court, f"{KING} {BISHOP}")]
        insert(dsn, table, ["chunk_id", "book_id", "content"], rows)
        mapped = {"passages": {"table": table}}
        library = open_connection(settings_for(dsn, limits=LIMITS, relations=mapped))
        counted: list[int] = []
        highlights = _highlights((SWANS, known), (KING, known), (SWANS, "1"), (SWANS, "lost"))
        found = _align(library, highlights, "book", counted=counted)
        # Passages have their ids as the database has them.
        assert found["passage"].tolist() == [tale, tale, None, None], type_name
        assert counted == [1]
        found = _align(library, highlights, "library")
        assert found["passage"].tolist() == [tale, court, tale, tale], type_name


def test_passages_are_joined_by_position_where_it_is_mapped(
    make_database: MakeDatabase, open_connection: Open
) -> None:
    dsn = make_database("vector")
    execute(dsn, TABLES, "ALTER TABLE chunks ADD place integer")
    rows = [(1, 1, MILL, 20), (2, 1, SWANS, 10)]
    insert(dsn, "chunks", ["chunk_id", "book_id", "content", "place"], rows)
    mapped = {"passages": {"position": "place"}}
    library = open_connection(settings_for(dsn, relations=mapped))
    straddling = "of day and the miller's daughter counted them twice"
    found = _align(library, _highlights((straddling, TALE)), "book").iloc[0]
    assert found["passage"] == 1
    assert found["distance"] == pytest.approx(0, abs=1e-9)


def _find_places(
    connection: Connection, method: Method, scope: Scope, counted: list[int]
) -> Fallen:
    highlights = _highlights((HEARD, TALE), (KING, TALE))
    fallen: Fallen = connection.run(
        find_places, highlights, [0, 1], method, scope, on_count=counted.append
    )
    return fallen


def test_find_places_by_alignment(small: Connection) -> None:
    counted: list[int] = []
    fallen = _find_places(small, "alignment", "book", counted)
    assert (fallen.method, fallen.operator) == ("alignment", None)
    assert fallen.places["highlight"].tolist() == [0, 1]
    assert fallen.places["words"].tolist() == [13, 14]
    assert fallen.accepted(THRESHOLD)["passage"].tolist() == [1]
    assert counted == [2]
    assert 0 < fallen.seconds < 5
    fallen = _find_places(small, "alignment", "library", counted)
    assert fallen.accepted(THRESHOLD)["passage"].tolist() == [1, 3]
    assert counted == [2, 2, 4]


def test_the_threshold_is_the_largest_accepted_distance(small: Connection) -> None:
    fallen = _find_places(small, "alignment", "library", [])
    # Of as many words as the first highlight has.
    largest = fallen.places["distance"].iat[0] / limit(1.0, 13)
    assert 0 < largest < THRESHOLD
    assert fallen.accepted(largest + 1e-9)["highlight"].tolist() == [0, 1]
    assert fallen.accepted(largest - 1e-9)["highlight"].tolist() == [1]


@pytest.mark.parametrize("scope", ["book", "library"])
def test_find_places_by_no_method_looks_at_nothing(small: Connection, scope: Scope) -> None:
    counted: list[int] = []
    fallen = _find_places(small, "none", scope, counted)
    assert (fallen.method, fallen.operator) == ("none", None)
    assert fallen.places.empty
    assert fallen.accepted(1.0).empty
    assert counted == []


# Three books of some 200,000 characters each.
LONG = [(row, row // 100, f"{SWANS} {MILL} {KING} {BISHOP} " * 8) for row in range(300)]


def test_comparing_may_take_longer_than_a_transaction_may_be_idle(
    make_database: MakeDatabase, open_connection: Open
) -> None:
    """Many highlights and long books take minutes, and a server ends transactions that idle."""
    dsn = make_database("vector")
    _fill(dsn, LONG)
    patience = 0.2
    settings = settings_for(dsn, limits=LIMITS, pools={"idle_in_transaction_timeout": patience})
    library = open_connection(settings)
    heard = "the miller lost his swans at cards with nobody and the bishop counted his crown twice"
    for asked in (25, 50, 100, 200, 400, 800):
        started = time.monotonic()
        found = _align(library, _highlights(*[(heard, None)] * asked), "book")
        assert found["passage"].notna().all()
        if time.monotonic() - started > 3 * patience:
            return
    pytest.fail("Nothing took long enough.")


class Left(Exception):
    """The browser is gone."""


@dataclass
class Asked:
    """A question over the demo: its connection, the only one of its pool, and how far it came."""

    connection: Connection
    owner: str
    backend: int
    total: int
    seen: int = 0

    def leave_when(self, bored: Callable[[], bool], rows: int = 100) -> None:
        """Ask for the places of so many highlights in the library, and leave."""
        texts: pd.DataFrame = self.connection.run(highlight_queries.read_texts)

        def count(seen: int) -> None:
            self.seen = seen

        def leave() -> None:
            if bored():
                raise Left

        with pytest.raises(Left):
            self.connection.run(align, texts, range(rows), "library", count, on_wait=leave)

    def is_busy(self) -> bool:
        """True while the server works for it or keeps a transaction open."""
        states = fetch(
            self.owner, "SELECT state FROM pg_stat_activity WHERE pid = $1", self.backend
        )
        return any(state != "idle" for (state,) in states)


@pytest.fixture
def asked(demo: Demo, open_connection: Open) -> Asked:
    settings = demo.settings.model_copy(update={"pools": Pools(max_size=1, acquire_timeout=1)})
    connection = open_connection(settings)
    total = connection.run(passage_queries.count_passages)
    return Asked(connection, demo.owner.knowledge_base, _backend(connection), total)


def _backend(connection: Connection) -> int:
    async def ask(databases: Databases) -> int:
        row = await databases.knowledge_base.fetchrow("SELECT pg_backend_pid() AS pid")
        return int(row["pid"])

    return connection.run_on_databases(ask)


def _open_streams() -> list[str]:
    """Async generators of ours that have begun and not ended."""
    ours = str(Path(lib.__file__).parent)
    return [
        generator.__qualname__
        for generator in gc.get_objects()
        if type(generator) is AsyncGeneratorType
        and generator.ag_frame is not None
        and generator.ag_code.co_filename.startswith(ours)
    ]


def _eventually(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


def _is_over(asked: Asked) -> None:
    """Within a second of leaving; and the connection is as good as new."""
    assert _eventually(lambda: not asked.is_busy(), 1)
    time.sleep(0.5)
    seen, started = asked.seen, time.process_time()
    time.sleep(0.5)
    assert time.process_time() - started < 0.2
    assert asked.seen == seen < asked.total
    assert _open_streams() == []
    assert _backend(asked.connection) == asked.backend


@pytest.mark.parametrize("seconds", [0.0, 0.1, 0.5])
def test_leaving_ends_the_work_here_and_on_the_server(asked: Asked, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    asked.leave_when(lambda: time.monotonic() > deadline)
    _is_over(asked)


def test_leaving_in_the_middle_of_the_library_ends_the_work(asked: Asked) -> None:
    asked.leave_when(lambda: asked.seen > 0, rows=40)
    assert asked.seen < asked.total
    _is_over(asked)


def test_a_count_that_raises_ends_the_work(asked: Asked) -> None:
    def refuse(seen: int) -> None:
        raise LookupError(seen)

    with pytest.raises(LookupError):
        asked.connection.run(align, _highlights((SWANS, None)), [0], "library", refuse)
    assert _eventually(lambda: not asked.is_busy(), 1)
    assert _eventually(lambda: _open_streams() == [], 1)
    assert _backend(asked.connection) == asked.backend
