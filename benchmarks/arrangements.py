"""Arrangements of two models' vectors under labels, and what should be said of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.real_models import E5, E5_QUERY, MINILM, REAL, Sample
from lib.databases.highlights import UNLABELLED
from lib.similarity.scores import Matrix, unit

SHARES = (0.005, 0.03, 0.1, 0.3, 0.5)
GOAL = 0.99
ALIGNED = frozenset({"aligned"})
MISMATCHED = frozenset({"mismatched"})
NOT_MISMATCHED = frozenset({"aligned", "inconclusive"})
NOT_ALIGNED = frozenset({"mismatched", "inconclusive"})
Lying = set[tuple[str, str, Any]]


@dataclass(frozen=True)
class Arrangement:
    """Vectors of all passages by label, of all highlights with their `labels`, and what is true.

    `verdicts` are those allowed by pair of labels, `lying` the rows (relation, label, id) whose
    label lies, `attributed` the model of each unlabelled highlight; None where nothing is asked.
    """

    name: str
    passages: dict[str, Matrix]
    highlights: Matrix
    labels: list[str | None]
    verdicts: dict[tuple[str, str], frozenset[str]]
    lying: Lying | None = None
    attributed: dict[int, str | None] | None = None
    with_words: bool = True
    note: str = ""
    note_pair: tuple[str, str] | None = None


@dataclass
class Goals:
    """What was asked and what was missed."""

    verdicts: int = 0
    mismatches_missed: int = 0
    aligned_called_mismatched: int = 0
    undecided: int = 0
    untold: int = 0
    worst_precision: float = 1.0
    worst_recall: float = 1.0
    split_verdicts: int = 0
    split_mismatched: int = 0
    split_rows: int = 0
    split_suspects: int = 0

    def verdict(self, good: bool, verdict: str, allowed: frozenset[str]) -> None:
        """Count a verdict."""
        self.verdicts += 1
        if good:
            return
        if "mismatched" in allowed and verdict == "aligned":
            self.mismatches_missed += 1
        elif "mismatched" not in allowed and verdict == "mismatched":
            self.aligned_called_mismatched += 1
        else:
            self.undecided += 1

    def told(self, good: bool) -> bool:
        """Count a note that is there or not."""
        self.untold += not good
        return good

    def rows(self, precision: float, recall: float) -> bool:
        """Count precision and recall of rows."""
        self.worst_precision = min(self.worst_precision, precision)
        self.worst_recall = min(self.worst_recall, recall)
        return precision >= GOAL and recall >= GOAL

    @property
    def missed(self) -> bool:
        """Whether a goal was missed."""
        return bool(
            self.mismatches_missed
            or self.aligned_called_mismatched
            or self.undecided
            or self.untold
            or self.split_mismatched
            or min(self.worst_precision, self.worst_recall) < GOAL
            or self.split_suspects > self.split_rows / 10_000
        )

    def print(self) -> None:
        """One line a goal."""
        per = 10_000 * self.split_suspects / max(self.split_rows, 1)
        print(
            f"{self.verdicts} verdicts: {self.mismatches_missed} mismatches missed, "
            f"{self.aligned_called_mismatched} aligned pairs called mismatched, "
            f"{self.undecided} otherwise undecided, {self.untold} notes missing\n"
            f"rows: precision at least {self.worst_precision:.4f}, recall at least "
            f"{self.worst_recall:.4f} (goal {GOAL})\n"
            f"splits: {self.split_mismatched} of {self.split_verdicts} verdicts mismatched, "
            f"{self.split_suspects} suspects in {self.split_rows:,} rows = {per:.2f} in 10,000 "
            f"(goal 1)\n{'MISSED' if self.missed else 'All goals met.'}"
        )


def arrangements(sample: Sample) -> Iterator[Arrangement]:
    """Every arrangement, both models in either part."""
    both = {name: sample.vectors[name] for name in REAL}
    count = len(sample.highlights)
    honest: Lying = set()
    for own, other in (REAL, REAL[::-1]):
        right = {(own, own): ALIGNED, (own, other): MISMATCHED}
        heard, labels = sample.heard[own], [own] * count
        yield Arrangement(f"{own}: right label", both, heard, [*labels], right, honest)
        yield Arrangement(
            f"{own}: right label, no words", both, heard, [*labels], right, with_words=False
        )
        yield Arrangement(
            f"{own}: its highlights labelled {other}",
            both,
            heard,
            [other] * count,
            {(other, own): ALIGNED, (other, other): MISMATCHED},
            {("highlights", other, number) for number in range(count)},
        )
        yield Arrangement(
            f"{own}: its passages labelled {other}, and the other way round",
            {other: both[own], own: both[other]},
            heard,
            [*labels],
            {(own, own): MISMATCHED, (own, other): ALIGNED},
        )
        yield Arrangement(
            f"{own}: highlights without a label",
            both,
            heard,
            [None] * count,
            {(UNLABELLED, own): ALIGNED, (UNLABELLED, other): MISMATCHED},
            attributed=dict.fromkeys(range(count), own),
        )
        yield Arrangement(
            f"{own}: highlights without a label, {other} in no table",
            {other: both[other]},
            heard,
            [None] * count,
            {(UNLABELLED, other): MISMATCHED},
            attributed=dict.fromkeys(range(count)),
        )
        step = float(np.abs(heard).max()) / 127
        yield Arrangement(
            f"{own}: highlights quantised to 8 bits",
            both,
            (np.round(heard / step) * step).astype(np.float32),
            [*labels],
            right,
            honest,
            note="quantised copy",
            note_pair=(own, own),
        )
        yield from _turned(own, both, heard, [*labels])
        yield from _mixed_passages(sample, own, other)
        yield from _mixed_highlights(sample, own, other)
    yield from _prefixes(sample)


def _prefixes(sample: Sample) -> Iterator[Arrangement]:
    """The prefix of queries against that of passages, on either side and within a column."""
    count = len(sample.highlights)
    label: list[str | None] = [E5] * count
    right = {(E5, E5): ALIGNED, (E5, MINILM): MISMATCHED}
    passages = {E5: sample.vectors[E5], MINILM: sample.vectors[MINILM]}
    asked = {E5: sample.vectors[E5_QUERY], MINILM: sample.vectors[MINILM]}
    for words in (True, False):
        how = "" if words else ", no words"
        yield Arrangement(
            f"prefix of queries on highlights{how}",
            passages,
            sample.heard[E5_QUERY],
            label,
            right,
            set() if words else None,
            with_words=words,
        )
        yield Arrangement(
            f"prefix of queries on passages{how}",
            asked,
            sample.heard[E5],
            label,
            right,
            set() if words else None,
            with_words=words,
        )
    for share in (0.03, 0.3, 0.5):
        chosen = _drawn(len(sample.passages), share)
        mixed = sample.vectors[E5].copy()
        mixed[chosen] = sample.vectors[E5_QUERY][chosen]
        yield Arrangement(
            f"prefix of queries on {100 * share:g}% of the passages",
            {E5: mixed, MINILM: sample.vectors[MINILM]},
            sample.heard[E5],
            label,
            right,
            set(),
        )


def _turned(
    own: str, both: dict[str, Matrix], heard: Matrix, labels: list[str | None]
) -> Iterator[Arrangement]:
    """A space rotated about its own mean, and one mirrored along its own axes."""
    rng = np.random.default_rng(3)
    mean = both[own].mean(axis=0)
    dimension = both[own].shape[1]
    turn = np.linalg.qr(rng.normal(size=(dimension, dimension)))[0]
    _, axes = np.linalg.eigh(np.cov(both[own].T.astype(np.float64)))
    mirror = axes @ np.diag(rng.choice([-1.0, 1.0], dimension)) @ axes.T
    for name, how in (("rotated about its mean", turn), ("mirrored along its own axes", mirror)):
        moved = unit(((heard - mean) @ how + mean).astype(np.float32))
        yield Arrangement(
            f"{own}: highlights {name}", both, moved, labels, {(own, own): MISMATCHED}
        )
        # Without words a mirrored space cannot be told; then the note must say so.
        allowed = NOT_ALIGNED if how is turn else NOT_MISMATCHED
        yield Arrangement(
            f"{own}: highlights {name}, no words",
            both,
            moved,
            labels,
            {(own, own): allowed},
            with_words=False,
            note="would look the same",
            note_pair=(own, own),
        )


def _mixed_passages(sample: Sample, own: str, other: str) -> Iterator[Arrangement]:
    """A column of passages of which a part is the other model's."""
    labels: list[str | None] = [own] * len(sample.highlights)
    for share in SHARES:
        chosen = _drawn(len(sample.passages), share)
        mixed = sample.vectors[own].copy()
        mixed[chosen] = sample.vectors[other][chosen]
        lying: Lying = {("embeddings", own, int(chunk)) for chunk in sample.chunks[chosen]}
        name = f"{100 * share:g}% of {own}'s passages are {other}'s"
        kept = {(own, own): NOT_MISMATCHED}
        known = {own: mixed, other: sample.vectors[other]}
        yield Arrangement(
            f"{name}, no label of its own",
            {own: mixed},
            sample.heard[own],
            labels,
            kept,
            lying,
        )
        yield Arrangement(
            f"{name}, labelled too",
            known,
            sample.heard[own],
            labels,
            {**kept, (own, other): MISMATCHED},
            lying,
        )
        back = sample.vectors[other].copy()
        back[chosen] = sample.vectors[own][chosen]
        lying = lying | {("embeddings", other, int(chunk)) for chunk in sample.chunks[chosen]}
        yield Arrangement(
            f"{name}, and the other way round",
            {own: mixed, other: back},
            sample.heard[own],
            labels,
            kept,
            lying,
        )


def _mixed_highlights(sample: Sample, own: str, other: str) -> Iterator[Arrangement]:
    """A column of highlights of which a part is the other model's."""
    for share in SHARES:
        chosen = _drawn(len(sample.highlights), share)
        mixed = sample.heard[own].copy()
        mixed[chosen] = sample.heard[other][chosen]
        yield Arrangement(
            f"{100 * share:g}% of {own}'s highlights are {other}'s",
            {name: sample.vectors[name] for name in REAL},
            mixed,
            [own] * len(sample.highlights),
            {(own, own): NOT_MISMATCHED},
            {("highlights", own, int(number)) for number in chosen},
        )


def _drawn(count: int, share: float) -> NDArray[np.int64]:
    return np.random.default_rng(1).permutation(count)[: max(1, round(share * count))]
