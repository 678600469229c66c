"""Whether an embedder is the model of the stored vectors, with real models on real servers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from benchmarks import real_models
from lib.databases.vectors import Matrix, to_text
from lib.demo import text
from lib.demo.models import MODELS, WORDLLAMA
from lib.errors import EmbedderError
from lib.search.checking import EmbedderCheck, check_embedder
from lib.settings import Limits, Settings
from tests.databases.endpoints import like_ollama, serve, serve_e5
from tests.databases.library import TABLES, execute, fetch, insert, settings_for

if TYPE_CHECKING:
    from lib.connection import Connection
    from tests.conftest import Demo, MakeDatabase, Open

PASSAGES = 60
LABEL = "small.e5"
EMBEDDING = ["chunk_id", "embedding_model", "embedding"]


@pytest.fixture(scope="module")
def verses() -> list[str]:
    """Verses from all over the library, all different."""
    every = list(dict.fromkeys(verse.content for verse in text.load().verses))
    return every[:: len(every) // PASSAGES][:PASSAGES]


@pytest.fixture(scope="module")
def e5() -> Iterator[str]:
    """The base_url of a server that writes the prefixes of e5 itself, by the model's name."""
    with serve_e5() as url:
        yield url


@pytest.fixture(scope="module")
def stored(verses: list[str]) -> Matrix:
    """The verses under multilingual-e5-small, as passages."""
    return real_models.e5(verses)


@pytest.fixture(scope="module")
def minilm(verses: list[str]) -> Matrix:
    """The verses under another model of the same dimension."""
    return real_models.minilm(verses)


@pytest.fixture
def dsn(make_database: MakeDatabase, verses: list[str], stored: Matrix) -> str:
    """A library of the verses and their vectors."""
    dsn = make_database("vector", "pg_trgm")
    execute(dsn, TABLES)
    insert(dsn, "books", ["book_id", "title"], [(1, "One"), (2, "Two")])
    rows = [(n, 1 + n % 2, verse) for n, verse in enumerate(verses)]
    insert(dsn, "chunks", ["chunk_id", "book_id", "content"], rows)
    store(dsn, stored)
    return dsn


def store(dsn: str, vectors: Matrix, first: int = 0) -> None:
    """Replace the vectors of some passages."""
    ids = range(first, first + len(vectors))
    execute(dsn, f"DELETE FROM chunk_embeddings WHERE chunk_id BETWEEN {ids[0]} AND {ids[-1]}")
    rows = [(n, LABEL, to_text(vector)) for n, vector in zip(ids, vectors, strict=True)]
    insert(dsn, "chunk_embeddings", EMBEDDING, rows)


def settings_of(dsn: str, base_url: str, **keys: Any) -> Settings:
    keys = {"base_url": base_url, "model": "e5-passage", **keys}
    return settings_for(dsn, embedders={LABEL: keys})


def check(connection: Connection, **keys: Any) -> EmbedderCheck:
    return connection.run(check_embedder, connection.embedders, LABEL, **keys)


# The same model


def test_the_model_that_made_them_agrees(dsn: str, e5: str, open_connection: Open) -> None:
    found = check(open_connection(settings_of(dsn, e5)))
    assert (found.verdict, found.passages, found.closest) == ("same", 12, 12)
    assert (found.prefix, found.prefix_in_use, found.dimension) == ("", "", 384)
    assert found.cosine == pytest.approx(1, abs=1e-4)
    # Unrelated texts are near each other under this model, and that says nothing.
    assert 0.75 < found.others < 0.9
    assert found.sentence().endswith("The embedder is the model that made them.")


def test_vectors_rounded_to_sixteen_bits_agree(dsn: str, e5: str, open_connection: Open) -> None:
    to_half = "TYPE halfvec USING embedding::halfvec"
    execute(dsn, f"ALTER TABLE chunk_embeddings ALTER embedding {to_half}")
    found = check(open_connection(settings_of(dsn, e5)))
    assert (found.verdict, found.closest) == ("same", 12)


def test_it_finds_what_is_asked_for(dsn: str, e5: str, open_connection: Open) -> None:
    settings = settings_of(dsn, e5, model="e5-query", passage_model="e5-passage")
    connection = open_connection(settings)
    assert check(connection).verdict == "same"
    asked = connection.embed(LABEL, "God creates heaven and earth")
    found = fetch(
        dsn,
        "SELECT chunk_id FROM chunk_embeddings ORDER BY embedding <=> $1::text::vector LIMIT 3",
        to_text(asked[0]),
    )
    # The first of the verses is the first of the library.
    assert found[0] == (0,)
    assert asked == pytest.approx(real_models.e5_query(["God creates heaven and earth"]), abs=1e-6)


def test_a_few_lying_labels_change_nothing(
    dsn: str, e5: str, minilm: Matrix, open_connection: Open
) -> None:
    connection = open_connection(settings_of(dsn, e5))
    for first in range(0, PASSAGES, 10):
        store(dsn, minilm[first : first + 1], first)
    found = check(connection)
    assert (found.verdict, found.prefix) == ("same", "")
    # Some of them were drawn: one in ten is stored.
    assert 9 <= found.closest < 12
    assert f"{12 - found.closest} of 12 are nearest to another's" in found.sentence()


@pytest.mark.parametrize("model", MODELS)
def test_the_models_of_the_demo_made_its_vectors(connection: Connection, model: str) -> None:
    found = connection.run(check_embedder, connection.embedders, model)
    assert (found.verdict, found.prefix, found.dimension) == ("same", "", 256)


def test_a_large_library_is_drawn_from_without_all_its_ids(
    demo: Demo, open_connection: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = Limits(score_passages=1_000)
    connection = open_connection(demo.settings.model_copy(update={"limits": limits}))

    async def refuse(*_: Any) -> None:
        raise AssertionError("all ids are read")

    monkeypatch.setattr("lib.databases.embeddings.read_ids", refuse)
    for total in (None, 31_102):
        found = connection.run(check_embedder, connection.embedders, WORDLLAMA, total=total)
        assert (found.verdict, found.passages) == ("same", 12)


# Another prefix


def test_the_prefix_of_queries_is_told_from_another_model(
    dsn: str, e5: str, open_connection: Open
) -> None:
    found = check(open_connection(settings_of(dsn, e5, model="e5-query")))
    assert (found.verdict, found.closest, found.prefix) == ("similar", 12, None)
    assert 0.9 < found.cosine < 0.99
    sentence = found.sentence()
    assert "near to the model that made them" in sentence
    assert f'set passage_model under [embedders."{LABEL}"]' in sentence


def bare_e5(texts: list[str]) -> list[list[float]]:
    """What e5 makes of texts as they come; its engine knows no text without one of its prefixes."""
    passages = [one.removeprefix("passage: ") for one in texts]
    queries = [one.removeprefix("query: ") for one in texts]
    found = real_models.e5_query(queries) if passages == texts else real_models.e5(passages)
    vectors: list[list[float]] = found.tolist()
    return vectors


def test_the_prefix_that_was_stored_is_found(dsn: str, open_connection: Open) -> None:
    with serve(like_ollama(bare_e5, "m", "multilingual-e5-small")) as served:
        known = check(open_connection(settings_of(dsn, served.url, model="multilingual-e5-small")))
        assert (known.verdict, known.prefix, known.prefix_in_use) == (
            "same",
            "passage: ",
            "passage: ",
        )
        # Without more ado: the dozen went there once.
        assert len(served.requests) == 1
        for set_to, said in ((None, "without a prefix"), ("title: ", 'with the prefix "title: "')):
            settings = settings_of(dsn, served.url, model="m", passage_prefix=set_to)
            found = check(open_connection(settings))
            assert (found.verdict, found.prefix) == ("same", "passage: ")
            assert found.cosine == pytest.approx(1, abs=1e-4)
            assert f'agree when embedded with the prefix "passage: ", not {said}' in (
                found.sentence()
            )
            assert 'set passage_prefix = "passage: "' in found.sentence()


# Another model


def test_another_model_is_told_at_once(dsn: str, minilm: Matrix, open_connection: Open) -> None:
    store(dsn, minilm)
    with serve(like_ollama(bare_e5, "m")) as served:
        found = check(open_connection(settings_of(dsn, served.url, model="m")))
        # No prefix makes one model of another, and none is tried.
        assert len(served.requests) == 1
    assert (found.verdict, found.prefix) == ("different", None)
    assert abs(found.cosine) < 0.1
    assert "means nothing" in found.sentence()


def test_vectors_of_no_model_are_different(
    dsn: str, e5: str, stored: Matrix, open_connection: Open
) -> None:
    connection = open_connection(settings_of(dsn, e5))
    noise = np.random.default_rng(0).normal(size=stored.shape).astype(np.float32)
    # The same model's, but each of another passage.
    for vectors in (noise, np.roll(stored, 1, axis=0), np.tile(stored[:1], (PASSAGES, 1))):
        store(dsn, vectors)
        assert check(connection).verdict == "different"


@pytest.mark.parametrize(
    ("length", "hint"), [(256, "set dimensions = 256"), (512, "This is another model")]
)
def test_another_dimension_is_an_error_that_names_both(
    dsn: str, e5: str, stored: Matrix, open_connection: Open, length: int, hint: str
) -> None:
    store(dsn, np.resize(stored, (PASSAGES, length)))
    with pytest.raises(EmbedderError) as caught:
        check(open_connection(settings_of(dsn, e5)))
    assert f"384 dimensions, and those stored have {length}" in caught.value.message
    assert hint in caught.value.hint


# What is odd


def test_passages_without_a_text_or_a_direction_are_passed_over(
    dsn: str, e5: str, open_connection: Open
) -> None:
    connection = open_connection(settings_of(dsn, e5))
    execute(
        dsn,
        "UPDATE chunks SET content = NULL WHERE chunk_id < 15",
        "UPDATE chunks SET content = E' \\n' WHERE chunk_id BETWEEN 15 AND 29",
        "UPDATE chunks SET content = 'all alike' WHERE chunk_id BETWEEN 30 AND 39",
        "DELETE FROM chunks WHERE chunk_id BETWEEN 40 AND 44",
        "UPDATE chunk_embeddings SET embedding = embedding - embedding"
        " WHERE chunk_id BETWEEN 45 AND 49",
    )
    found = check(connection)
    # Ten are left, and one of the ten that are alike.
    assert (found.verdict, found.passages, found.closest) == ("same", 11, 10)
    execute(dsn, "DELETE FROM chunks WHERE chunk_id BETWEEN 40 AND 58")
    assert check(connection).passages == 2
    execute(dsn, "DELETE FROM chunks WHERE chunk_id = 59")
    with pytest.raises(EmbedderError, match="Too few passages"):
        check(connection)
    execute(dsn, "DELETE FROM chunk_embeddings")
    with pytest.raises(EmbedderError, match="Too few passages"):
        check(connection)


def test_passages_that_would_be_cut_are_used_last(
    dsn: str, verses: list[str], open_connection: Open
) -> None:
    long = " ".join(verses) * 3
    execute(dsn, f"UPDATE chunks SET content = $${long}$$ || chunk_id WHERE chunk_id < 40")
    with serve(like_ollama(bare_e5, "m")) as served:
        check(open_connection(settings_of(dsn, served.url, model="m", passage_prefix="passage: ")))
        assert max(len(one) for one in served.requests[0].texts) < 1_000
