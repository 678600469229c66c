"""Measures alignment on the two databases: verdicts, suspects, and what has no label."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lib.databases import embeddings
from lib.databases.highlights import UNLABELLED
from lib.databases.pools import Databases
from lib.databases.relations import Relations
from lib.databases.vectors import Vectors
from lib.matching.anchors import Anchors, search_anchors
from lib.similarity import suspects, verdicts
from lib.similarity.anchored import Ranks, no_ranks, rank
from lib.similarity.covariance import (
    BookNull,
    covariance_alignment,
    mean_shift,
    null_by_books,
)
from lib.similarity.rows import LabelledRows, OnCount, read_highlights, read_passages
from lib.similarity.scores import Matrix, unit
from lib.similarity.spaces.clusters import FEWEST_INTRUDERS
from lib.similarity.spaces.owners import Spaces, side_by_side
from lib.similarity.suspects import Suspects
from lib.similarity.verdicts import Judgement, PairAlignment

SEED = 0
COVARIANCE_HIGHLIGHTS = 500
COVARIANCE_PASSAGES = 1_500
SUSPECT_COLUMNS = ["relation", "id", "label", "looks_like", "score"]


@dataclass(frozen=True)
class Alignment:
    """All that was judged of the vectors of both databases.

    `pairs` are the verdicts, label by label; `nulls[model]` values of ρ* within that model.
    `suspects`, worst first, has columns `relation`, `id`, `label`, `looks_like` (a label, or None)
    and `score` (nats per dimension): the first of `suspected` in all, of `judged` rows, of which
    about `false_alarms` may be honest. `unlabelled` has columns `id` and `looks_like`. `read` has
    columns `relation`, `label`, `rows` and `total`: where these differ, a sample was judged.
    `notes` say where a label is half another model's.
    """

    pairs: list[PairAlignment]
    nulls: dict[str, NDArray[np.float64]]
    suspects: pd.DataFrame
    suspected: int
    judged: int
    false_alarms: float
    unlabelled: pd.DataFrame
    read: pd.DataFrame
    anchors: int
    anchor_highlights: int
    anchor_passages: int
    anchor_passages_total: int
    notes: list[str] = field(default_factory=list)

    @property
    def sampled(self) -> bool:
        """Whether anything was judged by a sample."""
        return bool((self.read["rows"] < self.read["total"]).any())


async def measure_alignment(
    databases: Databases,
    relations: Relations,
    labels: Mapping[str, int],
    models: Mapping[str, int],
    seed: int = SEED,
    on_rows: OnCount = lambda seen: None,
) -> Alignment:
    """Judge every highlight label against every passage model, and every row by its label.

    `labels` and `models` give a number of vectors for each. `on_rows` is told how many vectors of
    passages were read.
    """
    # Anchors are a matter of text: while they are looked for, vectors are read, and each model's
    # are searched for spaces while the next one's are read.
    written: dict[str, LabelledRows] = {}
    parts: dict[str, asyncio.Task[list[Matrix]]] = {}
    searching = asyncio.create_task(search_anchors(databases, relations, seed))
    try:
        heard = await read_highlights(databases, relations, labels)
        async for rows in read_passages(databases, relations, models, seed, on_rows):
            written[rows.label] = rows
            work = asyncio.to_thread(suspects.search_label, rows.matrix, seed)
            parts[rows.label] = asyncio.create_task(work)
        searched = {model: await part for model, part in parts.items()}
        anchors = await searching
    finally:
        for task in (searching, *parts.values()):
            task.cancel()
    learned = await asyncio.to_thread(_learn, written, searched, seed)
    chosen = {label: _choose(databases, anchors, heard[label], seed) for label in labels}
    true = {
        model: await _true_passages(databases, relations, model, rows, chosen)
        for model, rows in written.items()
    }

    def judge() -> Alignment:
        nulls: dict[tuple[str, int], BookNull | None] = {}
        pairs = side_by_side(
            lambda pair: _judge_pair(
                heard[pair[0]], written[pair[1]], chosen[pair[0]], true[pair[1]], nulls, seed
            ),
            [(label, model) for label in labels for model in models],
        )
        found, unlabelled, notes = _judge_rows(heard, written, chosen, learned, seed)
        return Alignment(
            pairs=pairs,
            nulls={model: null.values for (model, _), null in nulls.items() if null is not None},
            suspects=found.rows.head(databases.settings.limits.suspects).reindex(
                columns=SUSPECT_COLUMNS
            ),
            suspected=len(found.rows),
            judged=found.judged,
            false_alarms=found.false_alarms,
            unlabelled=unlabelled,
            read=_describe_read(heard, written),
            anchors=len(anchors.rows),
            anchor_highlights=anchors.highlights,
            anchor_passages=anchors.passages,
            anchor_passages_total=anchors.passages_total,
            notes=notes,
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
    return Vectors(read.ids, unit(read.matrix) if len(read) else read.matrix)


def _learn(
    written: Mapping[str, LabelledRows], searched: Mapping[str, list[Matrix]], seed: int
) -> dict[int, Spaces]:
    """The spaces of all models, by their dimension."""
    return {
        dimension: suspects.learn_spaces(
            {m: rows.matrix for m, rows in written.items() if rows.dimension == dimension},
            seed,
            searched,
        )
        for dimension in sorted({rows.dimension for rows in written.values() if len(rows)})
    }


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
    size = 30 * 2 ** max(0, round(np.log2(max(len(mine), 30) / 30)))
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
    rows, vectors, extra = [], [], 0
    for row, passage in zip(chosen.rows, chosen.passages, strict=True):
        if passage in place_of:
            vectors.append(passages.matrix[place_of[passage]])
        elif passage in extra_of and true.matrix.shape[1] == passages.dimension:
            vectors.append(true.matrix[extra_of[passage]])
            extra += 1
        else:
            continue
        rows.append(row)
    if not rows:
        return no_ranks()
    return rank(highlights.matrix[rows], np.stack(vectors), passages.matrix, extra, seed)


def _judge_rows(
    heard: Mapping[str, LabelledRows],
    written: Mapping[str, LabelledRows],
    chosen: Mapping[str, _Chosen],
    learned: Mapping[int, Spaces],
    seed: int,
) -> tuple[Suspects, pd.DataFrame, list[str]]:
    """Suspects of both relations, what unlabelled highlights look like, and notes."""
    found, notes = [], []
    unlabelled = pd.DataFrame(columns=["id", "looks_like"])
    for dimension, before in learned.items():
        spaces = before.with_anchors(_witnesses(heard, chosen, dimension))
        notes += spaces.notes
        theirs = {m: rows for m, rows in written.items() if m in spaces.owned}
        mine = [rows for rows in heard.values() if rows.dimension == dimension]

        def judge_passages(
            spaces: Spaces = spaces, theirs: Mapping[str, LabelledRows] = theirs
        ) -> Any:
            return suspects.find_suspects(
                {m: rows.ids for m, rows in theirs.items()},
                {m: rows.matrix for m, rows in theirs.items()},
                spaces,
                seed,
            )

        def judge_highlights(rows: LabelledRows, spaces: Spaces = spaces) -> Any:
            if rows.label == UNLABELLED:
                return suspects.attribute(rows.matrix, spaces)
            return suspects.find_foreign(rows.label, rows.ids, rows.matrix, spaces)

        # The many passages on one thread, the few highlights on the other.
        works: list[Callable[[], Any]] = [judge_passages]
        works += [partial(judge_highlights, rows) for rows in mine]
        in_embeddings, *in_highlights = side_by_side(lambda work: work(), works)
        found.append(_of_relation(in_embeddings, "embeddings"))
        for rows, judged in zip(mine, in_highlights, strict=True):
            if rows.label == UNLABELLED:
                unlabelled = pd.DataFrame(
                    {
                        "id": pd.Series(rows.ids, dtype=object),
                        "looks_like": pd.Series(judged, dtype=object),
                    }
                )
            else:
                found.append(_of_relation(judged, "highlights"))
    return suspects.gather(found), unlabelled, notes


def _witnesses(
    heard: Mapping[str, LabelledRows], chosen: Mapping[str, _Chosen], dimension: int
) -> dict[str, Matrix]:
    """Highlights that tell which half of a label is its own: anchors, or all for want of any."""
    return {
        label: rows.matrix[chosen[label].rows]
        if len(chosen[label].rows) >= FEWEST_INTRUDERS
        else rows.matrix
        for label, rows in heard.items()
        if rows.dimension == dimension and label != UNLABELLED
    }


def _of_relation(found: Suspects, relation: str) -> Suspects:
    return Suspects(found.rows.assign(relation=relation), found.judged, found.false_alarms)


def _drawn(matrix: Matrix, most: int, seed: int) -> Matrix:
    if len(matrix) <= most:
        return matrix
    return matrix[np.random.default_rng(seed).permutation(len(matrix))[:most]]


def _describe_read(
    heard: Mapping[str, LabelledRows], written: Mapping[str, LabelledRows]
) -> pd.DataFrame:
    sides: Sequence[tuple[str, Mapping[str, LabelledRows]]] = (
        ("highlights", heard),
        ("embeddings", written),
    )
    return pd.DataFrame(
        [
            (relation, rows.label, len(rows), rows.total)
            for relation, side in sides
            for rows in side.values()
        ],
        columns=["relation", "label", "rows", "total"],
    )
