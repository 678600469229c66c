"""Rows whose label lies: those of another space than most rows of their label.

Spaces are found within and across labels, so that a model without a label of its own is found
too; a row is suspect when another space makes it likelier than its label's own. A row is never
judged by a fit that it took part in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lib.similarity.mixtures import FEWEST_INTRUDERS, Mask
from lib.similarity.owners import Spaces, learn
from lib.similarity.scores import Matrix, unit
from lib.similarity.spaces import Scores, Space, fit

FEWEST_ROWS = 300
FOLDS = 2
STEPS = 2
FIT_ROWS = 8_000
UNUSUAL_SHARE = 0.001
SLACK = 0.25
VALLEY_BINS = 24
COLUMNS = ["id", "label", "looks_like", "score"]


def find_suspects(
    ids: Mapping[str, list[Any]],
    rows: Mapping[str, Matrix],
    seed: int = 0,
    anchors: Mapping[str, Matrix] | None = None,
) -> pd.DataFrame:
    """Suspects among the rows of one or more labels of one relation, of one dimension.

    Labels of fewer than 300 rows are left out. `anchors` are rows known to be of a label's model,
    such as highlights that find their passages: they decide where half of a label lies. Columns
    `id`, `label`, `looks_like` (the label whose space it is; None for a space without a label)
    and `score` (how much likelier the other space makes the row, in nats per dimension), worst
    first. `attrs["notes"]` says in sentences where a label holds two spaces of about one size.
    """
    known = {label: unit(matrix) for label, matrix in rows.items() if len(matrix) >= FEWEST_ROWS}
    spaces = learn(known, seed, anchors)
    if len(spaces.rows) < 2:
        return _ranked([], spaces)
    first = [fit(matrix) for matrix in spaces.rows]
    nearest = {
        label: _assign(
            np.stack([space.log_likelihood(matrix) for space in first]),
            spaces.owned[label],
            _strangers(first[spaces.owned[label]], matrix, spaces.rows[spaces.owned[label]]),
        )
        for label, matrix in known.items()
    }
    rng = np.random.default_rng(seed)
    fold_of = {label: rng.integers(0, FOLDS, len(matrix)) for label, matrix in known.items()}
    likelihoods = {label: np.zeros((len(first), len(matrix))) for label, matrix in known.items()}
    for fold in range(FOLDS):
        for space in range(len(first)):
            parts = [
                matrix[(nearest[label] == space) & (fold_of[label] != fold)]
                for label, matrix in known.items()
            ]
            training = np.concatenate(parts)
            if len(training) < FEWEST_INTRUDERS / 2:
                training = spaces.rows[space]
            fitted = _fit(training)
            for label, matrix in known.items():
                judged = fold_of[label] == fold
                likelihoods[label][space, judged] = fitted.log_likelihood(matrix[judged])
    usual = _usual(likelihoods)
    found = [
        _judge(label, ids[label], matrix, likelihoods[label], spaces.owned[label], usual, spaces)
        for label, matrix in known.items()
    ]
    return _ranked(found, spaces)


def find_foreign(
    label: str, ids: list[Any], rows: Matrix, references: Mapping[str, Matrix]
) -> pd.DataFrame:
    """Suspects among `rows`, which are labelled `label`, by the spaces of `references`.

    For highlights, judged by the passages of each label. Columns as of `find_suspects`; empty
    unless `label` has reference rows enough.
    """
    known = {name: unit(m) for name, m in references.items() if len(m) >= FEWEST_ROWS}
    if label not in known or len(rows) == 0:
        return pd.DataFrame(columns=COLUMNS)
    return judge_foreign(label, ids, rows, learn_spaces(known))


def learn_spaces(rows: Mapping[str, Matrix], seed: int = 0) -> Spaces:
    """The spaces of labels of 300 rows and more, with which highlights are judged."""
    known = {name: unit(m) for name, m in rows.items() if len(m) >= FEWEST_ROWS}
    return learn(known, seed)


def attribute(rows: Matrix, spaces: Spaces) -> list[str | None]:
    """The label whose space each row, which has no label, is of; None for a space without one."""
    if len(rows) == 0 or not spaces.rows:
        return [None] * len(rows)
    rows = unit(rows)
    spaces = spaces.with_rows(rows)
    fits = [_fit(matrix) for matrix in spaces.rows]
    likelihoods = np.stack([space.log_likelihood(rows) for space in fits])
    return [spaces.name(int(space)) for space in likelihoods.argmax(axis=0)]


def judge_foreign(label: str, ids: list[Any], rows: Matrix, spaces: Spaces) -> pd.DataFrame:
    """As `find_foreign`, by spaces that were learned before."""
    if len(rows) == 0:
        return pd.DataFrame(columns=COLUMNS)
    rows = unit(rows)
    spaces = spaces.with_rows(rows)
    own = spaces.owned.get(label)
    if own is None or len(spaces.rows) < 2:
        return pd.DataFrame(columns=COLUMNS)
    fits = [_fit(matrix) for matrix in spaces.rows]
    likelihoods = np.stack([space.log_likelihood(rows) for space in fits])
    usual = np.full(len(fits), -np.inf)
    return _ranked([_judge(label, ids, rows, likelihoods, own, usual, spaces)], spaces)


def _strangers(own: Space, rows: Matrix, typical: Matrix) -> Mask:
    """Rows that the own space explains no better than half of its typical rows: what it explains
    well is at home, however well another space explains it too."""
    return np.asarray(own.explains(rows) < np.median(own.explains(typical[:2_000])))


def _assign(likelihoods: Scores, own: int, stranger: Mask) -> NDArray[np.int64]:
    """The space of each row: its label's own, unless another is likelier by more than chance."""
    best, score = _against(likelihoods, own)
    return np.where((score > _valley(score)) & stranger, best, own)


def _against(likelihoods: Scores, own: int) -> tuple[NDArray[np.int64], Scores]:
    """For each row the likeliest of the other spaces, and by how much it is likelier."""
    others = np.array([space for space in range(len(likelihoods)) if space != own])
    best = others[likelihoods[others].argmax(axis=0)]
    score = likelihoods[best, np.arange(likelihoods.shape[1])] - likelihoods[own]
    return best, score


def _fit(rows: Matrix) -> Space:
    return fit(rows[:: max(1, -(-len(rows) // FIT_ROWS))], STEPS)


def _usual(likelihoods: Mapping[str, Scores]) -> Scores:
    """What a space's rows reach under its own fit: all but a thousandth of them, and a quarter of
    the way from the median to there beyond it."""
    every = np.concatenate(list(likelihoods.values()), axis=1)
    nearest = every.argmax(axis=0)
    usual = np.full(len(every), -np.inf)
    for space in range(len(every)):
        mine = every[space, nearest == space]
        if len(mine):
            median, lowest = np.quantile(mine, [0.5, UNUSUAL_SHARE])
            usual[space] = lowest - SLACK * (median - lowest)
    return usual


def _judge(
    label: str,
    ids: list[Any],
    rows: Matrix,
    likelihoods: Scores,
    own: int,
    usual: Scores,
    spaces: Spaces,
) -> pd.DataFrame:
    best, score = _against(likelihoods, own)
    theirs = likelihoods[best, np.arange(len(rows))]
    # A row that is odd under every label is an odd text; one of zeros has no direction.
    plausible = (theirs >= usual[best]) & rows.any(axis=1)
    typical = spaces.rows[own]
    plausible &= _strangers(fit(typical), rows, typical)
    names = np.array([spaces.name(space) for space in range(len(likelihoods))], dtype=object)
    frame = pd.DataFrame(
        {
            "id": pd.Series(ids, dtype=object),
            "label": label,
            "looks_like": pd.Series(names[best], dtype=object),
            "score": score,
        }
    )
    return frame[(score > _valley(score)) & plausible]


def _valley(score: Scores) -> float:
    """Where the fewest rows lie between those of the own space, below 0, and those of another."""
    if (score > 0).sum() < FEWEST_INTRUDERS or (score < 0).sum() < FEWEST_INTRUDERS:
        return 0.0
    low, high = np.quantile(score[score < 0], 0.5), np.quantile(score[score > 0], 0.75)
    edges = np.linspace(low / 3, high / 2, VALLEY_BINS + 1)
    counts = np.histogram(score, edges)[0].astype(float)
    smooth = np.convolve(counts, [1, 2, 1], mode="same")[1:-1]
    lowest = np.flatnonzero(smooth == smooth.min()) + 1
    # As near to even odds as the valley allows.
    return float(min(np.clip(0.0, edges[lowest], edges[lowest + 1]), key=abs))


def _ranked(frames: list[pd.DataFrame], spaces: Spaces) -> pd.DataFrame:
    filled = [frame for frame in frames if len(frame)]
    found = pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=COLUMNS)
    found = found.sort_values("score", ascending=False, ignore_index=True)[COLUMNS]
    found.attrs["notes"] = list(spaces.notes)
    return found
