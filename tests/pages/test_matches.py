"""The Matches page: the claim on trial, where the misses are, and each highlight explained."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from lib.connection import Connection
from lib.matching.scan import scan
from lib.matching.study import Study, scan_highlights, study
from lib.matching.trial import put_on_trial
from lib.ui.explanations import LEGEND
from lib.ui.orders import BADGES
from tests.pages.conftest import OpenPage, said

SHOWN = re.compile(r"^([\d,]+) of ([\d,]+) highlights\.$")


def table(app: AppTest) -> pd.DataFrame:
    """The table of highlights."""
    return next(frame.value for frame in app.dataframe if "state" in frame.value)


def shown_of(app: AppTest) -> tuple[int, str]:
    """Rows of the table of highlights, and what it says of those that it does not show."""
    said = [caption.value for caption in app.caption if "rows; the download" in caption.value]
    return len(table(app)), "".join(said)


def spec(app: AppTest, words: str) -> dict[str, Any]:
    """The drawing of the chart whose text alternative holds some words."""
    (chart,) = [chart for chart in app.get("vega_lite_chart") if words in chart.proto.alt]
    found: dict[str, Any] = json.loads(chart.proto.spec)
    return found


def rows_of(drawing: dict[str, Any]) -> list[str]:
    """The names on the vertical axis of the breakdown, from top to bottom."""
    return list(drawing["layer"][0]["encoding"]["y"]["sort"])


def sliders(app: AppTest) -> set[str]:
    return {slider.key for slider in app.slider if slider.key} - {"window", "stride"}


def only(app: AppTest) -> Any:
    return app.multiselect(key="only")


def explanation(app: AppTest) -> str:
    """What the explanation begins with."""
    return next(m.value for m in app.markdown if "**Highlight " in m.value)


@pytest.fixture(scope="module")
def read(demo: Any) -> Iterator[Study]:
    """What the page shows, computed apart from it."""
    connection = Connection(demo.settings)
    yield study(connection.run(scan_highlights), "book")
    connection.close()


# The claim, and orders compared


def test_the_claim_is_judged_at_the_budget(open_page: OpenPage, read: Study) -> None:
    app = open_page("matches", budget="16")
    for budget in (16, 1, 4):
        app.select_slider(key="budget").set_value(budget).run()
        expected = put_on_trial(read, budget)
        texts = [element.value for element in app.markdown]
        badges = [text for text in texts if any(title in text for title, _, _ in BADGES.values())]
        assert len(badges) == 1
        assert BADGES[expected.verdict][0] in badges[0]
        for sentence in expected.sentences:
            assert sentence in texts
        assert spec(app, "middle out minus that of edge first")


def test_every_pair_of_orders_is_compared_at_the_budget(open_page: OpenPage, read: Study) -> None:
    app = open_page("matches", budget="8")
    pairs = next(frame.value for frame in app.dataframe if "faster_a" in frame.value)
    assert len(pairs) == 6
    assert pairs["pair"].is_unique
    assert set(pairs["budget"]) == {8}
    expected = read.comparisons[read.comparisons["budget"] == 8]
    assert pairs["points"].tolist() == pytest.approx((100 * expected["difference"]).tolist())


# Where the misses are


def test_books_months_and_lengths_have_their_rates(open_page: OpenPage) -> None:
    app = open_page("matches")
    groups = {}
    for by in ("book", "month", "length"):
        app = app.segmented_control(key="by").set_value(by).run()
        assert not app.exception
        groups[by] = rows_of(spec(app, f"match rate by {by}"))
        assert set(groups[by]) <= set(only(app).options)
        if by == "book":
            assert "40 of 67 groups" in said(app)
    assert len(groups["book"]) == 40
    assert all(re.fullmatch(r"20\d\d-\d\d", month) for month in groups["month"])
    assert set(groups["length"]) <= {
        "6–9 words",
        "10–19 words",
        "20–29 words",
        "30–39 words",
        "40–59 words",
        "60 words and more",
    }


def test_groups_are_sorted_as_asked(open_page: OpenPage) -> None:
    app = open_page("matches", by="month", sort="name")
    by_name = rows_of(spec(app, "match rate by month"))
    assert by_name == sorted(by_name)
    app.segmented_control(key="sort").set_value("size").run()
    by_size = rows_of(spec(app, "match rate by month"))
    assert by_size != by_name
    assert set(by_size) == set(by_name)


def test_a_link_to_a_group_filters_the_table(open_page: OpenPage) -> None:
    app = open_page("matches", by="length", only="10–19 words")
    assert only(app).value == ["10–19 words"]
    shown = table(app)
    assert set(shown["group"]) == {"10–19 words"}
    assert shown["text"].str.split().str.len().between(10, 19).all()
    found = [SHOWN.match(c.value) for c in app.caption if SHOWN.match(c.value)]
    assert [match.groups() for match in found if match] == [(str(len(shown)), "1,408")]


def test_groups_are_chosen_and_left_again(open_page: OpenPage) -> None:
    app = open_page("matches")
    assert shown_of(app) == (1_000, "The first 1,000 of 1,408 rows; the download has them all.")
    only(app).set_value(["Genesis", "no book"]).run()
    chosen = table(app)
    assert set(chosen["group"]) == {"Genesis", "no book"}
    assert chosen.loc[chosen["group"] == "no book", "book"].isna().all()
    assert "found" in set(chosen.loc[chosen["group"] == "no book", "state"])
    only(app).set_value([]).run()
    assert shown_of(app) == (1_000, "The first 1,000 of 1,408 rows; the download has them all.")


def test_a_group_of_another_breakdown_is_forgotten(open_page: OpenPage) -> None:
    app = open_page("matches", by="month", only="Genesis")
    assert not app.exception
    assert only(app).value == []
    assert shown_of(app) == (1_000, "The first 1,000 of 1,408 rows; the download has them all.")
    only(app).set_value(["2022-05"]).run()
    assert len(table(app)) < 100
    app.segmented_control(key="by").set_value("length").run()
    assert only(app).value == []
    assert shown_of(app) == (1_000, "The first 1,000 of 1,408 rows; the download has them all.")


def test_within_the_budget_less_is_found(open_page: OpenPage) -> None:
    app = open_page("matches", budget="2", order="edge_first", within="true")
    within = table(app)
    without = table(app.toggle(key="within").set_value(False).run())
    assert "beyond the budget" not in set(without["state"])
    late = within["state"] == "beyond the budget"
    assert (late == (without["state"].eq("found") & without["attempts"].gt(2))).all()
    assert late.any()
    assert within.loc[late, "passage"].isna().all()


# Explanations


def test_a_found_highlight_is_marked_beside_its_passage(open_page: OpenPage, read: Study) -> None:
    confirmed = read.landings[read.landings["landing_spread"] == "confirmed"]
    identifier = str(confirmed["highlight"].iat[0] + 1)
    app = open_page("matches", highlight=identifier, order="spread")
    assert not app.exception
    assert f"**Highlight {identifier}: found.**" in explanation(app)
    texts = [element.value for element in app.markdown]
    heard = texts[texts.index("**Heard**") + 1]
    place = next(n for n, text in enumerate(texts) if text.startswith("**Written** in "))
    assert ":green-background[" in heard
    assert any(":green-background[" in text for text in texts[place + 1 :] if text != LEGEND)
    assert spec(app, "Strip of the windows")
    assert any("word error rate" in text for text in texts)


def test_an_unfound_highlight_is_put_beside_the_nearest_passage(
    open_page: OpenPage, read: Study
) -> None:
    shown = table(open_page("matches", state="not found", only="Genesis"))
    assert set(shown["row"]) <= set(read.unmatched)
    identifier = str(shown["id"].iat[0])
    app = open_page("matches", highlight=identifier)
    assert not app.exception
    assert re.search(
        r"(an error in every window|punctuation or a border|transcript too far)\.\*\*",
        explanation(app),
    )
    assert "at a distance of" in explanation(app)
    assert "**Written** in Genesis" in said(app)


def test_a_book_that_is_not_there_leaves_one_side_empty(open_page: OpenPage) -> None:
    shown = table(open_page("matches", only="book 9001"))
    assert set(shown["state"]) == {"not found"}
    app = open_page("matches", highlight=str(shown["id"].iat[0]))
    assert "book not in library" in explanation(app)
    assert "There is no passage to put beside it." in said(app)


def test_an_unknown_id_is_said_to_be_unknown(open_page: OpenPage) -> None:
    app = open_page("matches", highlight="99999999")
    for identifier in ("99999999", "moon", "1; DROP TABLE events", "**1**"):
        app.text_input(key="highlight").set_value(identifier).run()
        assert not app.exception
        assert "No highlight has that id." in said(app)
        assert not any("**Highlight " in element.value for element in app.markdown)


def test_a_highlight_is_explained_though_the_table_does_not_show_it(open_page: OpenPage) -> None:
    app = open_page("matches", highlight="3", only="Ruth")
    assert 3 not in set(table(app)["id"])
    assert "**Highlight 3:" in explanation(app)
    app.text_input(key="holding").set_value("xylophone quartz").run()
    assert "No highlight is like that." in said(app)
    assert "**Highlight 3:" in explanation(app)


# The fallback


def test_each_method_has_its_own_controls(open_page: OpenPage) -> None:
    app = open_page("matches")
    assert sliders(app) == set()
    for method, keys in (
        ("alignment", {"distance"}),
        ("pg_trgm", {"distance-words"}),
        ("both", {"distance", "distance-words"}),
        ("none", set()),
    ):
        app.segmented_control(key="fallback").set_value(method).run()
        assert not app.exception
        assert not app.error
        assert sliders(app) == keys, method
        boxes = {box.key for box in app.selectbox}
        assert ("operator" in boxes) == ("distance-words" in keys)


def test_each_operator_has_a_threshold_of_its_own(open_page: OpenPage) -> None:
    app = open_page("matches", fallback="pg_trgm", operator="<->")
    assert not app.exception
    assert sliders(app) == {"distance-whole"}
    assert "accepted by pg_trgm `<->`" in said(app)
    app.slider(key="distance-whole").set_value(0.05).run()
    app.selectbox(key="operator").set_value("<<->").run()
    assert app.slider(key="distance-words").value != 0.05


def test_what_the_fallback_accepts_counts_as_found(open_page: OpenPage) -> None:
    app = open_page("matches", fallback="alignment", state="by the fallback")
    accepted = table(app)
    assert f"**{len(accepted):,} of 565** are accepted by alignment" in said(app)
    assert accepted["content"].notna().all()
    strict = table(app.slider(key="distance").set_value(0.1).run())
    assert 0 < len(strict) < len(accepted)
    assert strict["distance"].max() <= 0.1


def test_two_fallbacks_are_put_side_by_side(open_page: OpenPage) -> None:
    app = open_page("matches", fallback="both")
    assert not app.exception
    assert not app.error
    compared = next(frame.value for frame in app.dataframe if "seconds" in frame.value)
    assert [method.split()[0] for method in compared["method"]] == ["alignment", "pg_trgm"]
    assert compared["attempted"].tolist() == [565, 565]
    assert spec(app, "Points of the distances by both methods")
    sentence = next(m.value for m in app.markdown if m.value.startswith("Both accept"))
    both, same, alignment, trigrams, neither = (
        int(n) for n in re.findall(r"\d+", re.sub(r"\(.*?%\)", "", sentence))
    )
    assert compared["accepted"].tolist() == [both + alignment, both + trigrams]
    assert both + alignment + trigrams + neither == 565
    assert 0.9 * both < same <= both


# What is computed again, and what is not


@pytest.fixture
def scans(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The mode of each scan of the library from here on; nothing is remembered from before."""
    st.cache_data.clear()
    modes: list[str] = []

    async def counted(*arguments: Any, **keywords: Any) -> Any:
        modes.append(arguments[5])
        return await scan(*arguments, **keywords)

    monkeypatch.setattr("lib.matching.study.scan", counted)
    return modes


def test_only_other_windows_are_looked_for_anew(open_page: OpenPage, scans: list[str]) -> None:
    app = open_page("matches", by="month", only="2022-05", highlight="3")
    assert scans == ["ilike"]
    app.selectbox(key="order").set_value("edge_first").run()
    app.select_slider(key="budget").set_value(12).run()
    app.segmented_control(key="scope").set_value("library").run()
    app.toggle(key="within").set_value(True).run()
    assert scans == ["ilike"]
    assert not app.exception
    # What was chosen before stands as it was.
    assert only(app).value == ["2022-05"]
    assert set(table(app)["group"]) == {"2022-05"}
    assert app.segmented_control(key="by").value == "month"
    assert app.selectbox(key="order").value == "edge_first"
    assert app.text_input(key="highlight").value == "3"
    assert "**Highlight 3:" in explanation(app)
    app.segmented_control(key="mode").set_value("words").run()
    assert scans == ["ilike", "words"]
    assert only(app).value == ["2022-05"]
