"""Comparisons cut into statements of about a second, however long the texts and slow the server.

So progress is told, a cancelled question ends, and no statement comes near its timeout.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

STATEMENT_SECONDS = 1.0
TIMEOUT_SHARE = 0.1  # of the statement_timeout, where that is less

# What one word similarity took, in seconds, by the lengths of both texts in characters: a part for
# each character, and a part for each pair of them within the shorter one's reach. Within a factor
# of three over texts of 60 to 50,000 and passages of 150 to 10,000 characters.
SECONDS_PER_CHARACTER = 0.15e-6
SECONDS_PER_PAIR = 0.002e-6
# A server is taken to be slower than that one until it has shown how fast it is.
FIRST_FACTOR = 3.0
# Anything shorter says more of the way to the server than of its pace.
TELLING_SECONDS = 0.1


@dataclass(frozen=True)
class Comparison:
    """A highlight, by its row, and passages of some mean length in characters, by their ids.

    `numbers` are those of the passages, rising: of equally near ones the first counts.
    """

    row: int
    text: str
    passages: Sequence[Any]
    numbers: Sequence[int]
    mean_length: float

    @property
    def each(self) -> float:
        """Seconds that one of the passages should take."""
        length, other = len(self.text), self.mean_length
        pairs = min(length, other) * other
        return (length + other) * SECONDS_PER_CHARACTER + pairs * SECONDS_PER_PAIR

    @property
    def seconds(self) -> float:
        """Seconds that all of the passages should take."""
        return len(self.passages) * self.each

    def cut(self, count: int) -> tuple[Comparison, Comparison]:
        """The first `count` passages, and the others."""
        return (
            replace(self, passages=self.passages[:count], numbers=self.numbers[:count]),
            replace(self, passages=self.passages[count:], numbers=self.numbers[count:]),
        )


class Pace:
    """How long comparisons take on this server, learnt from those that have run."""

    def __init__(self, statement_timeout: float) -> None:
        self._budget = min(STATEMENT_SECONDS, TIMEOUT_SHARE * statement_timeout)
        self._factor = FIRST_FACTOR

    def take(self, waiting: deque[Comparison]) -> list[Comparison]:
        """The next comparisons for one statement, off the front of those that wait.

        At least one passage; what is left of the last one goes back to the front.
        """
        taken: list[Comparison] = []
        left = self._budget / self._factor
        while waiting and (left > 0 or not taken):
            most = max(int(left / waiting[0].each), 0 if taken else 1)
            first, rest = waiting.popleft().cut(most)
            if rest.passages:
                waiting.appendleft(rest)
            if not first.passages:
                break
            taken.append(first)
            left -= first.seconds
        return taken

    def learn(self, taken: Iterable[Comparison], seconds: float) -> None:
        """Note how long a statement took."""
        expected = sum(comparison.seconds for comparison in taken)
        if expected and max(seconds, self._factor * expected) >= TELLING_SECONDS:
            self._factor = (self._factor + seconds / expected) / 2
