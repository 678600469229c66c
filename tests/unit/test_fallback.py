"""The alignment fallback on small made-up books."""

from __future__ import annotations

import math
from itertools import islice

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz import fuzz

from lib.databases.passages import Batch
from lib.matching.fallback import BookText, align, join_books
from lib.matching.windows import normalise

SWANS = "Seven swans flew over the old grey mill at the break of day,"
MILL = "and the miller's daughter counted them twice before she spoke."
KING = "The king had lost his crown in a game of cards with the bishop."
BISHOP = "Nobody at court dared to mention it until the harvest was in."


@pytest.fixture
def library() -> dict[str, BookText]:
    return join_books(
        [
            Batch([1, 2], ["tale", "tale"], [SWANS, MILL]),
            Batch([3, 4], ["court", "court"], [KING, BISHOP]),
        ]
    )


def _highlights(*rows: tuple[str, str | None]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["text", "book"]).astype(object)


def test_books_are_joined_over_batches_and_in_order() -> None:
    books = join_books(
        [Batch([1, 2], ["a", "b"], ["One, two.", "Three!"]), Batch([3], ["a"], ["FOUR"])]
    )
    assert list(books) == ["a", "b"]
    assert books["a"] == BookText(text="one two four", starts=[0, 8], ids=[1, 3])
    assert books["b"] == BookText(text="three", starts=[0], ids=[2])
    assert join_books([]) == {}


@given(
    st.lists(st.lists(st.text("abc", min_size=1, max_size=4), max_size=4), min_size=1, max_size=6)
)
def test_every_character_belongs_to_the_passage_it_came_from(passages: list[list[str]]) -> None:
    texts = [" ".join(words) for words in passages]
    book = join_books([Batch(list(range(len(texts))), ["a"] * len(texts), texts)])["a"]
    characters = iter(range(len(book.text)))
    for row, text in enumerate(texts):
        for offset in islice(characters, len(text)):
            assert book.passage_at(offset) == row
        next(characters, None)  # The space between two passages.
    assert len(book.text) == sum(map(len, texts)) + len(texts) - 1


def test_a_misheard_highlight_finds_its_passage(library: dict[str, BookText]) -> None:
    heard = "seven swarms flew over the gold grey mill at a break of day"
    found = align(_highlights((heard, "tale")), [0], library, True).iloc[0]
    assert (found["highlight"], found["passage"], found["accepted"]) == (0, 1, True)
    expected = fuzz.partial_ratio(heard, " ".join(normalise(f"{SWANS} {MILL}")))
    assert found["distance"] == pytest.approx(1 - expected / 100)


@pytest.mark.parametrize(
    ("heard", "passage"),
    [
        ("grey mill at the break of day and the miller's", 1),
        ("of day and the miller's daughter counted them twice", 2),
    ],
)
def test_a_highlight_that_straddles_belongs_where_its_middle_is(
    library: dict[str, BookText], heard: str, passage: int
) -> None:
    found = align(_highlights((heard, "tale")), [0], library, True).iloc[0]
    assert found["passage"] == passage
    assert found["distance"] == pytest.approx(0, abs=1e-9)


def test_own_book_only_looks_nowhere_else(library: dict[str, BookText]) -> None:
    found = align(_highlights((SWANS, "court")), [0], library, True).iloc[0]
    assert found["passage"] in {3, 4}
    assert found["distance"] > 0.35
    assert not found["accepted"]


def test_a_whole_library_is_searched_whatever_the_book(library: dict[str, BookText]) -> None:
    found = align(_highlights((SWANS, "court"), (KING, None)), [0, 1], library, False)
    assert found["passage"].tolist() == [1, 3]
    assert found["accepted"].all()


@pytest.mark.parametrize("no_book", [None, math.nan])
def test_a_highlight_without_a_book_looks_everywhere(
    library: dict[str, BookText], no_book: None
) -> None:
    found = align(_highlights((BISHOP, no_book)), [0], library, True).iloc[0]
    assert (found["passage"], found["accepted"]) == (4, True)


def test_a_highlight_of_an_unknown_book_has_nowhere_to_look(library: dict[str, BookText]) -> None:
    found = align(_highlights((SWANS, "lost")), [0], library, True).iloc[0]
    assert found["passage"] is None
    assert math.isnan(found["distance"])
    assert not found["accepted"]
    assert align(_highlights((SWANS, "lost")), [0], library, False)["accepted"].all()


def test_an_empty_library_has_nowhere_to_look() -> None:
    found = align(_highlights((SWANS, None)), [0], {}, False).iloc[0]
    assert found["passage"] is None
    assert not found["accepted"]


def test_the_threshold_is_the_largest_accepted_distance(library: dict[str, BookText]) -> None:
    highlights = _highlights(("seven swarms flew over the gold grey mill", "tale"))
    distance = align(highlights, [0], library, True)["distance"].iat[0]
    assert 0 < distance < 0.35
    assert align(highlights, [0], library, True, threshold=distance)["accepted"].all()
    assert not align(highlights, [0], library, True, threshold=distance - 1e-6)["accepted"].any()


def test_only_the_asked_rows_are_looked_for_and_counted(library: dict[str, BookText]) -> None:
    highlights = _highlights((SWANS, "tale"), (MILL, "tale"), (KING, "court"))
    counted: list[int] = []
    found = align(highlights, [2, 0], library, True, on_count=counted.append)
    assert found["highlight"].tolist() == [2, 0]
    assert found["passage"].tolist() == [3, 1]
    assert counted == [1, 2]
    empty = align(highlights, [], library, True)
    assert empty["accepted"].sum() == 0
    assert empty.columns.tolist() == ["highlight", "passage", "distance", "accepted"]


def test_a_book_shorter_than_the_highlight_is_not_all_of_it() -> None:
    # A part of the highlight is not the highlight: this book holds one of its thirteen words.
    books = join_books([Batch([1], ["stub"], ["The"])])
    found = align(_highlights((f"{SWANS}", None)), [0], books, False).iloc[0]
    assert not found["accepted"]


def test_a_short_book_does_not_take_a_highlight_from_its_true_passage(
    library: dict[str, BookText],
) -> None:
    stub = join_books([Batch([9], ["stub"], ["Mill"])])
    heard = "seven swarms flew over the gold grey mill at a break of day"
    found = align(_highlights((heard, None)), [0], stub | library, False).iloc[0]
    assert found["passage"] == 1


def test_a_highlight_without_words_matches_nothing() -> None:
    books = join_books([Batch([1], ["blank"], ["* * *"]), Batch([2], ["tale"], [SWANS])])
    assert not align(_highlights(("… — … — … —", None)), [0], books, False)["accepted"].any()
