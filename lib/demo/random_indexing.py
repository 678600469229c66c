"""The model `random-indexing-256`: words as sparse random vectors, texts as their weighted sums.

Every word owns a fixed random direction; a text is the sum of its words' directions, rare words
weighing more. In so many dimensions random directions are almost orthogonal, so the cosine of two
texts estimates how much of their weighted vocabulary they share. The model knows words and no
meanings: it is small, honest and purely lexical, and its space has nothing in common with that of
any other model of 256 dimensions.

Source: P. Kanerva, J. Kristoferson and A. Holst, "Random indexing of text samples for latent
semantic analysis" (2000); M. Sahlgren, "An introduction to random indexing" (2005). Both let a
word's *context* accumulate such index vectors; here a passage is the context, and its words are
weighted by inverse document frequency.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

MODEL = "random-indexing-256"
DIMENSIONS = 256
# Non-zero entries of a word's index vector, half of them +1 and half −1. Sahlgren uses about one
# per cent of the dimensions; with only 256 of them a few more keep any two words from colliding.
NONZEROS = 8
SIGNS = np.array([1.0, -1.0] * (NONZEROS // 2))
# Part of every hash: a change of method must change the space, never blur it.
_SALT = b"concordance-ri-1"
# The pseudo-word whose direction stands for a text without any word. No real word holds a space.
_NO_WORDS = "no words"

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


def words(text: str) -> list[str]:
    """Split a text into lower-case runs of letters and digits, inner apostrophes included."""
    return _WORD.findall(text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").lower())


@lru_cache(maxsize=65_536)
def index_dimensions(word: str) -> tuple[int, ...]:
    """Give the `NONZEROS` distinct dimensions of a word's index vector, in the order of `SIGNS`.

    They depend on the word's letters only: the same in every process and on every platform.
    """
    digest = hashlib.blake2b(word.encode(), digest_size=64, key=_SALT).digest()
    # One byte names one of 256 dimensions. That 64 random bytes hold fewer than eight different
    # ones happens to one word in 10^80 or so.
    return tuple(dict.fromkeys(digest))[:NONZEROS]


@dataclass(frozen=True, slots=True)
class RandomIndexing:
    """A fitted model: how many texts it learned from, and in how many of them each word occurs."""

    documents: int
    document_frequency: Mapping[str, int]

    @classmethod
    def fit(cls, texts: Iterable[str]) -> RandomIndexing:
        """Learn the document frequency of every word."""
        documents = 0
        frequency: Counter[str] = Counter()
        for text in texts:
            documents += 1
            frequency.update(set(words(text)))
        # Sorted, because the iteration order of a set of strings differs from process to process.
        return cls(documents, dict(sorted(frequency.items())))

    def idf(self, word: str) -> float:
        """Weigh a word by ln((1 + N) / (1 + n)) + 1; an unknown word counts as seen once."""
        seen = self.document_frequency.get(word, 1)
        return math.log((1 + max(self.documents, 1)) / (1 + seen)) + 1

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed texts.

        Returns:
            Shape (len(texts), `DIMENSIONS`), every row of Euclidean length 1. A text vector is
            the sum over its words of idf · (1 + ln tf) · index vector. A text without words, or
            whose words cancel out, gets one fixed direction of its own: never a zero row, never
            NaN.
        """
        column: dict[str, int] = {}
        columns: list[int] = []
        weights: list[float] = []
        row_ends = [0]
        for text in texts:
            for word, count in Counter(words(text)).items():
                columns.append(column.setdefault(word, len(column)))
                weights.append(1.0 if count == 1 else 1.0 + math.log(count))
            row_ends.append(len(columns))
        counts = sparse.csr_array(
            (
                np.array(weights, dtype=np.float64),
                np.array(columns, dtype=np.int64),
                np.array(row_ends, dtype=np.int64),
            ),
            shape=(len(texts), len(column)),
        )
        vectors = np.asarray(counts @ self._weighted_index(list(column)), dtype=np.float64)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        # What cancels out leaves rounding noise at most; the smallest real length is about 1.
        empty = lengths[:, 0] < 1e-9
        if empty.any():
            vectors[empty] = self._weighted_index([_NO_WORDS])
            lengths[empty] = np.linalg.norm(vectors[empty], axis=1, keepdims=True)
        return np.asarray(vectors / lengths, dtype=np.float32)

    def _weighted_index(self, vocabulary: Sequence[str]) -> NDArray[np.float64]:
        """Stack idf · index vector of each word: shape (len(vocabulary), `DIMENSIONS`)."""
        rows = np.zeros((len(vocabulary), DIMENSIONS))
        if vocabulary:
            idf = np.array([self.idf(word) for word in vocabulary])
            dimensions = np.array([index_dimensions(word) for word in vocabulary])
            rows[np.arange(len(vocabulary))[:, None], dimensions] = idf[:, None] * SIGNS
        return rows
