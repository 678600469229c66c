"""The queries, each against rows whose answer is worked out by hand or by numpy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from lib.databases import books, embeddings, highlights, passages, similar, words
from lib.databases.indexes import IndexCheck, check_indexes
from lib.databases.patterns import escape_like
from lib.databases.vectors import to_text
from tests.databases.library import TABLES, execute, fetch, insert, settings_for

if TYPE_CHECKING:
    from lib.connection import Connection
    from tests.conftest import MakeDatabase, Open

EVENT = ["id", "text", "book_id", "embedding", "embedding_model"]
CHUNK = ["chunk_id", "book_id", "content"]
EMBEDDING = ["chunk_id", "embedding_model", "embedding"]


@pytest.fixture
def dsn(make_database: MakeDatabase) -> str:
    dsn = make_database("vector", "pg_trgm")
    execute(dsn, TABLES)
    return dsn


@pytest.fixture
def library(dsn: str, open_connection: Open) -> Connection:
    """The usual tables, empty; the tests fill them through `dsn`."""
    return open_connection(settings_for(dsn))


# Counts, texts, coverage and the gate


def test_highlights_are_counted_by_label(dsn: str, library: Connection) -> None:
    rows = [
        (1, "a", 1, "[1,2]", "m"),
        (2, "b", None, None, "m"),
        (3, "c", 1, "[1,2]", None),
        (4, "d", 1, "[1,2]", "k"),
        (5, "e", 1, "[1,2]", "m"),
    ]
    insert(dsn, "events", EVENT, rows)
    assert library.run(highlights.count_by_model).to_dict("records") == [
        {"model": "m", "highlights": 3, "embedded": 2, "with_book": 2},
        {"model": "k", "highlights": 1, "embedded": 1, "with_book": 1},
        {"model": "unlabelled", "highlights": 1, "embedded": 1, "with_book": 1},
    ]


def test_embeddings_are_counted_by_label_without_missing_vectors(
    dsn: str, library: Connection
) -> None:
    rows = [(1, "m", "[1]"), (2, "m", None), (1, "k", "[1]"), (2, None, "[1]"), (2, "k", "[2]")]
    insert(dsn, "chunk_embeddings", EMBEDDING, rows)
    counted = library.run(embeddings.count_by_model)
    assert counted.to_dict("records") == [
        {"model": "k", "embeddings": 2},
        {"model": "m", "embeddings": 1},
    ]
    insert(dsn, "chunks", CHUNK, [(1, 1, "x"), (2, 1, "y"), (3, None, None)])
    assert library.run(passages.count_passages) == 3


def test_texts_come_by_id_with_what_is_missing_said(dsn: str, library: Connection) -> None:
    rows = [(3, "c", 7, None, "m"), (1, None, None, None, None), (2, "bé\n", 1, None, "m")]
    insert(dsn, "events", EVENT, rows)
    execute(dsn, "UPDATE events SET created_at = '2024-02-29 12:00:00+02' WHERE id = 2")
    texts = library.run(highlights.read_texts)
    assert texts["id"].tolist() == [1, 2, 3]
    assert texts["text"].tolist() == ["", "bé\n", "c"]
    assert texts["model"].tolist() == ["unlabelled", "m", "m"]
    assert [str(day) for day in texts["created_at"]] == ["NaT", "2024-02-29 10:00:00+00:00", "NaT"]
    assert texts["book"].tolist()[1:] == ["1", "7"]


def test_a_highlight_without_a_book_has_the_book_none(dsn: str, library: Connection) -> None:
    """As the docstring of `read_texts` has it; NaN is neither None nor equal to itself."""
    insert(dsn, "events", EVENT, [(1, "a", None, None, "m"), (2, "b", 5, None, "m")])
    assert library.run(highlights.read_texts)["book"].tolist() == [None, "5"]


def test_no_highlights_at_all(library: Connection) -> None:
    assert len(library.run(highlights.read_texts)) == 0
    assert len(library.run(highlights.count_by_model)) == 0
    assert len(library.run(embeddings.read_gate)) == 0
    assert len(library.run(embeddings.read_coverage)) == 0
    assert len(library.run(books.read_books)) == 0
    assert len(library.run(highlights.read_vectors, "m")) == 0


def test_a_book_without_a_title_has_its_id_as_title(dsn: str, library: Connection) -> None:
    insert(dsn, "books", ["book_id", "title", "author"], [(2, None, "A"), (1, "Emma", None)])
    assert library.run(books.read_books).to_dict("records") == [
        {"book": "1", "title": "Emma", "author": None},
        {"book": "2", "title": "2", "author": "A"},
    ]


def test_a_sample_of_highlights_is_the_same_every_time(dsn: str, library: Connection) -> None:
    rows = [(n, "x", 1, f"[{n},1]", "m") for n in range(200)]
    insert(dsn, "events", EVENT, rows)
    first = library.run(highlights.read_vectors, "m", 20)
    again = library.run(highlights.read_vectors, "m", 20)
    assert first.ids == again.ids
    assert len(set(first.ids)) == 20
    assert first.ids != sorted(first.ids)
    assert [row[0] for row in first.matrix.tolist()] == first.ids
    assert library.run(highlights.read_vectors, "m").ids == list(range(200))


def test_coverage_counts_passages_not_rows(dsn: str, library: Connection) -> None:
    passages_ = [(1, 1), (2, 1), (3, 1), (4, 2), (5, 2), (6, None)]
    insert(dsn, "chunks", CHUNK, [(chunk, book, "x") for chunk, book in passages_])
    rows = [
        (1, "m", "[1]"),
        (1, "m", "[2]"),  # the same passage twice
        (2, "m", None),  # no vector
        (3, "k", "[1]"),
        (99, "m", "[1]"),  # of no passage
        (6, "m", "[1]"),  # of a passage without a book
    ]
    insert(dsn, "chunk_embeddings", EMBEDDING, rows)
    found = library.run(embeddings.read_coverage)
    listed = {
        (
            row.book if isinstance(row.book, str) else None,
            row.passages,
            _or_none(row.model),
            row.embedded,
        )
        for row in found.itertuples()
    }
    assert listed == {
        ("1", 3, "m", 1),
        ("1", 3, "k", 1),
        ("2", 2, None, 0),
        (None, 1, "m", 1),
    }
    assert len(found) == 4


def _or_none(value: Any) -> Any:
    return value if isinstance(value, str) else None


def test_the_gate_finds_missing_and_zero_vectors_and_mixed_dimensions(
    dsn: str, library: Connection
) -> None:
    insert(
        dsn,
        "events",
        EVENT,
        [
            (1, "a", 1, "[3,4]", "m"),
            (2, "b", 1, None, "m"),
            (3, "c", 1, "[0,0]", "m"),
            (4, "d", 1, "[1,2,2]", None),
        ],
    )
    insert(
        dsn,
        "chunk_embeddings",
        EMBEDDING,
        [(n, "k", f"[0,{n}]") for n in range(1, 102)] + [(200, "k", "[2,3,6]")],
    )
    found = {(row["relation"], row["model"]): row for row in _records(library)}
    assert set(found) == {("highlights", "m"), ("highlights", "unlabelled"), ("embeddings", "k")}
    mine = found["highlights", "m"]
    assert (mine["rows"], mine["null"], mine["zero"], mine["not_finite"]) == (3, 1, 1, 0)
    assert mine["dimensions"] == [2]
    # A zero vector has no length to compare with others.
    assert (mine["norm_low"], mine["norm_high"]) == pytest.approx((5, 5))
    assert found["highlights", "unlabelled"]["dimensions"] == [3]
    mixed = found["embeddings", "k"]
    assert sorted(mixed["dimensions"]) == [2, 3]
    norms = [*range(1, 102), 7.0]
    assert (mixed["norm_low"], mixed["norm_high"]) == pytest.approx(
        (np.percentile(norms, 5), np.percentile(norms, 95))
    )
    assert not any(row["truncated"] for row in found.values())


def test_the_gate_reads_halfvec(make_database: MakeDatabase, open_connection: Open) -> None:
    dsn = make_database("vector")
    execute(
        dsn,
        TABLES.replace("embedding vector", "embedding halfvec"),
        "INSERT INTO events VALUES (1, 'a', 1, '[3,4]', 'm'), (2, 'b', 1, '[0,0]', 'm')",
        "INSERT INTO chunk_embeddings VALUES (1, 'm', '[6,8]')",
    )
    found = _records(open_connection(settings_for(dsn)))
    assert [(row["relation"], row["zero"], row["norm_high"]) for row in found] == [
        ("highlights", 1, pytest.approx(5)),
        ("embeddings", 0, pytest.approx(10)),
    ]


def test_the_gate_says_when_it_read_only_a_part(
    dsn: str, make_database: MakeDatabase, open_connection: Open
) -> None:
    insert(dsn, "events", EVENT, [(n, "x", 1, "[1]", "m") for n in range(1_001)])
    insert(dsn, "chunk_embeddings", EMBEDDING, [(n, "m", "[1]") for n in range(1_000)])
    gate = open_connection(settings_for(dsn, limits={"gate_rows": 1_000})).run(embeddings.read_gate)
    assert dict(zip(gate["relation"], gate["truncated"], strict=True)) == {
        "highlights": True,
        "embeddings": False,
    }


def _records(connection: Connection) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = connection.run(embeddings.read_gate).to_dict("records")
    return records


# Words


def test_escape_like_makes_every_character_stand_for_itself(dsn: str) -> None:
    texts = ["%", "_", "\\", "\\%", "%_\\_", "a%b", "plain", "\\\\", "", "é_é"]
    for text in texts:
        for other in texts:
            [(found,)] = fetch(dsn, "SELECT $1::text LIKE $2", other, escape_like(text))
            assert found == (text == other)


def test_passages_that_hold_a_text_as_it_stands_or_some_words(
    dsn: str, library: Connection
) -> None:
    contents = ["100% Sure", "100 sure", "a_b", "aXb", "A_B", "C:\\x", "it's", None]
    insert(dsn, "chunks", CHUNK, [(n, 1, text) for n, text in enumerate(contents)])

    def find(whole: str, parts: list[str], most: int = 10) -> list[Any]:
        found = library.run(words.holding_any, parts, whole, most)
        return sorted(found["passage"])

    assert find("100% s", []) == [0]
    assert find("a_b", []) == [2, 4]
    assert find("a_b", [], 1) == [2]
    assert find("c:\\", []) == [5]
    assert find("IT'S", []) == [6]
    assert find("%", []) == [0]
    assert find("nowhere", ["xB", "SURE"]) == [0, 1, 3]
    # Those that hold the whole text come whatever else there is.
    assert find("100 sure", ["sure", "b"], 1)[0] in {0, 1}
    assert 1 in find("100 sure", ["sure", "b"], 1)
    assert len(find("100 sure", ["sure", "b"], 1)) == 2
    assert find("nowhere", ["0%", "_"]) == [0, 2, 4]


# Nearest


def _fill_two_spaces(dsn: str, rows: int, dimension: int) -> dict[str, np.ndarray[Any, Any]]:
    """Two models' vectors of the same passages and dimension, drawn apart from each other."""
    rng = np.random.default_rng(11)
    spaces = {
        name: rng.normal(size=(rows, dimension)).astype(np.float32) for name in ("one", "it's 2")
    }
    for name, matrix in spaces.items():
        insert(
            dsn,
            "chunk_embeddings",
            EMBEDDING,
            [(n, name, to_text(row)) for n, row in enumerate(matrix)],
        )
    return spaces


def _cosines(matrix: np.ndarray[Any, Any], vector: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    exact = matrix.astype(np.float64)
    scores = exact @ vector / np.linalg.norm(exact, axis=1) / np.linalg.norm(vector)
    return np.asarray(scores)


@pytest.mark.parametrize("model", ["one", "it's 2"])
def test_nearest_by_embedding_is_the_exact_order_within_one_model(
    dsn: str, library: Connection, model: str
) -> None:
    spaces = _fill_two_spaces(dsn, 300, 8)
    for seed in range(5):
        vector = np.random.default_rng(seed).normal(size=8)
        found = library.run(similar.nearest_by_embedding, model, to_text(vector), 8, 25).rows
        scores = _cosines(spaces[model], vector)
        best = np.argsort(-scores)[:25]
        assert found["passage"].tolist() == best.tolist()
        assert found["score"].to_numpy() == pytest.approx(scores[best], abs=1e-6)


def test_models_never_mix(dsn: str, library: Connection) -> None:
    """The other model's vectors are all nearer, and not one of them is found."""
    insert(dsn, "chunk_embeddings", EMBEDDING, [(n, "mine", f"[-1,{n}]") for n in range(20)])
    insert(dsn, "chunk_embeddings", EMBEDDING, [(100 + n, "theirs", "[1,0]") for n in range(500)])
    found = library.run(similar.nearest_by_embedding, "mine", "[1,0]", 2, 50).rows
    assert sorted(found["passage"]) == list(range(20))
    assert found["score"].max() <= 0
    assert len(library.run(similar.nearest_by_embedding, "nobody's", "[1,0]", 2, 50).rows) == 0


def _checks(library: Connection) -> dict[str | None, IndexCheck]:
    return {check.model: check for check in library.run(check_indexes, ["one", "it's 2"])}


@pytest.mark.parametrize("typed", [False, True], ids=["vector", "vector(16)"])
def test_proposed_indexes_are_made_found_and_used(
    dsn: str, open_connection: Open, typed: bool
) -> None:
    if typed:
        execute(dsn, "ALTER TABLE chunk_embeddings ALTER embedding TYPE vector(16)")
    spaces = _fill_two_spaces(dsn, 2_000, 16)
    insert(dsn, "chunks", CHUNK, [(n, 1, f"passage {n} of a book") for n in range(3_000)])
    library = open_connection(settings_for(dsn))
    before = _checks(library)
    assert set(before) == {None, "one", "it's 2"}
    assert not any(check.present for check in before.values())
    execute(dsn, *(check.create or "" for check in before.values()), "ANALYZE")
    after = _checks(library)
    assert all(check.present and check.create is None for check in after.values())
    assert len({check.name for check in after.values()}) == 3
    assert all(check.megabytes is not None and check.megabytes > 0 for check in after.values())

    # Seven runs: from the sixth on a generic plan would have to do without a partial index.
    hits = []
    for seed in range(7):
        vector = np.random.default_rng(seed).normal(size=16)
        found = library.run(similar.nearest_by_embedding, "it's 2", to_text(vector), 16, 10)
        best = np.argsort(-_cosines(spaces["it's 2"], vector))[:10]
        assert found.index == after["it's 2"].name
        hits.append(len(set(found.rows["passage"]) & set(best.tolist())))
    held = library.run(words.holding_any, [], "passage 77 of", 5)
    assert held["passage"].tolist() == [77]
    library.close()  # a session hands in its counts of index scans when it ends
    used = dict(fetch(dsn, "SELECT indexrelname, idx_scan FROM pg_stat_user_indexes"))
    assert used[after["it's 2"].name] == 7
    assert used[after["one"].name] == 0
    assert used[after[None].name] == 1
    assert sum(hits) >= 0.9 * 70


@pytest.mark.parametrize(
    ("statement", "model"),
    [
        ("(embedding vector_l2_ops) WHERE embedding_model = 'one'", "one"),
        ("(embedding vector_cosine_ops) WHERE embedding_model = 'another'", "one"),
        ("(embedding vector_cosine_ops) WHERE embedding_model <> 'one'", "one"),
        ("(embedding vector_cosine_ops) WHERE embedding_model = 'one' AND chunk_id > 5", "one"),
        ("(draft vector_cosine_ops) WHERE embedding_model = 'one'", "one"),
    ],
    ids=["other distance", "other model", "all other models", "a part of it", "other column"],
)
def test_an_index_that_cannot_serve_does_not_count(
    dsn: str, open_connection: Open, statement: str, model: str
) -> None:
    execute(
        dsn,
        "ALTER TABLE chunk_embeddings ALTER embedding TYPE vector(4), ADD draft vector(4)",
        "INSERT INTO chunk_embeddings VALUES (1, 'one', '[1,2,3,4]')",
        f"CREATE INDEX ON chunk_embeddings USING hnsw {statement}",
    )
    found = _checks(open_connection(settings_for(dsn)))
    assert not found[model].present


def test_an_index_of_a_failed_build_does_not_count(dsn: str, library: Connection) -> None:
    execute(
        dsn,
        "CREATE INDEX broken ON chunks USING gin (content gin_trgm_ops)",
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'broken'::regclass",
    )
    assert not _checks(library)[None].present


def test_one_index_for_all_models_counts_for_each(dsn: str, open_connection: Open) -> None:
    execute(
        dsn,
        "ALTER TABLE chunk_embeddings ALTER embedding TYPE vector(4)",
        "CREATE INDEX whole ON chunk_embeddings USING hnsw (embedding vector_cosine_ops)",
    )
    found = _checks(open_connection(settings_for(dsn)))
    assert [found[model].name for model in ("one", "it's 2")] == ["whole", "whole"]


def test_nothing_is_proposed_for_a_view(dsn: str, open_connection: Open) -> None:
    execute(dsn, "CREATE VIEW seen AS SELECT * FROM chunks")
    relations = {"passages": {"table": "seen"}}
    check = _checks(open_connection(settings_for(dsn, relations=relations)))[None]
    assert (check.present, check.create) == (False, None)
