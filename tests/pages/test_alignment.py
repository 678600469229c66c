"""The Alignment page: verdicts, rows whose label lies, and what cannot be found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from lib.demo.models import RANDOM_INDEXING, WORDLLAMA
from tests.databases.library import TABLES, execute, insert
from tests.pages.conftest import OpenPage, said

if TYPE_CHECKING:
    import pandas as pd

    from tests.conftest import MakeDatabase

GROUP = f"{WORDLLAMA} that look like {RANDOM_INDEXING}"
EVENT = ["id", "text", "book_id", "embedding", "embedding_model"]
CHUNK = ["chunk_id", "book_id", "content"]
EMBEDDING = ["chunk_id", "embedding_model", "embedding"]


def words(app: AppTest) -> str:
    """What the page says, without the escapes that keep text from being markup."""
    return said(app).replace("\\", "")


def suspects(app: AppTest) -> pd.DataFrame:
    """The table of suspects."""
    return next(frame.value for frame in app.dataframe if "words" in frame.value)


@pytest.fixture
def dsn(
    make_database: MakeDatabase, monkeypatch: pytest.MonkeyPatch, fresh_connection: None
) -> str:
    """A library of its own, empty, that the page reads."""
    dsn = make_database("vector", "pg_trgm")
    execute(dsn, TABLES)
    for variable in ("LIFE_DASHBOARD_DSN", "KNOWLEDGE_BASE_DSN"):
        monkeypatch.setenv(variable, dsn)
    return dsn


def test_the_demo_is_judged_in_words(open_page: OpenPage) -> None:
    app = open_page("alignment")
    text = words(app)
    assert f"{WORDLLAMA} with {WORDLLAMA}: aligned" in text
    assert f"{WORDLLAMA} with {RANDOM_INDEXING}: mismatched" in text
    assert "Every vector was read and judged" in text
    assert "are under suspicion" in text
    assert not app.error
    table = next(frame.value for frame in app.dataframe if "excess" in frame.value)
    assert len(table) == 4
    assert (table["null_low"] < table["null_high"]).all()


def test_suspects_are_chosen_by_group_and_stated_in_sql(open_page: OpenPage) -> None:
    every, chosen = suspects(open_page("alignment")), open_page("alignment", suspects=GROUP)
    shown = suspects(chosen)
    assert 0 < len(shown) < len(every)
    assert set(shown["label"]) == {WORDLLAMA}
    assert set(shown["looks_like"]) == {RANDOM_INDEXING}
    assert shown["words"].str.len().min() > 0
    stated = "\n".join(code.value for code in chosen.code)
    assert 'FROM "public"."chunk_embeddings"' in stated
    assert 'FROM "public"."events"' in stated
    assert f"= '{WORDLLAMA}'" in stated
    assert str(shown["id"].iloc[0]) in stated


def test_highlights_without_a_label_are_counted_by_what_they_fit(open_page: OpenPage) -> None:
    text = words(open_page("alignment"))
    assert f"40 fit {WORDLLAMA}" in text
    assert f"20 fit {RANDOM_INDEXING}" in text


def test_what_cannot_be_found_is_said_with_its_reason(open_page: OpenPage) -> None:
    text = words(open_page("alignment"))
    assert "its book has no passages here" in text
    assert "it has no label" in text
    assert "No passage stands twice" in text


def test_a_label_that_lies_as_a_whole_is_an_error(dsn: str, open_page: OpenPage) -> None:
    rng = np.random.default_rng(0)
    vocabulary = np.array([f"word{n}" for n in range(400)])
    passages = [" ".join(rng.choice(vocabulary, 25)) for _ in range(120)]
    vectors = rng.normal(size=(240, 24)).round(4).tolist()
    insert(dsn, "books", ["book_id", "title"], [(n, f"*Book* {n}") for n in range(6)])
    insert(dsn, "chunks", CHUNK, [(n, n % 6, text) for n, text in enumerate(passages)])
    insert(
        dsn,
        "chunk_embeddings",
        EMBEDDING,
        [(n, "it's [m](x)", str(vectors[n])) for n in range(120)],
    )
    heard = [(n, passages[n], n % 6, str(vectors[120 + n]), "it's [m](x)") for n in range(60)]
    insert(dsn, "events", EVENT, heard)
    app = open_page("alignment")
    assert not app.exception
    (error,) = app.error
    assert "do not belong together" in error.proto.title
    # A label is text, never a link.
    assert r"\[m\]" in error.proto.title


def test_odd_vectors_break_nothing(dsn: str, open_page: OpenPage) -> None:
    insert(dsn, "chunks", CHUNK, [(1, 1, "a b c d e f g"), (2, 2, "h i j k l m n")])
    insert(
        dsn,
        "chunk_embeddings",
        EMBEDDING,
        [(1, "m", "[1,0]"), (1, "m", "[1,0]"), (2, "k", "[0,0,1]"), (2, "m", None)],
    )
    rows = [
        (1, "a b c d e f g", 1, "[1,0]", "m"),
        (2, "x", 2, "[0,1]", "m"),
        (3, "x", 1, None, "m"),
        (4, "x", 1, "[0,0]", None),
        (5, "x", 1, "[1,0]", "gone"),
    ]
    insert(dsn, "events", EVENT, rows)
    app = open_page("alignment")
    assert not app.exception
    text = words(app)
    assert "2 dimensions against 3" in text
    assert "it has no vector" in text
    assert "its book has no vectors under its label" in text
    assert "no passage has a vector under its label" in text
    assert "stand more than once under one model" in text
    assert "1 vectors of highlights labelled unlabelled are zero" in text


def test_without_vectors_there_is_nothing_to_compare(dsn: str, open_page: OpenPage) -> None:
    app = open_page("alignment")
    assert not app.exception
    assert "There is nothing to compare" in said(app)


def test_without_a_passage_to_compare_the_reasons_are_still_said(
    dsn: str, open_page: OpenPage
) -> None:
    insert(dsn, "events", EVENT, [(1, "a b c", None, "[1,0]", "m"), (2, "x", 1, None, "m")])
    insert(dsn, "chunk_embeddings", EMBEDDING, [(1, "m", None)])
    text = words(open_page("alignment"))
    assert "There is nothing to compare" in text
    assert "no passage has a vector under its label" in text
    assert "it has no vector" in text


def test_too_few_vectors_are_not_called_honest(dsn: str, open_page: OpenPage) -> None:
    insert(dsn, "events", EVENT, [(1, "a b c", 1, "[1,0]", "m")])
    insert(dsn, "chunks", CHUNK, [(1, None, "a b c")])
    insert(dsn, "chunk_embeddings", EMBEDDING, [(1, "m", "[1,0]")])
    app = open_page("alignment")
    assert not app.exception
    assert "too few vectors to judge rows by" in words(app)
    assert not open_page("library").exception
