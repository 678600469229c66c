"""Which tables are proposed, from catalogues and rows made by hand, and how that is written."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.databases.catalogue import Catalogue, CatalogueTable, ForeignKey
from lib.databases.columns import Column
from lib.databases.samples import Sample
from lib.databases.tables import possible_names
from lib.mapping.choosing import MOST_OTHERS, MOST_VECTORS, Choice, choose, confidence, worth_a_look
from lib.mapping.drafts import Draft, Looks
from lib.mapping.lacking import find_missing
from lib.mapping.looks import Look
from lib.mapping.naming import (
    BOOK_COLUMNS,
    POSITION_COLUMNS,
    TEXT_COLUMNS,
    is_named_after,
    likeness,
    words,
)
from lib.mapping.writing import write
from lib.settings import RelationNames, load

Row = dict[str, Any]


def _table(
    name: str,
    types: dict[str, str],
    *,
    schema: str = "public",
    visible: bool = True,
    keys: tuple[str, ...] = (),
    refers: dict[str, str] | None = None,
    readable: bool = True,
    rows: int | None = 1000,
) -> CatalogueTable:
    """A table; `refers` has "table.column" for columns that refer there."""
    columns = {
        column: Column(column, kind.partition("(")[0], dimensions=_dimensions(kind))
        for column, kind in types.items()
    }
    foreign = tuple(
        ForeignKey((column,), schema, target.partition(".")[0], (target.partition(".")[2],))
        for column, target in (refers or {}).items()
    )
    return CatalogueTable(
        schema,
        name,
        "table",
        visible,
        readable,
        rows,
        columns,
        tuple((key,) for key in keys),
        foreign,
    )


def _dimensions(kind: str) -> int | None:
    return int(kind.partition("(")[2][:-1]) if "(" in kind else None


def _looks(*tables: CatalogueTable | tuple[CatalogueTable, list[Row]]) -> Looks:
    """Looks at tables, some of them with rows."""
    found = {}
    for one in tables:
        table, rows = one if isinstance(one, tuple) else (one, None)
        sample = None if rows is None else _sample(table, rows)
        found[table.schema, table.name] = Look(table, sample)
    return found


def _sample(table: CatalogueTable, rows: list[Row]) -> Sample:
    values = {
        name: tuple(None if row.get(name) is None else str(row[name])[:120] for row in rows)
        for name in table.columns
    }
    sizes = {
        name: tuple(len(str(row[name])) for row in rows if row.get(name) is not None)
        for name, column in table.columns.items()
        if column.type_name == "text"
    }
    return Sample(len(rows), values, sizes)


EVENTS = _table(
    "events",
    {"id": "int4", "text": "text", "embedding": "vector(4)", "created_at": "timestamptz"},
    keys=("id",),
)
BOOKS = _table("books", {"book_id": "int4", "title": "text"}, keys=("book_id",))
CHUNKS = _table(
    "chunks",
    {"chunk_id": "int4", "book_id": "int4", "content": "text"},
    keys=("chunk_id",),
    refers={"book_id": "books.book_id"},
)
VECTORS = _table(
    "chunk_embeddings",
    {"chunk_id": "int4", "embedding_model": "text", "embedding": "vector(4)"},
    refers={"chunk_id": "chunks.chunk_id"},
)


def _tables(choice: Choice) -> dict[str, str]:
    return {draft.name: draft.look.table.written for draft in choice.drafts}


def _draft(choice: Choice, name: str) -> Draft:
    return next(draft for draft in choice.drafts if draft.name == name)


USUAL = {
    "highlights": "events",
    "books": "books",
    "passages": "chunks",
    "embeddings": "chunk_embeddings",
}


def test_the_usual_tables_are_found_wherever_they_are() -> None:
    knowledge = _looks(BOOKS, CHUNKS, VECTORS)
    apart = choose(_looks(EVENTS), knowledge, same=False)
    together = _looks(EVENTS, BOOKS, CHUNKS, VECTORS)
    assert _tables(apart) == _tables(choose(together, together, same=True)) == USUAL
    assert [confidence(d, apart.leads[d.name]) for d in apart.drafts] == ["likely", *["sure"] * 3]


def test_without_foreign_keys_names_join() -> None:
    bare = [
        _table("Book", {"id": "int4", "name": "text"}, keys=("id",)),
        _table("Paragraph", {"id": "int4", "bookId": "int4", "body": "text"}, keys=("id",)),
        _table("ParagraphVector", {"paragraphId": "int8", "vec": "halfvec(4)", "model": "text"}),
    ]
    choice = choose(_looks(EVENTS), _looks(*bare), same=False)
    assert _tables(choice) == {
        "highlights": "events",
        "books": "Book",
        "passages": "Paragraph",
        "embeddings": "ParagraphVector",
    }
    assert _draft(choice, "passages").columns["book_id"].name == "bookId"
    assert _draft(choice, "embeddings").columns["chunk_id"].name == "paragraphId"


def test_ids_that_the_server_cannot_compare_do_not_join() -> None:
    other = _table("chunk_embeddings", {"chunk_id": "uuid", "embedding": "vector(4)"})
    choice = choose({}, _looks(BOOKS, CHUNKS, other), same=False)
    assert choice.drafts == ()


def test_the_tables_in_sight_are_preferred_and_it_is_said_why() -> None:
    def elsewhere(table: CatalogueTable, schema: str) -> CatalogueTable:
        keys = tuple(ForeignKey(k.columns, schema, k.table, k.to) for k in table.foreign_keys)
        return CatalogueTable(
            schema, table.name, "table", False, True, 9_000, table.columns, table.keys, keys
        )

    copies = [elsewhere(table, "backup") for table in (BOOKS, CHUNKS, VECTORS)]
    choice = choose(_looks(EVENTS), _looks(*copies, BOOKS, CHUNKS, VECTORS), same=False)
    assert _tables(choice) == USUAL
    assert "There is a chunks in backup too" in " ".join(_draft(choice, "passages").reasons)
    (other,) = choice.alternatives["passages"]
    assert other.startswith("backup.chunks, by its chunk_id, content and book_id; but its schema")
    # Tables of one tenant are never mixed with another's.
    tenants = [elsewhere(t, s) for s in ("b", "a") for t in (BOOKS, CHUNKS, VECTORS)]
    alone = choose(_looks(EVENTS), _looks(*tenants), same=False)
    assert {draft.look.table.schema for draft in alone.drafts[1:]} == {"a"}
    assert confidence(alone.drafts[1], alone.leads["passages"]) == "guess"


def test_one_table_in_one_database_is_not_both() -> None:
    documents = _table(
        "documents", {"id": "int4", "content": "text", "embedding": "vector(4)"}, keys=("id",)
    )
    looks = _looks(documents)
    choice = choose(looks, looks, same=True)
    assert set(_tables(choice)) == {"books", "passages", "embeddings"}
    catalogue = Catalogue("life_dashboard", (documents,), False, "x")
    (sentence,) = find_missing(_tables(choice), catalogue, catalogue)
    assert sentence.startswith("No highlights in life_dashboard. The one table with vectors")


def test_rows_tell_which_text_is_long_and_which_is_a_label() -> None:
    table = _table(
        "things",
        {"nr": "int4", "a": "text", "b": "text", "c": "text", "v": "vector(4)", "w": "vector(4)"},
        keys=("nr",),
    )
    rows = [
        {"nr": n, "a": f"name {n}", "b": f"{n} " + "long text " * 20, "c": "bge-small", "w": "x"}
        for n in range(30)
    ]
    choice = choose({}, _looks((table, rows)), same=False)
    assert _draft(choice, "passages").columns["content"].name == "b"
    embeddings = _draft(choice, "embeddings")
    assert embeddings.columns["embedding_model"].name == "c"
    # v is NULL in all rows.
    assert embeddings.columns["embedding"].name == "w"
    assert "has vectors in v too" in " ".join(embeddings.doubts)


@pytest.mark.parametrize(
    ("rows", "position", "doubt"),
    [
        ([(1, 1), (1, 2), (2, 1)], "chunk_index", "Nothing in the database sees to it"),
        # It begins anew in each chapter.
        ([(1, 1), (1, 2), (1, 1)], None, "chunk_index repeats within a book"),
    ],
)
def test_a_position_that_repeats_in_a_book_orders_nothing(
    rows: list[tuple[int, int]], position: str | None, doubt: str
) -> None:
    types = {"id": "int4", "doc_id": "int4", "chunk_index": "int4", "content": "text"}
    table = _table("chunks", {**types, "embedding": "vector(4)"}, keys=("id",))
    made = [
        {"id": n, "doc_id": d, "chunk_index": i, "content": f"text {n} " * 9, "embedding": "v"}
        for n, (d, i) in enumerate(rows)
    ]
    draft = _draft(choose({}, _looks((table, made)), same=False), "passages")
    found = draft.columns.get("position")
    assert (found and found.name) == position
    assert draft.doubts[-1].startswith(doubt)


def test_what_is_empty_or_put_aside_comes_last() -> None:
    def flat(name: str) -> CatalogueTable:
        types = {"id": "int4", "content": "text", "source": "text", "embedding": "vector(4)"}
        return _table(name, types, keys=("id",))

    row = {"id": 1, "content": "a long text " * 9, "source": "s", "embedding": "vector(4)"}
    looks = _looks((flat("chunks"), []), (flat("chunks_old"), [row]), (flat("papers"), [row]))
    choice = choose({}, looks, same=False)
    assert _tables(choice)["passages"] == "papers"
    said = choice.alternatives["passages"]
    assert any("chunks, " in one and "it has no rows" in one for one in said)
    assert any("chunks_old, " in one and "put aside" in one for one in said)


def test_few_of_many_tables_are_looked_at_and_those_that_belong_together() -> None:
    tenants = [
        _table(t.name, {n: c.type_name for n, c in t.columns.items()}, schema=f"t{n:03}")
        for n in range(300)
        for t in (VECTORS, CHUNKS, BOOKS)
    ]
    vectors = [t for t in tenants if t.vectors]
    rest = [t for t in tenants if not t.vectors]
    hidden = _table("secret", {}, readable=False)
    catalogue = Catalogue("knowledge_base", (hidden, *vectors, *rest), True, "x")
    chosen = worth_a_look(catalogue)
    assert len(chosen) == MOST_VECTORS + MOST_OTHERS
    assert hidden not in chosen
    schemas = {t.schema for t in chosen if t.vectors}
    assert {t.schema for t in chosen if not t.vectors} <= schemas


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ([], "It has no table that the role may read"),
        ([BOOKS], "No table has a column of type vector or halfvec; books has text only"),
        ([_table("x", {"v": "_float4"})], "x may hold vectors as arrays of numbers"),
        ([VECTORS], "chunk_embeddings has vectors, but no text and id with them"),
        ([_table("x", {}, readable=False)], "The role may not read public.x in life_dashboard"),
    ],
)
def test_what_is_missing_is_named_with_a_remedy(tables: list[CatalogueTable], said: str) -> None:
    catalogue = Catalogue("life_dashboard", tuple(tables), False, "x")
    assert said in " ".join(find_missing((), catalogue, catalogue))


ODD = ["a.b", 'say "x"', "Ü.Ä", '"', ".", "a#b", "events", "book_id", "\\"]
ODD += ["\x7f", "\x9b31m\u202e", "\U000e0041"]
NAMES = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12
) | st.sampled_from(
    [
        "a.b",
        'say "x"',
        "Ü.Ä",
        '"',
        ".",
        "a#b",
        "events",
        "book_id",
        "\x7f",
        "\\",
        "\x9b31m\u202e",
        "\U000e0041",
    ]
)


@given(st.data())
def test_odd_names_come_back_from_the_toml_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    schema, name = data.draw(NAMES), data.draw(NAMES)
    visible = data.draw(st.booleans())
    fields = [
        f for f in type(RelationNames().highlights).model_fields if f not in {"table", "model"}
    ]
    columns = {key: Column(data.draw(NAMES), "text") for key in fields}
    for key in data.draw(st.sets(st.sampled_from(["book_id", "embedding_model", "created_at"]))):
        del columns[key]
    label = data.draw(st.none() | NAMES)
    existing = {column.name: column for column in columns.values()}
    existing |= {n: Column(n, "int4") for n in data.draw(st.sets(st.sampled_from(fields)))}
    hidden = frozenset(data.draw(st.sets(st.sampled_from(fields))) - existing.keys())
    table = CatalogueTable(schema, name, "table", visible, True, None, existing, hidden=hidden)
    constants = {"model": label} if label and "embedding_model" not in columns else {}
    draft = Draft("highlights", Look(table), columns, constants, (name,), (schema,))
    text = write([draft], [name])
    assert all(line.isprintable() for line in text.split("\n"))
    path = tmp_path_factory.getbasetemp() / "odd_names.toml"
    path.write_text(text, encoding="utf-8", newline="")
    read = load(path, {}).relations.highlights
    assert possible_names(read.table)[0] == (None if visible else schema, name)
    for key in fields:
        column = columns.get(key)
        if column is not None:
            assert getattr(read, key) == column.name
        else:
            # Not mapped, or to a default that the table does not have, whoever may read it.
            assert getattr(read, key) not in {*existing, *hidden}
    assert read.model == constants.get("model")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("BookIDs", ("book", "id")),
        ("created_at", ("created", "at")),
        ("chunkEmbeddings", ("chunk", "embedding")),
        ("HTTPServer", ("http", "server")),
        ("The Text", ("the", "text")),
        ("entries", ("entry",)),
        ("", ()),
    ],
)
def test_a_name_is_taken_apart(name: str, expected: tuple[str, ...]) -> None:
    assert words(name) == expected


@pytest.mark.parametrize(
    ("column", "table", "key", "expected"),
    [
        ("document_id", "documents", "id", True),
        ("docId", "Documents", "Id", True),
        ("chunk_id", "book_chunks", "id", True),
        ("book_chunk_id", "book_chunks", "id", True),
        ("book", "books", "id", True),
        ("author_id", "books", "id", False),
        ("id", "books", "id", False),
        ("b_id", "books", "id", False),
        ("other_chunk_id", "chunks", "id", False),
    ],
)
def test_a_column_that_is_named_after_a_table(
    column: str, table: str, key: str, expected: bool
) -> None:
    assert is_named_after(column, table, key) is expected


def test_a_name_in_full_says_more_than_as_a_part() -> None:
    assert likeness("book_id", BOOK_COLUMNS) > likeness("my_book_id", BOOK_COLUMNS) > 0
    assert likeness("content", TEXT_COLUMNS) > likeness("contents_hash", TEXT_COLUMNS)
    assert likeness("chunk_no", POSITION_COLUMNS) > 0
    assert likeness("notes", POSITION_COLUMNS) == 0
