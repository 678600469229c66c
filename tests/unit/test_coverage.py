"""What no search can find and why, and vectors of different lengths."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from lib.databases.highlights import UNLABELLED
from lib.similarity.coverage import (
    BOOK_WITHOUT_VECTORS,
    NO_BOOK,
    NO_LABEL,
    NO_PASSAGES,
    NO_VECTOR,
    describe_lengths,
    unanswerable,
)

COLUMNS = ["model", "reason", "book", "title", "highlights"]
MODELS = ["nomic", "gemini"]
TITLES = pd.DataFrame({"book": ["1", "2", "9"], "title": ["Genesis", "Exodus", "Ruth"]})
# Book 1 is covered under both models, book 2 under one; book 3 has passages and no title.
COVERED = pd.DataFrame(
    [
        ("1", "nomic", 100, 100),
        ("1", "gemini", 100, 1),
        ("2", "nomic", 50, 50),
        ("2", "gemini", 50, 0),
        ("3", None, 20, 0),
    ],
    columns=["book", "model", "passages", "embedded"],
)


def _heard(*rows: tuple[str | None, str, int, int]) -> pd.DataFrame:
    """Highlights by book and label: how many, and how many with a vector."""
    return pd.DataFrame(rows, columns=["book", "model", "highlights", "embedded"])


def _reasons(*rows: tuple[str | None, str, int, int]) -> list[tuple[Any, ...]]:
    found = unanswerable(_heard(*rows), COVERED, TITLES, MODELS)
    assert found.columns.tolist() == COLUMNS
    return [tuple(row) for row in found.itertuples(index=False)]


@pytest.mark.parametrize(
    ("book", "model", "reason", "title"),
    [
        ("1", UNLABELLED, NO_LABEL, "Genesis"),
        (None, UNLABELLED, NO_LABEL, None),
        ("1", "e5", NO_PASSAGES, "Genesis"),
        (None, "e5", NO_PASSAGES, None),
        ("9", "nomic", NO_BOOK, "Ruth"),
        ("777", "nomic", NO_BOOK, "777"),
        ("2", "gemini", BOOK_WITHOUT_VECTORS, "Exodus"),
        ("3", "gemini", BOOK_WITHOUT_VECTORS, "3"),
    ],
)
def test_each_reason_is_named_with_its_book(
    book: str | None, model: str, reason: str, title: str | None
) -> None:
    assert _reasons((book, model, 7, 7)) == [(model, reason, book, title, 7)]


@pytest.mark.parametrize(
    ("book", "model"), [("1", "nomic"), ("1", "gemini"), ("2", "nomic"), (None, "gemini")]
)
def test_what_can_be_found_is_not_listed(book: str | None, model: str) -> None:
    # One vector in the book is enough, and without a book all books are searched.
    assert _reasons((book, model, 7, 7)) == []


@pytest.mark.parametrize("book", ["1", "2", "777", None])
@pytest.mark.parametrize("model", ["nomic", "gemini", "e5", UNLABELLED])
def test_highlights_without_a_vector_count_once_for_that(book: str | None, model: str) -> None:
    found = _reasons((book, model, 10, 4))
    assert (model, NO_VECTOR, book, 6) in [(m, why, b, n) for m, why, b, _, n in found]
    assert sum(row[4] for row in found) in {6, 10}
    other = _reasons((book, model, 4, 4))
    assert [row for row in found if row[1] != NO_VECTOR] == other
    # Without any vector there is no second reason.
    assert [row[1] for row in _reasons((book, model, 10, 0))] == [NO_VECTOR]


def test_the_first_reason_that_holds_is_named() -> None:
    # No label and an unknown book; a label without passages and an unknown book.
    assert [row[1] for row in _reasons(("777", UNLABELLED, 3, 3))] == [NO_LABEL]
    assert [row[1] for row in _reasons(("777", "e5", 3, 3))] == [NO_PASSAGES]


def test_the_most_come_first_and_equals_as_they_were() -> None:
    found = _reasons(("1", "e5", 2, 2), ("2", "gemini", 9, 9), ("2", "e5", 2, 2), ("9", "e5", 5, 1))
    assert [(row[4], row[2]) for row in found] == [(9, "2"), (4, "9"), (2, "1"), (2, "2"), (1, "9")]


def test_a_book_that_is_missing_as_pandas_writes_it_is_no_book() -> None:
    heard = _heard(("1", "e5", 1, 1), (None, "e5", 3, 3))
    heard["book"] = heard["book"].where(heard["book"].notna(), float("nan"))
    found = unanswerable(heard, COVERED, TITLES, MODELS)
    assert found["highlights"].tolist() == [3, 1]
    assert found["book"].isna().tolist() == [True, False]
    assert found["title"].isna().tolist() == [True, False]


def test_without_highlights_passages_or_books_nothing_breaks() -> None:
    assert _reasons() == []
    found = unanswerable(_heard(("1", "nomic", 2, 2)), COVERED[:0], TITLES[:0], [])
    assert found["reason"].tolist() == [NO_PASSAGES]
    found = unanswerable(_heard(("1", "nomic", 2, 2)), COVERED[:0], TITLES[:0], ["nomic"])
    assert found["reason"].tolist() == [NO_BOOK]


def _gate(*rows: tuple[str, str, float | None, float | None]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["relation", "model", "norm_low", "norm_high"])


@pytest.mark.parametrize(
    ("highlights", "passages"),
    [((1.0, 1.0), (12.0, 13.0)), ((12.0, 13.0), (1.0, 1.0)), ((1.0, 1.001), (1.06, 1.2))],
)
def test_lengths_that_do_not_meet_are_said(
    highlights: tuple[float, float], passages: tuple[float, float]
) -> None:
    (said,) = describe_lengths(
        _gate(("highlights", "nomic", *highlights), ("embeddings", "nomic", *passages))
    )
    assert "nomic" in said
    assert f"{highlights[0]:.3g} to {highlights[1]:.3g} in highlights" in said
    assert f"{passages[0]:.3g} to {passages[1]:.3g} in embeddings" in said


@pytest.mark.parametrize(
    ("highlights", "passages"),
    [
        ((1.0, 1.0), (1.0, 1.0)),
        ((1.0, 1.0), (1.04, 1.04)),
        ((1.0, 9.0), (8.0, 20.0)),
        ((1.0, 20.0), (5.0, 6.0)),
        ((0.0, 0.0), (0.0, 0.0)),
        ((None, None), (5.0, 6.0)),
        ((1.0, 1.0), (None, None)),
    ],
)
def test_lengths_that_meet_or_are_not_known_are_not(
    highlights: tuple[float | None, float | None], passages: tuple[float | None, float | None]
) -> None:
    gate = _gate(("highlights", "nomic", *highlights), ("embeddings", "nomic", *passages))
    assert describe_lengths(gate) == []


def test_lengths_are_compared_within_one_label_only() -> None:
    gate = _gate(
        ("highlights", "b", 1.0, 1.0),
        ("embeddings", "a", 5.0, 5.0),
        ("embeddings", "b", 7.0, 7.0),
        ("highlights", "a", 2.0, 2.0),
        ("highlights", "only one side", 1.0, 1.0),
        ("embeddings", "only the other", 9.0, 9.0),
    )
    said = describe_lengths(gate)
    assert [sentence.split()[2] for sentence in said] == ["a", "b"]
    assert describe_lengths(gate[:0]) == []
