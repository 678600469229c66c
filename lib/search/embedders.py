"""Models that can embed a text here and now, by the label of the vectors they make."""

from __future__ import annotations

import importlib.util

import numpy as np
from numpy.typing import NDArray

from lib.demo import models
from lib.errors import EmbedderError

MOST_CHARACTERS = 20_000


def available(labels: list[str]) -> list[str]:
    """Those of `labels` under which a text can be embedded, in their order."""
    if importlib.util.find_spec("wordllama") is None:
        return []
    return [label for label in labels if label in models.MODELS]


def embed(label: str, text: str) -> NDArray[np.float32]:
    """The vector of one text under the model of this label. Raises EmbedderError."""
    if not available([label]):
        raise EmbedderError(
            f"No embedder for {label} is at hand.",
            "Search by words, or start from a highlight that has a vector under this model.",
        )
    if not text.strip():
        raise EmbedderError("There is nothing to embed.", "Type a few words.")
    vector: NDArray[np.float32] = models.embed(label, [text[:MOST_CHARACTERS]])[0]
    return vector
