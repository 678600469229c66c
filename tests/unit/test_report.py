"""The report in its three forms."""

from __future__ import annotations

import json
import math
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.names import visible
from lib.report.render import FORMATS, cell, render
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
    assert ["5", "nomic", "its book has no passages here", "nomic"] in page.rows


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
    assert ["5", "nomic", "its book has no passages here (book nomic)"] in rows


ALIGNMENT = [
    "1 of 4,403 judged rows have a label that seems to lie, of which about 0.0 may be false alarms",
    "nomic holds two spaces.",
    "Of the highlights without a label, 3 look like nomic, 2 like no known model.",
    "6 passages stand more than once under one model.",
]


@pytest.mark.parametrize("form", ["html", "md"])
@pytest.mark.parametrize("sentence", ALIGNMENT)
def test_what_was_found_about_labels_is_said(form: Any, sentence: str) -> None:
    text = render(make_report("nomic"), form)
    read = _Page(text).text if form == "html" else re.sub(r"\\(.)", r"\1", text)
    assert sentence in " ".join(read.split())


@pytest.mark.parametrize("form", ["html", "md"])
def test_a_suspect_like_no_model_is_said_to_be(form: Any) -> None:
    report = make_report("nomic")
    report["alignment"]["suspects"][0]["looks_like"] = None
    text = render(report, form)
    rows = _Page(text).rows if form == "html" else _markdown_rows(text)
    assert ["highlights", "7", "nomic", "no known model", "0.250"] in rows


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
    assert len(tables) == 12
    for header, line, *rows in tables:
        assert set("".join(line)) <= set("-:")
        assert {len(row) for row in rows} <= {len(header)} == {len(line)}


def test_html_escapes_the_names_of_groups() -> None:
    html = render(_with_groups([HOSTILE]), "html")
    assert "<script" not in html.lower()
    assert HOSTILE in _Page(html).text


def test_markdown_without_suspects_ends_its_sentence() -> None:
    report = make_report()
    report["alignment"] |= {"suspects": [], "suspected": 0}
    markdown = render(report, "md")
    assert "0 of 4,403 judged rows have a label that seems to lie," in markdown
    assert "may be false alarms.\n" in markdown
    assert "first ten" not in markdown


@pytest.mark.parametrize("form", FORMATS)
def test_a_report_of_empty_databases_can_be_shown(form: Any) -> None:
    report = make_report(rate=None)
    report["matching"]["any_window"] = {"matched": 0, "rate": None, "ci95": None}
    report["similarity"]["pairs"] = []
    report["alignment"] |= {
        "verdicts": [],
        "suspects": [],
        "suspected": 0,
        "judged": 0,
        "false_alarms_expected": 0.0,
        "unlabelled": {"by_looks": {}, "like_none": 0},
        "notes": [],
        "coverage": [],
        "unanswerable": [],
        "duplicates": {"passages": 0, "first": []},
    }
    assert "None" not in render(report, form)


@given(st.text(max_size=30))
def test_a_markdown_cell_is_one_line_and_reads_as_its_text(text: str) -> None:
    written = cell(text)
    assert len(written.splitlines()) <= 1
    assert re.sub(r"\\(.)", r"\1", written) == visible(text)
    bare = re.sub(r"\\.", "", written)
    assert not set(bare) & set("\\|`*_[]<>#&~$")
