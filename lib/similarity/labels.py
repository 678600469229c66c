"""Whether each row's label tells the truth, and what rows without a label look like."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pandas as pd

from lib.databases.highlights import UNLABELLED
from lib.similarity import suspects
from lib.similarity.rows import LabelledRows
from lib.similarity.scores import Matrix
from lib.similarity.side_by_side import side_by_side
from lib.similarity.spaces.clusters import FEWEST_INTRUDERS
from lib.similarity.spaces.owners import Spaces
from lib.similarity.suspects import Suspects

SUSPECT_COLUMNS = ["relation", "id", "label", "looks_like", "score"]


@dataclass(frozen=True)
class Labels:
    """Rows whose label lies, and what rows without a label look like.

    `suspects`, worst first, has columns `relation`, `id`, `label`, `looks_like` (a label, or None)
    and `score` (nats per dimension), of `judged` rows; about `false_alarms` of them may be honest.
    `unlabelled` has columns `id` and `looks_like`. `notes` say where a label is half another
    model's.
    """

    suspects: pd.DataFrame
    judged: int
    false_alarms: float
    unlabelled: pd.DataFrame
    notes: list[str] = field(default_factory=list)


def learn_labels(written: Mapping[str, LabelledRows], seed: int) -> dict[int, Spaces]:
    """The spaces that passages' vectors lie in, of all models, by their dimension."""
    return {
        dimension: suspects.learn_spaces(
            {m: rows.matrix for m, rows in written.items() if rows.dimension == dimension}, seed
        )
        for dimension in sorted({rows.dimension for rows in written.values() if len(rows)})
    }


def judge_labels(
    heard: Mapping[str, LabelledRows],
    written: Mapping[str, LabelledRows],
    learned: Mapping[int, Spaces],
    anchored: Sequence[Any],
    seed: int,
) -> Labels:
    """Judge every row of both databases by the spaces that `learn_labels` found.

    `anchored` are ids of highlights that are anchors, which tell best where half of a label lies.
    """
    found, unlabelled, notes = _judge_rows(heard, written, set(anchored), learned, seed)
    rows = found.rows.reindex(columns=SUSPECT_COLUMNS)
    return Labels(rows, found.judged, found.false_alarms, unlabelled, notes)


def _judge_rows(
    heard: Mapping[str, LabelledRows],
    written: Mapping[str, LabelledRows],
    anchored: set[Any],
    learned: Mapping[int, Spaces],
    seed: int,
) -> tuple[Suspects, pd.DataFrame, list[str]]:
    """Suspects of both relations, what unlabelled highlights look like, and notes."""
    found, notes = [], []
    unnamed = [rows for rows in heard.values() if rows.label == UNLABELLED]
    ids = [identifier for rows in unnamed for identifier in rows.ids]
    unlabelled = _attributed(ids, [None] * len(ids))
    for dimension, before in learned.items():
        mine = [rows for rows in heard.values() if rows.dimension == dimension]
        spaces = before.with_anchors(_witnesses(mine, anchored))
        notes += spaces.notes
        theirs = {m: rows for m, rows in written.items() if m in spaces.owned}

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
                unlabelled = _attributed(rows.ids, judged)
            else:
                found.append(_of_relation(judged, "highlights"))
    return suspects.gather(found), unlabelled, notes


def _attributed(ids: list[Any], looks: Sequence[str | None]) -> pd.DataFrame:
    return pd.DataFrame(
        {"id": pd.Series(ids, dtype=object), "looks_like": pd.Series(looks, dtype=object)}
    )


def _witnesses(heard: Sequence[LabelledRows], anchored: set[Any]) -> dict[str, Matrix]:
    """Highlights that tell which half of a label is its own: anchors, or all where few are."""
    found = {}
    for rows in heard:
        if rows.label == UNLABELLED:
            continue
        sure = [row for row, identifier in enumerate(rows.ids) if identifier in anchored]
        found[rows.label] = rows.matrix[sure] if len(sure) >= FEWEST_INTRUDERS else rows.matrix
    return found


def _of_relation(found: Suspects, relation: str) -> Suspects:
    return Suspects(found.rows.assign(relation=relation), found.judged, found.false_alarms)
