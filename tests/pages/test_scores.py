"""The Scores page: shapes, thresholds, the pairs behind them, books and models side by side."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from lib.demo.models import RANDOM_INDEXING, WORDLLAMA
from lib.similarity import measure
from tests.databases.library import TABLES, execute, insert
from tests.pages.conftest import OpenPage, said

PAIR = f"{WORDLLAMA}-{WORDLLAMA}"
THRESHOLD = f"threshold-{PAIR}"
BETWEEN = f"between-{PAIR}"


def metric(app: AppTest, words: str) -> str:
    return next(str(m.value) for m in app.metric if words in m.label)


def pairs(app: AppTest) -> pd.DataFrame:
    """The table of pairs."""
    return next(frame.value for frame in app.dataframe if "heard" in frame.value)


def panels(app: AppTest) -> list[Any]:
    charts = app.get("vega_lite_chart")
    return [chart for chart in charts if chart.proto.alt.startswith("Small multiple")]


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """The pairs of labels that are measured from here on; nothing is remembered from before."""
    st.cache_data.clear()
    seen: list[tuple[str, str]] = []
    measure_pair = measure.measure_pair

    async def counted(*arguments: Any, **keywords: Any) -> Any:
        seen.append(arguments[2:4])
        return await measure_pair(*arguments, **keywords)

    counted.__module__, counted.__qualname__ = measure_pair.__module__, measure_pair.__qualname__
    monkeypatch.setattr(measure, "measure_pair", counted)
    return seen


@pytest.mark.parametrize("shape", ["density", "histogram", "ECDF"])
def test_every_shape_is_drawn_with_the_threshold(open_page: OpenPage, shape: str) -> None:
    app = open_page("scores", shape=shape, **{THRESHOLD: "0.5"})
    assert not app.exception
    (main,) = [c for c in app.get("vega_lite_chart") if "with the threshold" in c.proto.alt]
    drawing = json.loads(main.proto.spec)
    marks = [layer["mark"]["type"] for layer in drawing["layer"]]
    assert marks[-2:] == ["rule", "text"]
    assert {"density": "area", "histogram": "bar", "ECDF": "line"}[shape] in marks
    assert app.slider(key=THRESHOLD).value == 0.5
    assert len(panels(app)) == 6


def test_moving_the_threshold_measures_nothing(
    open_page: OpenPage, measured: list[tuple[str, str]]
) -> None:
    app = open_page("scores")
    assert measured == [(WORDLLAMA, WORDLLAMA)]
    passed = [float(metric(app, "Nearest passages that pass").rstrip("%"))]
    for threshold in (0.4, 0.2, -0.25):
        app.slider(key=THRESHOLD).set_value(threshold).run()
        passed.append(float(metric(app, "Nearest passages that pass").rstrip("%")))
        assert f"threshold of {threshold:.3f}" in said(app)
    assert passed == sorted(passed)
    assert metric(app, "Random pairs that pass") == "100.0%"
    assert metric(app, "By chance") == "about 31,000 passages"
    app.segmented_control(key="shape").set_value("ECDF").run()
    app.slider(key="k").set_value(3).run()
    app.segmented_control(key="pairs").set_value("all k nearest").run()
    assert not app.exception
    assert measured == [(WORDLLAMA, WORDLLAMA)]


def test_the_threshold_begins_where_chance_gives_one_passage(open_page: OpenPage) -> None:
    app = open_page("scores")
    assert metric(app, "By chance") == "about 1 passage"
    app.slider(key=THRESHOLD).set_value(0.95).run()
    assert metric(app, "By chance") == "less than 1 search in 13"
    assert metric(app, "Random pairs that pass") == "0.0%"


def test_without_a_range_the_least_certain_pairs_are_listed(open_page: OpenPage) -> None:
    app = open_page("scores", **{THRESHOLD: "0.5"})
    table = pairs(app)
    assert len(table) == 50
    assert "The first 50 of 1,348 pairs" in said(app)
    assert table["score"].between(0.45, 0.55).all()
    assert (table["rank"] == 1).all()
    assert table["heard"].str.len().gt(0).all()
    assert table["written"].str.len().gt(0).all()
    assert table["percentile"].is_monotonic_decreasing
    assert table["expected"].is_monotonic_increasing


def test_a_range_in_the_address_lists_its_pairs(open_page: OpenPage) -> None:
    app = open_page("scores", k="3", pairs="all k nearest")
    app.slider(key=BETWEEN).set_value((0.8, 0.95)).run()
    table = pairs(app)
    assert table["score"].between(0.7995, 0.9505).all()
    assert table["score"].is_monotonic_decreasing
    assert set(table["rank"]) <= {1, 2, 3}
    assert set(table["own_book"]) <= {"yes", "no", "unknown"}
    assert len(table) == 200
    assert "The first 200 of" in said(app)
    app.slider(key=BETWEEN).set_value((-0.25, -0.2)).run()
    assert "No pair scores like that" in said(app)


def test_a_threshold_belongs_to_its_pair(open_page: OpenPage) -> None:
    app = open_page("scores", **{THRESHOLD: "0.3"})
    app.selectbox(key="model").set_value(RANDOM_INDEXING).run()
    assert app.slider(key=f"threshold-{WORDLLAMA}-{RANDOM_INDEXING}").value != 0.3
    assert not app.exception


def test_books_are_chosen(open_page: OpenPage) -> None:
    app = open_page("scores", books="Ruth")
    assert not app.exception
    assert len(panels(app)) == 1
    app.multiselect(key="books").set_value(["Genesis", "Ruth", "no book"]).run()
    assert len(panels(app)) == 3
    assert "3 of 67 books" in said(app)
    unknown = open_page("scores", books="Moby Dick")
    assert not unknown.exception
    assert len(panels(unknown)) == 6


def test_models_have_panels_of_their_own(
    open_page: OpenPage, measured: list[tuple[str, str]]
) -> None:
    app = open_page("scores", beside="models")
    assert not app.exception
    assert len(panels(app)) == 3
    assert "must not be compared" in said(app)
    unlabelled = {("unlabelled", WORDLLAMA), ("unlabelled", RANDOM_INDEXING)}
    assert set(measured) == {(WORDLLAMA, WORDLLAMA), *unlabelled}
    assert len(measured) == 3


def test_highlights_without_a_label_have_scores(open_page: OpenPage) -> None:
    app = open_page("scores", label="unlabelled", model=WORDLLAMA)
    assert not app.exception
    assert "All 60 highlights" in said(app)
    assert app.warning


@pytest.fixture
def odd_page(
    fresh_connection: None,
    make_database: Any,
    open_page: OpenPage,
    monkeypatch: pytest.MonkeyPatch,
) -> Any:
    """Opens the page on a library of these highlights and passages; pairs of label and vector."""

    def opened(heard: list[tuple[str | None, str | None]], written: list[str]) -> AppTest:
        dsn = make_database("vector", "pg_trgm")
        execute(dsn, TABLES)
        insert(dsn, "books", ["book_id", "title"], [(1, "Only <b>")])
        insert(
            dsn,
            "events",
            ["id", "text", "book_id", "embedding_model", "embedding"],
            [(n, f"heard {n}", 1, model, vector) for n, (model, vector) in enumerate(heard)],
        )
        insert(dsn, "chunks", ["chunk_id", "book_id", "content"], [(n, 1, "x") for n in range(9)])
        insert(
            dsn,
            "chunk_embeddings",
            ["chunk_id", "embedding_model", "embedding"],
            [(n, "m", vector) for n, vector in enumerate(written)],
        )
        monkeypatch.setenv("LIFE_DASHBOARD_DSN", dsn)
        monkeypatch.setenv("KNOWLEDGE_BASE_DSN", dsn)
        return open_page("scores")

    return opened


@pytest.mark.parametrize(
    ("heard", "written", "says"),
    [
        ([], ["[1,2]"], "nothing to compare"),
        ([("m", None)], ["[1,2]"], "nothing to compare"),
        ([("m", "[1,2]")], [], "nothing to compare"),
        ([("m", "[1,2]")], ["[1,2,3]"], "cannot be compared"),
        ([("m", "[0,0]")], ["[1,2]"], "cannot be compared"),
        ([("m", "[1,2]")], ["[0,0]"], "cannot be compared"),
        ([("m", "[1,2]")], ["[1,2]"], "The only highlight"),
        ([("m", "[1,2]"), (None, "[2,1]")], ["[1,2]", "[0,0]", "[1,1]"], "all 3 passages"),
        ([("m", "[1,2]"), ("m", "[0,0]")], ["[1,2]", "[3,1]"], "1 left out"),
    ],
)
def test_odd_libraries_are_explained(odd_page: Any, heard: Any, written: Any, says: str) -> None:
    app = odd_page(heard, written)
    assert not app.exception
    assert not app.error
    assert says in said(app)
