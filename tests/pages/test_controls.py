"""Controls change what is shown, and the URL sets them."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from tests.pages.conftest import OpenPage, said


def metric(app: AppTest, label: str) -> float:
    """The value of a metric in percent."""
    found = next(m for m in app.metric if m.label == label)
    return float(found.value.rstrip("%"))


def test_the_whole_library_finds_at_least_what_the_own_book_does(open_page: OpenPage) -> None:
    own = metric(open_page("matches"), "Matched by any window")
    everywhere = metric(open_page("matches", scope="library"), "Matched by any window")
    assert 0 < own <= everywhere <= 100


def test_word_by_word_finds_more_than_exactly(open_page: OpenPage) -> None:
    exactly = metric(open_page("matches"), "Matched by any window")
    words = metric(open_page("matches", mode="words"), "Matched by any window")
    assert words > exactly


def test_a_larger_budget_never_matches_less(open_page: OpenPage) -> None:
    small = metric(open_page("matches", budget="1"), "Spread, budget 1")
    large = metric(open_page("matches", budget="16"), "Spread, budget 16")
    assert small < large


def test_windows_longer_than_every_highlight_are_explained(open_page: OpenPage) -> None:
    app = open_page("matches", window="12", stride="12")
    assert not app.exception
    assert metric(app, "Matched by any window") >= 0


def test_the_table_filters_by_state_and_words(open_page: OpenPage) -> None:
    app = open_page("matches", state="not found", holding="lord")
    table = next(frame.value for frame in app.dataframe if "state" in frame.value)
    assert set(table["state"]) == {"not found"}
    assert table["text"].str.contains("lord", case=False).all()
    none = open_page("matches", holding="xylophone quartz")
    assert not any("state" in frame.value for frame in none.dataframe)
    assert "No highlight is like that" in said(none)


def test_the_fallback_runs_when_asked(open_page: OpenPage) -> None:
    app = open_page("matches", fallback="alignment")
    assert not app.exception
    assert "are accepted" in said(app)
    assert len(app.get("vega_lite_chart")) == 5


def test_scores_of_two_labels_come_with_a_warning(open_page: OpenPage) -> None:
    same = open_page("scores")
    assert not same.warning
    other = open_page("scores", model="random-indexing-256")
    assert "no common label" in other.warning[0].value


def test_scores_state_their_sample(open_page: OpenPage) -> None:
    text = said(open_page("scores", shape="histogram", k="3"))
    assert "seed 0" in text
    assert "31,102 passages" in text


def test_unknown_values_in_the_url_fall_back(open_page: OpenPage) -> None:
    app = open_page("matches", scope="moon", mode="telepathy", budget="7")
    assert not app.exception
    assert not app.error
