"""Measures scores on the two databases, in one streaming pass a model."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lib.databases import embeddings, highlights
from lib.databases.pools import Databases
from lib.databases.relations import Relations
from lib.databases.vectors import Vectors
from lib.similarity.calibration import Background, background
from lib.similarity.scores import NearestPassages, unit

SEED = 0
TOP_K = 10

OnCount = Callable[[int], object]


@dataclass(frozen=True)
class PairScores:
    """Scores of one highlight label against one passage model.

    `scores[i, r]` and `passages[i, r]` are the score and the id of the (r+1)-nearest passage of
    `highlight_ids[i]`; the highlights are a sample when `highlights_total` is larger than they
    are. All passages of the model, `passages_total`, were compared.
    """

    highlight_model: str
    passage_model: str
    highlight_ids: list[Any]
    scores: NDArray[np.float32]
    passages: NDArray[Any]
    background: Background
    highlights_total: int
    passages_total: int


async def measure_background(
    databases: Databases,
    relations: Relations,
    highlight_model: str,
    passage_model: str,
    seed: int = SEED,
) -> Background:
    """Scores of random pairs: `limits.background_highlights` × `limits.background_passages`.

    Where no highlight carries the label, other random passages stand in for highlights.
    """
    limits = databases.settings.limits
    drawn = await highlights.read_vectors(
        databases, relations, highlight_model, limits.background_highlights
    )
    passages = await embeddings.read_sample(
        databases, relations, passage_model, limits.background_passages, seed
    )
    if len(drawn) == 0 and highlight_model == passage_model:
        drawn = await embeddings.read_sample(
            databases, relations, passage_model, limits.background_highlights, seed + 1
        )
    if not comparable(drawn, passages):
        return Background(np.empty(0, np.float32), len(drawn), len(passages), seed)
    return await asyncio.to_thread(background, drawn.matrix, passages.matrix, seed)


async def measure_pair(
    databases: Databases,
    relations: Relations,
    highlight_model: str,
    passage_model: str,
    highlights_total: int,
    seed: int = SEED,
    on_passages: OnCount = lambda seen: None,
) -> PairScores:
    """The ten nearest passages of the label's highlights, exactly, and the background."""
    most = databases.settings.limits.score_highlights
    drawn = await highlights.read_vectors(
        databases, relations, highlight_model, most if highlights_total > most else None
    )
    nearest = NearestPassages(unit(drawn.matrix), TOP_K)
    seen = 0
    async for batch in embeddings.stream_vectors(databases, relations, passage_model):
        if comparable(drawn, batch):
            await asyncio.to_thread(_take_in, nearest, batch)
        seen += len(batch)
        on_passages(seen)
    return PairScores(
        highlight_model=highlight_model,
        passage_model=passage_model,
        highlight_ids=drawn.ids,
        scores=nearest.scores,
        passages=nearest.ids,
        background=await measure_background(
            databases, relations, highlight_model, passage_model, seed
        ),
        highlights_total=highlights_total,
        passages_total=seen,
    )


def _take_in(nearest: NearestPassages, batch: Vectors) -> None:
    nearest.add(batch.ids, nearest.queries @ unit(batch.matrix).T)


def comparable(a: Vectors, b: Vectors) -> bool:
    """Whether both have rows, and rows of the same dimension."""
    return len(a) > 0 and len(b) > 0 and a.matrix.shape[1] == b.matrix.shape[1]
