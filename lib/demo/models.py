"""The two embedding models of the demo: two spaces of the same dimension."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lib.demo import text
from lib.demo.random_indexing import RandomIndexing

WORDLLAMA = "wordllama-l2-256"
RANDOM_INDEXING = "random-indexing-256"
MODELS = (WORDLLAMA, RANDOM_INDEXING)
DIMENSIONS = 256
BATCH = 2_000
THREADS = {WORDLLAMA: 2, RANDOM_INDEXING: 1}

Vectors = NDArray[np.float32]


@functools.lru_cache(maxsize=1)
def _wordllama() -> Any:
    import wordllama

    # Its loader looks for the tokenizer beside the weights' cache, not where the wheel has it.
    folder = Path(wordllama.__file__).parent
    return wordllama.WordLlama.load(dim=DIMENSIONS, cache_dir=folder, disable_download=True)


@functools.lru_cache(maxsize=1)
def _random_indexing() -> RandomIndexing:
    return RandomIndexing.fit(verse.content for verse in text.load().verses)


def embed(
    model: str, texts: Sequence[str], on_batch: Callable[[int], object] | None = None
) -> Vectors:
    """Embed texts under one of the two models.

    Returns float32 of shape (len(texts), 256), rows of length 1. `on_batch` is told how many are
    done. Raises KeyError for another model.
    """
    embedders: dict[str, Callable[[list[str]], Vectors]] = {
        WORDLLAMA: _embed_wordllama,
        RANDOM_INDEXING: _embed_random_indexing,
    }
    batches = [list(texts[start : start + BATCH]) for start in range(0, len(texts), BATCH)]
    parts: list[Vectors] = []
    # The tokenizer of wordllama works outside the interpreter's lock: a second thread helps it.
    with ThreadPoolExecutor(THREADS[model]) as threads:
        for part in threads.map(embedders[model], batches):
            parts.append(part)
            if on_batch is not None:
                on_batch(sum(map(len, parts)))
    return np.concatenate(parts) if parts else np.empty((0, DIMENSIONS), np.float32)


def _embed_wordllama(texts: list[str]) -> Vectors:
    vectors = np.asarray(_wordllama().embed(texts, norm=True), dtype=np.float32)
    # A text without a known token has no direction: give it one, so that no row is zero.
    vectors[~np.isfinite(vectors).all(axis=1) | (np.abs(vectors).sum(axis=1) == 0), 0] = 1.0
    return np.nan_to_num(vectors)


def _embed_random_indexing(texts: list[str]) -> Vectors:
    return _random_indexing().embed(texts)
