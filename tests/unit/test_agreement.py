"""Two fallbacks on the same highlights: accepted or not, in the same place or apart."""

from __future__ import annotations

import itertools
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd
import pytest

from lib.charts import agreement as agreement_chart
from lib.matching.fallback import Fallen, Method
from lib.matching.fallback.agreement import OUTCOMES, Outcome, agree, count_outcomes

# Passages a, b, c of one book, d and e of another, f and g of none.
IDS = list("abcdefg")
PASSAGES = pd.DataFrame(
    {"passage": IDS, "book": ["1", "1", "1", "2", "2", None, None]}, dtype=object
)
NEAR, FAR = 0.1, 0.9

# A place as (highlight, passage, distance).
Place = tuple[int, Any, float]


def fallen(method: Method, places: list[Place], words: int = 30) -> Fallen:
    frame = pd.DataFrame(places, columns=["highlight", "passage", "distance"], dtype=object)
    frame = frame.astype({"highlight": int, "distance": float})
    frame = frame.assign(words=np.full(len(frame), words, dtype=np.int64))
    if method == "pg_trgm":
        frame = frame.assign(candidates=5)
    else:
        frame = frame.assign(first=frame["passage"], last=frame["passage"])
    return Fallen(method, "<<->" if method == "pg_trgm" else None, frame, 0.1)


def outcome(one: tuple[Any, float], other: tuple[Any, float]) -> str:
    table = agree(
        fallen("alignment", [(3, *one)]), fallen("pg_trgm", [(3, *other)]), 0.3, 0.6, PASSAGES
    )
    assert table["highlight"].tolist() == [3]
    return str(table["outcome"].iat[0])


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("a", "a", "same place"),
        ("a", "b", "same place"),
        ("b", "a", "same place"),
        ("a", "c", "different places"),
        ("a", "e", "different places"),
        # Neighbours in the table, but the end of one book and the beginning of the next.
        ("c", "d", "different places"),
        ("d", "c", "different places"),
        ("e", "f", "different places"),
        ("f", "g", "same place"),
        # The first and the last passage are no neighbours.
        ("a", "g", "different places"),
    ],
)
def test_both_accept_in_one_place_or_apart(one: str, other: str, expected: Outcome) -> None:
    assert outcome((one, NEAR), (other, NEAR)) == expected


@pytest.mark.parametrize(
    ("other", "expected"),
    [("a", "same place"), ("c", "same place"), ("d", "different places")],
)
def test_a_place_is_all_the_passages_it_covers(other: str, expected: Outcome) -> None:
    alignment = fallen("alignment", [(3, "b", NEAR)])
    wide = Fallen("alignment", None, alignment.places.assign(first="a", last="c"), 0.1)
    narrow = Fallen("alignment", None, alignment.places.assign(first="a", last="a"), 0.1)
    trigrams = fallen("pg_trgm", [(3, other, NEAR)])
    assert agree(wide, trigrams, 0.3, 0.6, PASSAGES)["outcome"].tolist() == [expected]
    if other == "c":
        apart = agree(narrow, trigrams, 0.3, 0.6, PASSAGES)
        assert apart["outcome"].tolist() == ["different places"]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (("a", NEAR), ("a", FAR), "only alignment"),
        (("a", FAR), ("a", NEAR), "only pg_trgm"),
        (("a", FAR), ("a", FAR), "neither"),
        (("a", NEAR), (None, np.nan), "only alignment"),
        ((None, np.nan), ("a", NEAR), "only pg_trgm"),
        ((None, np.nan), (None, np.nan), "neither"),
        # Each has its own threshold, which is just accepted.
        (("a", 0.3), ("a", 0.6), "same place"),
        (("a", 0.31), ("a", 0.6), "only pg_trgm"),
        (("a", 0.3), ("a", 0.61), "only alignment"),
    ],
)
def test_what_only_one_or_none_accepts(
    one: tuple[Any, float], other: tuple[Any, float], expected: Outcome
) -> None:
    assert outcome(one, other) == expected


def test_short_highlights_must_be_nearer_for_both() -> None:
    places: list[Place] = [(0, "a", 0.2)]
    short = agree(
        fallen("alignment", places, 10), fallen("pg_trgm", places, 10), 0.3, 0.6, PASSAGES
    )
    assert short["outcome"].tolist() == ["only pg_trgm"]


def test_highlights_that_one_was_not_asked_for_are_kept() -> None:
    table = agree(
        fallen("alignment", [(2, "a", NEAR), (5, "b", NEAR)]),
        fallen("pg_trgm", [(9, "c", NEAR), (5, "b", NEAR)]),
        0.3,
        0.6,
        PASSAGES,
    )
    assert dict(zip(table["highlight"], table["outcome"], strict=True)) == {
        2: "only alignment",
        5: "same place",
        9: "only pg_trgm",
    }


def test_distances_and_passages_of_both_stand_side_by_side() -> None:
    table = agree(
        fallen("alignment", [(1, "a", 0.25)]),
        fallen("pg_trgm", [(1, "d", 0.5)]),
        0.3,
        0.6,
        PASSAGES,
    )
    assert table.to_dict("records") == [
        {
            "highlight": 1,
            "passage_alignment": "a",
            "distance_alignment": 0.25,
            "passage_pg_trgm": "d",
            "distance_pg_trgm": 0.5,
            "outcome": "different places",
        }
    ]


def test_passages_may_have_ids_of_any_type() -> None:
    first, second = UUID(int=1), UUID(int=2)
    passages = pd.DataFrame({"passage": [first, second], "book": ["1", "1"]}, dtype=object)
    table = agree(
        fallen("alignment", [(0, first, NEAR)]),
        fallen("pg_trgm", [(0, UUID(int=2), NEAR)]),
        0.3,
        0.6,
        passages,
    )
    assert table["outcome"].tolist() == ["same place"]


def test_outcomes_are_counted_also_those_that_never_were() -> None:
    pairs: list[tuple[Any, Any]] = [("a", "a"), ("a", "b"), ("a", "c"), ("a", None), (None, None)]
    table = agree(
        fallen(
            "alignment", [(n, one, NEAR if one else np.nan) for n, (one, _) in enumerate(pairs)]
        ),
        fallen("pg_trgm", [(n, two, NEAR if two else np.nan) for n, (_, two) in enumerate(pairs)]),
        0.3,
        0.6,
        PASSAGES,
    )
    assert count_outcomes(table) == {
        "same place": 2,
        "different places": 1,
        "only alignment": 1,
        "only pg_trgm": 0,
        "neither": 1,
    }


def test_nothing_asked_is_nothing_to_agree_on() -> None:
    table = agree(fallen("alignment", []), fallen("pg_trgm", []), 0.3, 0.6, PASSAGES)
    assert table.empty
    assert count_outcomes(table) == dict.fromkeys(OUTCOMES, 0)


def test_every_pair_of_verdicts_has_an_outcome_and_every_outcome_a_colour() -> None:
    """Whatever the two say, it is one of `OUTCOMES`, and the chart knows them all."""
    verdicts = [(passage, d) for passage in ("a", "c", None) for d in (NEAR, FAR)]
    pairs = list(itertools.product(verdicts, verdicts))
    seen = {outcome(one, other) for one, other in pairs if None not in {one[0], other[0]}}
    assert seen == set(OUTCOMES)
    table = agree(
        fallen("alignment", [(0, "a", NEAR)]),
        fallen("pg_trgm", [(0, "a", NEAR)]),
        0.3,
        0.6,
        PASSAGES,
    )
    drawn = agreement_chart(table, 0.3, 0.6).to_dict()
    domain = drawn["layer"][0]["encoding"]["color"]["scale"]["domain"]
    assert domain == list(OUTCOMES)
