"""The Search page: what is asked, under which model, and what comes back."""

from __future__ import annotations

import datetime as dt
import os
import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.conftest import Demo
from tests.databases.endpoints import Answer, like_ollama, serve
from tests.databases.library import fetch
from tests.pages.conftest import OpenPage, said

PSALM = "the LORD is my shepherd I shall not want"
ORDERS = ["all ways together", "embedding", "exact words", "fuzzy words"]
ODD_TEXTS = [
    "100% _pure_ \\ 'quoted' \"text\"",
    "<script>alert(1)</script>",
    "[link](http://example.org) **bold** :smile: $x$",
    "\u202eright to left\u202c \x07",
    "ß É İ 日本語",
    "%",
    "\\",
    "_",
    "'; DROP TABLE chunks; --",
    "nul\x00byte",
]


def results(app: AppTest) -> list[str]:
    """The head lines of the results: number, book, chapter and badges."""
    found = [m.value.replace("\\", "") for m in app.markdown if re.match(r"\*\*\d+\\?\.", m.value)]
    return [line.lstrip("*") for line in found]


def shown(app: AppTest, number: int) -> str:
    """The head line of one result."""
    return next(line for line in results(app) if line.startswith(f"{number}."))


def test_nothing_asked_says_what_to_do(open_page: OpenPage) -> None:
    assert "Type a phrase" in said(open_page("search"))
    assert "Type a phrase" in said(open_page("search", q=" \t "))


@pytest.mark.parametrize("order", ORDERS)
def test_a_known_phrase_comes_first(open_page: OpenPage, order: str) -> None:
    app = open_page("search", q=PSALM, rank=order)
    assert not app.exception
    assert "Psalms, chapter 23" in shown(app, 1)


def test_a_result_shows_every_rank_and_what_its_score_is_worth(open_page: OpenPage) -> None:
    app = open_page("search", q=PSALM)
    first = shown(app, 1)
    for badge in ("embedding 1]", "exact 1]", "fuzzy 1]", "[score 0.", "[percentile", "by chance:"):
        assert badge in first
    assert "wordllama" in said(app)


def test_each_order_begins_with_its_own_first(open_page: OpenPage) -> None:
    for order, badge in zip(ORDERS[1:], ("embedding", "exact", "fuzzy"), strict=True):
        app = open_page("search", q="the lost sheep", rank=order)
        ranks = [re.findall(rf"{badge} (\d+)\]", line) for line in results(app)]
        assert ranks == [[str(number)] for number in range(1, len(ranks) + 1)]


def test_words_are_marked_also_those_spelt_alike(open_page: OpenPage) -> None:
    app = open_page("search", q="sheperd", rank="fuzzy words")
    assert any(":orange-background[shepherd]" in m.value for m in app.markdown)


def test_results_come_in_pages_and_a_new_question_begins_at_the_first(open_page: OpenPage) -> None:
    app = open_page("search", q="the lost sheep", page="2", most="30")
    assert [line.partition(".")[0] for line in results(app)] == [str(n) for n in range(11, 21)]
    app.text_input(key="q").set_value("a soft answer").run()
    assert [line.partition(".")[0] for line in results(app)] == [str(n) for n in range(1, 11)]
    assert open_page("search", q="the lost sheep", page="999", most="30").exception == []


def test_passages_around_a_result_are_shown_on_demand(open_page: OpenPage) -> None:
    app = open_page("search", q="The LORD is my shepherd; I shall not want.", rank="exact words")
    assert "green pastures" not in said(app)
    next(b for b in app.button if b.label == "Before and after").click().run()
    assert "He maketh me to lie down in green pastures" in said(app).replace("\\", "")
    next(b for b in app.button if b.label == "Hide what is around it").click().run()
    assert "green pastures" not in said(app)


def test_more_like_this_asks_with_the_passage_and_leaves_it_out(open_page: OpenPage) -> None:
    app = open_page("search", q=PSALM)
    next(b for b in app.button if b.label == "More like this").click().run()
    assert not app.exception
    assert app.session_state["ask"] == "a passage"
    assert "The LORD is my shepherd" in said(app).replace("\\", "")
    assert results(app)
    texts = [m.value for m in app.markdown if "background[" in m.value]
    plain = [re.sub(r"[\[\]:;\\]|orange-background", "", text) for text in texts]
    assert not any("my shepherd I shall not want" in text for text in plain)


def test_filters_by_book_and_chapter(open_page: OpenPage) -> None:
    app = open_page("search", q="the lost sheep", books="Psalms")
    assert results(app)
    assert all("Psalms" in line for line in results(app))
    app = open_page("search", q="the lost sheep", books="Psalms", chapters="23")
    assert {line.partition("** ")[0].partition(". ")[2] for line in results(app)} == {
        "Psalms, chapter 23"
    }
    assert "The filter leaves 6 passages, and all of them are here." in said(app)


def test_ways_side_by_side(open_page: OpenPage) -> None:
    app = open_page("search", q="the lost sheep", show="ways side by side")
    assert not app.exception
    assert [m.value for m in app.markdown if m.value.startswith("####")] == [
        "#### By embedding",
        "#### By exact words",
        "#### By fuzzy words",
    ]
    assert len([line for line in results(app) if line.startswith("1.")]) == 3
    assert "also exact 1" in said(app)


def test_models_side_by_side_each_with_its_own_calibration(open_page: OpenPage) -> None:
    app = open_page("search", q=PSALM, show="models side by side")
    assert not app.exception
    first = [line for line in results(app) if line.startswith("1.")]
    assert len(first) == 2
    scores = [re.findall(r"score ([\d.]+)", line)[0] for line in first]
    assert scores[0] != scores[1]
    overlap = app.dataframe[-1].value
    assert overlap["k"].tolist() == [10, 50]
    assert overlap["share"].between(0, 1).all()
    assert "cannot be compared" in said(app)


def test_a_labelled_highlight_keeps_its_model(open_page: OpenPage) -> None:
    app = open_page("search", ask="a highlight", highlight="1")
    model = next(box for box in app.selectbox if box.label == "Model")
    assert model.options == ["wordllama-l2-256"]
    assert model.disabled
    # On purpose, its text is asked under the others.
    beside = open_page("search", ask="a highlight", highlight="1", show="models side by side")
    assert len([line for line in results(beside) if line.startswith("1.")]) == 2


def test_a_highlight_is_asked_for_by_id(open_page: OpenPage) -> None:
    assert "No highlight is chosen" in said(open_page("search", ask="a highlight"))
    unknown = said(open_page("search", ask="a highlight", highlight="no such id"))
    assert "There is no highlight no such id" in unknown


def test_highlights_are_chosen_by_words_and_dates(open_page: OpenPage, demo: Demo) -> None:
    app = open_page("search", ask="a highlight", **{"holding-words": "Herod"})
    table = app.dataframe[0].value
    assert table["text"].str.contains("herod", case=False).all()
    sql = "SELECT count(*) FROM events WHERE text ILIKE '%herod%'"
    assert len(table) == fetch(demo.owner.life_dashboard, sql)[0][0]
    day = table["created_at"].iloc[0].date()
    app.date_input(key="made").set_value((day, day + dt.timedelta(days=2))).run()
    days = app.dataframe[0].value["created_at"].dt.date
    assert day in set(days)
    assert days.between(day, day + dt.timedelta(days=2)).all()


def test_a_highlight_is_drawn_at_random(open_page: OpenPage) -> None:
    app = open_page("search", ask="a highlight", **{"holding-words": "Herod"})
    next(b for b in app.button if b.label == "Draw one at random").click().run()
    drawn = app.text_input(key="highlight").value
    assert int(drawn or 0) in app.dataframe[0].value["id"].tolist()
    assert results(app)


@pytest.mark.parametrize("passage", ["no such", "999999999", "0", "1.5", "'", "9" * 400])
def test_an_unknown_passage_is_said_to_be_unknown(open_page: OpenPage, passage: str) -> None:
    app = open_page("search", ask="a passage", passage=passage)
    assert not app.exception
    assert "There is no passage" in said(app)


def test_a_pasted_vector_finds_what_it_is_the_vector_of(open_page: OpenPage, demo: Demo) -> None:
    stored = fetch(
        demo.owner.knowledge_base,
        "SELECT embedding::text FROM chunk_embeddings JOIN chunks USING (chunk_id) "
        "WHERE embedding_model = 'wordllama-l2-256' AND content LIKE 'The LORD is my shepherd%'",
    )[0][0]
    app = open_page("search", ask="a vector")
    assert "No vector is given" in said(app)
    app.text_area(key="vector").set_value(stored).run()
    assert "Psalms, chapter 23" in shown(app, 1)
    assert "score 1.000" in shown(app, 1)


@pytest.mark.parametrize(
    ("vector", "sentence"),
    [
        ("[0.1, 0.2]", "The vector has 2 numbers, and no model"),
        ("[0.1, nan]", "is nan, which is not finite"),
        ("[0, 0, 0]", "points nowhere"),
        ("[0.1, <b>x</b>]", "is not a number"),
    ],
)
def test_a_vector_that_cannot_serve(open_page: OpenPage, vector: str, sentence: str) -> None:
    app = open_page("search", ask="a vector")
    app.text_area(key="vector").set_value(vector).run()
    assert not app.exception
    assert sentence in said(app).replace("\\", "")
    assert not results(app)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("text", ODD_TEXTS)
def test_odd_text_is_text(open_page: OpenPage, text: str, order: str) -> None:
    app = open_page("search", q=text, rank=order)
    assert not app.exception
    assert not app.error


def test_a_wildcard_is_not_a_wildcard(open_page: OpenPage) -> None:
    for text in ("%", "sh_pherd"):
        app = open_page("search", q=text, rank="exact words")
        found = "".join(results(app))
        assert "Psalms, chapter 23" not in found
    assert "No passage was found" in said(open_page("search", q="%", rank="exact words"))


def test_a_very_long_text_is_cut_and_says_so(open_page: OpenPage) -> None:
    app = open_page("search")
    app.text_input(key="q").set_value("shepherd " * 11_111 + "s").run()
    assert not app.exception
    assert "That text has 100,000 characters" in said(app)
    assert len(app.text_input(key="q").value or "") <= 4_000
    assert "John, chapter 10" in "".join(results(app))
    # What is asked next is short, and nothing is said any more.
    app.text_input(key="q").set_value("shepherd").run()
    assert "characters" not in said(app)


def test_the_index_is_measured_on_demand(open_page: OpenPage) -> None:
    app = open_page("search", q=PSALM)
    assert not app.metric
    next(b for b in app.button if b.label == "Measure the index").click().run()
    recall = next(m for m in app.metric if m.label == "Recall at 10")
    assert 0.9 <= float(recall.value) <= 1
    assert "of the 10 nearest" in said(app)


@pytest.mark.usefixtures("fresh_connection")
class TestWithAnEndpoint:
    """The label of the demo's first model, embedded by an endpoint."""

    def open(
        self, open_page: OpenPage, answer: Answer, monkeypatch: pytest.MonkeyPatch, folder: Path
    ) -> AppTest:
        """The page, once the endpoint stands in the settings."""
        with serve(answer) as served:
            secrets = folder / "endpoint.toml"
            # Beside what the settings of the test hold already.
            own = Path(os.environ["CONCORDANCE_SECRETS"]).read_text()
            secrets.write_text(
                f'{own}[embedders."wordllama-l2-256"]\n'
                f'base_url = "{served.url}"\nmodel = "m"\ntimeout = 1.0\n'
                'api_key = "canary-key"\n'
            )
            monkeypatch.setenv("CONCORDANCE_SECRETS", str(secrets))
            return open_page("search", q=PSALM)

    def test_the_right_model_is_used_without_a_word(
        self, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        from lib.demo import models

        answer = like_ollama(lambda texts: models.embed(models.WORDLLAMA, texts).tolist(), "m")
        app = self.open(open_page, answer, monkeypatch, tmp_path)
        assert not app.error
        assert not app.warning
        assert "embedding 1]" in shown(app, 1)

    def test_another_model_is_accused_before_any_result(
        self, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        from lib.demo import models

        answer = like_ollama(
            lambda texts: models.embed(models.RANDOM_INDEXING, texts).tolist(), "m"
        )
        app = self.open(open_page, answer, monkeypatch, tmp_path)
        assert "not the model of these rows" in said(app)
        assert results(app)

    def test_a_wrong_dimension_leaves_the_words(
        self, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        app = self.open(
            open_page,
            like_ollama(lambda texts: [[0.5] * 7 for _ in texts], "m"),
            monkeypatch,
            tmp_path,
        )
        text = said(app).replace("\\", "")
        assert len(app.error) == 1
        assert " 7 " in text
        assert "256" in text
        assert "canary" not in text
        assert "Psalms, chapter 23" in shown(app, 1)
        assert "exact 1]" in shown(app, 1)
