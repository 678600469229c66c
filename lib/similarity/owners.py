"""Which spaces some labels hold, which of them is each label's own, and which row is of which."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lib.similarity import mixtures
from lib.similarity.mixtures import FEWEST_INTRUDERS, Mask
from lib.similarity.scores import Matrix, unit
from lib.similarity.spaces import Space, fit

SAMPLE = 2_500
ODDEST = 600  # Of the sample, those that the label's whole explains worst.
MOST_SPACES = 3  # In one label.
FIT_ROWS = 8_000
SEARCH_DIMENSIONS = 256
COMPARED = 1_200
UNDECIDED = 0.4  # From this share of a label on, its second space may be its own.
Indices = NDArray[np.int64]


@dataclass
class Spaces:
    """What was learned: `rows[s]` are rows of space s, `owned[label]` the space that is the
    label's own, `shares[label]` how many of its sampled rows are of which space."""

    rows: list[Matrix] = field(default_factory=list)
    shares: dict[str, dict[int, float]] = field(default_factory=dict)
    owned: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def name(self, space: int) -> str | None:
        """The label whose own space this is; None for a space without a label."""
        return next((label for label, own in self.owned.items() if own == space), None)

    def with_rows(self, rows: Matrix, seed: int = 0) -> Spaces:
        """These spaces and those that only the given unit rows hold.

        The rows nearest to each space are split together with rows of that space, which show
        what is at home there.
        """
        known = list(self.rows)
        if len(known) == 0 or len(rows) == 0:
            return self
        nearest = likeliest([fit(matrix) for matrix in known], rows)
        for space in range(len(self.rows)):
            mine = rows[nearest == space]
            home = _some(self.rows[space], seed)
            if len(mine) < FEWEST_INTRUDERS:
                continue
            both = shortened(np.concatenate([home, mine]), seed)
            for part in [mixtures.split(both, seed), np.arange(len(both)) >= len(home)]:
                strangers = mine[part[len(home) :]] if part is not None else mine[:0]
                if len(strangers) >= FEWEST_INTRUDERS and _same(known, strangers, seed) is None:
                    known.append(strangers)
                    break
        return Spaces(known, self.shares, self.owned, self.notes)


def learn(
    rows: Mapping[str, Matrix], seed: int = 0, anchors: Mapping[str, Matrix] | None = None
) -> Spaces:
    """Find the spaces of some labels, whose unit rows are of shape (n, d).

    `anchors` are rows known by other means to be of a label's model, such as its highlights: they
    decide where a label holds two spaces of about the same size.
    """
    found = Spaces()
    parts = []
    for label, matrix in rows.items():
        small = shortened(matrix, seed)
        for chosen in _samples(small, seed):
            pieces = _pieces(small[chosen], seed)
            if len(pieces) > 1:
                break
        parts += [(label, chosen[piece], piece.mean()) for piece in pieces]
        found.shares[label] = {}
    for label, chosen, share in sorted(parts, key=lambda part: -part[2]):
        mine = rows[label][chosen]
        space = _same(found.rows, mine, seed)
        if space is None:
            found.rows.append(mine)
            space = len(found.rows) - 1
        else:
            found.rows[space] = np.concatenate([found.rows[space], mine])
        held = found.shares[label]
        held[space] = held.get(space, 0.0) + float(share)
    _recount(found, rows)
    _own(found, anchors or {})
    return found


def shortened(rows: Matrix, seed: int) -> Matrix:
    """Rows of at most 256 dimensions, sums of randomly signed ones: cosines stay as they are, but
    for a little noise."""
    dimension = rows.shape[1]
    if dimension <= SEARCH_DIMENSIONS:
        return rows
    rng = np.random.default_rng(seed)
    signs = rng.choice(np.array([-1, 1], dtype=np.float32), dimension)
    order = rng.permutation(dimension)
    bounds = np.linspace(0, dimension, SEARCH_DIMENSIONS + 1).astype(int)[:-1]
    return np.asarray(np.add.reduceat(rows[:, order] * signs[order], bounds, axis=1))


def _samples(rows: Matrix, seed: int) -> Iterator[Indices]:
    """Rows to search: drawn ones, then drawn ones and those that they explain worst, among which
    a few intruders in a large label gather."""
    drawn = np.random.default_rng(seed).permutation(len(rows))
    yield np.sort(drawn[:SAMPLE])
    if len(rows) > SAMPLE:
        usual, others = drawn[: SAMPLE - ODDEST], drawn[SAMPLE - ODDEST :]
        odd = np.argsort(fit(rows[usual]).explains(rows[others]), kind="stable")[:ODDEST]
        yield np.sort(np.concatenate([usual, others[odd]]))


def _pieces(rows: Matrix, seed: int) -> list[Mask]:
    """The parts of some rows that are spaces of their own, as masks."""
    pieces = [np.ones(len(rows), dtype=bool)]
    while len(pieces) < MOST_SPACES:
        largest = max(pieces, key=np.count_nonzero)
        part = mixtures.split(rows[largest], seed)
        if part is None:
            break
        pieces = [piece for piece in pieces if piece is not largest]
        indices = np.flatnonzero(largest)
        for chosen in (indices[~part], indices[part]):
            piece = np.zeros(len(rows), dtype=bool)
            piece[chosen] = True
            pieces.append(piece)
    return pieces


def _same(spaces: list[Matrix], rows: Matrix, seed: int) -> int | None:
    """Which of the spaces the rows are of, if any: the one that is least apart."""
    best, least = None, mixtures.APART
    for space, known in enumerate(spaces):
        both = np.concatenate([_some(known, seed), _some(rows, seed)])
        part = np.arange(len(both)) >= min(len(known), COMPARED)
        found = mixtures.separation(both, part, seed)
        if found.ratio > least or found.outside > 0:
            best, least = space, max(found.ratio, least)
    return best


def _some(rows: Matrix, seed: int) -> Matrix:
    if len(rows) <= COMPARED:
        return rows
    return rows[np.random.default_rng(seed).permutation(len(rows))[:COMPARED]]


def _recount(found: Spaces, rows: Mapping[str, Matrix]) -> None:
    """Shares by all rows, and more rows for each space: samples were drawn for their oddity."""
    fits = [fit(matrix) for matrix in found.rows]
    if len(fits) < 2:
        return
    gathered: list[list[Matrix]] = [[] for _ in fits]
    for label, matrix in rows.items():
        nearest = likeliest(fits, matrix)
        for space in range(len(fits)):
            mine = nearest == space
            if mine.any():
                found.shares[label][space] = float(mine.mean())
                gathered[space].append(matrix[mine])
    found.rows = [
        _thinned(np.concatenate(parts)) if parts else old
        for parts, old in zip(gathered, found.rows, strict=True)
    ]


def likeliest(fits: list[Space], rows: Matrix) -> Indices:
    """The space that makes each row likeliest."""
    likelihoods = np.stack([space.log_likelihood(rows) for space in fits])
    return np.asarray(likelihoods.argmax(axis=0), dtype=np.int64)


def _thinned(rows: Matrix) -> Matrix:
    return rows[:: -(-len(rows) // FIT_ROWS)]


def _own(found: Spaces, anchors: Mapping[str, Matrix]) -> None:
    """Give each label its space: the largest, or where the second is about as large, what the
    anchors say, or the one that is not another label's."""
    ranked = {
        label: sorted(shares, key=lambda space: -shares[space])
        for label, shares in found.shares.items()
    }
    for label in sorted(ranked, key=lambda name: -found.shares[name][ranked[name][0]]):
        shares = found.shares[label]
        rivals = [space for space in ranked[label] if shares[space] >= UNDECIDED]
        own, why = ranked[label][0], "the larger is taken for its own"
        if len(rivals) > 1:
            taken = set(found.owned.values())
            free = [space for space in rivals if space not in taken]
            if len(anchors.get(label, ())) >= FEWEST_INTRUDERS:
                fits = [fit(found.rows[space]) for space in rivals]
                votes = np.bincount(likeliest(fits, unit(anchors[label])), minlength=len(fits))
                own, why = rivals[int(votes.argmax())], "its anchors say which is its own"
            elif len(free) == 1:
                own, why = free[0], "one is another label's own"
            sizes = " and ".join(f"{100 * shares[space]:.0f}%" for space in rivals)
            found.notes.append(f"{label} holds two spaces, {sizes} of its rows; {why}.")
        found.owned[label] = own
