"""Which labels belong together: labels of highlights against models of passages."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lib.databases import embeddings
from lib.databases.pools import Databases
from lib.databases.relations import Relations
from lib.databases.vectors import Vectors
from lib.matching.anchors import Anchors
from lib.similarity import verdicts
from lib.similarity.anchored import Ranks, no_ranks, rank
from lib.similarity.choosing import Pair
from lib.similarity.covariance import (
    BookNull,
    covariance_alignment,
    mean_shift,
    null_by_books,
)
from lib.similarity.rows import LabelledRows
from lib.similarity.scores import Matrix, unit
from lib.similarity.side_by_side import side_by_side
from lib.similarity.verdicts import Judgement, PairAlignment

COVARIANCE_HIGHLIGHTS = 500
COVARIANCE_PASSAGES = 1_500
FEWEST_HIGHLIGHTS = 30


@dataclass(frozen=True)
class Alignment:
    """The verdicts on pairs of labels, and what they rest on.

    `pairs` are the verdicts, label by label; `nulls[model]` values of ρ* within that model.
    """

    pairs: list[PairAlignment]
    nulls: dict[str, NDArray[np.float64]]
    anchors: Anchors


async def judge_alignment(
    databases: Databases,
    relations: Relations,
    heard: Mapping[str, LabelledRows],
    written: Mapping[str, LabelledRows],
    anchors: Anchors,
    pairs: Sequence[Pair],
    seed: int,
) -> Alignment:
    """Judge `pairs` of a label of highlights in `heard` and a model of passages in `written`."""
    chosen = {label: _choose(databases, anchors, rows, seed) for label, rows in heard.items()}
    true = {
        model: await _true_passages(databases, relations, model, rows, chosen)
        for model, rows in written.items()
    }

    def judge() -> Alignment:
        nulls: dict[tuple[str, int], BookNull | None] = {}
        judged = side_by_side(
            lambda pair: _judge_pair(
                heard[pair[0]], written[pair[1]], chosen[pair[0]], true[pair[1]], nulls, seed
            ),
            pairs,
        )
        return Alignment(
            pairs=judged,
            # The one of most highlights, where labels are of several sizes.
            nulls={
                model: null.values
                for (model, _), null in sorted(nulls.items(), key=_by_size)
                if null is not None
            },
            anchors=anchors,
        )

    return await asyncio.to_thread(judge)


@dataclass(frozen=True)
class _Chosen:
    """Anchors of one label: their rows among its highlights, and their true passages' ids."""

    rows: list[int]
    passages: list[Any]


def _choose(databases: Databases, anchors: Anchors, highlights: LabelledRows, seed: int) -> _Chosen:
    """The anchors of a label whose highlight has a vector, at most `limits.anchors`."""
    row_of = {identifier: row for row, identifier in enumerate(highlights.ids)}
    mine = anchors.rows[anchors.rows["model"] == highlights.label]
    mine = mine[np.array([identifier in row_of for identifier in mine["id"]], dtype=bool)]
    most = databases.settings.limits.anchors
    if len(mine) > most:
        mine = mine.sample(most, random_state=seed)
    return _Chosen([row_of[identifier] for identifier in mine["id"]], mine["passage"].tolist())


async def _true_passages(
    databases: Databases,
    relations: Relations,
    model: str,
    rows: LabelledRows,
    chosen: Mapping[str, _Chosen],
) -> Vectors:
    """Unit vectors under a model of the true passages that a sample of its rows lacks."""
    here = set(rows.ids)
    wanted = {one for anchors in chosen.values() for one in anchors.passages} - here
    if not wanted or len(rows) >= rows.total:
        return Vectors([], np.empty((0, rows.dimension), np.float32))
    read = await embeddings.read_vectors(databases, relations, model, list(wanted))
    directed = [row for row in range(len(read)) if read.matrix[row].any()]
    return Vectors([read.ids[row] for row in directed], unit(read.matrix[directed]))


def _judge_pair(
    highlights: LabelledRows,
    passages: LabelledRows,
    chosen: _Chosen,
    true: Vectors,
    nulls: dict[tuple[str, int], BookNull | None],
    seed: int,
) -> PairAlignment:
    nothing = np.empty(0, np.float32)
    judgement: Judgement
    if len(highlights) == 0 or len(passages) == 0:
        judgement = verdicts.nothing_to_judge("passages" if len(highlights) else "highlights")
        return PairAlignment(highlights.label, passages.label, judgement, nothing, nothing)
    if highlights.dimension != passages.dimension:
        judgement = verdicts.different_dimensions(highlights.dimension, passages.dimension)
        return PairAlignment(highlights.label, passages.label, judgement, nothing, nothing)
    ranks = _rank(highlights, passages, chosen, true, seed)
    mine = _drawn(highlights.matrix, COVARIANCE_HIGHLIGHTS, seed)
    theirs = _drawn(passages.matrix, COVARIANCE_PASSAGES, seed)
    # Few highlights make a wide null; those of about one number share theirs.
    doublings = np.log2(max(len(mine), FEWEST_HIGHLIGHTS) / FEWEST_HIGHLIGHTS)
    size = FEWEST_HIGHLIGHTS * 2 ** round(float(doublings))
    if (passages.label, size) not in nulls:
        nulls[passages.label, size] = null_by_books(
            passages.matrix, passages.books, size, seed=seed
        )
    null = nulls[passages.label, size]
    covariance = covariance_alignment(mine, theirs)
    shift = mean_shift(mine, theirs) if covariance is not None else None
    judgement = verdicts.with_precision(
        verdicts.judge(ranks, covariance, null, shift), highlights.precision, passages.precision
    )
    return PairAlignment(
        highlights.label, passages.label, judgement, ranks.scores, ranks.random_scores
    )


def _rank(
    highlights: LabelledRows, passages: LabelledRows, chosen: _Chosen, true: Vectors, seed: int
) -> Ranks:
    place_of = {identifier: place for place, identifier in enumerate(passages.ids)}
    extra_of = {identifier: place for place, identifier in enumerate(true.ids)}
    rows, vectors, names, extra = [], [], [], 0
    for row, passage in zip(chosen.rows, chosen.passages, strict=True):
        if passage in place_of:
            vectors.append(passages.matrix[place_of[passage]])
        elif passage in extra_of and true.matrix.shape[1] == passages.dimension:
            vectors.append(true.matrix[extra_of[passage]])
            extra += 1
        else:
            continue
        rows.append(row)
        names.append(passage)
    if not rows:
        return no_ranks()
    return rank(highlights.matrix[rows], np.stack(vectors), passages.matrix, extra, seed, names)


def _by_size(item: tuple[tuple[str, int], BookNull | None]) -> int:
    return item[0][1]


def _drawn(matrix: Matrix, most: int, seed: int) -> Matrix:
    if len(matrix) <= most:
        return matrix
    return matrix[np.random.default_rng(seed).permutation(len(matrix))[:most]]
