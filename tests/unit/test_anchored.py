"""Ranks of anchors against brute force, what only they can tell, and where they are looked for."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from lib.matching.anchors import _drawn
from lib.similarity import anchored
from lib.similarity.anchored import RANDOM_PASSAGES, no_ranks, rank
from lib.similarity.covariance import covariance_alignment
from lib.similarity.scores import unit
from lib.similarity.verdicts import Judgement, judge
from tests.unit.spaces import DIMENSION, draw, rotation

Matrix = NDArray[np.float32]


def _rows(rng: np.random.Generator, rows: int, dimension: int = 32) -> Matrix:
    return unit(rng.normal(size=(rows, dimension)).astype(np.float32))


def _near(rng: np.random.Generator, rows: Matrix, noise: float) -> Matrix:
    moved = rows + noise * rng.normal(size=rows.shape)
    return unit(moved.astype(np.float32))


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(3)


@pytest.mark.parametrize("noise", [0.0, 0.2, 5.0])
@pytest.mark.parametrize("block", [7, 100, 8_192])
def test_ranks_and_standing_are_those_of_brute_force(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch, noise: float, block: int
) -> None:
    monkeypatch.setattr(anchored, "BLOCK", block)
    passages = _rows(rng, 300)
    true = passages[40:60]
    anchors = _near(rng, true, noise)
    found = rank(anchors, true, passages, extra=0, seed=0)
    scores = anchors.astype(np.float64) @ passages.astype(np.float64).T
    mine = np.diag(scores[:, 40:60])
    np.testing.assert_array_equal(found.ranks, 1 + (scores > mine[:, None] + 1e-6).sum(axis=1))
    np.testing.assert_allclose(found.scores, mine, atol=1e-6)
    standing = (mine - scores.mean(axis=1)) / scores.std(axis=1)
    np.testing.assert_allclose(found.standing, standing, atol=1e-4)
    # Those of other anchors' passages, each of which is taken once.
    other = anchored._others(range(20), 0)
    assert sorted(other) == list(range(20))
    assert (other != np.arange(20)).all()
    theirs = scores[np.arange(20), 40 + other]
    np.testing.assert_array_equal(found.shuffled, 1 + (scores > theirs[:, None]).sum(axis=1))
    assert found.passages == 300
    if noise < 1:
        assert (found.ranks == 1).mean() >= 0.9
        assert found.shuffled.mean() > 50


def test_copies_of_the_true_passage_do_not_outrank_it(rng: np.random.Generator) -> None:
    # Sums in another order differ in the last bits, and a copy may seem nearer than the original.
    true = _rows(rng, 50, 384)
    copies = true * np.float32(1 + 1e-7)
    found = rank(_near(rng, true, 0.02), true, np.concatenate([copies, true, copies]), 0, 0)
    np.testing.assert_array_equal(found.ranks, np.ones(50))


def test_a_passage_that_is_nearer_by_more_than_rounding_outranks_it(
    rng: np.random.Generator,
) -> None:
    true = _rows(rng, 5)
    anchors = _near(rng, true, 0.1)
    found = rank(anchors, true, np.concatenate([true, anchors]), 0, 0)
    np.testing.assert_array_equal(found.ranks, np.full(5, 2))


def test_a_true_passage_outside_the_sample_ranks_as_if_it_were_inside(
    rng: np.random.Generator,
) -> None:
    passages = _rows(rng, 200)
    true, rest = passages[:10], passages[10:]
    anchors = _near(rng, true, 0.6)
    outside = rank(anchors, true, rest, extra=10, seed=0)
    inside = rank(anchors, true, passages, extra=0, seed=0)
    assert outside.passages == inside.passages == 200
    # Without the other nine, which are as far off as any passage, a rank can but be lower.
    assert (outside.ranks <= inside.ranks).all()
    assert (inside.ranks - outside.ranks).max() <= 9
    one = rank(anchors[:1], true[:1], passages[1:], extra=1, seed=0)
    assert one.ranks[0] == inside.ranks[0]


@pytest.mark.parametrize("count", [2, 3, 50])
def test_no_anchor_is_compared_with_its_own_passage_as_another_s(
    rng: np.random.Generator, count: int
) -> None:
    passages = _rows(rng, 400)
    found = rank(passages[:count], passages[:count], passages, extra=0, seed=0)
    assert (found.ranks == 1).all()
    assert (found.shuffled > 1).all()


def test_one_anchor_has_no_other_to_be_compared_with(rng: np.random.Generator) -> None:
    passages = _rows(rng, 40)
    found = rank(passages[:1], passages[:1], passages, extra=0, seed=0)
    assert len(found.ranks) == 1
    assert found.shuffled == [41]


def test_anchors_of_one_passage_are_not_held_against_each_other(rng: np.random.Generator) -> None:
    passages = _rows(rng, 3_000)
    names = [7] * 6 + [9] * 4
    true = passages[names]
    found = rank(_near(rng, true, 0.1), true, passages, 0, 0, names)
    assert (found.ranks == 1).all()
    assert (found.shuffled > 1).all()
    assert np.median(found.shuffled) > 100
    alone = rank(_near(rng, true[:6], 0.1), true[:6], passages, 0, 0, names[:6])
    assert (alone.shuffled > len(passages)).all()


def test_no_anchors_have_no_ranks(rng: np.random.Generator) -> None:
    passages = _rows(rng, 40)
    for found in (rank(passages[:0], passages[:0], passages, 0, 0), no_ranks()):
        for part in (found.ranks, found.shuffled, found.standing, found.scores):
            assert len(part) == 0
        assert len(found.random_scores) == 0


def test_without_passages_or_spread_there_is_no_standing(rng: np.random.Generator) -> None:
    true = _rows(rng, 3)
    alone = rank(true, true, true[:0], extra=3, seed=0)
    assert alone.standing.tolist() == [0, 0, 0]
    assert alone.passages == 3
    assert len(alone.random_scores) == 0
    same = np.zeros((20, 4), np.float32)
    same[:, 0] = 1
    assert rank(same[:2], same[:2], same, 0, 0).standing.tolist() == [0, 0]


def test_random_scores_are_with_drawn_passages(rng: np.random.Generator) -> None:
    passages = _rows(rng, 1_000)
    anchors = passages[:4]
    found = rank(anchors, anchors, passages, extra=0, seed=1)
    assert found.random_scores.shape == (4 * RANDOM_PASSAGES,)
    every = np.sort((anchors @ passages.T).ravel())
    places = np.clip(np.searchsorted(every, found.random_scores), 1, len(every) - 1)
    nearest = np.minimum(
        np.abs(every[places] - found.random_scores), np.abs(every[places - 1] - found.random_scores)
    )
    assert nearest.max() < 1e-6
    again = rank(anchors, anchors, passages, extra=0, seed=1)
    np.testing.assert_array_equal(found.random_scores, again.random_scores)
    other = rank(anchors, anchors, passages, extra=0, seed=2)
    assert not np.array_equal(found.random_scores, other.random_scores)


def _judged(highlights: Matrix, true: Matrix, passages: Matrix, anchors: int) -> Judgement:
    """The verdict on highlights of which the first `anchors` have a known passage."""
    found = rank(unit(highlights[:anchors]), unit(true[:anchors]), unit(passages), 0, 0)
    return judge(found, covariance_alignment(unit(highlights), unit(passages)))


def _library(seed: int) -> tuple[np.random.Generator, Matrix, Matrix]:
    """Passages of one space, and highlights near the first of them."""
    rng = np.random.default_rng(seed)
    passages = unit(draw(rng, rotation(rng), 2_000))
    return rng, passages, _near(rng, passages[:300], 0.02)


def _about_the_mean(rows: Matrix, turned: NDArray[np.float64]) -> Matrix:
    mean = rows.mean(axis=0)
    return np.asarray((rows - mean) @ turned + mean, dtype=np.float32)


@pytest.mark.parametrize("seed", range(6))
def test_the_model_itself_is_aligned_with_and_without_anchors(seed: int) -> None:
    _, passages, highlights = _library(seed)
    for anchors in (0, 5, 60):
        judgement = _judged(highlights, passages, passages, anchors)
        assert judgement.verdict == "aligned"
        assert "no better than chance" not in judgement.note


@pytest.mark.parametrize("seed", range(6))
def test_a_space_rotated_about_its_own_mean_is_found_out(seed: int) -> None:
    # Tests of means see nothing here: both sides have the same one.
    rng, passages, highlights = _library(seed)
    turned = _about_the_mean(highlights, rotation(rng))
    assert _judged(turned, passages, passages, 60).verdict == "mismatched"
    assert _judged(turned, passages, passages, 0).verdict in {"mismatched", "inconclusive"}


def _mirrored(rows: Matrix, signs: NDArray[np.float64]) -> Matrix:
    """The rows mirrored along those of their axes, the longest first, whose sign is −1."""
    axes = np.linalg.eigh(np.cov(rows.T.astype(np.float64)))[1][:, ::-1]
    return _about_the_mean(rows, (axes * signs) @ axes.T)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("every", [1, 2])
def test_a_space_mirrored_along_its_axes_needs_anchors(seed: int, every: int) -> None:
    # It spreads exactly as before, and only the same words can tell.
    _, passages, highlights = _library(seed)
    mirrored = _mirrored(highlights, np.where(np.arange(DIMENSION) % every, 1.0, -1.0))
    assert _judged(mirrored, passages, passages, 60).verdict == "mismatched"
    blind = _judged(mirrored, passages, passages, 0)
    assert blind.verdict in {"aligned", "inconclusive"}
    assert blind.verdict != "aligned" or "mirrored or turned" in blind.note


@pytest.mark.parametrize("seed", range(6))
def test_a_space_mirrored_along_some_axes_is_not_aligned_against_its_anchors(seed: int) -> None:
    rng, passages, highlights = _library(seed)
    mirrored = _mirrored(highlights, np.array([-1.0, 1.0])[rng.integers(0, 2, DIMENSION)])
    judgement = _judged(mirrored, passages, passages, 60)
    assert judgement.recall_at_10 is not None
    assert judgement.recall_at_10 < 0.5
    assert judgement.verdict != "aligned"


@pytest.mark.parametrize("seed", range(6))
def test_anchors_of_which_a_part_is_another_models_say_so(seed: int) -> None:
    rng, passages, highlights = _library(seed)
    highlights[:300:3] = unit(draw(rng, rotation(rng), 100))
    judgement = _judged(highlights, passages, passages, 60)
    assert judgement.verdict == "aligned"
    assert "of the anchors score no better than chance" in judgement.note


SIZES = {f"b{book}": 100 for book in range(20)}


def _texts(*books: str | None) -> pd.DataFrame:
    return pd.DataFrame({"book": pd.Series(list(books), dtype=object)})


def _held(books: list[str | None] | None, sizes: dict[str, int]) -> int:
    return sum(sizes[book] for book in books or [] if book is not None)


@pytest.mark.parametrize("most", [2_000, 5_000])
def test_a_library_that_is_small_enough_is_searched_whole(most: int) -> None:
    assert _drawn(SIZES, _texts("b1"), most, 0) is None
    assert _drawn({}, _texts("b1"), 0, 0) is None


@pytest.mark.parametrize("seed", range(5))
def test_books_of_highlights_are_drawn_until_they_hold_enough(seed: int) -> None:
    heard = [f"b{book}" for book in range(10)]
    books = _drawn(SIZES, _texts(*heard, *heard, None, "unknown"), 550, seed)
    assert books is not None
    assert len(set(books)) == len(books) == 5
    assert set(books) <= set(heard)


def test_fewer_books_than_room_are_all_taken() -> None:
    books = _drawn(SIZES, _texts("b3", None, "b7", "unknown"), 1_900, 0)
    assert sorted(map(str, books or [])) == ["b3", "b7"]


@pytest.mark.parametrize("seed", range(8))
def test_one_huge_book_keeps_no_other_out(seed: int) -> None:
    sizes = {**SIZES, "huge": 50_000}
    books = _drawn(sizes, _texts(*sizes), 700, seed)
    assert books is not None
    if books[0] == "huge":
        # Drawn first, it is taken: something must be searched.
        assert books == ["huge"]
    else:
        assert "huge" not in books
        assert _held(books, sizes) == 700


def test_highlights_without_a_book_are_looked_for_in_any() -> None:
    books = _drawn(SIZES, _texts(None, None), 300, 0)
    assert books is not None
    assert len(books) == 3
    assert set(books) <= set(SIZES)


def test_books_are_drawn_by_the_seed() -> None:
    texts = _texts(*SIZES)
    assert _drawn(SIZES, texts, 500, 1) == _drawn(SIZES, texts, 500, 1)
    assert len({tuple(_drawn(SIZES, texts, 500, seed) or []) for seed in range(6)}) > 1
