"""Separation book by book, against each book measured alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from lib.similarity.by_book import (
    NO_BOOK,
    distributions_by_book,
    largest,
    separate_books,
    titles_of,
)
from lib.similarity.calibration import Background
from lib.similarity.distributions import NEAREST, SHAPES
from lib.similarity.scores import RANDOM_PAIRS
from lib.similarity.separation import separate

TITLES = pd.DataFrame({"book": ["1", "2"], "title": ["Genesis", "Ruth"], "author": [None, None]})


def make_background(seed: int = 0) -> Background:
    pairs = np.random.default_rng(seed).normal(0.1, 0.1, (20, 40)).astype(np.float32)
    return Background(np.sort(pairs.ravel()), 20, 40, seed, pairs)


def test_each_highlight_has_the_title_of_its_book() -> None:
    found = titles_of([7, 8, 9, 10], {7: "1", 8: "9", 9: None}, TITLES)
    assert found == ["Genesis", "book 9", NO_BOOK, NO_BOOK]


def test_books_come_by_their_highlights_then_by_title() -> None:
    assert largest(["b", "a", "c", "c"]) == ["c", "a", "b"]
    assert largest([]) == []


def test_each_book_is_separated_as_if_alone() -> None:
    rng = np.random.default_rng(1)
    scores = rng.normal(0.5, 0.1, (30, 3)).astype(np.float32)
    scores[4, 0] = -np.inf
    books = ["Genesis"] * 10 + ["Ruth"] * 19 + ["Esther"]
    made = make_background()
    table = separate_books(scores, made, books, ["Ruth", "Genesis", "Esther", "Jude"])
    assert table["book"].tolist() == ["Ruth", "Genesis", "Esther", "Jude"]
    assert table["highlights"].tolist() == [19, 9, 1, 0]
    alone = separate(scores[10:29, 0], made.pairs)
    assert alone is not None
    ruth = table.iloc[0]
    assert (ruth["separation"], ruth["low"], ruth["high"]) == (alone.area, alone.low, alone.high)
    assert table[["low", "high"]].iloc[2:].isna().all(axis=None)
    assert pd.isna(table["separation"].iat[3])


@pytest.mark.parametrize("shape", SHAPES)
def test_all_books_are_drawn_at_the_same_places(shape: str) -> None:
    rng = np.random.default_rng(2)
    scores = rng.normal(0.5, 0.1, (40, 2)).astype(np.float32)
    scores[39, 0] = -np.inf
    books = ["Ruth"] * 20 + ["random pairs"] * 19 + ["Jude"]
    made = make_background()
    shown = ["Ruth", "random pairs", "Jude"]
    frames = distributions_by_book(scores, made.scores, books, shown, shape)
    assert [frame["series"].unique().tolist() for frame in frames] == [
        [NEAREST, RANDOM_PAIRS],
        [NEAREST, RANDOM_PAIRS],
        [RANDOM_PAIRS],
    ]
    places = {tuple(frame.loc[frame["series"] == RANDOM_PAIRS, "score"]) for frame in frames}
    assert len(places) == 1
    ruth = frames[0][frames[0]["series"] == NEAREST]
    if shape == "ECDF":
        at = ruth["score"].to_numpy()
        expected = (scores[:20, 0][:, None] <= at).mean(axis=0)
        assert ruth["height"].tolist() == expected.tolist()
    else:
        area = (ruth["height"] * (ruth["right"] - ruth["left"])).sum()
        assert area == pytest.approx(1, abs=0.01)
