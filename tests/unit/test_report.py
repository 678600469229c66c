"""The report in its three forms, its numbers, and the conditions of `--fail-on`."""

from __future__ import annotations

import json
import math
import re
import uuid
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.errors import SettingsError
from lib.matching.fallback.limits import ALIGNMENT_THRESHOLD, TRIGRAM_THRESHOLDS
from lib.report.checks import parse
from lib.report.options import Options
from lib.report.render import FORMATS, cell, interval, percent, render, score
from lib.report.values import as_list, number, plain, rate
from lib.report.values import interval as bounds
from tests.unit.builders import make_report

HOSTILE = "<script>alert('x')</script> & \"quoted\""


class _Page(HTMLParser):
    """What a browser would see: the tags, and each table row as its cells."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.rows: list[list[str]] = []
        self.text = ""
        self.in_cell = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in {"td", "th"}:
            self.rows[-1].append("")
            self.in_cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag in {"td", "th"}:
            self.in_cell = False

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.in_cell:
            self.rows[-1][-1] += data.strip()


def test_json_is_the_report_itself() -> None:
    report = make_report("modèle")
    written = render(report, "json")
    assert json.loads(written) == report
    assert "modèle" in written


def test_json_never_holds_what_json_cannot() -> None:
    report = make_report()
    report["matching"]["any_window"]["rate"] = math.nan
    with pytest.raises(ValueError, match="JSON"):
        render(report, "json")


SCORES = ["nomic", "nomic", "0.876", "0.512", "0.991"]


def test_html_shows_the_figures() -> None:
    page = _Page(render(make_report("nomic"), "html"))
    assert ["Any window", "40", "50.0%", "39.3 to 60.7%"] in page.rows
    assert ["With fallback (alignment)", "60", "75.0%", "64.5 to 83.2%"] in page.rows
    assert ["Order", "1", "2", "Confirmed", "Contradicted", "Unverified"] in page.rows
    for order in ("middle_out", "edge_first", "sequential", "spread"):
        assert [order, "37.5%", "50.0%", "31", "2", "7"] in page.rows
    assert [*SCORES, "0.987 to 0.994", "10.4%", "75.0%"] in page.rows
    assert ["50.0%", "0.876", "99.900", "0.077", "less than 1 search in 13"] in page.rows
    assert ["nomic", "nomic", "aligned", "12", "91.7%", "A note on nomic."] in page.rows
    assert ["highlights", "7", "nomic", "other", "0.250"] in page.rows


def test_html_escapes_what_comes_from_a_database() -> None:
    html = render(make_report(HOSTILE), "html")
    page = _Page(html)
    assert "script" not in page.tags
    assert HOSTILE in page.text
    assert "<script" not in html.lower()


def _markdown_rows(markdown: str) -> list[list[str]]:
    """The cells of every table row, split at the bars that are not escaped."""
    lines = [line for line in markdown.splitlines() if line.startswith("|")]
    return [[part.strip() for part in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def test_markdown_shows_the_figures() -> None:
    rows = _markdown_rows(render(make_report("nomic"), "md"))
    assert ["any window", "40", "50.0%", "39.3 to 60.7%"] in rows
    assert ["spread", "37.5%", "50.0%", "31", "2", "7"] in rows
    assert [*SCORES, "0.987 to 0.994", "10.4%", "75.0%"] in rows
    assert ["50.0%", "0.876", "99.900", "0.077", "less than 1 search in 13"] in rows
    assert ["highlights", "7", "nomic", "other", "0.250"] in rows


def test_markdown_tables_keep_their_shape_whatever_a_label_holds() -> None:
    label = "a|b\nc\r\n# d `e` <b> [f](g) \\| *h* ~~i~~"
    plain_rows = _markdown_rows(render(make_report("nomic"), "md"))
    rows = _markdown_rows(render(make_report(label), "md"))
    assert [len(row) for row in rows] == [len(row) for row in plain_rows]


def _with_groups(names: list[str]) -> Any:
    """A report that has the keys that came later; the rate of group n is n hundredths."""
    report = make_report()
    groups = [
        {
            "group": name,
            "eligible": 100,
            "matched": n,
            "rate": n / 100,
            "ci95": [n / 200, (n + 1) / 100],
            "against": "below the rest",
        }
        for n, name in enumerate(names)
    ]
    none = {
        "group": "nobody",
        "eligible": 0,
        "matched": 0,
        "rate": None,
        "ci95": None,
        "against": "as the rest",
    }
    report["matching"] |= {
        "breakdown": {"book": [none, *reversed(groups)], "month": [none], "length": []},
        "edge_drift": {"edge_rate": 0.25, "middle_rate": 0.5, "p_value": 0.012},
        "comparisons": [
            {
                "a": "middle_out",
                "b": b,
                "budget": 4,
                "only_a": 11,
                "only_b": 22,
                "difference": -0.1375,
                "ci95": [-0.25, -0.02],
                "ci95_by_book": None,
                "p_value": 0.01,
                "p_holm": 0.02,
            }
            for b in ("edge_first", "spread")
        ],
    }
    return report


NAMES = [f"Book {n}" for n in range(12)]
GROUP = ["Book 3", "3", "100", "3.0%", "1.5 to 4.0%", "below the rest"]
PAIR = ["4", "11", "22", "-13.8%", "-25.0 to -2.0%", "–"]


def _sections(markdown: str) -> list[list[list[str]]]:
    """The tables of a Markdown text: lines with bars that follow each other."""
    blocks = re.findall(r"(?:^\|.*\n?)+", markdown, re.MULTILINE)
    return [_markdown_rows(block) for block in blocks]


@pytest.mark.parametrize("form", ["html", "md"])
def test_groups_with_the_ten_lowest_rates_are_listed(form: Any) -> None:
    text = render(_with_groups(NAMES), form)
    rows = _Page(text).rows if form == "html" else _markdown_rows(text)
    names = [row[0] for row in rows if row[0].startswith("Book ")]
    assert names == NAMES[:10]
    assert GROUP in rows
    assert not any("nobody" in row for row in rows)


@pytest.mark.parametrize("form", ["html", "md"])
def test_what_came_later_is_shown_for_people(form: Any) -> None:
    text = render(_with_groups(NAMES), form)
    page = _Page(text)
    rows = page.rows if form == "html" else _markdown_rows(text)
    (pair,) = [row for row in rows if row[1:3] == ["11", "22"]]
    assert pair[:-1] == PAIR
    assert "25.0% of the time" in " ".join(text.split())
    assert "middle 50.0%" in " ".join(text.split())


def test_markdown_tables_are_whole_and_even_with_hostile_groups() -> None:
    report = _with_groups(["a|b", "c\nd", "# e", HOSTILE])
    tables = _sections(render(report, "md"))
    assert len(tables) == 11
    for header, line, *rows in tables:
        assert set("".join(line)) <= set("-:")
        assert {len(row) for row in rows} <= {len(header)} == {len(line)}


def test_html_escapes_the_names_of_groups() -> None:
    html = render(_with_groups([HOSTILE]), "html")
    assert "<script" not in html.lower()
    assert HOSTILE in _Page(html).text


def test_markdown_without_suspects_ends_its_sentence() -> None:
    report = make_report()
    report["alignment"]["suspects"] = []
    markdown = render(report, "md")
    assert "0 rows have a label that seems to lie." in markdown
    assert "first ten" not in markdown


@pytest.mark.parametrize("form", FORMATS)
def test_a_report_of_empty_databases_can_be_shown(form: Any) -> None:
    report = make_report(rate=None)
    report["matching"]["any_window"] = {"matched": 0, "rate": None, "ci95": None}
    report["similarity"]["pairs"] = []
    report["alignment"] = {"verdicts": [], "suspects": [], "coverage": []}
    assert "None" not in render(report, form)


@given(st.text(max_size=30))
def test_a_markdown_cell_is_one_line_and_reads_as_its_text(text: str) -> None:
    written = cell(text)
    assert len(written.splitlines()) <= 1
    assert re.sub(r"\\(.)", r"\1", written) == " ".join(text.split())
    bare = re.sub(r"\\.", "", written)
    assert not set(bare) & set("\\|`*_[]<>#&~$")


def test_figures_for_people() -> None:
    assert (percent(0.4567), percent(0.0), percent(None)) == ("45.7%", "0.0%", "–")
    assert (interval([0.1, 0.25]), interval(None)) == ("10.0 to 25.0%", "–")
    assert (score(0.12345), score(None)) == ("0.123", "–")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.5, 0.5),
        (0, 0.0),
        (np.float32(0.5), 0.5),
        (Decimal("0.5"), 0.5),
        (math.nan, None),
        (math.inf, None),
        (-math.inf, None),
        (np.float64("nan"), None),
        (None, None),
    ],
)
def test_a_number_is_finite_or_none(value: Any, expected: float | None) -> None:
    found = number(value)
    assert found == expected
    assert type(found) in {float, type(None)}


def test_intervals_are_two_numbers_or_none() -> None:
    assert bounds(np.float64(0.25), 0.5) == as_list((0.25, 0.5)) == [0.25, 0.5]
    assert bounds(np.nan, 0.5) is bounds(0.5, np.nan) is None
    assert as_list(None) is as_list((None, None)) is as_list((0.1, np.nan)) is None
    assert rate(0, 0) == {"matched": 0, "rate": None, "ci95": None}
    assert rate(2, 4)["rate"] == 0.5


def test_an_id_is_a_number_or_text_in_json() -> None:
    identifier = uuid.UUID(int=5)
    values = [7, "seven", np.int64(7), identifier, Decimal(7), None]
    made = [plain(value) for value in values]
    assert made == [7, "seven", 7, str(identifier), "7", None]
    assert json.loads(json.dumps(made)) == made


def test_options_take_the_threshold_of_their_fallback_unless_given() -> None:
    assert Options(fallback="alignment").accepted_distance == ALIGNMENT_THRESHOLD
    assert Options(fallback="none").accepted_distance == 0.0
    for operator, threshold in TRIGRAM_THRESHOLDS.items():
        assert Options(fallback="pg_trgm", operator=operator).accepted_distance == threshold
    assert Options(fallback="pg_trgm", threshold=0.1).accepted_distance == 0.1
    assert Options(threshold=0.0).accepted_distance == 0.0


@pytest.mark.parametrize("written", ["match-rate<0.4", "match-rate < 0.4", "match-rate<.4"])
def test_a_match_rate_fails_below_its_bound_only(written: str) -> None:
    condition = parse(written)
    assert condition.written == written
    reason = condition.reason(make_report(rate=0.3999))
    assert reason is not None
    assert "0.4" in reason
    assert condition.reason(make_report(rate=0.4)) is None
    assert condition.reason(make_report(rate=0.41)) is None


def test_an_unknown_match_rate_fails() -> None:
    reason = parse("match-rate<0.4").reason(make_report(rate=None))
    assert reason is not None
    assert "unknown" in reason


def test_the_match_rate_includes_the_fallback() -> None:
    report = make_report(rate=0.75)
    assert report["matching"]["any_window"]["rate"] < 0.6
    assert parse("match-rate<0.6").reason(report) is None


def test_a_mismatch_within_one_label_fails() -> None:
    reason = parse("mismatch").reason(make_report("nomic", "mismatched"))
    assert reason is not None
    assert "nomic" in reason
    for verdict in ("aligned", "inconclusive"):
        assert parse("mismatch").reason(make_report("nomic", verdict)) is None


def test_a_mismatch_between_two_labels_is_no_failure() -> None:
    report = make_report("nomic", "mismatched")
    report["alignment"]["verdicts"][0]["passage_model"] = "gemini"
    assert parse("mismatch").reason(report) is None


@pytest.mark.parametrize(
    "written",
    [
        "",
        "mismatches",
        "match-rate",
        "match-rate<",
        "match-rate>0.4",
        "match-rate<1.1",
        "match-rate<-1",
        "match-rate<40%",
        "match-rate<nan",
    ],
)
def test_what_is_no_condition_is_refused_with_an_example(written: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse(written)
    assert "--fail-on" in caught.value.message
    assert "match-rate<0.4" in caught.value.hint
