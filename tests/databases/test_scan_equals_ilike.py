"""The one pass over all passages finds exactly what one ILIKE query per window finds.

The truth is asked of the server itself: `SELECT chunk_id … WHERE content ILIKE $1` for every
window, which is cut and escaped here without any code of `lib`.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import asyncpg
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lib.connection import Connection
from lib.databases import highlights
from lib.demo.server import OWNER, DemoServer
from lib.matching.rates import SCOPES, Scope, within
from lib.matching.scan import Scan, scan
from lib.matching.study import study
from tests.databases.library import execute, settings_for

if TYPE_CHECKING:
    from tests.conftest import Demo

COLLATIONS = {
    "default": "",  # the built-in C.UTF-8: letter by letter
    "c": 'COLLATE "C"',  # ASCII only
    "unicode": "COLLATE pg_unicode_fast",  # a letter may become two, and neighbours matter
}

# (highlight, number of its window, passage)
Hit = tuple[int, int, int]

LINES = [
    "the The THE and And it's IT'S 'so' \"So\" “so” ‘so’ don’t --; NULL",
    "100% 100%% a_b aXb A_B % _ %_ \\ \\\\ \\% \\_ C:\\dir c:\\DIR \\\\%",
    "É é E\u0301 e\u0301 Ée École école ÉCOLE",
    "İ İstanbul istanbul ISTANBUL ıstanbul i\u0307stanbul ISI ısı",
    "Straße STRASSE strasse STRAẞE straße ß ẞ",
    "ΟΔΟΣ οδος οδοσ οδός Σ σ ς ΣΑΣ σας Σ. Σ' ΑΣ\\ ΑΣ% ΑΣ_",
    "ﬁn FIN Ǆ ǅ ǆ K k ſ s \u1e9b \u0345 \u0399",
    "漢字 漢 字 😀 👩\u200d👩\u200d👧 \U00010400 \U00010428 ไทย קֹדֶשׁ",
]
TRICKY = [word for line in LINES for word in line.split(" ")]
SPACES = [" ", " ", " ", " ", "\n", "\t", "  ", "\r\n", "\u00a0", "\u2028", "\x1f", ", ", ""]

characters = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
words = st.one_of(
    st.sampled_from(TRICKY),
    st.sampled_from(TRICKY),
    st.text(alphabet=st.sampled_from("aAσΣςİIıi\\%_ß'\u0301"), min_size=1, max_size=3),
    st.text(alphabet=characters, min_size=1, max_size=3),
)
CHANGES: list[Callable[[str], str]] = [str, str, str.upper, str.lower, str.swapcase, str.title]


@dataclass(frozen=True)
class Highlight:
    text: str
    book: int | None


@dataclass(frozen=True)
class Collection:
    passages: list[tuple[int, str | None]]
    highlights: list[Highlight]


@st.composite
def collections(draw: st.DrawFn) -> Collection:
    """Passages in up to three books, and highlights most of whose words stand in a passage."""
    passages: list[tuple[int, str | None]] = []
    heard = [""]
    for _ in range(draw(st.integers(1, 6))):
        parts = [
            word + draw(st.sampled_from(SPACES))
            for word in draw(st.lists(words, min_size=1, max_size=9))
        ]
        text = "".join(parts)
        passages.append((draw(st.integers(1, 3)), text if draw(st.integers(0, 9)) else None))
        heard.append(text)
    highlights = []
    for _ in range(draw(st.integers(1, 4))):
        said = draw(st.sampled_from(heard)).split()
        said = said[draw(st.integers(0, 3)) :] + draw(st.lists(words, max_size=3))
        said *= draw(st.sampled_from([1, 1, 2]))
        change = draw(st.sampled_from(CHANGES))
        gap = draw(st.sampled_from([" ", "\n", " \t "]))
        book = draw(st.sampled_from([None, 1, 2, 3, 9]))
        highlights.append(Highlight(change(gap.join(said)), book))
    return Collection(passages, highlights)


class Bench:
    """One long-lived database with a table of passages for each collation."""

    def __init__(self, dsn: str) -> None:
        self.connections = {
            name: Connection(
                settings_for(
                    dsn, relations={"passages": {"table": f"chunks_{name}"}}, pools={"max_size": 1}
                )
            )
            for name in COLLATIONS
        }
        self.runner = asyncio.Runner()
        self.owner: asyncpg.Connection = self.runner.run(asyncpg.connect(dsn))

    def load(self, collation: str, collection: Collection) -> None:
        async def load() -> None:
            await self.owner.execute(f"TRUNCATE chunks_{collation}, events")
            await self.owner.copy_records_to_table(
                f"chunks_{collation}",
                columns=["chunk_id", "book_id", "content"],
                records=[(n, *passage) for n, passage in enumerate(collection.passages, start=1)],
            )
            await self.owner.copy_records_to_table(
                "events",
                columns=["id", "text", "book_id"],
                records=[(n, h.text, h.book) for n, h in enumerate(collection.highlights, start=1)],
            )

        self.runner.run(load())

    def scan(self, collation: str, size: int, stride: int) -> Scan:
        connection = self.connections[collation]
        texts = connection.run(highlights.read_texts)
        return connection.run(scan, texts, size, stride, "ilike")

    def truth(
        self, collation: str, collection: Collection, size: int, stride: int, scope: Scope
    ) -> set[Hit]:
        rows = [(n, h.text, h.book) for n, h in enumerate(collection.highlights, start=1)]
        return self.runner.run(
            ask_every_window(self.owner, f"chunks_{collation}", rows, size, stride, scope)
        )

    def close(self) -> None:
        for connection in self.connections.values():
            connection.close()
        self.runner.run(self.owner.close())
        self.runner.close()


async def ask_every_window(
    owner: asyncpg.Connection,
    table: str,
    rows: list[tuple[int, str, int | None]],
    size: int,
    stride: int,
    scope: Scope,
) -> set[Hit]:
    """The hits by one ILIKE query for each window."""
    query = await owner.prepare(
        f"SELECT chunk_id FROM {table} WHERE content ILIKE $1"
        " AND ($2::integer IS NULL OR book_id = $2)"
    )
    hits = set()
    for identifier, text, book in rows:
        said = text.split()
        for number, start in enumerate(range(0, len(said) - size + 1, stride)):
            window = re.sub(r"([\\%_])", r"\\\1", " ".join(said[start : start + size]))
            found = await query.fetch(f"%{window}%", book if scope == "book" else None)
            hits |= {(identifier, number, row["chunk_id"]) for row in found}
    return hits


def hits_of(found: Scan, scope: Scope) -> set[Hit]:
    """The hits of a scan, by ids."""
    hits = within(found, scope)
    identifiers, passages = found.highlights["id"], found.passages["passage"]
    listed = [
        (int(identifiers[highlight]), int(window), int(passages[passage]))
        for highlight, window, passage in zip(
            hits.highlight, hits.window, hits.passage, strict=True
        )
    ]
    assert len(listed) == len(set(listed))
    return set(listed)


@pytest.fixture(scope="module")
def bench(server: DemoServer) -> Iterator[Bench]:
    execute(server.dsn(OWNER, OWNER), "CREATE DATABASE texts")
    dsn = server.dsn("texts", OWNER)
    execute(
        dsn,
        "CREATE EXTENSION vector",
        "CREATE TABLE events (id integer, text text, book_id integer, embedding vector)",
        "CREATE TABLE books (book_id integer, title text)",
        "CREATE TABLE chunk_embeddings (chunk_id integer, embedding_model text, embedding vector)",
        *(
            f"CREATE TABLE chunks_{name} (chunk_id integer, book_id integer, content text {clause})"
            for name, clause in COLLATIONS.items()
        ),
    )
    bench = Bench(dsn)
    yield bench
    bench.close()
    execute(server.dsn(OWNER, OWNER), "DROP DATABASE texts WITH (FORCE)")


@settings(
    max_examples=100,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(collection=collections(), size=st.integers(1, 4), data=st.data())
@pytest.mark.parametrize("collation", COLLATIONS)
def test_any_text(
    bench: Bench, collation: str, collection: Collection, size: int, data: st.DataObject
) -> None:
    stride = data.draw(st.integers(1, size))
    bench.load(collation, collection)
    found = bench.scan(collation, size, stride)
    for scope in SCOPES:
        truth = bench.truth(collation, collection, size, stride, scope)
        assert hits_of(found, scope) == truth


@pytest.mark.parametrize("collation", COLLATIONS)
def test_every_tricky_word_among_spaces_and_among_wildcards(bench: Bench, collation: str) -> None:
    frames = ("x {} y", "x%{}_y", "{}\\", "α{}α")
    passages: list[tuple[int, str | None]] = [
        (1 + n % 3, frame.format(word)) for n, word in enumerate(TRICKY) for frame in frames
    ]
    cased = [Highlight(" ".join(map(change, TRICKY)), 1) for change in CHANGES[1:]]
    collection = Collection(passages, cased)
    bench.load(collation, collection)
    found = bench.scan(collation, 1, 1)
    for scope in SCOPES:
        truth = bench.truth(collation, collection, 1, 1, scope)
        assert len(truth) > 1_000
        assert hits_of(found, scope) == truth


def test_collations_disagree(bench: Bench) -> None:
    """What the collations are there for: were the scan blind to them, it could not be right."""
    collection = Collection(
        [(1, "ΟΔΟΣ ÉCOLE x")],
        [Highlight("οδος", None), Highlight("οδοσ", None), Highlight("éco", 1)],
    )
    found = {}
    for collation in COLLATIONS:
        bench.load(collation, collection)
        hits = hits_of(bench.scan(collation, 1, 1), "library")
        found[collation] = {highlight for highlight, _, _ in hits}
    assert found == {"default": {2, 3}, "c": set(), "unicode": {1, 3}}


@pytest.mark.parametrize("scope", SCOPES)
def test_the_demo_library(demo: Demo, connection: Connection, scope: Scope) -> None:
    """Windows of six words of 40 highlights, on 31,102 passages."""
    texts = connection.run(highlights.read_texts)
    drawn = sorted(random.Random(20_240_229).sample(range(len(texts)), 40))
    texts = texts.iloc[drawn].reset_index(drop=True)
    rows = [
        (int(row.id), str(row.text), None if pd.isna(row.book) else int(row.book))
        for row in texts.itertuples()
    ]
    found = connection.run(scan, texts)

    async def ask() -> set[Hit]:
        owner = await asyncpg.connect(demo.owner.knowledge_base)
        try:
            return await ask_every_window(owner, "chunks", rows, 6, 1, scope)
        finally:
            await owner.close()

    truth = asyncio.run(ask())
    assert hits_of(found, scope) == truth
    any_window = {identifier for identifier, _, _ in truth}
    assert 10 < len(any_window) < 40
    matched = study(found, scope).matched
    assert {row[0] for row, hit in zip(rows, matched, strict=True) if hit} == any_window
