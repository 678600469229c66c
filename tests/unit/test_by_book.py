"""Separation book by book, against each book measured alone."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lib.similarity.by_book import NO_BOOK, largest, separate_books, series_of_book, titles_of
from lib.similarity.calibration import Background
from lib.similarity.distributions import NEAREST
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


def test_the_series_of_a_book_are_its_nearest_scores_and_the_random_pairs() -> None:
    scores = np.array([[0.9], [0.8], [-np.inf]], dtype=np.float32)
    made = make_background()
    series = series_of_book(scores, made.scores, ["a", "b", "a"], "a")
    assert series[NEAREST].tolist() == [np.float32(0.9)]
    assert series[RANDOM_PAIRS] is made.scores
