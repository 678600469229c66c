"""The Search page: what is asked, under which model, and what comes back."""

from __future__ import annotations

import pytest

from tests.pages.conftest import OpenPage, said

PSALM = "the LORD is my shepherd I shall not want"


def test_nothing_asked_says_what_to_do(open_page: OpenPage) -> None:
    assert "Type a phrase" in said(open_page("search"))


@pytest.mark.parametrize("rank", ["embedding", "words"])
def test_a_known_phrase_comes_first(open_page: OpenPage, rank: str) -> None:
    app = open_page("search", q=PSALM, rank=rank)
    assert not app.exception
    first = next(m.value for m in app.markdown if m.value.startswith("**1"))
    assert "Psalms, chapter 23" in first.replace("\\", "")


def test_an_embedding_search_names_its_model_and_calibrates(open_page: OpenPage) -> None:
    text = said(open_page("search", q=PSALM))
    assert "wordllama" in text
    assert "percentile" in text
    assert "by chance" in text


def test_a_highlight_is_asked_for_by_id(open_page: OpenPage) -> None:
    assert "No highlight is chosen" in said(open_page("search", ask="a highlight"))
    unknown = said(open_page("search", ask="a highlight", highlight="no such id"))
    assert "There is no highlight no such id" in unknown


def test_a_labelled_highlight_cannot_be_searched_under_another_model(open_page: OpenPage) -> None:
    app = open_page("search", ask="a highlight", highlight="1")
    model = next(box for box in app.selectbox if box.label == "Model")
    assert model.options == ["wordllama-l2-256"]
    assert model.disabled


@pytest.mark.parametrize(
    "text",
    [
        "100% _pure_ \\ 'quoted' \"text\"",
        "<script>alert(1)</script>",
        "[link](http://example.org) **bold** :smile:",
        "\u202eright to left\u202c \x07",
        "ß É İ 日本語",
        "%",
        "\\",
    ],
)
@pytest.mark.parametrize("rank", ["embedding", "words"])
def test_odd_text_is_text(open_page: OpenPage, text: str, rank: str) -> None:
    app = open_page("search", q=text, rank=rank)
    assert not app.exception
    assert not app.error


def test_a_wildcard_is_not_a_wildcard(open_page: OpenPage) -> None:
    assert "No passage was found" in said(open_page("search", q="%", rank="words"))
    assert "No passage was found" in said(open_page("search", q="sh_pherd", rank="words"))
