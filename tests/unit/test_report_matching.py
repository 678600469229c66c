"""The report on matching, from scans made by hand: marks, groups, and figures that are missing."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lib.matching.fallback import Fallen
from lib.matching.orders import ORDERS
from lib.matching.scan import Scan
from lib.matching.study import study
from lib.report.matching import matches, windows, with_fallback
from lib.report.options import Options
from tests.unit.builders import make_scan

OPTIONS = Options(scope="library", matches=True)
TITLES = pd.DataFrame({"book": ["A", "B"], "title": ["Emma", "Emma"]})

# A hit as (window, passage it begins in, from, passage it ends in, to).
Place = tuple[int, int, int, int, int]


def placed(windows_: int, places: list[Place]) -> Scan:
    """A scan of one highlight whose windows stand at these places."""
    made = make_scan([windows_], [(0, place[0], place[1]) for place in places])
    columns = np.array(places, dtype=np.int32).reshape(-1, 5).T
    return dataclasses.replace(made, hit_start=columns[2], hit_last=columns[3], hit_stop=columns[4])


def nothing_fallen(rows: list[tuple[int, Any, float]] | None = None) -> Fallen:
    frame = pd.DataFrame(rows or [], columns=["highlight", "passage", "distance"], dtype=object)
    frame = frame.astype({"highlight": int, "distance": float}).assign(words=30)
    return Fallen("alignment", None, frame, 0.0)


def listed(made: Scan, fallen: Fallen | None = None) -> list[dict[str, Any]]:
    found = matches(OPTIONS, made, study(made, "library"), fallen or nothing_fallen())
    json.dumps(found, allow_nan=False)
    return found


@pytest.mark.parametrize(
    ("places", "marks"),
    [
        ([(0, 3, 5, 3, 9)], [[5, 9]]),
        # Windows that overlap or touch are one mark, others are not.
        ([(0, 3, 5, 3, 9), (1, 3, 7, 3, 12)], [[5, 12]]),
        ([(0, 3, 5, 3, 9), (1, 3, 9, 3, 12)], [[5, 12]]),
        ([(0, 3, 5, 3, 9), (1, 3, 10, 3, 12)], [[5, 9], [10, 12]]),
        # In the order of the passage, not of the highlight; one within another changes nothing.
        ([(1, 3, 20, 3, 30), (0, 3, 40, 3, 50), (2, 3, 22, 3, 24)], [[20, 30], [40, 50]]),
        # Into the next passage: up to the end of this one.
        ([(0, 3, 5, 3, 9), (1, 3, 30, 4, 6)], [[5, 9], [30, None]]),
        ([(0, 3, 28, 3, 33), (1, 3, 30, 4, 6), (2, 3, 32, 4, 9)], [[28, None]]),
        # Out of the passage before: from the beginning of this one.
        ([(0, 2, 30, 3, 6), (1, 3, 2, 3, 9), (2, 3, 20, 3, 25)], [[0, 9], [20, 25]]),
        # All through a short passage, which three others begin in.
        ([(0, 3, 1, 3, 3), (1, 3, 1, 3, 4), (2, 2, 9, 4, 5)], [[0, None]]),
        # Elsewhere: not in the passage that most windows hit.
        ([(0, 3, 5, 3, 9), (1, 3, 7, 3, 12), (2, 7, 1, 7, 4)], [[5, 12]]),
    ],
)
def test_marks_are_where_windows_stand_in_the_passage(
    places: list[Place], marks: list[list[int | None]]
) -> None:
    (row,) = listed(placed(3, places))
    assert (row["method"], row["passage"]) == ("exact", "p3")
    assert row["marks"] == marks


def test_what_no_window_finds_has_no_marks() -> None:
    made = make_scan([4, 4, 0], [])
    fallen = nothing_fallen([(0, "p5", 0.2), (1, "p6", 0.9)])
    rows = listed(made, fallen)
    assert [row["marks"] for row in rows] == [[], [], []]
    assert [row["method"] for row in rows] == ["fallback", "none", "none"]
    assert [row["passage"] for row in rows] == ["p5", None, None]
    assert [row["distance"] for row in rows] == [0.2, 0.9, None]
    assert rows[0]["attempts"] == dict.fromkeys(ORDERS)


def test_marks_of_one_highlight_are_not_those_of_another() -> None:
    made = make_scan([2, 2], [(0, 0, 3), (1, 1, 3), (1, 0, 3)])
    made = dataclasses.replace(
        made,
        hit_start=np.array([5, 50, 40], dtype=np.int32),
        hit_stop=np.array([9, 59, 45], dtype=np.int32),
    )
    assert [row["marks"] for row in listed(made)] == [[[5, 9]], [[40, 45], [50, 59]]]


def test_groups_add_up_to_all_and_name_each_highlights_own_book() -> None:
    made = make_scan([4, 4, 4, 4, 0], [(0, 0, 0), (1, 0, 7)], books=("A",) * 4 + ("B",) * 4)
    people = made.highlights.assign(
        book=["A", None, "B", "C", "A"],
        text=["a " * words for words in (9, 9, 9, 40, 2)],
        created_at=pd.to_datetime(["2024-01-05", "2024-01-06", "2024-02-01", None, None], utc=True),
    )
    made = dataclasses.replace(made, highlights=people)
    read = study(made, "library")
    found = with_fallback(OPTIONS, made, read, nothing_fallen([(2, "p5", 0.1)]), TITLES)
    assert found["matched_total"]["matched"] == 3
    groups = {
        by: {row["group"]: (row["matched"], row["eligible"]) for row in rows}
        for by, rows in found["breakdown"].items()
    }
    assert groups == {
        # Found in another book, but filed under none.
        "book": {"Emma": (2, 2), "book C": (0, 1), "no book": (1, 1)},
        "month": {"2024-01": (2, 2), "2024-02": (1, 1), "no date": (0, 1)},
        "length": {"0–5 words": (0, 0), "6–9 words": (3, 3), "40–59 words": (0, 1)},
    }
    short = next(row for row in found["breakdown"]["length"] if row["group"] == "0–5 words")
    assert (short["rate"], short["ci95"], short["against"]) == (None, None, "as the rest")


@pytest.mark.parametrize("counts", [[], [0, 0], [1]])
def test_figures_that_cannot_be_computed_are_null(counts: list[int]) -> None:
    made = make_scan(counts, [])
    made = dataclasses.replace(
        made,
        highlights=made.highlights.assign(
            created_at=pd.to_datetime([None] * len(counts), utc=True)
        ),
    )
    read = study(made, "library")
    values = windows(OPTIONS, read)
    values |= with_fallback(OPTIONS, made, read, nothing_fallen(), TITLES)
    json.dumps(values, allow_nan=False)
    assert values["any_window"]["ci95_by_book"] is None
    assert values["edge_drift"]["p_value"] is None
    assert values["edge_drift"]["ci95"] is None
    assert [row["median_a"] for row in values["attempts"]] == [None] * 6
    rate = 0.0 if counts == [1] else None
    assert values["any_window"]["rate"] == rate
    assert values["random_order"][0]["rate"] == rate
    groups = [row for rows in values["breakdown"].values() for row in rows]
    assert [row["rate"] for row in groups] == [rate] * len(groups)
    assert len(groups) == (3 if counts else 0)
