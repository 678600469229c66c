"""Highlights with their first hits, and the sentences about a study."""

from __future__ import annotations

import numpy as np
import pytest

from lib.matching import claims
from lib.matching.first_hits import first_hits, select
from lib.matching.orders import ORDERS
from lib.matching.scan import Scan
from lib.matching.study import Study, study
from tests.unit.builders import make_scan


@pytest.fixture
def made() -> tuple[Scan, Study]:
    # Highlight 0: five windows, the last hits passage 3; 1: no hit; 2: too short.
    scan = make_scan([5, 4, 0], [(0, 4, 3)])
    return scan, study(scan, "library")


def test_states_and_attempts_follow_the_order(made: tuple[Scan, Study]) -> None:
    scan, read = made
    table = first_hits(scan, read, "edge_first", None)
    assert table["state"].tolist() == ["found", "not found", "too short"]
    assert table["attempts"].tolist()[0] == 2
    sequential = first_hits(scan, read, "sequential", None)
    assert sequential["attempts"].tolist()[0] == 5


def test_a_budget_hides_later_hits(made: tuple[Scan, Study]) -> None:
    scan, read = made
    table = first_hits(scan, read, "sequential", 4)
    assert table["state"].tolist()[0] == "beyond the budget"
    assert table["passage"].tolist()[0] is None
    assert first_hits(scan, read, "sequential", 5)["state"].tolist()[0] == "found"


def test_select_by_state_and_words(made: tuple[Scan, Study]) -> None:
    scan, read = made
    table = first_hits(scan, read, "spread", None).assign(text=["Alpha", "beta (x)", "x"])
    assert select(table, "not found", "")["text"].tolist() == ["beta (x)"]
    assert select(table, None, "ALPHA")["text"].tolist() == ["Alpha"]
    assert select(table, None, "(x)")["text"].tolist() == ["beta (x)"]


def test_a_study_counts_what_the_scan_has(made: tuple[Scan, Study]) -> None:
    _, read = made
    assert (read.highlights, read.eligible, read.unmatched) == (3, 2, [1])
    assert read.too_short.tolist() == [False, False, True]
    assert all(np.isinf(read.attempts[order][1]) for order in ORDERS)


def test_equal_orders_are_said_to_do_equally_well() -> None:
    read = study(make_scan([1] * 20, [(n, 0, 0) for n in range(10)]), "library")
    assert "equally well" in claims.compare_in_words(read, "middle_out", "edge_first", 1)


def test_a_clear_winner_is_named_with_its_lead() -> None:
    # Forty highlights of nine windows; only the first window hits: the edge tries it at once.
    read = study(make_scan([9] * 40, [(n, 0, 0) for n in range(40)]), "library")
    sentence = claims.compare_in_words(read, "middle_out", "edge_first", 1)
    assert "edge first matches 100.0 points more" in sentence


def test_drift_is_told_from_the_ends_and_the_middle() -> None:
    # Ten windows each: all hit but the first and the last, which never do.
    hits = [(n, window, 0) for n in range(30) for window in range(1, 9)]
    read = study(make_scan([10] * 30, hits), "library")
    assert "hit 100% less often" in claims.drift_in_words(read.by_position)


def test_nothing_to_compare_is_said() -> None:
    read = study(make_scan([0], []), "library")
    assert claims.compare_in_words(read, "middle_out", "edge_first", 1) == (
        "There is nothing to compare."
    )
    assert claims.drift_in_words(read.by_position) == "There are no windows."
