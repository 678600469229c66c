"""Where first hits land, and which highlights are anchors, from examples made by hand.

Highlights have 20 windows of 6 words unless said otherwise: `sequential` and `edge_first` try
window 0 first, `middle_out` and `spread` window 9.
"""

from __future__ import annotations

from typing import Any

import pytest

from lib.matching.anchors import find_anchors
from lib.matching.landings import count_landings, land
from lib.matching.orders import ORDERS
from lib.matching.rates import within
from tests.unit.builders import Hit, make_scan

TWO_BOOKS = ("A", "A", "A", "A", "A", "B", "B")


def _land(
    hits: list[Hit], books: tuple[str, ...] = TWO_BOOKS, size: int = 6, stride: int = 1
) -> Any:
    """The one row that `land` makes of the hits of one highlight."""
    scan = make_scan([20], hits, books=books, size=size, stride=stride)
    table = land(scan, within(scan, "library"))
    assert len(table) == 1
    return table.iloc[0]


def test_another_window_in_the_same_passage_confirms() -> None:
    row = _land([(0, 0, 2), (0, 6, 2)])
    assert (row["landing_sequential"], row["attempts_sequential"]) == ("confirmed", 1)
    # 9, 10, 8, 11, 7, 12, 6: the seventh.
    assert (row["landing_middle_out"], row["attempts_middle_out"]) == ("confirmed", 7)
    assert (row["passage"], row["agreeing"]) == (2, 2)


@pytest.mark.parametrize("neighbour", [1, 3])
def test_another_window_in_a_neighbouring_passage_confirms(neighbour: int) -> None:
    assert _land([(0, 0, 2), (0, 6, neighbour)])["landing_sequential"] == "confirmed"


@pytest.mark.parametrize("distant", [0, 4, 5])
def test_another_window_further_off_does_not_confirm(distant: int) -> None:
    assert _land([(0, 0, 2), (0, 6, distant)])["landing_sequential"] == "unverified"


def test_a_passage_of_the_same_place_in_another_book_does_not_confirm() -> None:
    # Rows 1 and 2: place 1 of A and place 0 of B.
    assert _land([(0, 0, 1), (0, 6, 2)], ("A", "A", "B", "B"))["landing_sequential"] == "unverified"


def test_the_next_row_is_no_neighbour_across_books() -> None:
    assert _land([(0, 0, 0), (0, 6, 1)], ("A", "B"))["landing_sequential"] == "unverified"


@pytest.mark.parametrize(
    ("second", "size", "stride", "landing"),
    [
        (5, 6, 1, "unverified"),
        (6, 6, 1, "confirmed"),
        (1, 6, 3, "unverified"),
        (2, 6, 3, "confirmed"),
        (1, 6, 4, "unverified"),
        (2, 6, 4, "confirmed"),
        (1, 6, 6, "confirmed"),
    ],
)
def test_only_a_window_that_shares_no_word_confirms(
    second: int, size: int, stride: int, landing: str
) -> None:
    row = _land([(0, 0, 2), (0, second, 2)], size=size, stride=stride)
    assert row["landing_sequential"] == landing


def test_a_lone_hit_is_unverified() -> None:
    row = _land([(0, 3, 2)])
    for order in ORDERS:
        assert row[f"landing_{order}"] == "unverified"
    assert (row["passage"], row["agreeing"]) == (2, 1)


def test_a_landing_away_from_the_passage_of_most_windows_is_contradicted() -> None:
    row = _land([(0, 0, 0), (0, 8, 4), (0, 9, 4)])
    assert row["landing_sequential"] == "contradicted"
    assert row["landing_edge_first"] == "contradicted"
    # The middle lands where most windows do, but those overlap.
    assert row["landing_middle_out"] == "unverified"
    assert row["landing_spread"] == "unverified"
    assert (row["passage"], row["agreeing"]) == (4, 2)


def test_confirmation_outweighs_contradiction() -> None:
    row = _land([(0, 0, 0), (0, 6, 1), (0, 13, 4), (0, 14, 4), (0, 15, 4)])
    assert row["landing_sequential"] == "confirmed"


def test_a_tie_contradicts_nothing_and_goes_to_the_first_passage() -> None:
    row = _land([(0, 0, 4), (0, 9, 0)])
    assert row["landing_sequential"] == "unverified"
    assert (row["passage"], row["agreeing"]) == (0, 1)


def test_a_window_in_several_passages_lands_in_the_first() -> None:
    # Window 0 is in rows 0 and 4; window 9 confirms row 4 only.
    row = _land([(0, 0, 4), (0, 0, 0), (0, 9, 4)])
    assert row["landing_sequential"] == "contradicted"
    assert (row["passage"], row["agreeing"]) == (4, 2)


def test_each_matched_highlight_has_a_row_of_its_own() -> None:
    scan = make_scan([20, 3, 0, 20], [(3, 0, 2), (3, 6, 2), (0, 0, 1)])
    table = land(scan, within(scan, "library"))
    assert table["highlight"].tolist() == [0, 3]
    assert count_landings(table, "sequential") == {
        "confirmed": 1,
        "contradicted": 0,
        "unverified": 1,
    }


@pytest.mark.parametrize("counts", [[20, 0], [0], []])
def test_without_a_hit_there_are_no_landings(counts: list[int]) -> None:
    scan = make_scan(counts, [])
    table = land(scan, within(scan, "book"))
    assert len(table) == 0
    assert count_landings(table, "spread") == {"confirmed": 0, "contradicted": 0, "unverified": 0}
    assert len(find_anchors(scan, table)) == 0


def _anchors(hits: list[Hit]) -> list[dict[str, Any]]:
    scan = make_scan([20, 20, 20, 20], hits)
    found: list[dict[str, Any]] = find_anchors(scan, land(scan, within(scan, "library"))).to_dict(
        "records"
    )
    return found


def test_two_windows_without_a_common_word_in_one_passage_make_an_anchor() -> None:
    lone, overlapping, apart = [(0, 0, 2)], [(1, 0, 2), (1, 1, 2)], [(2, 0, 1), (2, 9, 3)]
    agreed = [(3, 4, 5), (3, 5, 5), (3, 10, 5)]
    assert _anchors([*lone, *overlapping, *apart, *agreed]) == [
        {"id": 103, "model": "model-3", "passage": "p5"}
    ]


def test_what_confirms_one_place_makes_no_anchor_of_another() -> None:
    # Windows 3 and 9 agree on rows 0 and 1; those in row 5 all share words with each other.
    elsewhere = [(0, 15, 5), (0, 16, 5), (0, 17, 5)]
    anchors = _anchors([(0, 9, 0), (0, 3, 1), *elsewhere])
    assert "p5" not in [anchor["passage"] for anchor in anchors]
