"""The Search page on databases unlike the demo's: what is missing there, and what is odd."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from tests.conftest import MakeDatabase
from tests.databases.library import TABLES, execute, insert
from tests.pages.conftest import OpenPage, said

CHUNK = ["chunk_id", "book_id", "chapter_number", "content"]
EVENT = ["id", "text", "book_id", "embedding", "embedding_model"]
TEXTS = ["The white whale sounded.", "A ship <b>sank</b> *here*.", "Snow upon the mountain."]


@pytest.fixture
def dsn(
    fresh_connection: None, make_database: MakeDatabase, monkeypatch: pytest.MonkeyPatch
) -> str:
    """A library without pg_trgm, of one model that nothing here can embed a text under."""
    dsn = make_database("vector")
    execute(dsn, TABLES)
    insert(dsn, "books", ["book_id", "title", "author"], [(1, "[x](y) <i>", None), (2, None, None)])
    insert(dsn, "chunks", CHUNK, [(n, 1, n, text) for n, text in enumerate(TEXTS, start=1)])
    insert(dsn, "chunks", CHUNK, [(4, None, None, "Whales of no book.")])
    rows = [(n, "own", f"[{n},1,0]") for n in range(1, 5)]
    insert(dsn, "chunk_embeddings", ["chunk_id", "embedding_model", "embedding"], rows)
    highlights = [
        (1, "the wide whale", 1, "[1,1,0]", None),
        (2, "the wide whale", 1, "[1,1,0]", "elsewhere"),
        (3, None, 1, None, None),
        (4, "the wide whale", 1, "[1,1,0]", "own"),
    ]
    insert(dsn, "events", EVENT, highlights)
    for name in ("LIFE_DASHBOARD_DSN", "KNOWLEDGE_BASE_DSN"):
        monkeypatch.setenv(name, dsn)
    return dsn


def healthy(app: AppTest) -> str:
    """What a page says that has no traceback."""
    assert not app.exception
    return said(app).replace("\\", "")


@pytest.mark.usefixtures("dsn")
def test_without_trigrams_and_embedder_words_are_left(open_page: OpenPage) -> None:
    app = open_page("search", q="whale")
    for _ in range(2):
        text = healthy(app)
        assert not app.error
        assert "no pg_trgm extension" in text
        assert "None of the passages’ models can embed a text here" in text
        assert "1. [x](y) <i>, chapter 1" in text
        # What is remembered of a way that failed can be read again.
        app.slider(key="most").set_value(20).run()


@pytest.mark.usefixtures("dsn")
def test_a_highlight_without_a_label_is_asked_with_its_stored_vector(open_page: OpenPage) -> None:
    app = open_page("search", ask="a highlight", highlight="1", rank="embedding")
    text = healthy(app)
    assert "has no label" in text
    assert "score 1.000" in text


@pytest.mark.usefixtures("dsn")
def test_a_label_that_no_passage_has_leaves_the_words(open_page: OpenPage) -> None:
    text = healthy(open_page("search", ask="a highlight", highlight="2"))
    assert "No passage has a vector under elsewhere" in text
    assert "exact 1]" in text


@pytest.mark.usefixtures("dsn")
def test_a_highlight_of_nothing_says_so(open_page: OpenPage) -> None:
    text = healthy(open_page("search", ask="a highlight", highlight="3"))
    assert "ask with something else" in text


@pytest.mark.usefixtures("dsn")
def test_a_passage_of_no_book_has_nothing_around_it(open_page: OpenPage) -> None:
    app = open_page("search", q="Whales of no book")
    next(b for b in app.button if b.label == "Before and after").click().run()
    assert "Nothing is known to stand before or after it" in healthy(app)
    assert "unknown book" in healthy(app)


def test_no_background_leaves_the_results(open_page: OpenPage, dsn: str) -> None:
    execute(dsn, "DELETE FROM chunk_embeddings WHERE chunk_id > 1")
    text = healthy(open_page("search", ask="a highlight", highlight="4", rank="embedding"))
    assert "score 1.000" in text


def test_a_column_that_is_gone_is_named(open_page: OpenPage, dsn: str) -> None:
    execute(dsn, "ALTER TABLE chunks RENAME content TO body")
    text = healthy(open_page("search", q="whale"))
    assert "content" in text


@pytest.mark.usefixtures("dsn")
@pytest.mark.parametrize("page", ["2", "0", "-1", "x", "9" * 5_000, "٣"])
def test_any_page_number_shows_a_page(open_page: OpenPage, page: str) -> None:
    assert "1. [x](y)" in healthy(open_page("search", q="whale", page=page))


@pytest.mark.usefixtures("dsn")
@pytest.mark.parametrize("odd", ["\x00", "nul\x00byte", "'", "%", "\\"])
def test_odd_characters_choose_no_highlight(open_page: OpenPage, odd: str) -> None:
    asked = {"holding-words": odd, "highlight": odd}
    healthy(open_page("search", ask="a highlight", **asked))
    healthy(open_page("search", ask="a passage", passage=odd))


def test_dates_before_our_era_are_no_fault(open_page: OpenPage, dsn: str) -> None:
    execute(dsn, "UPDATE events SET created_at = '0044-03-15 BC' WHERE id = 1")
    execute(dsn, "UPDATE events SET created_at = 'infinity' WHERE id = 2")
    text = healthy(open_page("search", ask="a highlight"))
    assert "No highlight is chosen" in text
