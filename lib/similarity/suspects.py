"""Rows whose label lies: those of another space than most rows of their label.

Spaces are found within and across labels, so that a model without a label of its own is found
too; a row is suspect when another space makes it likelier than its label's own. A row is never
judged by a fit that it took part in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lib.similarity.scores import Matrix
from lib.similarity.side_by_side import side_by_side
from lib.similarity.spaces.clusters import FEWEST_INTRUDERS
from lib.similarity.spaces.owners import (
    COMPARED,
    FIT_ROWS,
    Spaces,
    against,
    find_pieces,
    fit_many,
    learn,
    likelihoods,
    some,
    valley,
)
from lib.similarity.spaces.shapes import Scores, Space

FEWEST_ROWS = 300
FOLDS = 2
MARGIN = 0.06  # Nats per dimension: at 256 dimensions, odds of four million to one.
LEAST_OF_MEDIAN = 0.15  # Of the rows that are clearly of another space.
UNUSUAL_SHARE = 0.001
SLACK = 0.25
TAIL = 0.01
COLUMNS = ["id", "label", "looks_like", "score"]


@dataclass(frozen=True)
class Suspects:
    """Rows under suspicion and how far to trust that.

    `rows`, worst first, has columns `id`, `label`, `looks_like` (the label whose space it is; None
    for a space without a label) and `score` (how much likelier the other space makes the row, in
    nats per dimension). `judged` rows were judged, of which about `false_alarms` honest ones may
    be among the suspects.
    """

    rows: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=COLUMNS))
    judged: int = 0
    false_alarms: float = 0.0


def gather(found: Sequence[Suspects]) -> Suspects:
    """Several as one."""
    filled = [part.rows for part in found if len(part.rows)]
    rows = pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=COLUMNS)
    return Suspects(
        rows.sort_values("score", ascending=False, ignore_index=True),
        sum(part.judged for part in found),
        sum(part.false_alarms for part in found),
    )


def learn_spaces(rows: Mapping[str, Matrix], seed: int = 0) -> Spaces:
    """The spaces of labels of one dimension, those of fewer than 300 rows left out.

    All rows have length 1.
    """
    known = {name: matrix for name, matrix in rows.items() if len(matrix) >= FEWEST_ROWS}
    found = side_by_side(lambda name: find_pieces(known[name], seed), list(known))
    return learn(known, dict(zip(known, found, strict=True)), seed)


def find_suspects(
    ids: Mapping[str, list[Any]], rows: Mapping[str, Matrix], spaces: Spaces, seed: int = 0
) -> Suspects:
    """Suspects among the rows, of length 1, from which `spaces` were learned."""
    known = {label: rows[label] for label in spaces.owned}
    judged = sum(map(len, known.values()))
    if len(spaces.rows) < 2:
        return Suspects(judged=judged)
    rng = np.random.default_rng(seed)
    fold_of = {label: rng.integers(0, FOLDS, len(matrix)) for label, matrix in known.items()}
    fits = side_by_side(
        lambda place: _fit_fold(known, fold_of, spaces, *place),
        [(fold, space) for fold in range(FOLDS) for space in range(len(spaces.rows))],
    )

    def measure(label: str) -> Scores:
        found = np.zeros((len(spaces.rows), len(known[label])))
        for fold in range(FOLDS):
            mine = fold_of[label] == fold
            fitted = fits[fold * len(spaces.rows) : (fold + 1) * len(spaces.rows)]
            found[:, mine] = likelihoods(fitted, known[label][mine])
        return found

    measured = dict(zip(known, side_by_side(measure, list(known)), strict=True))
    usual = _usual(measured)
    return gather(
        [
            _judge(label, ids[label], matrix, measured[label], usual, spaces)
            for label, matrix in known.items()
        ]
    )


def find_foreign(label: str, ids: list[Any], rows: Matrix, spaces: Spaces) -> Suspects:
    """Suspects among `rows`, of length 1 and labelled `label`, by spaces that others taught.

    For highlights, judged by what was learned of passages; none unless the label has a space.
    """
    if len(rows) == 0 or label not in spaces.owned:
        return Suspects()
    spaces = spaces.with_rows(rows)
    if len(spaces.rows) < 2:
        return Suspects(judged=len(rows))
    found = likelihoods(spaces.fits, rows)
    usual = np.full(len(spaces.rows), -np.inf)
    return _judge(label, ids, rows, found, usual, spaces)


def attribute(rows: Matrix, spaces: Spaces) -> list[str | None]:
    """The label whose space each row, which has no label, is of; None for a space without one."""
    if len(rows) == 0 or not spaces.rows:
        return [None] * len(rows)
    spaces = spaces.with_rows(rows)
    nearest = likelihoods(spaces.fits, rows).argmax(axis=0)
    return [spaces.name(int(space)) for space in nearest]


def _fit_fold(
    rows: Mapping[str, Matrix],
    fold_of: Mapping[str, NDArray[np.int64]],
    spaces: Spaces,
    fold: int,
    space: int,
) -> Space:
    """A fit of a space to its rows of all labels outside of one fold."""
    places = {
        label: np.flatnonzero((spaces.assigned[label] == space) & (fold_of[label] != fold))
        for label in rows
    }
    step = max(1, -(-sum(map(len, places.values())) // FIT_ROWS))
    training = np.concatenate([matrix[places[label][::step]] for label, matrix in rows.items()])
    return fit_many(training if len(training) >= FEWEST_INTRUDERS / 2 else spaces.rows[space])


def _usual(measured: Mapping[str, Scores]) -> Scores:
    """What a space's rows reach under its own fit: all but a thousandth of them, and a quarter of
    the way from the median to there beyond it."""
    every = np.concatenate(list(measured.values()), axis=1)
    nearest = every.argmax(axis=0)
    usual = np.full(len(every), -np.inf)
    for space in range(len(every)):
        mine = every[space, nearest == space]
        if len(mine):
            median, lowest = np.quantile(mine, [0.5, UNUSUAL_SHARE])
            usual[space] = lowest - SLACK * (median - lowest)
    return usual


def _judge(
    label: str, ids: list[Any], rows: Matrix, found: Scores, usual: Scores, spaces: Spaces
) -> Suspects:
    own = spaces.owned[label]
    best, score = against(found, own)
    threshold = _threshold(score)
    chosen = np.flatnonzero(score > threshold)
    # A row that is odd under every label is an odd text; one of zeros has no direction.
    theirs = found[best[chosen], chosen]
    plausible = (theirs >= usual[best[chosen]]) & rows[chosen].any(axis=1)
    home = spaces.fits[own]
    typical = np.median(home.explains(some(spaces.rows[own], COMPARED, 0)))
    plausible &= home.explains(rows[chosen]) < typical
    chosen = chosen[plausible]
    names = np.array([spaces.name(space) for space in range(len(spaces.rows))], dtype=object)
    suspected = pd.DataFrame(
        {
            "id": pd.Series([ids[row] for row in chosen], dtype=object),
            "label": pd.Series([label] * len(chosen), dtype=object),
            "looks_like": pd.Series(names[best[chosen]], dtype=object),
            "score": score[chosen],
        }
    )
    return gather([Suspects(suspected, len(rows), expected_beyond(score, threshold))])


def _threshold(score: Scores) -> float:
    """Where rows of the own space end, by how much likelier another makes each."""
    clear = score[score > MARGIN]
    # Where few rows are clearly of another space there is no valley to tell them by.
    if len(clear) < FEWEST_INTRUDERS:
        return MARGIN
    return max(valley(score), LEAST_OF_MEDIAN * float(np.median(clear)))


def expected_beyond(score: Scores, threshold: float) -> float:
    """How many honest rows are expected above the threshold, judged by those below it.

    The tail of their scores is taken as exponential beyond its last hundredth (peaks over
    threshold; Davison and Smith 1990).
    """
    honest = score[score <= threshold]
    if len(honest) < FEWEST_ROWS:
        return 0.0
    start = float(np.quantile(honest, 1 - TAIL))
    beyond = honest[honest > start] - start
    if len(beyond) == 0 or beyond.mean() <= 0:
        return 0.0
    return float(len(honest) * TAIL * np.exp(-(threshold - start) / beyond.mean()))
