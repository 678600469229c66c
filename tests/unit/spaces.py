"""Simulated spaces: vectors of models that differ in nothing but how they are turned."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]
DIMENSION = 64
SUBJECTS = 12


def rotation(rng: np.random.Generator) -> NDArray[np.float64]:
    """A turn of the space, drawn evenly from all."""
    q, r = np.linalg.qr(rng.normal(size=(DIMENSION, DIMENSION)))
    return np.asarray(q * np.sign(np.diag(r)))


def draw(rng: np.random.Generator, turned: NDArray[np.float64], rows: int) -> Matrix:
    """Rows of a space whose mean and spectrum do not depend on its rotation: subjects of their
    own, and heavy tails."""
    scale = np.arange(1, DIMENSION + 1) ** -0.6
    subjects = np.random.default_rng(5).normal(size=(SUBJECTS, DIMENSION)) * scale
    noise = rng.normal(size=(rows, DIMENSION)) * scale
    noise += 0.7 * (subjects - subjects.mean(axis=0))[rng.integers(0, SUBJECTS, rows)]
    noise *= np.sqrt(5 / rng.chisquare(5, rows))[:, None]
    mean = np.full(DIMENSION, 0.1)
    return np.asarray(noise @ turned + mean, dtype=np.float32)
