"""Which spaces some labels hold, which of them is each label's own, and which row is of which."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from lib.names import readable
from lib.similarity.scores import Matrix
from lib.similarity.side_by_side import side_by_side
from lib.similarity.spaces import mixtures
from lib.similarity.spaces.clusters import FEWEST_INTRUDERS
from lib.similarity.spaces.oddness import oddest
from lib.similarity.spaces.shapes import Scores, Space, fit, shortened

SAMPLE = 1_600  # Rows of a label among which spaces are looked for; the second time …
USUAL, ODDEST, SEARCHED = 1_200, 400, 12_000  # … so many, and the oddest of so many others.
MOST_SPACES = 3  # In one label.
FIT_ROWS = 8_000
FIT_STEPS = 2
SEARCH_DIMENSIONS = 256
COMPARED = 1_200
MOST_NEW = 800
LOST = -0.2  # Of what the space explains of its own rows.
UNDECIDED = 0.4  # From this share of a label on, its second space may be its own.
VALLEY_BINS = 24

Indices = NDArray[np.int64]
Kind = TypeVar("Kind", bound=np.generic)


@dataclass(frozen=True)
class Spaces:
    """What was learned of some labels.

    `rows[s]` are rows of space s; `owned[label]` is the space that is the label's own;
    `assigned[label]` the space of each of the label's rows; `notes` say in sentences where a label
    holds two spaces of about one size.
    """

    rows: list[Matrix]
    owned: dict[str, int]
    assigned: dict[str, Indices]
    notes: list[str] = field(default_factory=list)

    def name(self, space: int) -> str | None:
        """The label whose own space this is; None for a space without a label."""
        return next((label for label, own in self.owned.items() if own == space), None)

    @cached_property
    def fits(self) -> list[Space]:
        """A fit to the rows of each space."""
        return side_by_side(fit_many, self.rows)

    def with_anchors(self, anchors: Mapping[str, Matrix]) -> Spaces:
        """The same, where half of a label is its own, with the half that its anchors are of.

        `anchors` are rows of length 1 known by other means to be of a label's model, such as
        highlights that find their passages.
        """
        owned, notes = _own(self.rows, self.assigned, anchors)
        return replace(self, owned=owned, notes=notes)

    def with_rows(self, rows: Matrix, seed: int = 0) -> Spaces:
        """These spaces and those that only the given unit rows hold.

        The rows nearest to each space are looked at together with rows of that space, which show
        what is at home there.
        """
        known = list(self.rows)
        if len(known) == 0 or len(rows) == 0:
            return self
        nearest = likelihoods(self.fits, rows).argmax(axis=0)
        for space in range(len(self.rows)):
            mine = some(rows[nearest == space], MOST_NEW, seed)
            home = some(self.rows[space], COMPARED, seed)
            fitted = self.fits[space]
            # Strangers lie where the space says nothing is; a look at that saves a long search.
            lost = fitted.explains(mine) < LOST * np.median(fitted.explains(home))
            if lost.sum() < FEWEST_INTRUDERS:
                continue
            strangers = _strangers(home, mine, seed)
            if len(strangers) >= FEWEST_INTRUDERS and _same(known, strangers, seed) is None:
                known.append(strangers)
        if len(known) == len(self.rows):
            return self
        return replace(self, rows=known)


def learn(
    rows: Mapping[str, Matrix], pieces: Mapping[str, Sequence[Matrix]], seed: int = 0
) -> Spaces:
    """The spaces of some labels, whose unit rows are of shape (n, d), d the same for all.

    `pieces` as of `find_pieces`, for each label.
    """
    spaces = _merged([piece for label in rows for piece in pieces[label]], seed)
    if len(spaces) > 1:
        fits = [fit(matrix) for matrix in spaces]
        homes = {label: _largest(label, rows[label], fits) for label in rows}
        settled = side_by_side(
            lambda item: assign(fits, item[1], homes[item[0]], spaces[homes[item[0]]]),
            list(rows.items()),
        )
        assigned = dict(zip(rows, settled, strict=True))
        spaces = [
            _gathered(rows, assigned, space, spaces[space], seed) for space in range(len(spaces))
        ]
    else:
        assigned = {label: np.zeros(len(matrix), dtype=np.int64) for label, matrix in rows.items()}
    owned, notes = _own(spaces, assigned, {})
    return Spaces(spaces, owned, assigned, notes)


def likelihoods(fits: Sequence[Space], rows: Matrix) -> Scores:
    """Log likelihood of each row under each space, of shape (spaces, n)."""
    return np.stack([space.log_likelihood(rows) for space in fits])


def fit_many(rows: Matrix) -> Space:
    """A fit to at most 8,000 of the rows, evenly taken."""
    return fit(rows[:: max(1, -(-len(rows) // FIT_ROWS))], FIT_STEPS)


def some(rows: NDArray[Kind], most: int, seed: int) -> NDArray[Kind]:
    """At most so many of the rows, drawn."""
    if len(rows) <= most:
        return rows
    return rows[np.random.default_rng(seed).permutation(len(rows))[:most]]


def assign(fits: Sequence[Space], rows: Matrix, own: int, typical: Matrix) -> Indices:
    """The space of each row: `own`, unless another is likelier by more than chance.

    A row that `own` explains better than half of its `typical` rows is at home there, however
    well another space explains it too.
    """
    mine, explained = fits[own].both(rows)
    found = np.full((len(fits), len(rows)), -np.inf)
    for space in range(len(fits)):
        found[space] = mine if space == own else fits[space].log_likelihood(rows)
    best, score = against(found, own)
    stranger = explained < np.median(fits[own].explains(typical[:COMPARED]))
    return np.where((score > valley(score)) & stranger, best, own)


def against(found: Scores, own: int) -> tuple[Indices, Scores]:
    """For each row the likeliest of the other spaces, and by how much it is likelier than `own`.

    `found` as of `likelihoods`.
    """
    others = np.array([space for space in range(len(found)) if space != own])
    best = others[found[others].argmax(axis=0)]
    return best, found[best, np.arange(found.shape[1])] - found[own]


def valley(score: Scores) -> float:
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


def find_pieces(rows: Matrix, seed: int = 0) -> list[Matrix]:
    """Rows of each space that a sample of one label's unit rows holds, the largest space first."""
    small = shortened(rows, SEARCH_DIMENSIONS, seed)
    pieces: list[Indices] = []
    for chosen in _samples(small, seed):
        pieces = [chosen]
        while len(pieces) < MOST_SPACES:
            part = mixtures.split(small[pieces[0]], seed)
            if part is None:
                break
            pieces = [pieces[0][~part], *pieces[1:], pieces[0][part]]
        if len(pieces) > 1:
            break
    return [rows[piece] for piece in pieces]


def _samples(rows: Matrix, seed: int) -> Iterator[Indices]:
    """Rows to search: drawn ones; then drawn ones and the oddest of the others, among which a few
    intruders in a large label gather."""
    drawn = np.random.default_rng(seed).permutation(len(rows))
    yield drawn[:SAMPLE]
    if len(rows) > SAMPLE:
        usual, others = drawn[:USUAL], drawn[USUAL:SEARCHED]
        yield np.concatenate([usual, others[oddest(rows[others], rows[usual], ODDEST)]])


def _merged(pieces: list[Matrix], seed: int) -> list[Matrix]:
    """One entry a space: pieces of several labels that are of one space, together."""
    spaces: list[Matrix] = []
    for piece in sorted(pieces, key=len, reverse=True):
        space = _same(spaces, piece, seed)
        if space is None:
            spaces.append(piece)
        else:
            spaces[space] = np.concatenate([spaces[space], piece])
    return spaces


def _same(spaces: list[Matrix], rows: Matrix, seed: int) -> int | None:
    """Which of the spaces the rows are of, if any: the one that is least apart."""
    best, least = None, mixtures.APART
    for space, known in enumerate(spaces):
        home, mine = some(known, COMPARED, seed), some(rows, COMPARED, seed)
        both = shortened(np.concatenate([home, mine]), SEARCH_DIMENSIONS, seed)
        found = mixtures.separation(both, np.arange(len(both)) >= len(home), seed)
        if found.ratio > least or found.outside > 0:
            best, least = space, max(found.ratio, least)
    return best


def _strangers(home: Matrix, mine: Matrix, seed: int) -> Matrix:
    """Those of `mine` that are of another space than `home`: some, all or none."""
    both = shortened(np.concatenate([home, mine]), SEARCH_DIMENSIONS, seed)
    every = np.arange(len(both)) >= len(home)
    if mixtures.believed(both, every, mixtures.separation(both, every, seed)):
        return mine
    part = mixtures.split(both, seed)
    return mine[:0] if part is None else mine[part[len(home) :]]


def _largest(label: str, rows: Matrix, fits: Sequence[Space]) -> int:
    nearest = likelihoods(fits, some(rows, COMPARED, 0)).argmax(axis=0)
    return int(np.bincount(nearest, minlength=len(fits)).argmax())


def _gathered(
    rows: Mapping[str, Matrix],
    assigned: Mapping[str, Indices],
    space: int,
    before: Matrix,
    seed: int,
) -> Matrix:
    """Rows of a space from all labels, as many as a fit takes."""
    # Places first, rows after: a label's rows are many, and few of them are taken.
    places = {label: np.flatnonzero(assigned[label] == space) for label in rows}
    found = [rows[label][some(places[label], FIT_ROWS, seed)] for label in rows]
    together = np.concatenate(found)
    return together if len(together) >= FEWEST_INTRUDERS else before


def _own(
    spaces: list[Matrix], assigned: Mapping[str, Indices], anchors: Mapping[str, Matrix]
) -> tuple[dict[str, int], list[str]]:
    """Give each label its space: the largest, or where the second is about as large, what the
    anchors say, or the one that is not another label's."""
    shares = {
        label: np.bincount(found, minlength=len(spaces)) / max(len(found), 1)
        for label, found in assigned.items()
    }
    owned: dict[str, int] = {}
    notes = []
    # First the labels that highlights speak for, then those of which most is clear.
    for label in sorted(shares, key=lambda name: (not _speak(anchors, name), -shares[name].max())):
        mine = shares[label]
        ranked = np.argsort(-mine, kind="stable")
        rivals = [int(space) for space in ranked if mine[space] >= UNDECIDED]
        own, why = int(ranked[0]), "the larger is taken for its own"
        if len(rivals) > 1:
            free = [space for space in rivals if space not in owned.values()]
            if _speak(anchors, label):
                fits = [fit_many(spaces[space]) for space in rivals]
                nearest = likelihoods(fits, anchors[label]).argmax(axis=0)
                votes = np.bincount(nearest, minlength=len(rivals))
                own, why = rivals[int(votes.argmax())], "highlights say which is its own"
            elif len(free) == 1:
                own, why = free[0], "one is another label's own"
            sizes = " and ".join(f"{100 * mine[space]:.0f}%" for space in rivals)
            notes.append(f"{readable(label)} holds two spaces, {sizes} of its rows; {why}.")
        owned[label] = own
    return owned, notes


def _speak(anchors: Mapping[str, Matrix], label: str) -> bool:
    return len(anchors.get(label, ())) >= FEWEST_INTRUDERS
