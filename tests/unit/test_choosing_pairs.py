"""Which pairs of labels are judged, and which of what was judged is drawn."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.similarity.choosing import choose_pairs, paired
from lib.similarity.coverage import by_book_and_model, describe_coverage, fold, to_draw
from lib.similarity.verdicts import to_draw as verdicts_to_draw

COUNTS = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 9), max_size=8)


@given(COUNTS, COUNTS, st.integers(1, 80))
def test_no_more_than_wanted_and_same_labels_first(
    labels: dict[str, int], models: dict[str, int], most: int
) -> None:
    pairs = choose_pairs(labels, models, most)
    every = [(label, model) for label in labels for model in models]
    assert len(pairs) == min(most, len(every))
    # In the order of all.
    assert pairs == [pair for pair in every if pair in pairs]
    same = [pair for pair in every if pair[0] == pair[1]]
    assert sum(a == b for a, b in pairs) == min(most, len(same))
    heard, written = paired(pairs, labels, models)
    assert set(heard) == {label for label, _ in pairs}
    assert set(written) == {model for _, model in pairs}


def test_of_the_rest_labels_that_no_passage_carries_come_first() -> None:
    labels = {"a": 5, "b": 9, "unlabelled": 1}
    models = {"a": 10, "b": 30, "c": 20}
    assert choose_pairs(labels, models, 1) == [("b", "b")]
    assert choose_pairs(labels, models, 4) == [
        ("a", "a"),
        ("b", "b"),
        ("unlabelled", "b"),
        ("unlabelled", "c"),
    ]


def _verdicts(rows: list[tuple[str, str, str]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["highlight_model", "passage_model", "verdict"])


def test_a_matrix_has_room_for_the_worst() -> None:
    rows = [(f"m{n:02}", f"m{n:02}", "aligned") for n in range(30)]
    rows[20] = ("m20", "m20", "mismatched")
    rows[25] = ("m25", "m25", "inconclusive")
    drawn = verdicts_to_draw(_verdicts(rows), 8)
    assert len(drawn) == 8
    assert {"m20", "m25"} <= set(drawn["highlight_model"])
    table = _verdicts(rows[:3])
    assert verdicts_to_draw(table, 8).equals(table)
    assert verdicts_to_draw(table[:0], 8).empty


def _covered(books: int, models: int) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    names = [f"m{n:02}" for n in range(models)]
    rows = [
        (str(book), 10, name, 10 - (book % 7 if name == "m00" else 0))
        for book in range(books)
        for name in names
    ]
    covered = pd.DataFrame(rows, columns=["book", "passages", "model", "embedded"])
    titles = pd.DataFrame({"book": [str(n) for n in range(books)], "title": "same title"})
    return covered, titles, names


def test_a_heatmap_draws_the_books_that_lack_most() -> None:
    frame = by_book_and_model(*_covered(1_000, 40))
    assert len(frame) == 40_000
    drawn = to_draw(frame, 100, 12)
    assert len(drawn) == 1_200
    assert set(drawn.loc[drawn["model"] == "m01", "share"]) == {1.0}
    assert "m00" not in set(drawn["model"]), "the model of fewest vectors"
    few = to_draw(frame[frame["model"] == "m00"], 100, 12)
    assert few["embedded"].max() == 4
    assert few["book"].map(int).is_monotonic_increasing


def test_only_some_models_are_described() -> None:
    frame = by_book_and_model(*_covered(50, 40))
    said = describe_coverage(frame)
    assert len(said) == 9
    assert said[0] == "Under m00 42 books only in part."
    assert said[-1] == "The other 32 models lack no more than these."


def test_of_a_truncated_coverage_only_what_was_read_counts() -> None:
    covered, titles, names = _covered(10, 2)
    part = covered[covered["book"].isin(["0", "1"])].copy()
    assert by_book_and_model(part, titles, names)["book"].nunique() == 10
    part.attrs["truncated"] = True
    assert by_book_and_model(part, titles, names)["book"].unique().tolist() == ["0", "1"]


@pytest.mark.parametrize(("labels", "shown"), [(20, 20), (21, 20), (1_000, 20)])
def test_rare_labels_are_folded_into_one(labels: int, shown: int) -> None:
    counts = np.arange(labels) + 1
    frame = pd.DataFrame({"model": [f"m{n}" for n in range(labels)], "embeddings": counts})
    folded = fold(frame, "embeddings", 20)
    assert len(folded) == shown
    assert folded["embeddings"].sum() == counts.sum()
    if labels > shown:
        assert folded["model"].iloc[-1] == f"{labels - 19:,} others"
        assert folded["embeddings"].iloc[:-1].min() == labels - 18
