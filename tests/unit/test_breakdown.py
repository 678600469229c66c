"""Match rates of groups: which group a highlight is in, and what is said of each."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from lib.matching.breakdown import (
    AGAINST,
    BYS,
    COLUMNS,
    NO_BOOK,
    NO_DATE,
    By,
    break_down,
    group_names,
    sort_groups,
)
from lib.matching.first_hits import title_books

# Groups as (name, highlights, eligible, matched).
Counts = tuple[str, int, int, int]


def broken_down(groups: Sequence[Counts]) -> pd.DataFrame:
    """`break_down` of as many highlights as `groups` counts."""
    rows = [
        (name, number < eligible, number < matched)
        for name, highlights, eligible, matched in groups
        for number in range(highlights)
    ]
    table = pd.DataFrame(rows, columns=["group", "eligible", "matched"])
    table = table.astype({"group": object, "eligible": bool, "matched": bool})
    # In no order, as highlights come.
    table = table.sample(frac=1, random_state=3)
    return break_down(table["group"], table["eligible"], table["matched"])


def highlights(
    texts: Sequence[str] = ("",),
    titles: Sequence[str | None] = (None,),
    dates: Sequence[str | None] = (None,),
) -> pd.DataFrame:
    """A table of highlights; what is not given is missing for each."""
    count = max(len(texts), len(titles), len(dates))
    return pd.DataFrame(
        {
            "text": pd.Series(list(texts) * (count // len(texts)), dtype=object),
            "own_title": pd.Series(list(titles) * (count // len(titles)), dtype=object),
            "created_at": pd.to_datetime(list(dates) * (count // len(dates)), utc=True),
        }
    )


COUNTS = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=6
)


def fisher(matched: int, eligible: int, matched_rest: int, eligible_rest: int) -> float:
    """Two-sided p: of all ways to deal out the matches the share of those no likelier."""
    total = matched + matched_rest
    ways = [
        math.comb(eligible, k) * math.comb(eligible_rest, total - k)
        for k in range(max(0, total - eligible_rest), min(eligible, total) + 1)
    ]
    observed = math.comb(eligible, matched) * math.comb(eligible_rest, matched_rest)
    return sum(way for way in ways if way <= observed) / math.comb(eligible + eligible_rest, total)


# Figures


@given(COUNTS)
def test_every_highlight_is_counted_in_its_group(counts: list[tuple[int, int, int]]) -> None:
    groups = [
        (f"group {n}", 1 + matched + missed + short, matched + missed, matched)
        for n, (matched, missed, short) in enumerate(counts)
    ]
    table = broken_down(groups)
    assert list(table.columns) == COLUMNS
    found = list(
        table[["group", "highlights", "eligible", "matched"]].itertuples(index=False, name=None)
    )
    assert found == groups
    for row in table.itertuples():
        if row.eligible == 0:
            assert np.isnan([row.rate, row.low, row.high]).all()
            assert row.against == "as the rest"
        else:
            assert row.rate == row.matched / row.eligible
            assert row.low <= row.rate <= row.high


@pytest.mark.parametrize(("matched", "eligible"), [(0, 7), (3, 7), (7, 7), (1, 1), (655, 1408)])
def test_intervals_are_wilsons(matched: int, eligible: int) -> None:
    table = broken_down([("one", eligible, eligible, matched), ("rest", 5, 5, 3)])
    expected = proportion_confint(matched, eligible, method="wilson")
    # statsmodels leaves the bounds of 0 and of 1 a hair's breadth off.
    assert (table["low"].iat[0], table["high"].iat[0]) == pytest.approx(expected, abs=1e-12)


def test_a_group_is_held_against_all_others_by_fisher_and_holm() -> None:
    # a: 1 of 12 against 13 of the other 18; b: 8 of 8 against 6 of 22; c: 5 of 10 against 9 of 20.
    table = broken_down([("a", 12, 12, 1), ("b", 8, 8, 8), ("c", 10, 10, 5)])
    counts = [(1, 12, 13, 18), (8, 8, 6, 22), (5, 10, 9, 20)]
    p_values = [fisher(*row) for row in counts]
    for p_value, (k, n, k_rest, n_rest) in zip(p_values, counts, strict=True):
        both = np.array([[k, n - k], [k_rest, n_rest - k_rest]])
        assert p_value == pytest.approx(stats.fisher_exact(both).pvalue)
    assert multipletests(p_values, 0.05, "holm")[0].tolist() == [True, True, False]
    assert table["against"].tolist() == ["below the rest", "above the rest", "as the rest"]


def test_correction_for_many_groups_hides_what_one_test_would_show() -> None:
    low: Counts = ("low", 10, 10, 3)
    assert fisher(3, 10, 36, 50) < 0.05
    alone = broken_down([low, ("rest", 50, 50, 36)])
    assert alone["against"].tolist() == ["below the rest", "above the rest"]
    many = [(f"rest {n}", 5, 5, 3 + (n < 6)) for n in range(10)]
    table = broken_down([low, *many])
    assert table["matched"].sum() == 39
    assert set(table["against"]) == {"as the rest"}


def test_too_short_ones_take_no_part_even_if_they_are_found() -> None:
    groups = pd.Series(["a"] * 4)
    eligible = pd.Series([True, True, False, False])
    table = break_down(groups, eligible, pd.Series([True, False, True, True]))
    row = table.iloc[0]
    assert (row["highlights"], row["eligible"], row["matched"], row["rate"]) == (4, 2, 1, 0.5)


def test_one_group_has_no_rest() -> None:
    table = broken_down([("only", 9, 9, 4)])
    assert table["against"].tolist() == ["as the rest"]
    assert table["rate"].tolist() == [4 / 9]


def test_without_eligible_highlights_there_are_no_rates() -> None:
    table = broken_down([("a", 3, 0, 0), ("b", 2, 0, 0)])
    assert table[["rate", "low", "high"]].isna().all(axis=None)
    assert table["against"].tolist() == ["as the rest"] * 2


@pytest.mark.parametrize("by", BYS)
def test_no_highlights_make_no_groups(by: By) -> None:
    table = highlights().iloc[:0]
    groups = group_names(table, by)
    assert groups.empty
    empty = pd.Series([], dtype=bool)
    found = break_down(groups, empty, empty)
    assert found.empty
    assert list(found.columns) == COLUMNS
    assert sort_groups(found, "rate", 5).empty


# Groups


def test_months_are_those_of_the_date_and_none_has_a_name() -> None:
    dates = ["2024-01-31T23:59:59Z", "2024-02-01T00:00:00Z", None, "2023-12-31T23:30:00-01:00"]
    assert group_names(highlights(dates=dates), "month").tolist() == [
        "2024-01",
        "2024-02",
        NO_DATE,
        "2024-01",
    ]
    assert group_names(highlights(dates=[None, None]), "month").tolist() == [NO_DATE] * 2


@pytest.mark.parametrize(
    ("words", "group"),
    [
        (0, "0–5 words"),
        (5, "0–5 words"),
        (6, "6–9 words"),
        (9, "6–9 words"),
        (10, "10–19 words"),
        (19, "10–19 words"),
        (20, "20–29 words"),
        (39, "30–39 words"),
        (40, "40–59 words"),
        (59, "40–59 words"),
        (60, "60 words and more"),
        (5_000, "60 words and more"),
    ],
)
def test_lengths_have_borders(words: int, group: str) -> None:
    text = "  ".join(["well-known,"] * words)
    assert group_names(highlights(texts=[text]), "length").tolist() == [group]


def test_books_go_by_their_title() -> None:
    """Two books of one title are one group; a highlight without a book is in a group of its own."""
    titles = pd.DataFrame({"book": ["1", "2", "3"], "title": ["Poems", "Emma", "Poems"]})
    books = pd.Series(["1", "2", None, "3", "77"], dtype=object)
    named = title_books(books, titles)
    assert named.tolist() == ["Poems", "Emma", None, "Poems", "book 77"]
    assert group_names(highlights(titles=named.tolist()), "book").tolist() == [
        "Poems",
        "Emma",
        NO_BOOK,
        "Poems",
        "book 77",
    ]


@pytest.mark.parametrize("by", BYS)
def test_groups_keep_to_their_rows(by: By) -> None:
    table = highlights(["a b", "a " * 30], ["Emma", None], ["2024-01-01", None])
    table.index = pd.Index([7, 3])
    groups = group_names(table, by)
    assert groups.index.tolist() == [7, 3]
    assert groups.map(type).eq(str).all()
    matched = pd.Series([False, True], index=[3, 7])
    found = break_down(groups, pd.Series(True, index=[7, 3]), matched).set_index("group")
    assert found.loc[groups.loc[7], "matched"] == 1
    assert found.loc[groups.loc[3], "matched"] == 0


# Sorting


@pytest.mark.parametrize(
    "names",
    [
        ["0–5 words", "6–9 words", "10–19 words", "60 words and more"],
        ["1 Samuel", "2 Samuel", "10 Little Pigs", "1984", "Acts", "Ruth"],
        ["2023-09", "2023-10", "2024-01", "no date"],
        ["Emma", "Ruth", "no book"],
        ["007", "Émile", "“Emma”"],
    ],
)
def test_names_are_sorted_as_people_count(names: list[str]) -> None:
    table = broken_down([(name, 2, 2, 1) for name in reversed(names)])
    assert table["group"].tolist() == names


SORTED = [
    ("a", 4, 4, 2),
    ("b", 9, 8, 4),
    ("c", 9, 0, 0),
    ("d", 5, 5, 1),
    ("e", 3, 3, 3),
]


@pytest.mark.parametrize(
    ("sorting", "names"),
    [
        ("name", ["a", "b", "c", "d", "e"]),
        # Of equal rates the one of more highlights first; without a rate last.
        ("rate", ["d", "b", "a", "e", "c"]),
        ("size", ["b", "c", "d", "a", "e"]),
    ],
)
def test_groups_are_sorted_and_cut_off(sorting: str, names: list[str]) -> None:
    table = broken_down(SORTED)
    assert sort_groups(table, sorting, 9)["group"].tolist() == names  # type: ignore[arg-type]
    first = sort_groups(table, sorting, 2)  # type: ignore[arg-type]
    assert first["group"].tolist() == names[:2]
    assert first.index.tolist() == [0, 1]


def test_whatever_is_said_of_a_group_has_a_colour() -> None:
    """The chart draws what `AGAINST` names, and nothing else is said."""
    table = broken_down([("a", 12, 12, 1), ("b", 8, 8, 8), ("c", 10, 10, 5)])
    assert set(table["against"]) == set(AGAINST)
