"""The numbers of the report, as JSON and as people read them, and its options."""

from __future__ import annotations

import json
import math
import uuid
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from lib.matching.fallback.limits import ALIGNMENT_THRESHOLD, TRIGRAM_THRESHOLDS
from lib.report.options import Options
from lib.report.render import interval, percent, score
from lib.report.values import as_list, number, plain, rate
from lib.report.values import interval as bounds


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
