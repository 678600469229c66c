"""Nearest passages by an index, by a sample, and of odd vectors; against brute force."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lib.databases import embeddings, nearest, passages
from lib.databases.vectors import gathered, to_text
from lib.demo.models import RANDOM_INDEXING, WORDLLAMA
from lib.settings import Limits
from lib.similarity import measure
from lib.similarity.measure import PairScores
from lib.similarity.wording import how_drawn, how_measured
from tests.databases.library import TABLES, execute, insert, settings_for

if TYPE_CHECKING:
    from lib.connection import Connection
    from tests.conftest import Demo, MakeDatabase, Open

EVENT = ["id", "text", "book_id", "embedding", "embedding_model"]
CHUNK = ["chunk_id", "book_id", "content"]
EMBEDDING = ["chunk_id", "embedding_model", "embedding"]
PASSAGES, DIMENSIONS = 3_000, 16


def vectors_of(seed: int, rows: int) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=(rows, DIMENSIONS)).astype(np.float32)


@pytest.fixture
def library(make_database: MakeDatabase) -> str:
    """3,000 passages in two books under "m", 40 highlights of them, no vector index."""
    dsn = make_database("vector")
    execute(dsn, TABLES)
    written = vectors_of(0, PASSAGES)
    heard = written[:40] + 0.1 * vectors_of(1, 40)
    insert(dsn, "books", ["book_id", "title"], [(1, "One"), (2, "Two")])
    insert(dsn, "chunks", CHUNK, [(n, 1 + n % 2, f"text {n}") for n in range(PASSAGES)])
    insert(
        dsn, "chunk_embeddings", EMBEDDING, [(n, "m", to_text(v)) for n, v in enumerate(written)]
    )
    insert(
        dsn,
        "events",
        EVENT,
        [(n, f"heard {n}", 1 + n % 2, to_text(v), "m") for n, v in enumerate(heard)],
    )
    return dsn


def measured(connection: Connection, highlights: int = 40, total: int = PASSAGES) -> PairScores:
    return connection.run(measure.measure_pair, "m", "m", highlights, total)


# By a vector index


def test_an_index_finds_what_comparing_all_finds(
    demo: Demo, connection: Connection, open_connection: Open
) -> None:
    limits = Limits(score_passages=20_000, index_highlights=60)
    few = open_connection(demo.settings.model_copy(update={"limits": limits}))
    counted: list[int] = []
    for model in (WORDLLAMA, RANDOM_INDEXING):
        exact = connection.run(measure.measure_pair, WORDLLAMA, model, 1_348, 31_102)
        found = few.run(
            measure.measure_pair, WORDLLAMA, model, 1_348, 31_102, on_passages=counted.append
        )
        assert (exact.way, exact.index) == ("exact", None)
        assert (found.way, found.passages_total) == ("index", 31_102)
        assert str(found.index).endswith("_hnsw")
        assert len(found.highlight_ids) == 60
        assert counted[-1] == 31_102
        row_of = {identifier: row for row, identifier in enumerate(exact.highlight_ids)}
        rows = [row_of[identifier] for identifier in found.highlight_ids]
        assert (found.passages[:, 0] == exact.passages[rows, 0]).mean() > 0.9
        # What it misses only lowers a score, and what it finds has its true score.
        assert (found.scores <= exact.scores[rows] + 1e-5).all()
        assert (np.diff(found.scores, axis=1) <= 1e-6).all()
        assert "A sample of 60 of 1,348 highlights" in how_measured(found)
        assert "may miss" in how_measured(found)


def test_the_partial_index_of_the_model_is_the_one_that_is_used(connection: Connection) -> None:
    asked = to_text(np.ones(256, np.float32))
    for model, name in ((WORDLLAMA, "wordllama"), (RANDOM_INDEXING, "random")):
        found = connection.run(nearest.find_index, model, asked, 256, 10)
        assert found == f"chunk_embeddings_{name}_hnsw"
    assert connection.run(nearest.find_index, "another model", asked, 256, 10) is None


def test_an_index_serves_a_column_without_a_dimension(library: str, open_connection: Open) -> None:
    execute(
        library,
        f"CREATE INDEX few ON chunk_embeddings USING hnsw"
        f" ((embedding::vector({DIMENSIONS})) vector_cosine_ops) WHERE embedding_model = 'm'",
        "ANALYZE chunk_embeddings",
    )
    found = measured(open_connection(settings_for(library, limits={"score_passages": 1_000})))
    assert (found.way, found.index) == ("index", "few")
    assert (found.passages[:, 0] == np.array(found.highlight_ids)).mean() > 0.9
    assert "All 40 highlights" in how_measured(found)


def test_highlights_of_another_dimension_ask_no_index(library: str, open_connection: Open) -> None:
    execute(
        library,
        f"CREATE INDEX ON chunk_embeddings USING hnsw"
        f" ((embedding::vector({DIMENSIONS})) vector_cosine_ops) WHERE embedding_model = 'm'",
        "UPDATE events SET embedding = '[1,2,3]'",
        "ANALYZE chunk_embeddings",
    )
    found = measured(open_connection(settings_for(library, limits={"score_passages": 1_000})))
    assert (found.scores == -np.inf).all()
    assert len(found.background.scores) == 0


# By a sample


def test_without_an_index_a_sample_is_compared(library: str, open_connection: Open) -> None:
    exact = measured(open_connection(settings_for(library)))
    assert exact.way == "exact"
    few = open_connection(settings_for(library, limits={"score_passages": 1_000}))
    found = measured(few)
    assert (found.way, found.index, found.passages_compared) == ("sample", None, 1_000)
    assert found.passages_total == PASSAGES
    assert (found.scores <= exact.scores + 1e-6).all()
    # The true passage of a highlight is drawn in one case of three.
    drawn = found.passages[:, 0] == exact.passages[:, 0]
    assert 3 <= drawn.sum() <= 26
    assert found.scores[drawn, 0] == pytest.approx(exact.scores[drawn, 0])
    assert "1,000 of 3,000 passages, drawn at random" in how_measured(found)
    assert "lower bound" in how_measured(found)
    again = measured(few)
    assert again.passages.tolist() == found.passages.tolist()


def test_a_sample_is_drawn_from_everywhere(library: str, open_connection: Open) -> None:
    few = open_connection(settings_for(library))

    async def draw(databases: Any, relations: Any, most: int, seed: int) -> Any:
        return await gathered(
            embeddings.draw_vectors(databases, relations, "m", most, PASSAGES, seed)
        )

    found = few.run(draw, 600, 1)
    assert len(set(found.ids)) == 600
    assert np.histogram(found.ids, 6, (0, PASSAGES))[0].min() > 60
    assert found.matrix == pytest.approx(vectors_of(0, PASSAGES)[found.ids], abs=1e-5)
    assert set(few.run(draw, 600, 2).ids) != set(found.ids)


def test_a_sample_of_a_view_is_drawn_by_its_ids(library: str, open_connection: Open) -> None:
    execute(library, "CREATE VIEW seen AS SELECT * FROM chunk_embeddings")
    settings = settings_for(
        library, limits={"score_passages": 1_000}, relations={"embeddings": {"table": "seen"}}
    )
    found = measured(open_connection(settings))
    assert (found.way, found.passages_compared) == ("sample", 1_000)


# What is odd


def test_vectors_of_length_zero_are_left_out(library: str, open_connection: Open) -> None:
    zero = to_text(np.zeros(DIMENSIONS))
    execute(
        library,
        f"UPDATE events SET embedding = '{zero}' WHERE id < 3",
        f"UPDATE chunk_embeddings SET embedding = '{zero}' WHERE chunk_id < 10",
    )
    found = measured(open_connection(settings_for(library)))
    assert (found.zero, len(found.highlight_ids)) == (3, 37)
    assert not set(range(10)) & set(found.passages.ravel().tolist())
    assert "3 left out because the vectors are zero" in how_measured(found)
    assert np.isfinite(found.background.scores).all()


@pytest.mark.parametrize("way", ["exact", "sample"])
def test_no_highlight_and_one_highlight(library: str, open_connection: Open, way: str) -> None:
    limits = {"score_passages": 1_000 if way == "sample" else 5_000}
    one = open_connection(settings_for(library, limits=limits))
    execute(library, "DELETE FROM events WHERE id > 0")
    found = measured(one, 1)
    assert (found.way, found.scores.shape) == (way, (1, 10))
    execute(library, "DELETE FROM events")
    none = measured(one, 0)
    assert none.scores.shape == (0, 10)
    # Other random passages stand in for highlights.
    assert len(none.background.scores) > 0


def test_highlights_without_a_label_are_measured_like_others(
    library: str, open_connection: Open
) -> None:
    execute(library, "UPDATE events SET embedding_model = NULL")
    opened = open_connection(settings_for(library))
    found = opened.run(measure.measure_pair, "unlabelled", "m", 40, PASSAGES)
    assert (found.passages[:, 0] == np.array(found.highlight_ids)).all()


def test_fewer_passages_than_are_asked_for_leave_places_empty(
    library: str, open_connection: Open
) -> None:
    execute(library, "DELETE FROM chunk_embeddings WHERE chunk_id >= 4")
    found = measured(open_connection(settings_for(library)), total=4)
    assert np.isfinite(found.scores[:, :4]).all()
    assert (found.scores[:, 4:] == -np.inf).all()
    assert (found.passages[:, 4:] == None).all()  # noqa: E711


def test_random_pairs_are_of_different_books(library: str, open_connection: Open) -> None:
    opened = open_connection(settings_for(library))
    made = opened.run(measure.measure_background, "m", "m", PASSAGES)
    # Half of all pairs are of one book here: just as many as may be left out.
    assert made.left_out == pytest.approx(made.highlights * made.passages / 2, rel=0.05)
    assert len(made.scores) + made.left_out == made.highlights * made.passages
    if made.left_out:
        assert "own book are left out" in how_drawn(made)
    books = opened.run(passages.read_book_ids, [0, 1, 2])
    assert books == {0: "1", 1: "2", 2: "1"}
