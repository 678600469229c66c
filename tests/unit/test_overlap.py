"""What rankings have in common among their first passages."""

from __future__ import annotations

import math

from lib.search.overlap import overlap


def test_shared_passages_whatever_their_order() -> None:
    table = overlap({"a": [1, 2, 3, 4], "b": [4, 3, 9, 8], "c": [5, 6, 7, 8]}, 4)
    found = {(row.a, row.b): (row.shared, row.of, row.share) for row in table.itertuples()}
    assert found == {("a", "b"): (2, 4, 0.5), ("a", "c"): (0, 4, 0.0), ("b", "c"): (1, 4, 0.25)}


def test_only_the_first_count() -> None:
    table = overlap({"a": [1, 2, 3], "b": [3, 2, 1]}, 1)
    assert table["shared"].tolist() == [0]
    assert overlap({"a": [1, 2, 3], "b": [3, 2, 1]}, 2)["shared"].tolist() == [1]


def test_a_shorter_ranking_is_compared_as_far_as_it_goes() -> None:
    row = overlap({"a": [1, 2, 3, 4], "b": [4]}, 4).iloc[0]
    assert (row["shared"], row["of"], row["share"]) == (1, 1, 1.0)
    empty = overlap({"a": [1], "b": []}, 4).iloc[0]
    assert empty["of"] == 0
    assert math.isnan(empty["share"])


def test_one_ranking_has_nothing_to_be_compared_with() -> None:
    table = overlap({"a": [1]}, 4)
    assert table.empty
    assert table.columns.tolist() == ["a", "b", "shared", "of", "share"]
