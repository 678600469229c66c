"""The passages nearest to a vector, within books and chapters, against numpy on all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from lib.databases import similar
from lib.databases.similar import Neighbours
from lib.databases.vectors import to_text
from lib.databases.within import EVERYWHERE, Within
from tests.databases.library import TABLES, execute, insert, settings_for

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lib.connection import Connection
    from tests.conftest import MakeDatabase, Open

CHUNK = ["chunk_id", "book_id", "chapter_number", "content"]
EMBEDDING = ["chunk_id", "embedding_model", "embedding"]
DIMENSIONS = 32
INDEX = (
    "CREATE INDEX by_vector ON chunk_embeddings USING hnsw (embedding {type}_cosine_ops)"
    " WHERE embedding_model = 'm'"
)


@dataclass(frozen=True)
class Made:
    """A library as numpy has it: passage n has row n of `matrix`, its book and its chapter."""

    dsn: str
    matrix: NDArray[np.float32]
    books: NDArray[np.int64]
    chapters: NDArray[np.int64]

    def left(self, within: Within) -> NDArray[np.bool_]:
        """Which passages a filter leaves."""
        kept = np.ones(len(self.books), dtype=bool)
        if within.books:
            kept &= np.isin(self.books.astype(str), within.books)
        if within.chapters:
            kept &= np.isin(self.chapters.astype(str), within.chapters)
        return kept

    def nearest(
        self, vector: NDArray[Any], most: int, within: Within = EVERYWHERE
    ) -> tuple[list[int], NDArray[np.float64]]:
        """The nearest passages by all of their vectors, and the scores of all passages."""
        scores = _cosines(self.matrix, vector)
        ranked = np.argsort(-scores, kind="stable")
        return ranked[self.left(within)[ranked]][:most].tolist(), scores


def _cosines(matrix: NDArray[Any], vector: NDArray[Any]) -> NDArray[np.float64]:
    exact = matrix.astype(np.float64)
    return np.asarray(exact @ vector / np.linalg.norm(exact, axis=1) / np.linalg.norm(vector))


def _make(dsn: str, rows: int, *, column: str = f"vector({DIMENSIONS})", seed: int = 0) -> Made:
    """Books from a few passages to a third of all, of three chapters each."""
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(rows, DIMENSIONS)).astype(np.float32)
    books = np.sort(np.minimum(rng.geometric(0.3, rows), 20))
    chapters = rng.integers(1, 4, rows)
    execute(
        dsn,
        TABLES,
        f"ALTER TABLE chunk_embeddings ALTER embedding TYPE {column}",
        "CREATE INDEX ON chunks (book_id)",
    )
    ids = range(rows)
    insert(
        dsn,
        "chunks",
        CHUNK,
        [(n, int(books[n]), int(chapters[n]), f"passage {n}") for n in ids],
    )
    insert(dsn, "chunk_embeddings", EMBEDDING, [(n, "m", to_text(matrix[n])) for n in ids])
    return Made(dsn, matrix, books, chapters)


def _ask(
    library: Connection,
    vector: NDArray[Any],
    most: int,
    within: Within = EVERYWHERE,
    total: int = 0,
    model: str = "m",
) -> Neighbours:
    found: Neighbours = library.run(
        similar.nearest_by_embedding, model, to_text(vector), len(vector), most, within, total
    )
    return found


def _check_rows(found: Neighbours, made: Made, vector: NDArray[Any], within: Within) -> None:
    """What was found passed the filter, is there once, best first and with its true scores."""
    passages = found.rows["passage"].tolist()
    scores = found.rows["score"].to_numpy()
    assert len(set(passages)) == len(passages)
    assert made.left(within)[passages].all()
    assert (np.diff(scores) <= 1e-9).all()
    assert scores == pytest.approx(_cosines(made.matrix, vector)[passages], abs=1e-3)
    left = int(made.left(within).sum())
    assert found.within == (left if within else None)


@pytest.fixture
def dsn(make_database: MakeDatabase) -> str:
    return make_database("vector", "pg_trgm")


# Filters


@pytest.mark.parametrize("column", [f"vector({DIMENSIONS})", f"halfvec({DIMENSIONS})"])
def test_every_filter_gives_the_nearest_of_what_it_leaves(
    dsn: str, open_connection: Open, column: str
) -> None:
    made = _make(dsn, 3_000, column=column)
    execute(dsn, INDEX.format(type=column.partition("(")[0]), "VACUUM ANALYZE")
    library = open_connection(settings_for(dsn))
    rng = np.random.default_rng(1)
    names = np.unique(made.books).astype(str)
    shares, ways = [], set()
    for _ in range(40):
        chosen = rng.choice(names, rng.integers(0, len(names)), replace=False)
        chapters = rng.choice(["1", "2", "3"], rng.integers(0, 3), replace=False)
        within = Within(tuple(map(str, chosen)), tuple(map(str, chapters)))
        vector = rng.normal(size=DIMENSIONS)
        most = int(rng.choice([1, 10, 60]))
        found = _ask(library, vector, most, within, len(made.books))
        _check_rows(found, made, vector, within)
        best, scores = made.nearest(vector, most, within)
        assert len(found.rows) == len(best) == min(most, made.left(within).sum())
        shares.append(np.isin(found.rows["passage"].tolist(), best).mean() if best else 1)
        if found.way == "exact" and column.startswith("vector"):
            assert found.rows["passage"].tolist() == best
        elif found.way == "exact" and best:
            assert found.rows["score"].min() == pytest.approx(scores[best].min(), abs=1e-3)
        ways.add(found.way)
    assert ways == {"index", "exact"}
    assert np.mean(shares) >= 0.97


def test_a_filter_on_nothing_that_is_there_finds_nothing(dsn: str, open_connection: Open) -> None:
    made = _make(dsn, 50)
    library = open_connection(settings_for(dsn))
    vector = made.matrix[0]
    for within in (Within(("99",)), Within(chapters=("x",)), Within(("1",), ("7",))):
        found = _ask(library, vector, 10, within)
        assert (len(found.rows), found.within) == (0, 0)


def _two_halves(dsn: str, models: tuple[str, str]) -> Made:
    """Book 1 beside the question, book 2 opposite of it, of which an index sees nothing at first.

    The passages of the books are under the first and the second of `models`.
    """
    rng = np.random.default_rng(3)
    near = rng.normal(size=(1_500, DIMENSIONS)) * 0.2
    near[:, 0] += 1
    far = -near[:1_200]
    matrix = np.concatenate([near, far]).astype(np.float32)
    books = np.repeat([1, 2], [1_500, 1_200])
    execute(dsn, TABLES, f"ALTER TABLE chunk_embeddings ALTER embedding TYPE vector({DIMENSIONS})")
    insert(dsn, "chunks", CHUNK, [(n, int(book), 1, "x") for n, book in enumerate(books)])
    rows = [(n, models[book - 1], to_text(matrix[n])) for n, book in enumerate(books)]
    insert(dsn, "chunk_embeddings", EMBEDDING, rows)
    execute(
        dsn,
        "CREATE INDEX whole ON chunk_embeddings USING hnsw (embedding vector_cosine_ops)",
        "VACUUM ANALYZE",
    )
    return Made(dsn, matrix, books, np.ones_like(books))


def _set(dsn: str, setting: str) -> None:
    """A setting of the database, for whoever connects from now on."""
    execute(
        dsn,
        f"DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET {setting}', current_database());"
        " END $$",
    )


def _prefer_index(dsn: str) -> None:
    """The planner is to take the index whatever it reckons that a library so small costs."""
    _set(dsn, "enable_sort = off")


def _stop_scans_early(dsn: str) -> None:
    """A scan of the index that came upon nothing ends at once, as in a large one after a while."""
    _set(dsn, "hnsw.max_scan_tuples = 1")


def test_where_a_scan_of_the_index_ends_early_all_are_compared(
    dsn: str, open_connection: Open
) -> None:
    made = _two_halves(dsn, ("m", "m"))
    vector = np.eye(DIMENSIONS)[0]
    opposite = Within(("2",))
    best, _ = made.nearest(vector, 5, opposite)
    _prefer_index(dsn)
    patient = _ask(open_connection(settings_for(dsn)), vector, 5, opposite, 2_700)
    assert (patient.way, len(patient.rows)) == ("index", 5)
    _stop_scans_early(dsn)
    library = open_connection(settings_for(dsn))
    found = _ask(library, vector, 5, opposite, 2_700)
    assert (found.way, found.rows["passage"].tolist()) == ("exact", best)
    # The index was asked first, and serves where it finds enough.
    assert _ask(library, -vector, 5, opposite, 2_700).way == "index"
    assert _ask(library, vector, 5, total=2_700).way == "index"


def test_a_rare_model_in_an_index_of_all_models_is_found(dsn: str, open_connection: Open) -> None:
    made = _two_halves(dsn, ("usual", "rare"))
    _stop_scans_early(dsn)
    _prefer_index(dsn)
    library = open_connection(settings_for(dsn))
    vector = np.eye(DIMENSIONS)[0]
    best, _ = made.nearest(vector, 7, Within(("2",)))
    found = _ask(library, vector, 7, total=1_200, model="rare")
    assert (found.way, found.rows["passage"].tolist()) == ("exact", best)
    assert _ask(library, vector, 7, total=1_500, model="usual").way == "index"


# Columns and indexes


def test_an_index_on_an_expression_serves_a_column_without_a_dimension(
    dsn: str, open_connection: Open
) -> None:
    made = _make(dsn, 2_000, column="vector")
    execute(
        dsn,
        "CREATE INDEX cast_index ON chunk_embeddings USING hnsw"
        f" ((embedding::vector({DIMENSIONS})) vector_cosine_ops) WHERE embedding_model = 'm'",
        "VACUUM ANALYZE",
    )
    _prefer_index(dsn)
    library = open_connection(settings_for(dsn))
    vector = np.random.default_rng(4).normal(size=DIMENSIONS)
    for within in (EVERYWHERE, Within(chapters=("1", "2"))):
        found = _ask(library, vector, 10, within, 2_000)
        assert (found.way, found.index) == ("index", "cast_index")
        _check_rows(found, made, vector, within)
        assert len(set(made.nearest(vector, 10, within)[0]) & set(found.rows["passage"])) >= 8


def test_an_ivfflat_index_yields_best_first(dsn: str, open_connection: Open) -> None:
    made = _make(dsn, 2_000)
    execute(
        dsn,
        "CREATE INDEX lists ON chunk_embeddings USING ivfflat (embedding vector_cosine_ops)"
        " WITH (lists = 50)",
        "VACUUM ANALYZE",
    )
    library = open_connection(settings_for(dsn))
    for seed in range(5):
        vector = np.random.default_rng(seed).normal(size=DIMENSIONS)
        found = _ask(library, vector, 400, total=2_000)
        assert (found.way, len(found.rows)) == ("index", 400)
        _check_rows(found, made, vector, EVERYWHERE)


def test_without_an_index_all_are_compared(dsn: str, open_connection: Open) -> None:
    made = _make(dsn, 400)
    library = open_connection(settings_for(dsn))
    for within in (EVERYWHERE, Within(("1", "2", "3", "4"))):
        vector = np.random.default_rng(5).normal(size=DIMENSIONS)
        found = _ask(library, vector, 30, within, 400)
        assert (found.way, found.index) == ("exact", None)
        assert found.rows["passage"].tolist() == made.nearest(vector, 30, within)[0]


def test_vectors_without_a_direction_or_of_another_dimension_are_never_found(
    dsn: str, open_connection: Open
) -> None:
    rows = [
        (1, "m", "[1,0]"),
        (2, "m", "[0,0]"),
        (3, "m", None),
        (4, "m", "[1,0,0]"),
        (5, "m", "[-1,1]"),
        (6, "m", "[0,0,0]"),
        (7, "k", "[1,0]"),
    ]
    execute(dsn, TABLES)
    insert(dsn, "chunk_embeddings", EMBEDDING, rows)
    insert(dsn, "chunks", CHUNK, [(n, 1, 1, "x") for n in range(1, 8)])
    library = open_connection(settings_for(dsn))
    for within in (EVERYWHERE, Within(("1",))):
        assert _ask(library, np.array([1.0, 0]), 10, within, 6).rows.to_dict("records") == [
            {"passage": 1, "score": pytest.approx(1)},
            {"passage": 5, "score": pytest.approx(-(0.5**0.5))},
        ]
        assert _ask(library, np.array([1.0, 0, 0]), 10, within, 6).rows["passage"].tolist() == [4]
        assert len(_ask(library, np.ones(4), 10, within, 6).rows) == 0


@pytest.mark.parametrize("indexed", [False, True])
def test_a_question_of_another_dimension_than_the_column_finds_nothing(
    dsn: str, open_connection: Open, indexed: bool
) -> None:
    _make(dsn, 1_000)
    if indexed:
        execute(dsn, INDEX.format(type="vector"), "VACUUM ANALYZE")
        _prefer_index(dsn)
    library = open_connection(settings_for(dsn))
    for within in (EVERYWHERE, Within(("1",))):
        assert len(_ask(library, np.ones(5), 10, within, 1_000).rows) == 0


def test_a_passage_with_two_vectors_is_found_once_by_the_nearer(
    dsn: str, open_connection: Open
) -> None:
    execute(dsn, TABLES)
    rows = [(1, "m", "[0,1]"), (1, "m", "[1,0]"), (2, "m", "[1,1]"), (2, "m", "[1,1]")]
    insert(dsn, "chunk_embeddings", EMBEDDING, rows)
    found = _ask(open_connection(settings_for(dsn)), np.array([1.0, 0]), 2, total=4).rows
    assert found["passage"].tolist() == [1, 2]
    assert found["score"].tolist() == pytest.approx([1, 0.5**0.5])


def test_equally_near_passages_come_by_their_ids(dsn: str, open_connection: Open) -> None:
    execute(dsn, TABLES)
    insert(dsn, "chunk_embeddings", EMBEDDING, [(n, "m", "[1,1]") for n in (5, 3, 9, 1)])
    found = _ask(open_connection(settings_for(dsn)), np.array([1.0, 0]), 3, total=4).rows
    assert found["passage"].tolist() == [1, 3, 5]


# Names and types


def test_views_text_ids_and_names_that_need_quotes(dsn: str, open_connection: Open) -> None:
    made = _make(dsn, 2_000)
    execute(
        dsn,
        INDEX.format(type="vector"),
        'ALTER TABLE chunks RENAME TO "Chunks ""all"""',
        'ALTER TABLE "Chunks ""all""" RENAME book_id TO "Book Id"',
        'ALTER TABLE "Chunks ""all""" ALTER "Book Id" TYPE text'
        """ USING 'it''s {' || "Book Id" || ',"}'""",
        'ALTER TABLE "Chunks ""all""" RENAME chapter_number TO "SELECT"',
        'CREATE VIEW "Seen" AS SELECT chunk_id AS "Id", embedding_model AS "Label", embedding'
        " FROM chunk_embeddings",
        "VACUUM ANALYZE",
    )
    relations: dict[str, Any] = {
        "passages": {
            "table": 'Chunks "all"',
            "book_id": "Book Id",
            "chapter_number": "SELECT",
        },
        "embeddings": {"table": "Seen", "chunk_id": "Id", "embedding_model": "Label"},
    }
    library = open_connection(settings_for(dsn, relations=relations))
    vector = np.random.default_rng(6).normal(size=DIMENSIONS)
    assert _ask(library, vector, 10, total=2_000).index == "by_vector"
    for plain in (Within(("2", "5")), Within(("1",), ("3",)), Within((), ("1",))):
        quoted = Within(tuple(f"it's {{{book},\"}}" for book in plain.books), plain.chapters)
        found = _ask(library, vector, 10, quoted, 2_000)
        _check_rows(found, made, vector, plain)
        assert len(found.rows) == 10
        if found.way == "exact":
            assert found.rows["passage"].tolist() == made.nearest(vector, 10, plain)[0]


def test_chapters_do_not_filter_where_there_are_none(dsn: str, open_connection: Open) -> None:
    made = _make(dsn, 200)
    execute(dsn, "ALTER TABLE chunks DROP chapter_number")
    found = _ask(open_connection(settings_for(dsn)), made.matrix[7], 5, Within(chapters=("9",)))
    assert found.rows["passage"].tolist() == made.nearest(made.matrix[7], 5)[0]


# Scores


def test_scores_of_given_passages(dsn: str, open_connection: Open) -> None:
    made = _make(dsn, 100, column="vector")
    rows = [
        (100, "m", "[0" + ",0" * (DIMENSIONS - 1) + "]"),
        (101, "m", "[1,2]"),
        (102, "m", None),
        (103, "k", to_text(made.matrix[0])),
        (5, "m", "[0" + ",0" * (DIMENSIONS - 1) + "]"),
        (6, "m", to_text(made.matrix[0])),
    ]
    insert(dsn, "chunk_embeddings", EMBEDDING, rows)
    library = open_connection(settings_for(dsn))
    vector = made.matrix[0]
    asked = [5, 6, 99, 7, 100, 101, 102, 103, 777]
    found = library.run(similar.read_scores, "m", to_text(vector), DIMENSIONS, asked)
    scores = _cosines(made.matrix, vector)
    assert found == pytest.approx({5: scores[5], 6: 1, 7: scores[7], 99: scores[99]}, abs=1e-6)
    assert library.run(similar.read_scores, "m", to_text(vector), DIMENSIONS, []) == {}
