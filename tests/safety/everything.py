"""All that the app can do: every page with every option, button and field, and every command."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from lib.__main__ import main
from lib.matching.fallback import METHODS, OPERATORS
from lib.matching.orders import BUDGETS
from lib.matching.rates import SCOPES
from lib.matching.windows import MODES
from lib.report.render import FORMATS
from tests.pages.conftest import ROOT, TIMEOUT

PAGES = ("library", "scores", "alignment", "matches", "search", "connect")
TEXTS = ("the fear of the Lord", "'; DROP TABLE chunks; --", "%_\\")
VECTOR = str([0.1] * 256)
MOST_OPTIONS = 5
CHOICES = ("button_group", "selectbox", "multiselect", "select_slider", "toggle", "checkbox")

Address = tuple[tuple[str, str], ...]


def starts(highlight: str, passage: str) -> dict[str, list[dict[str, str]]]:
    """Addresses to begin with, for what no option of a page leads to; both ids exist."""
    question = {"q": "better is little with the fear of the Lord"}
    return {
        "connect": [{"tab": "State"}, {"tab": "How to connect"}, {"tab": "What the figures mean"}],
        "search": [
            question,
            {**question, "page": "2", "most": "30"},
            {"ask": "a highlight", "highlight": highlight},
            {"ask": "a passage", "passage": passage},
            {"ask": "a vector"},
        ],
        "matches": [{"highlight": highlight}, {"fallback": "pg_trgm"}],
    }


@dataclass
class Walk:
    """One page visited under every option that any visit of it has shown."""

    page: str
    begin: list[dict[str, str]]
    check: Callable[[AppTest], object]
    seen: set[tuple[str, str]] = field(default_factory=set)
    visits: int = 0

    def run(self) -> None:
        """Visit the page until no visit shows anything new."""
        waiting: deque[dict[str, str]] = deque([{}, *self.begin])
        while waiting:
            address = waiting.popleft()
            app = open_page(self.page, address)
            self._note(app)
            for key, value in _options(app):
                if self._is_new(key, value):
                    waiting.append({**address, key: value})
            self._use(app)

    def _use(self, app: AppTest) -> None:
        """Press each button and fill each field of the page as it is."""
        for kind, label in [(w.type, w.label) for w in _fields(app)]:
            for value in TEXTS if kind in {"text_input", "text_area"} else ("",):
                found = [w for w in _fields(app) if (w.type, w.label) == (kind, label)]
                if found and not found[0].disabled and self._is_new(f"{kind} {label}", value):
                    _fill(found[0], value)
                    app.run()
                    self._note(app)

    def _is_new(self, name: str, value: str) -> bool:
        known = (name, value) in self.seen
        self.seen.add((name, value))
        return not known

    def _note(self, app: AppTest) -> None:
        self.visits += 1
        self.check(app)


def open_page(page: str, address: dict[str, str]) -> AppTest:
    """A page as a browser opens it, with the parameters of its address."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=TIMEOUT)
    app.run()
    for key, value in address.items():
        app.query_params[key] = value
    return app.switch_page(f"pages/{page}.py").run()


def _options(app: AppTest) -> Iterator[tuple[str, str]]:
    """Every choice that the page offers, as its address takes it."""
    for kind in CHOICES:
        for widget in app.get(kind):
            options = list(getattr(widget, "options", ("true",)))
            # Of long lists, such as all books, the ends stand for the rest.
            for option in options if len(options) <= MOST_OPTIONS else (options[0], options[-1]):
                if widget.key:
                    yield widget.key, str(option)
    for slider in app.slider:
        for end in (slider.min, slider.max):
            if slider.key and isinstance(end, (int, float)):
                yield slider.key, f"{end:g}"


def _fields(app: AppTest) -> list[Any]:
    kinds = ("button", "text_input", "text_area", "date_input", "pagination")
    return [widget for kind in kinds for widget in app.get(kind) if hasattr(widget, "label")]


def _fill(widget: Any, value: str) -> None:
    match widget.type:
        case "button":
            widget.click()
        case "date_input":
            days = list(widget.value or ())
            widget.set_value((days[0], days[-1]) if days else ())
        case "text_area":
            widget.set_value(VECTOR if value == TEXTS[0] else value)
        case _:
            widget.set_value(value)


def command_lines() -> list[list[str]]:
    """Every command that reads somebody's databases, with every option."""
    reports = [
        ["--mode", mode, "--scope", scope, "--fallback", method, "--sample", "40"]
        for mode, scope, method in product(MODES, SCOPES, METHODS)
    ]
    reports += [["--fallback", "pg_trgm", "--operator", one, "--sample", "20"] for one in OPERATORS]
    reports += [["--format", one, "--matches", "--sample", "20"] for one in FORMATS]
    reports += [
        ["--window", "3", "--stride", "3", "--budgets", ",".join(map(str, BUDGETS[:3]))],
        ["--threshold", "0.3", "--seed", "7", "--fail-on", "mismatch", "--fail-on", "suspects>3"],
    ]
    return [["doctor"], ["doctor", "--json"], *(["report", *options] for options in reports)]


def run_commands(lines: Sequence[Sequence[str]], capsys: pytest.CaptureFixture[str]) -> None:
    """Run commands in this process; each must end well or with the exit code of a finding."""
    for line in lines:
        assert main(line) in {0, 1}, line
        # What they print is read here, so that it does not pile up.
        capsys.readouterr()
