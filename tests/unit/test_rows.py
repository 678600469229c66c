"""Rows as they are read: of what numbers they are, and which have a direction."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from lib.databases.vectors import Vectors
from lib.similarity.rows import _labelled, precision_of

Matrix = NDArray[np.float32]


def _as_they_are(rows: Matrix) -> Matrix:
    return rows


def _half(rows: Matrix) -> Matrix:
    return rows.astype(np.float16).astype(np.float32)


def _brain(rows: Matrix) -> Matrix:
    bits = rows.view(np.uint32)
    rounded: NDArray[np.uint32] = (bits + np.uint32(0x8000)) & np.uint32(0xFFFF0000)
    return np.asarray(rounded.view(np.float32))


def _bytes(rows: Matrix) -> Matrix:
    largest = np.abs(rows).max(axis=1, keepdims=True)
    return np.asarray(np.rint(rows / largest * 127), dtype=np.float32)


def _scaled_bytes(rows: Matrix) -> Matrix:
    quantised = _bytes(rows)
    lengths = np.linalg.norm(quantised, axis=1, keepdims=True)
    return np.asarray(quantised / lengths, dtype=np.float32)


def _signs(rows: Matrix) -> Matrix:
    return np.sign(rows)


def _bits(rows: Matrix) -> Matrix:
    return (rows > 0).astype(np.float32)


@pytest.mark.parametrize("dimension", [384, 768, 1024])
@pytest.mark.parametrize(
    ("stored", "precision"),
    [
        (_as_they_are, "32-bit"),
        (_half, "16-bit"),
        (_brain, "16-bit"),
        (_bytes, "8-bit"),
        (_scaled_bytes, "8-bit"),
        (_signs, "binary"),
        (_bits, "binary"),
    ],
)
def test_the_precision_is_that_of_the_numbers(
    stored: Callable[[Matrix], Matrix], precision: str, dimension: int
) -> None:
    rows = np.random.default_rng(0).normal(size=(60, dimension)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    assert precision_of(stored(rows)) == precision
    # It does not need many rows, nor contiguous ones.
    assert precision_of(stored(rows)[:1]) == precision
    assert precision_of(np.asfortranarray(stored(rows))) == precision


@pytest.mark.parametrize("dimension", [3, 16, 64, 256])
def test_short_vectors_of_single_precision_are_not_taken_for_bytes(dimension: int) -> None:
    rows = np.random.default_rng(1).normal(size=(60, dimension)).astype(np.float32)
    assert precision_of(rows) == "32-bit"


def test_numbers_too_large_for_half_precision_are_single() -> None:
    rows = np.random.default_rng(2).normal(size=(5, 384)).astype(np.float32) * 1e30
    assert precision_of(rows) == "32-bit"


@pytest.mark.parametrize("shape", [(0, 0), (0, 384)])
def test_the_precision_of_nothing_is_the_usual_one(shape: tuple[int, int]) -> None:
    assert precision_of(np.empty(shape, np.float32)) == "32-bit"


def test_rows_without_a_direction_are_dropped_and_ids_keep_in_step() -> None:
    matrix = np.random.default_rng(3).normal(size=(8, 6)).astype(np.float32)
    expected = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    matrix[1] = 0
    matrix[3, 2] = np.nan
    matrix[4, 0] = np.inf
    matrix[6, 5] = -np.inf
    books: list[str | None] = ["a", "b", None, "d", "e", "f", "g", "h"]
    found = _labelled("red", Vectors(list("ABCDEFGH"), matrix, books), 20)
    assert found.ids == ["A", "C", "F", "H"]
    assert found.books.tolist() == ["a", None, "f", "h"]
    np.testing.assert_allclose(found.matrix, expected[[0, 2, 5, 7]], atol=1e-6)
    assert (found.label, found.total, len(found), found.dimension) == ("red", 20, 4, 6)


@pytest.mark.parametrize("length", [1e-12, 1.0, 300.0, 1e12])
def test_rows_have_length_one_whatever_they_had(length: float) -> None:
    matrix = np.random.default_rng(4).normal(size=(5, 8)).astype(np.float32)
    matrix *= np.float32(length)
    found = _labelled("red", Vectors([1, 2, 3, 4, 5], matrix.copy()), 5)
    assert found.ids == [1, 2, 3, 4, 5]
    assert found.books.tolist() == [None] * 5
    assert found.matrix.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(found.matrix, axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("length", [1e-25, 1e25])
def test_lengths_whose_squares_are_no_single_numbers_are_none_to_pgvector_either(
    length: float,
) -> None:
    matrix = np.ones((2, 4), np.float32)
    matrix[1] *= np.float32(length)
    found = _labelled("red", Vectors([1, 2], matrix), 2)
    assert found.ids == [1]
    np.testing.assert_allclose(found.matrix, 0.5, atol=1e-6)


@pytest.mark.parametrize("rows", [0, 3])
def test_a_label_without_any_direction_is_empty(rows: int) -> None:
    matrix = np.zeros((rows, 4 if rows else 0), np.float32)
    found = _labelled("red", Vectors(list(range(rows)), matrix), rows)
    assert (found.ids, len(found), found.dimension, found.total) == ([], 0, 0, rows)
    assert len(found.books) == 0
