"""Does one label hold the vectors of two models? A split of its rows into two spaces, or none.

Guesses at a split are refined by likelihood, and believed only where neither part's space says
anything about where the other part's rows lie: a subject, a book or a prefix is another part of
one space, not another space.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lib.similarity.scores import Matrix, unit
from lib.similarity.spaces.clusters import ALIKE, FEWEST_INTRUDERS, Mask, guesses, overlap
from lib.similarity.spaces.shapes import fit

REFINEMENTS = 6
# Measured on four models: other models −.5 and less, whole books and prefixes −.17 and more.
APART = -0.3
FAR_APART = -0.6
CLEAR = 0.1
VERY_CLEAR = 0.3
HOPELESS = 0.2
SAMPLE = 500
FEW = 100
VERY_FEW = 40
VARIED = 4


@dataclass(frozen=True)
class Separation:
    """How far two parts of some rows are two spaces.

    `ratio` is what each part's space explains of the other's directions (about their own mean)
    over what it explains of its own: 1 for one space, −1 for two. `outside` is what the space of
    the larger part explains of the smaller one; `gap` the width of the valley between the parts'
    likelihood ratios, as a share of the distance of their medians; `scores` are these ratios: how
    much likelier the smaller part's space makes each row, in nats per dimension.
    """

    ratio: float
    outside: float
    gap: float
    scores: NDArray[np.float64]

    @property
    def is_clear(self) -> bool:
        """Whether the parts are two spaces."""
        return self.ratio < APART and self.outside < 0 and self.gap > CLEAR


def split(rows: Matrix, seed: int = 0) -> Mask | None:
    """Which of `rows`, of shape (n, d) with n at most some thousand, are of a second space: the
    smaller one. None where all are of one."""
    if len(rows) < 4 * FEWEST_INTRUDERS:
        return None
    best: tuple[float, Mask] | None = None
    tried: list[Mask] = []
    for guess in guesses(rows, seed):
        part = refine(rows, guess)
        if part is None or any(overlap(part, other) > ALIKE for other in tried):
            continue
        tried.append(part)
        found = separation(rows, part, seed)
        # Rows that came along: a fit that they had no part in does not want them.
        wanted = part & (found.scores > 0)
        trimmed = FEWEST_INTRUDERS <= wanted.sum() < part.sum()
        if trimmed:
            part, found = wanted, separation(rows, wanted, seed)
        if not believed(rows, part, found):
            continue
        # Of several splits the one that makes its rows likelier by most: half a space is none.
        gain = float(found.scores[part].sum())
        if best is None or gain > best[0]:
            best = (gain, part)
        if not trimmed and found.ratio < FAR_APART and found.gap > 2 * CLEAR:
            break
    return None if best is None else best[1]


def believed(rows: Matrix, part: Mask, found: Separation) -> bool:
    """Whether the parts are two spaces; few rows must say so more clearly, and vary about their
    mean in as many directions as the rest, give or take: a formula that a text repeats does not."""
    if not found.is_clear:
        return False
    few = int(part.sum())
    if few < VERY_FEW and found.gap < VERY_CLEAR:
        return False
    theirs = _mean_square_cosine(rows[part])
    return few >= FEW or theirs < VARIED * _mean_square_cosine(rows[~part][:SAMPLE])


def _mean_square_cosine(rows: Matrix) -> float:
    directions = unit(rows - rows.mean(axis=0))
    count = len(rows)
    return float((np.square(directions @ directions.T).sum() - count) / (count * (count - 1)))


def refine(rows: Matrix, part: Mask) -> Mask | None:
    """Move rows to the part that makes them likelier, until none moves.

    The smaller part; None where one of them vanishes, or where the larger one's space turns out
    to explain the smaller.
    """
    for _ in range(REFINEMENTS):
        part = part if 2 * part.sum() <= len(part) else ~part
        if part.sum() < FEWEST_INTRUDERS:
            return None
        mine, theirs = rows[~part], rows[part]
        space = fit(mine)
        likelihoods, explained = space.both(rows)
        own = float(np.median(explained[~part]))
        if np.median(space.explains(theirs[:SAMPLE], theirs.mean(axis=0))) > HOPELESS * own:
            return None
        moved = fit(theirs).log_likelihood(rows) > likelihoods
        # What the larger part explains well is at home there: a subject may not change sides.
        moved &= explained < own
        if np.array_equal(moved, part):
            break
        part = moved
    part = part if 2 * part.sum() <= len(part) else ~part
    return part if part.sum() >= FEWEST_INTRUDERS else None


def separation(rows: Matrix, part: Mask, seed: int = 0) -> Separation:
    """Judge a split by fits to one half of the rows on the other half, both ways."""
    half = _halves(part, seed)
    explained: dict[str, list[NDArray[np.float64]]] = {key: [] for key in ("AA", "AB", "BA", "BB")}
    ratio = np.zeros(len(rows))
    for judged in (half, ~half):
        a, b = fit(rows[~judged & ~part]), fit(rows[~judged & part])
        for inside, own, other, keys in (
            (judged & ~part, a, b, ("AA", "BA")),
            (judged & part, b, a, ("BB", "AB")),
        ):
            likelihoods, within = own.both(rows[inside])
            explained[keys[0]].append(within)
            explained[keys[1]].append(other.explains(rows[inside], own.mean))
            theirs = other.log_likelihood(rows[inside])
            ratio[inside] = theirs - likelihoods if own is a else likelihoods - theirs
    median = {key: float(np.median(np.concatenate(parts))) for key, parts in explained.items()}
    own_explained = max(median["AA"] + median["BB"], 1e-6)
    return Separation(
        ratio=(median["AB"] + median["BA"]) / own_explained,
        outside=median["AB"],
        gap=_gap(ratio, part),
        scores=ratio,
    )


def _halves(part: Mask, seed: int) -> Mask:
    """Half of the part and half of the rest, drawn."""
    half = np.zeros(len(part), dtype=bool)
    rng = np.random.default_rng(seed)
    for indices in (np.flatnonzero(part), np.flatnonzero(~part)):
        half[rng.permutation(indices)[: len(indices) // 2]] = True
    return half


def _gap(ratio: NDArray[np.float64], part: Mask) -> float:
    strays = min(0.1, 0.1 * part.sum() / (~part).sum())
    valley = np.quantile(ratio[part], 0.1) - np.quantile(ratio[~part], 1 - strays)
    return float(valley / max(np.median(ratio[part]) - np.median(ratio[~part]), 1e-9))
