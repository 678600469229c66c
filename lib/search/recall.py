"""How good a vector index is: what it finds of what an exact comparison finds."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lib.databases import highlights
from lib.databases.pools import Databases
from lib.databases.relations import Relations
from lib.databases.vectors import Vectors
from lib.matching.statistics import wilson
from lib.search.results import DEPTH
from lib.similarity import ways
from lib.similarity.measure import SEED, draw_passages
from lib.similarity.ways import Nearest, with_direction

QUESTIONS = 100
TOP_K = 10
# Scores of one passage, computed by the server and here, differ in their last digits.
SAME = 1e-5


@dataclass(frozen=True)
class IndexRecall:
    """The share of the `k` nearest passages that the index found, over `questions` vectors.

    `ci95`: Wilson's interval for so many questions, which is wide, because what one question finds
    is not independent. `worst`: the lowest share of one question. `index_milliseconds`: what one
    question took, several being asked at once.
    """

    index: str
    questions: int
    k: int
    recall: float
    ci95: tuple[float, float]
    worst: float
    index_milliseconds: float
    exact_seconds: float


async def measure_recall(
    databases: Databases,
    relations: Relations,
    model: str,
    embedded: int,
    on_passages: Callable[[int], object] = lambda seen: None,
) -> IndexRecall | None:
    """Ask the index of a model, and all its `embedded` passages, for the same nearest passages.

    The questions are vectors of highlights under the model's label, or else of its passages. None
    where no index would be used. `on_passages` is told how many passages have been compared.
    """
    asked = await _questions(databases, relations, model, embedded)
    started = time.monotonic()
    # As a search asks, for more than are counted: that is how broadly the index is scanned.
    by_index = await ways.by_index(
        databases, relations, model, asked, DEPTH, embedded, lambda done: None
    )
    took = time.monotonic() - started
    if by_index is None or by_index.index is None:
        return None
    started = time.monotonic()
    first = replace(by_index, scores=by_index.scores[:, :TOP_K])
    by_all = await ways.by_all(databases, relations, model, asked, TOP_K, on_passages)
    shares = found_shares(first, by_all)
    interval = wilson(round(float(shares.sum())), len(shares))
    assert interval is not None
    return IndexRecall(
        index=by_index.index,
        questions=len(asked),
        k=TOP_K,
        recall=float(shares.mean()),
        ci95=interval,
        worst=float(shares.min()),
        index_milliseconds=1000 * took / len(asked),
        exact_seconds=time.monotonic() - started,
    )


def found_shares(by_index: Nearest, by_all: Nearest) -> NDArray[np.float64]:
    """For each question the share of its nearest passages that the index found.

    A passage that scores as high as the last of the nearest counts as one of them: of equally near
    ones it does not matter which are found.
    """
    last = np.where(np.isfinite(by_all.scores), by_all.scores, np.inf).min(axis=1)
    wanted = np.isfinite(by_all.scores).sum(axis=1)
    found = (by_index.scores >= last[:, None] - SAME).sum(axis=1)
    return np.asarray(np.minimum(found, wanted) / np.maximum(wanted, 1), dtype=np.float64)


async def _questions(
    databases: Databases, relations: Relations, model: str, embedded: int
) -> Vectors:
    heard = with_direction(await highlights.read_vectors(databases, relations, model, QUESTIONS))
    if len(heard):
        return heard
    return with_direction(
        await draw_passages(databases, relations, model, QUESTIONS, embedded, SEED)
    )
