"""When vectors made now count as those of the model that made the stored ones."""

from __future__ import annotations

import numpy as np
import pytest

from lib.databases.vectors import Matrix
from lib.search.agreement import SAME, SIMILAR, compare
from lib.search.checking import EmbedderCheck

ROWS, DIMENSIONS = 12, 64


def vectors(seed: int, rows: int = ROWS) -> Matrix:
    return np.random.default_rng(seed).normal(size=(rows, DIMENSIONS)).astype(np.float32)


def crowded(matrix: Matrix) -> Matrix:
    """The same, all near one direction, as the vectors of some models are."""
    return matrix + np.float32(2)


@pytest.mark.parametrize("shape", [vectors, lambda seed: crowded(vectors(seed))])
def test_the_same_vectors_agree_however_long_they_are(shape: object) -> None:
    assert callable(shape)
    stored = shape(0)
    found = compare(stored, 7 * stored)
    assert (found.verdict, found.passages, found.closest) == ("same", ROWS, ROWS)
    assert found.cosine == pytest.approx(1)
    assert found.closeness == pytest.approx(1)


def test_other_vectors_differ_however_high_their_cosines_are() -> None:
    stored, made = crowded(vectors(0)), crowded(vectors(1))
    found = compare(stored, made)
    assert found.cosine > 0.7
    assert found.others == pytest.approx(found.cosine, abs=0.05)
    assert found.verdict == "different"


def test_between_them_lies_what_is_similar() -> None:
    stored = vectors(0)
    found = compare(stored, stored + 0.6 * vectors(1))
    assert found.verdict == "similar"
    assert SIMILAR < found.closeness < SAME
    assert found.closest == ROWS


def test_less_than_half_that_find_themselves_are_not_enough() -> None:
    stored = vectors(0)
    made = stored.copy()
    made[:6] = vectors(1)[:6]
    assert compare(stored, made).verdict != "different"
    made[6] = vectors(1)[6]
    assert compare(stored, made).verdict == "different"


def test_vectors_that_are_all_the_same_prove_nothing() -> None:
    stored = np.tile(vectors(0, 1), (ROWS, 1))
    assert compare(stored, stored).verdict == "different"
    assert compare(vectors(0), stored).verdict == "different"


def _check(**keys: object) -> EmbedderCheck:
    found = {
        "label": "m 1.5",
        "verdict": "same",
        "passages": 12,
        "cosine": 0.99951,
        "others": 0.2849,
        "closest": 12,
        "prefix": "",
        "prefix_in_use": "",
        "dimension": 4,
    }
    return EmbedderCheck(**{**found, **keys})  # type: ignore[arg-type]


def test_the_sentence_says_what_was_measured_and_what_to_do() -> None:
    assert _check().sentence() == (
        "12 stored passages were embedded again: the median cosine with their own vectors is "
        "1.000, with one another's 0.28. The embedder is the model that made them."
    )
    assert "except that 2 of 12" in _check(closest=10).sentence()
    near = _check(verdict="similar", prefix=None).sentence()
    assert "Results are of use" in near
    far = _check(verdict="different", prefix=None).sentence()
    assert "does not make the vectors stored under m 1.5" in far
    assert '[embedders."m 1.5"]' in far
    bare = _check(prefix="", prefix_in_use="passage: ").sentence()
    assert 'embedded without a prefix, not with the prefix "passage: "' in bare
    assert 'set passage_prefix = ""' in bare
