"""What is asked: a text, cleaned, or a vector, read from what was pasted."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lib.databases.vectors import to_text
from lib.databases.within import EVERYWHERE, Within
from lib.errors import QuestionError
from lib.search.embedders import MOST_CHARACTERS
from lib.similarity.scores import unit

Vector = NDArray[np.float32]

MOST_DIMENSIONS = 16_000
# What has no place in a text that is asked for: control characters and halves of characters, and
# what only turns the direction of writing.
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
SHOWN = 20
SMALL, LARGE = 1e-15, 1e15


@dataclass(frozen=True, eq=False)
class Question:
    """One search: `text` for its words ("" for none), `vector` under `model` for its meaning.

    Up to `most` passages by each way of ranking are wanted, `within` some books and chapters, and
    `leave_out` (the id of a passage) not among them.
    """

    text: str
    model: str | None
    vector: Vector | None
    most: int
    within: Within = EVERYWHERE
    leave_out: Any = None

    @property
    def direction(self) -> tuple[str, int]:
        """The vector scaled to length 1, as pgvector's text, and its dimension."""
        assert self.vector is not None
        direction = unit(self.vector.reshape(1, -1))[0]
        return to_text(direction), len(direction)

    @property
    def key(self) -> tuple[Any, ...]:
        """What tells this question from others."""
        vector = None if self.vector is None else self.vector.tobytes()
        where = (self.within.books, self.within.chapters)
        return (self.text, self.model, vector, self.most, where, self.leave_out)


@dataclass(frozen=True)
class Cleaned:
    """A text as it is searched with; `characters` are those that it had before it was cut."""

    text: str
    characters: int

    @property
    def cut(self) -> bool:
        """Whether only the beginning is searched with."""
        return self.characters > MOST_CHARACTERS


def clean(text: str) -> Cleaned:
    """A text without control characters, on one line, and no longer than can be embedded."""
    visible = " ".join(UNPRINTABLE.sub(" ", text).split())
    kept = visible
    if len(visible) > MOST_CHARACTERS:
        # A word that is cut in two is another word.
        whole, space, _ = visible[: MOST_CHARACTERS + 1].rpartition(" ")
        kept = whole if space else visible[:MOST_CHARACTERS]
    return Cleaned(kept, len(visible))


def parse_vector(text: str) -> Vector:
    """The vector that somebody pasted, of shape (dimension,).

    Numbers between commas or spaces, in any brackets or none: as pgvector, JSON, numpy or a CSV
    file write them. Numbers of extreme size are scaled. Raises QuestionError for what is no number,
    for infinite numbers, and for a vector without a direction.
    """
    written = re.sub(r"[\[\](){},;]", " ", text).split()
    if not written:
        raise QuestionError("There is no vector.", "Paste its numbers, as in [0.1, -0.2, 0.3].")
    if len(written) > MOST_DIMENSIONS:
        raise QuestionError(
            f"A vector of {len(written):,} numbers is longer than any that can be stored.",
            "Paste one vector.",
        )
    numbers = [_number(place, one) for place, one in enumerate(written, start=1)]
    with np.errstate(over="ignore", under="ignore"):
        vector = np.array(numbers, dtype=np.float32)
    if not np.isfinite(vector).all():
        place = int(np.flatnonzero(~np.isfinite(vector))[0])
        raise QuestionError(
            f"Number {place + 1} of the vector, {written[place][:SHOWN]}, is too large.",
            "A vector holds 32-bit numbers.",
        )
    if not vector.any():
        raise QuestionError(
            "All numbers of the vector are zero, so that it points nowhere.",
            "Paste a vector that a model made.",
        )
    largest = np.abs(vector).max()
    if not SMALL < largest < LARGE:
        # The squares of such numbers are out of range, and only the direction counts.
        vector /= largest
    return vector


def _number(place: int, written: str) -> float:
    try:
        number = float(written)
    except ValueError:
        number = None
    if number is None:
        raise QuestionError(
            f"Number {place} of the vector is not a number: {written[:SHOWN]}.",
            "Write numbers with a decimal point, between commas or spaces.",
        )
    if not math.isfinite(number):
        raise QuestionError(
            f"Number {place} of the vector is {written[:SHOWN]}, which is not finite.",
            "Every number of a vector must be finite.",
        )
    return number
