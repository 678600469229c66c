"""Verdicts on pairs of labels, and covariance alignment against its closed form."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from lib.similarity.verdicts import (
    covariance_alignment,
    different_dimensions,
    judge,
)

LIBRARY = 31_102


def _ranks(first: int, in_ten: int, beyond: int) -> NDArray[np.float64]:
    """Ranks of anchors: so many at 1, at 10 and at 11."""
    return np.array([1.0] * first + [10.0] * in_ten + [11.0] * beyond)


def test_five_anchors_that_find_their_passages_suffice() -> None:
    judgement = judge(_ranks(5, 0, 0), LIBRARY, None)
    assert judgement.verdict == "aligned"
    assert (judgement.anchors, judgement.recall_at_1, judgement.recall_at_10) == (5, 1.0, 1.0)


def test_four_anchors_decide_nothing() -> None:
    judgement = judge(_ranks(4, 0, 0), LIBRARY, None)
    assert judgement.verdict == "inconclusive"
    assert "4" in judgement.note


def test_anchors_that_find_nothing_are_a_mismatch() -> None:
    judgement = judge(_ranks(0, 0, 60), LIBRARY, None)
    assert judgement.verdict == "mismatched"
    assert (judgement.recall_at_1, judgement.recall_at_10) == (0.0, 0.0)


def test_too_many_for_chance_and_too_few_for_a_model_is_inconclusive() -> None:
    judgement = judge(_ranks(10, 20, 70), LIBRARY, None)
    assert judgement.verdict == "inconclusive"
    assert (judgement.recall_at_1, judgement.recall_at_10) == (0.1, 0.3)


def test_the_interval_is_wilsons_of_recall_at_ten() -> None:
    # Newcombe 1998: 15 of 148.
    judgement = judge(_ranks(5, 10, 133), LIBRARY, None)
    assert judgement.ci95 == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert judgement.recall_at_10 == pytest.approx(15 / 148)
    assert judgement.recall_at_1 == pytest.approx(5 / 148)


def test_without_anchors_there_is_no_recall() -> None:
    judgement = judge(np.empty(0), LIBRARY, None)
    assert judgement.verdict == "inconclusive"
    assert (judgement.recall_at_1, judgement.recall_at_10, judgement.ci95) == (None, None, None)


@pytest.mark.parametrize(
    ("rho", "verdict"), [(0.99, "aligned"), (0.55, "inconclusive"), (0.06, "mismatched")]
)
def test_the_spread_of_the_vectors_decides_where_anchors_do_not(rho: float, verdict: str) -> None:
    judgement = judge(_ranks(2, 0, 0), LIBRARY, rho)
    assert judgement.verdict == verdict
    assert judgement.covariance_alignment == rho
    assert f"{rho:.2f}" in judgement.note


@pytest.mark.parametrize(
    ("ranks", "rho", "verdict"),
    [(_ranks(50, 0, 0), 0.06, "aligned"), (_ranks(0, 0, 60), 0.99, "mismatched")],
)
def test_anchors_outweigh_the_spread(ranks: NDArray[np.float64], rho: float, verdict: str) -> None:
    assert judge(ranks, LIBRARY, rho).verdict == verdict


@pytest.mark.parametrize("passages", [1, 5, 10, 12, 20])
def test_in_a_small_library_perfect_recall_is_no_mismatch(passages: int) -> None:
    # The first ten of twelve prove nothing, but anchors that all come first refute nothing.
    assert judge(_ranks(5, 0, 0), passages, None).verdict != "mismatched"


@pytest.mark.parametrize("anchors", [5, 20, 200])
def test_ranks_by_chance_are_never_called_aligned(anchors: int) -> None:
    rng = np.random.default_rng(0)
    for passages in (50, 1_000, LIBRARY):
        for _ in range(50):
            ranks = rng.integers(1, passages + 1, anchors).astype(float)
            assert judge(ranks, passages, None).verdict != "aligned"


def test_vectors_of_different_dimensions_are_no_one_model() -> None:
    judgement = different_dimensions(768, 1024)
    assert judgement.verdict == "mismatched"
    assert "768" in judgement.note
    assert "1024" in judgement.note


Matrix = NDArray[np.float32]


def _sample(
    rng: np.random.Generator, n: int, spectrum: NDArray[np.float64], mean: float = 0.0
) -> Matrix:
    return (mean + rng.normal(size=(n, len(spectrum))) * np.sqrt(spectrum)).astype(np.float32)


SPECTRUM = 1 / np.arange(1, 65) ** 1.2


@pytest.mark.parametrize(
    "other", [SPECTRUM, SPECTRUM[::-1].copy(), np.ones(64), np.roll(SPECTRUM, 3), SPECTRUM * 9]
)
@pytest.mark.parametrize("mean", [0.0, 2.0])
def test_covariance_alignment_is_the_closed_form(other: NDArray[np.float64], mean: float) -> None:
    rng = np.random.default_rng(2)
    expected = (SPECTRUM @ other) / np.sqrt((SPECTRUM @ SPECTRUM) * (other @ other))
    found = covariance_alignment(_sample(rng, 2_000, SPECTRUM, mean), _sample(rng, 2_000, other))
    assert found == pytest.approx(expected, abs=0.03)


def test_covariance_alignment_of_rotated_spaces_is_the_closed_form() -> None:
    rng = np.random.default_rng(3)
    rotation = np.linalg.qr(rng.normal(size=(64, 64)))[0]
    rotated = rotation.T @ np.diag(SPECTRUM) @ rotation
    expected = np.trace(np.diag(SPECTRUM) @ rotated) / (SPECTRUM @ SPECTRUM)
    assert expected < 0.3
    a = _sample(rng, 2_000, SPECTRUM)
    b = (_sample(rng, 2_000, SPECTRUM) @ rotation).astype(np.float32)
    assert covariance_alignment(a, b) == pytest.approx(expected, abs=0.03)


def test_covariance_alignment_is_not_lowered_by_small_samples() -> None:
    # The traces of sample covariances would give about 40/(40+64) here.
    rng = np.random.default_rng(4)
    found = [
        covariance_alignment(_sample(rng, 40, np.ones(64)), _sample(rng, 40, np.ones(64)))
        for _ in range(60)
    ]
    assert np.mean(np.array(found, dtype=float)) == pytest.approx(1, abs=0.1)


def test_covariance_alignment_needs_rows_of_one_dimension_that_differ() -> None:
    rows = _sample(np.random.default_rng(5), 60, np.ones(8))
    assert covariance_alignment(rows[:29], rows) is None
    assert covariance_alignment(rows, rows[:, :4]) is None
    assert covariance_alignment(np.zeros((60, 8), np.float32), rows) is None
