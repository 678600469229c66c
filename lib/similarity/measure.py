"""Measures scores on the two databases: nearest passages of highlights, and random pairs."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lib.databases import embeddings, highlights, passages, vectors
from lib.databases.pools import Databases
from lib.databases.relations import Relations
from lib.databases.vectors import Vectors
from lib.similarity import ways
from lib.similarity.calibration import Background, background
from lib.similarity.ways import OnCount, Way, comparable, with_direction

__all__ = [
    "SEED",
    "TOP_K",
    "PairScores",
    "comparable",
    "draw_passages",
    "measure_background",
    "measure_pair",
]

SEED = 0
TOP_K = 10


@dataclass(frozen=True)
class PairScores:
    """Scores of one highlight label against one passage model.

    `scores[i, r]` and `passages[i, r]` are the score and the id of the (r+1)-nearest passage of
    `highlight_ids[i]`, or −inf and None where there is none. The highlights are a sample when
    `highlights_total`, all with a vector under the label, are more; `zero` of those looked at have
    no direction and are left out.

    `way`: "exact", all `passages_total` passages were compared; "index", the index of the name
    `index` was asked, which may miss some; "sample", `passages_compared` passages were drawn at
    random, and all of these compared.
    """

    highlight_model: str
    passage_model: str
    highlight_ids: list[Any]
    scores: NDArray[np.float32]
    passages: NDArray[Any]
    background: Background
    highlights_total: int
    passages_total: int
    way: Way
    passages_compared: int
    index: str | None
    zero: int


async def measure_background(
    databases: Databases,
    relations: Relations,
    highlight_model: str,
    passage_model: str,
    passages_total: int,
    seed: int = SEED,
) -> Background:
    """Scores of random pairs: `limits.background_highlights` × `limits.background_passages`.

    Where no highlight carries the label, other random passages stand in for highlights. Pairs of
    one book are left out, as `lib.similarity.calibration.background` says.
    """
    limits = databases.settings.limits
    heard = await highlights.read_vectors(
        databases, relations, highlight_model, limits.background_highlights
    )
    most = limits.background_passages
    written = await draw_passages(databases, relations, passage_model, most, passages_total, seed)
    stand_in = len(heard) == 0 and highlight_model == passage_model
    if stand_in:
        most = limits.background_highlights
        heard = await draw_passages(
            databases, relations, passage_model, most, passages_total, seed + 1
        )
    heard, written = with_direction(heard), with_direction(written)
    if not comparable(heard, written):
        return Background(np.empty(0, np.float32), len(heard), len(written), seed)
    book_of = await passages.read_book_ids(databases, relations, written.ids)
    if stand_in:
        heard_in = await passages.read_book_ids(databases, relations, heard.ids)
    else:
        heard_in = await highlights.read_book_ids(databases, relations, heard.ids)
    same = _same_book([heard_in.get(i) for i in heard.ids], [book_of.get(i) for i in written.ids])
    return await asyncio.to_thread(background, heard.matrix, written.matrix, seed, same)


async def draw_passages(
    databases: Databases, relations: Relations, model: str, most: int, total: int, seed: int
) -> Vectors:
    """Vectors of at most `most` of the `total` passages of a model, drawn at random by a seed.

    Of a large table whole blocks are drawn instead of ids, which would all have to be read.
    """
    if total <= databases.settings.limits.score_passages:
        return await embeddings.read_sample(databases, relations, model, most, seed)
    return await vectors.gathered(
        embeddings.draw_vectors(databases, relations, model, most, total, seed)
    )


def _same_book(heard: list[str | None], written: list[str | None]) -> NDArray[np.bool_]:
    # Numbers instead of texts: comparing 400,000 pairs of objects takes ten times as long.
    number: dict[str, int] = {}
    rows = np.array([-1 if b is None else number.setdefault(b, len(number)) for b in heard])
    columns = np.array([-2 if b is None else number.setdefault(b, len(number)) for b in written])
    same: NDArray[np.bool_] = rows[:, None] == columns[None, :]
    return same


async def measure_pair(
    databases: Databases,
    relations: Relations,
    highlight_model: str,
    passage_model: str,
    highlights_total: int,
    passages_total: int,
    seed: int = SEED,
    on_passages: OnCount = lambda seen: None,
) -> PairScores:
    """The ten nearest passages of the label's highlights, and the background.

    Up to `limits.score_passages` passages all are compared. Of more, a vector index is asked for
    `limits.index_highlights` highlights if the planner would use one; else so many are drawn.
    `on_passages` is told how many passages are dealt with, up to `passages_total`.
    """
    limits = databases.settings.limits
    most = limits.score_highlights
    read = await highlights.read_vectors(
        databases, relations, highlight_model, most if highlights_total > most else None
    )
    drawn = with_direction(read)
    if passages_total <= limits.score_passages:
        found = await ways.by_all(databases, relations, passage_model, drawn, TOP_K, on_passages)
    else:
        few = drawn
        if len(read) > limits.index_highlights:
            read = await highlights.read_vectors(
                databases, relations, highlight_model, limits.index_highlights
            )
            few = with_direction(read)
        by_index = await ways.by_index(
            databases, relations, passage_model, few, TOP_K, passages_total, on_passages
        )
        if by_index is not None:
            found, drawn = by_index, few
        else:
            found = await ways.by_sample(
                databases,
                relations,
                passage_model,
                drawn,
                TOP_K,
                (limits.score_passages, passages_total, seed),
                on_passages,
            )
    return PairScores(
        highlight_model=highlight_model,
        passage_model=passage_model,
        highlight_ids=drawn.ids,
        scores=found.scores,
        passages=found.passages,
        background=await measure_background(
            databases, relations, highlight_model, passage_model, passages_total, seed
        ),
        highlights_total=highlights_total,
        passages_total=passages_total,
        way=found.way,
        passages_compared=found.compared,
        index=found.index,
        zero=len(read) - len(drawn),
    )
