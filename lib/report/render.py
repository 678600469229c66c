"""The report for people: the same data as HTML or as Markdown."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from lib.matching.wording import p_words
from lib.names import TITLE_CHARACTERS, readable, visible

Format = Literal["json", "html", "md"]
FORMATS: tuple[Format, ...] = ("json", "html", "md")

TEMPLATES = Path(__file__).with_name("templates")


def render(report: dict[str, Any], form: Format) -> str:
    """The report as text of one of `FORMATS`."""
    if form == "json":
        return json.dumps(report, indent=2, ensure_ascii=False, allow_nan=False)
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=form == "html",
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": percent,
        "interval": interval,
        "score": score,
        "scores": scores,
        "significant": significant,
        "chance": chance,
        "cell": cell,
        "name": name,
    }
    return environment.get_template(f"report.{form}.j2").render(report=report)


def percent(share: float | None) -> str:
    """A share as a percentage; a dash where there is none."""
    return "–" if share is None else f"{100 * share:.1f}%"


def interval(bounds: list[float] | tuple[float, float] | None) -> str:
    """An interval of shares in percent."""
    return "–" if bounds is None else f"{100 * bounds[0]:.1f} to {100 * bounds[1]:.1f}%"


def score(value: float | None) -> str:
    """A score to three decimals."""
    return "–" if value is None else f"{value:.3f}"


def scores(bounds: list[float] | None) -> str:
    """An interval of scores or areas to three decimals."""
    return "–" if bounds is None else f"{bounds[0]:.3f} to {bounds[1]:.3f}"


def significant(value: float | None) -> str:
    """A number to two significant digits."""
    return "–" if value is None else f"{value:,.0f}" if value >= 100 else f"{value:.2g}"


def chance(p_value: float | None) -> str:
    """A p-value as a phrase, such as "p = .03"."""
    return "too little to test" if p_value is None else p_words(p_value)


def cell(text: Any) -> str:
    """Text of a database as a cell of a Markdown table: on one line, without markup."""
    plain = visible(str(text))
    escaped = "".join(f"\\{c}" if c in "\\`*_{}[]<>#|!&~$" else c for c in plain)
    # Colons that make a shortcode or an address of what stands around them.
    return re.sub(r":(?=[\w+-]+(?:/\w+)?:|//)", r"\\:", escaped)


def name(value: Any) -> str:
    """A title, a label or an id as people read it."""
    return readable(str(value), TITLE_CHARACTERS)
