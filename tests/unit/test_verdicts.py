"""Verdicts on pairs of labels, from anchors and from covariance alignment."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lib.similarity.anchored import Ranks, no_ranks
from lib.similarity.covariance import (
    BookNull,
    CovarianceAlignment,
    covariance_alignment,
    null_by_books,
)
from lib.similarity.verdicts import (
    Judgement,
    PairAlignment,
    as_table,
    different_dimensions,
    in_words,
    judge,
    mislabelled,
    nothing_to_judge,
    with_precision,
)

LIBRARY = 31_102
BLIND = "mirrored or turned"
UNRELATED, RELATED = CovarianceAlignment(0.4, 0.02), CovarianceAlignment(0.99, 0.98)


def _found(
    first: int,
    in_ten: int = 0,
    beyond: int = 0,
    passages: int = LIBRARY,
    standing: float = 0.0,
    shuffled: float = 5_000.0,
) -> Ranks:
    """Anchors: so many at 1 and at 10, which stand 7 above all passages, and at 11, which stand at
    `standing`."""
    count = first + in_ten + beyond
    scores = np.full(count, 0.5, np.float32)
    return Ranks(
        ranks=np.array([1.0] * first + [10.0] * in_ten + [11.0] * beyond),
        shuffled=np.full(count, shuffled),
        standing=np.array([7.0] * (first + in_ten) + [standing] * beyond),
        scores=scores,
        random_scores=scores,
        passages=passages,
    )


def _null(low: float, high: float, shift: float = 0.1) -> BookNull:
    return BookNull(np.linspace(low, high, 200), shift)


def _excess(value: float) -> CovarianceAlignment:
    return CovarianceAlignment(0.9, value)


def test_five_anchors_that_find_their_passages_suffice() -> None:
    judgement = judge(_found(5), None)
    assert judgement.verdict == "aligned"
    assert (judgement.anchors, judgement.recall_at_1, judgement.recall_at_10) == (5, 1.0, 1.0)
    assert BLIND not in judgement.note


@pytest.mark.parametrize(("anchors", "said"), [(4, "Only 4 anchors:"), (1, "Only 1 anchor:")])
def test_four_anchors_decide_nothing(anchors: int, said: str) -> None:
    for found in (_found(anchors), _found(0, beyond=anchors)):
        judgement = judge(found, None)
        assert judgement.verdict == "inconclusive"
        assert judgement.note.startswith(said)


@pytest.mark.parametrize("beyond", [5, 60])
def test_anchors_that_find_nothing_are_a_mismatch(beyond: int) -> None:
    judgement = judge(_found(0, beyond=beyond), None)
    assert judgement.verdict == "mismatched"
    assert (judgement.recall_at_1, judgement.recall_at_10) == (0.0, 0.0)
    assert judgement.standing == 0


def test_too_many_for_chance_and_too_few_for_a_model_is_inconclusive() -> None:
    judgement = judge(_found(10, 20, 70), None)
    assert judgement.verdict == "inconclusive"
    assert (judgement.recall_at_1, judgement.recall_at_10) == (0.1, 0.3)
    assert "too many for chance" in judgement.note


def test_anchors_that_stand_out_without_coming_first_are_no_mismatch() -> None:
    # A weak model, or a library of copies.
    judgement = judge(_found(0, beyond=60, standing=3.0), None)
    assert judgement.verdict == "inconclusive"
    assert "0 of 60" in judgement.note


def test_a_note_never_calls_none_too_many_for_chance() -> None:
    assert "too many for chance" not in judge(_found(0, beyond=60, standing=3.0), None).note


def test_the_interval_is_wilsons_of_recall_at_ten() -> None:
    # Newcombe 1998: 15 of 148.
    judgement = judge(_found(5, 10, 133), None)
    assert judgement.ci95 == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert judgement.recall_at_10 == pytest.approx(15 / 148)
    assert judgement.recall_at_1 == pytest.approx(5 / 148)
    assert judgement.chance_at_10 == pytest.approx(10 / LIBRARY)
    assert judgement.shuffled_at_10 == 0


def test_without_anchors_there_is_no_recall() -> None:
    judgement = judge(no_ranks(), None)
    assert judgement.verdict == "inconclusive"
    assert judgement == Judgement("inconclusive", judgement.note)


@pytest.mark.parametrize("passages", [1, 5, 10, 12, 20])
@pytest.mark.parametrize("standing", [0.0, 7.0])
def test_in_a_small_library_perfect_recall_is_no_mismatch(passages: int, standing: float) -> None:
    # The first ten of twelve prove nothing, but anchors that all come first refute nothing.
    found = _found(5, passages=passages, shuffled=1 + passages / 2)
    low = Ranks(**{**vars(found), "standing": np.full(5, standing)})
    for covariance in (None, RELATED):
        assert judge(low, covariance).verdict != "mismatched"


@pytest.mark.parametrize("anchors", [5, 20, 200])
@pytest.mark.parametrize("passages", [50, 1_000, LIBRARY])
def test_ranks_by_chance_are_never_called_aligned(anchors: int, passages: int) -> None:
    rng = np.random.default_rng(0)
    verdicts = []
    for _ in range(200):
        ranks, others = rng.integers(1, passages + 1, (2, anchors)).astype(float)
        standing = rng.normal(size=anchors)
        scores = np.zeros(anchors, np.float32)
        found = Ranks(ranks, others, standing, scores, scores, passages)
        verdicts.append(judge(found, UNRELATED).verdict)
    assert "aligned" not in verdicts
    assert verdicts.count("mismatched") >= 180


def test_what_passages_of_other_anchors_reach_is_chance_too() -> None:
    # All anchors in one book of a language of its own: each finds all of its passages.
    judgement = judge(_found(0, 8, 2, shuffled=4.0), None)
    assert judgement.verdict == "inconclusive"
    assert judgement.shuffled_at_10 == 1
    assert judge(_found(0, 8, 2), None).verdict == "aligned"


@pytest.mark.parametrize(
    ("found", "covariance", "verdict"),
    [(_found(50), UNRELATED, "aligned"), (_found(0, beyond=60), RELATED, "mismatched")],
)
def test_anchors_outweigh_the_spread(
    found: Ranks, covariance: CovarianceAlignment, verdict: str
) -> None:
    assert judge(found, covariance).verdict == verdict


@pytest.mark.parametrize(("first", "standing"), [(0, 1.25), (2, 1.25), (0, 0.9)])
def test_sixty_anchors_that_find_nothing_are_not_outvoted_by_the_spread(
    first: int, standing: float
) -> None:
    # A space mirrored along some of its axes looks like this.
    found = _found(first, beyond=60 - first, standing=standing, passages=2_000)
    assert judge(found, RELATED, _null(0.5, 0.9)).verdict != "aligned"


@pytest.mark.parametrize(("first", "beyond"), [(20, 80), (30, 70), (9, 11), (3, 6)])
def test_anchors_that_partly_find_their_passages_are_not_refuted_by_the_spread(
    first: int, beyond: int
) -> None:
    judgement = judge(_found(first, beyond=beyond), UNRELATED)
    assert judgement.verdict == "inconclusive"
    assert "A part of these rows may be of it." in judgement.note


@pytest.mark.parametrize(
    ("null", "value", "verdict"),
    [
        (None, 0.99, "aligned"),
        (None, 0.4, "aligned"),
        (None, 0.39, "inconclusive"),
        (None, 0.16, "inconclusive"),
        (None, 0.15, "mismatched"),
        (None, -0.1, "mismatched"),
        # Books that are alike: another kind of text may still lie below them all.
        (_null(0.8, 0.99), 0.41, "aligned"),
        (_null(0.8, 0.99), 0.39, "inconclusive"),
        (_null(0.8, 0.99), 0.14, "mismatched"),
        # Books that differ: what some of them reach is enough, and a half of the least is not.
        (_null(0.2, 0.9), 0.31, "aligned"),
        (_null(0.35, 0.9), 0.36, "aligned"),
        (_null(0.35, 0.9), 0.34, "inconclusive"),
        (_null(0.2, 0.9), 0.29, "inconclusive"),
        (_null(0.2, 0.9), 0.11, "inconclusive"),
        (_null(0.2, 0.9), 0.09, "mismatched"),
    ],
)
@pytest.mark.parametrize("anchors", [0, 2])
def test_the_spread_decides_where_anchors_do_not(
    null: BookNull | None, value: float, verdict: str, anchors: int
) -> None:
    judgement = judge(_found(anchors), _excess(value), null)
    assert judgement.verdict == verdict
    assert (judgement.covariance_alignment, judgement.excess_alignment) == (0.9, value)
    assert f"ρ* = {value:.2f}" in judgement.note
    assert (BLIND in judgement.note) == (verdict == "aligned")
    if null is not None:
        assert judgement.null == (null.values[0], null.values[-1])
        assert judgement.null_below == null.below(value)
        assert f"from {null.values[0]:.2f} to {null.values[-1]:.2f}" in judgement.note


@pytest.mark.parametrize(
    ("first", "beyond", "said"),
    [(12, 4, "25% of the anchors"), (17, 3, "15% of the anchors"), (18, 2, None), (6, 3, None)],
)
def test_anchors_at_chance_among_aligned_ones_are_pointed_out(
    first: int, beyond: int, said: str | None
) -> None:
    judgement = judge(_found(first, beyond=beyond), None)
    assert judgement.verdict == "aligned"
    assert ("score no better than chance" in judgement.note) == (said is not None)
    assert said is None or said in judgement.note


@pytest.mark.parametrize(
    ("found", "null", "shift", "said"),
    [
        (_found(20), _null(0.5, 0.9), 0.11, True),
        (_found(0), _null(0.5, 0.9), 0.11, True),
        (_found(20), _null(0.5, 0.9), 0.09, False),
        (_found(20), _null(0.5, 0.9, shift=0.0), 0.04, False),
        (_found(20), _null(0.5, 0.9), None, False),
        (_found(20), None, 0.5, False),
        (_found(0, beyond=60), _null(0.5, 0.9), 0.5, False),
        (_found(30, beyond=70), _null(0.5, 0.9), 0.5, False),
    ],
)
def test_a_shift_of_means_is_told_of_aligned_pairs_only(
    found: Ranks, null: BookNull | None, shift: float | None, said: bool
) -> None:
    assert ("prefix" in judge(found, RELATED, null, shift).note) == said


def test_another_precision_is_told_of_aligned_pairs_only() -> None:
    aligned, other = judge(_found(5), None), judge(_found(0, beyond=60), None)
    told = with_precision(aligned, "8-bit", "32-bit")
    assert told.verdict == "aligned"
    assert told.note.startswith(aligned.note)
    assert "8-bit numbers and the passages 32-bit" in told.note
    assert with_precision(aligned, "8-bit", "8-bit") == aligned
    assert with_precision(other, "8-bit", "32-bit") == other


def test_vectors_of_different_dimensions_are_no_one_model() -> None:
    judgement = different_dimensions(768, 1024)
    assert judgement.verdict == "mismatched"
    assert "768" in judgement.note
    assert "1024" in judgement.note


def test_nothing_to_judge_is_said_of_its_side() -> None:
    assert nothing_to_judge("passages").verdict == "inconclusive"
    assert "passages" in nothing_to_judge("passages").note


def _pair(highlights: str, passages: str, judgement: Judgement) -> PairAlignment:
    scores = np.empty(0, np.float32)
    return PairAlignment(highlights, passages, judgement, scores, scores)


def test_judgements_become_rows_and_words_in_their_order() -> None:
    table = as_table(
        [
            _pair("red", "red", judge(_found(0, beyond=8), UNRELATED, _null(0.5, 0.9))),
            _pair("red", "blue", judge(_found(0), _excess(0.01))),
            _pair("blue", "blue", judge(_found(9, beyond=1), None)),
            _pair("blue", "red", different_dimensions(8, 9)),
        ]
    )
    assert table["verdict"].tolist() == ["mismatched", "mismatched", "aligned", "mismatched"]
    assert table["caption"].tolist() == [
        "0% of 8\nanchors",
        "no anchors\nρ* 0.01",
        "90% of 10\nanchors",
        "different\ndimensions",
    ]
    assert mislabelled(table) == ["red"]
    assert in_words(table) == (
        "red with red mismatched; red with blue mismatched; blue with blue aligned; "
        "blue with red mismatched."
    )
    first: dict[str, Any] = table.iloc[0].to_dict()
    assert (first["anchors"], first["rho"], first["excess"]) == (8, 0.4, 0.02)
    assert (first["null_low"], first["null_high"], first["null_below"]) == (0.5, 0.9, 0.0)
    assert first["low"] == 0
    assert 0.3 < first["high"] < 0.35
    assert table["low"].isna().tolist() == [False, True, False, True]


def test_vectors_that_spread_evenly_are_never_told_apart_by_their_spread() -> None:
    rng = np.random.default_rng(0)
    rows = [rng.normal(size=(count, 64)).astype(np.float32) for count in (300, 1_000)]
    covariance = covariance_alignment(*rows)
    assert covariance is not None
    assert covariance.excess is None
    books = np.array([str(n % 8) for n in range(1_000)], dtype=object)
    judgement = judge(no_ranks(), covariance, null_by_books(rows[1], books, 300))
    assert judgement.verdict == "inconclusive"
    assert judgement.excess_alignment is None
