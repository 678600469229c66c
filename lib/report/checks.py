"""`--fail-on`: conditions under which a report counts as failed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lib.errors import SettingsError

SUSPECTS = re.compile(r"suspects>(?P<most>\d+)")
RATE = re.compile(r"match-rate<(?P<least>\d*\.?\d+)")


@dataclass(frozen=True)
class Condition:
    """A condition as written, and what finds the reason for which a report meets it, or None."""

    written: str
    reason: Callable[[dict[str, Any]], str | None]


def parse(written: str) -> Condition:
    """`mismatch`, `suspects>N`, or `match-rate<R` with R from 0 to 1. Raises SettingsError."""
    if written == "mismatch":
        return Condition(written, _mismatch)
    counted = SUSPECTS.fullmatch(written.replace(" ", ""))
    if counted:
        most = int(counted["most"])
        return Condition(written, lambda report: _suspects(report, most))
    found = RATE.fullmatch(written.replace(" ", ""))
    if found and 0 <= float(found["least"]) <= 1:
        least = float(found["least"])
        return Condition(written, lambda report: _match_rate(report, least))
    raise SettingsError(
        f"--fail-on {written} is not a condition.",
        "Write mismatch, suspects>10, or match-rate<0.4.",
    )


def _mismatch(report: dict[str, Any]) -> str | None:
    """Vectors that carry one label but are not of one space."""
    for row in report["alignment"]["verdicts"]:
        same_label = row["highlight_model"] == row["passage_model"]
        if same_label and row["verdict"] == "mismatched":
            return f"Highlights and passages labelled {row['highlight_model']} do not match."
    return None


def _suspects(report: dict[str, Any], most: int) -> str | None:
    """More rows whose label lies than are put up with."""
    suspected = report["alignment"]["suspected"]
    if suspected <= most:
        return None
    return f"{suspected:,} rows have a label that seems to lie, more than {most:,}."


def _match_rate(report: dict[str, Any], least: float) -> str | None:
    """The rate of everything that is matched, fallback included."""
    rate = report["matching"]["matched_total"]["rate"]
    if rate is not None and rate >= least:
        return None
    return f"The match rate is {'unknown' if rate is None else f'{rate:.3f}'}, below {least}."
