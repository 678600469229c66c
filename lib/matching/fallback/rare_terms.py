"""A few passages out of a whole library: those that hold the rarest terms of a text.

A term is a word or a run of two or three words, normalised. A misheard highlight keeps some short
runs of the true passage, and few other passages have them. One pass over all passages counts the
terms of all asked texts and notes who holds the rare ones; a term that turns out to be common is
forgotten at once, so that what is held is bounded by the texts, not by the library.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from lib.databases.passages import stream_contents
from lib.databases.pools import Databases
from lib.databases.relations import Relations
from lib.matching.windows import normalise

Term = tuple[str, ...]

LONGEST_TERM = 3  # words
# With these, the true passage is among the candidates of every highlight of the demo that no window
# finds, and these are 60 on average; a test holds it to that.
MOST_TERMS = 16
MOST_CANDIDATES = 200
# Of a longer text, terms are taken at so many places only, evenly spaced.
MOST_PLACES = 200


@dataclass(frozen=True)
class Candidates:
    """For each text the ids of its candidates, and the mean length of all passages."""

    ids: list[list[Any]]
    mean_length: float


def terms(text: str) -> list[Term]:
    """The distinct terms of a text, in its order."""
    words = normalise(text)
    step = -(-len(words) // MOST_PLACES) or 1
    return list(
        dict.fromkeys(
            tuple(words[start : start + size])
            for size in range(1, LONGEST_TERM + 1)
            for start in range(0, len(words) - size + 1, step)
        )
    )


class Holders:
    """Which passages hold each of some terms, in at most MOST_CANDIDATES passages."""

    def __init__(self, asked: Iterable[Term]) -> None:
        self._holders: dict[Term, list[Any]] = {term: [] for term in asked}
        # By length, so that a passage is asked for its runs of one length at a time.
        self._rare = [
            {term for term in self._holders if len(term) == size}
            for size in range(1, LONGEST_TERM + 1)
        ]

    def add(self, ids: Sequence[Any], texts: Sequence[str]) -> None:
        """Note what some passages hold."""
        for identifier, text in zip(ids, texts, strict=True):
            words = normalise(text)
            for size, rare in enumerate(self._rare, start=1):
                # The words from the first on, those from the second on, …: a run in each column.
                for term in rare.intersection(zip(*(words[n:] for n in range(size)), strict=False)):
                    self._add(term, identifier, rare)

    def _add(self, term: Term, identifier: Any, rare: set[Term]) -> None:
        holders = self._holders[term]
        holders.append(identifier)
        if len(holders) > MOST_CANDIDATES:
            rare.discard(term)
            del self._holders[term]

    def candidates(self, asked: Sequence[Term]) -> list[Any]:
        """The passages that hold the rarest of these terms that any passage holds.

        As many terms as are held by at most MOST_CANDIDATES passages together, and at most
        MOST_TERMS. Empty where every term is in no passage or in too many.
        """
        held = sorted((self._holders[term] for term in asked if self._holders.get(term)), key=len)
        found: dict[Any, None] = {}
        for holders in held[:MOST_TERMS]:
            more = found | dict.fromkeys(holders)
            if len(more) > MOST_CANDIDATES:
                break
            found = more
        return list(found)


async def find_candidates(
    databases: Databases,
    relations: Relations,
    texts: Sequence[str],
    on_passages: Callable[[int], object] = lambda seen: None,
) -> Candidates:
    """The candidates of each text among all passages, which are read once."""
    asked = [terms(text) for text in texts]
    holders = Holders(term for text in asked for term in text)
    seen = size = 0
    async for batch in stream_contents(databases, relations):
        # Off the loop's thread: everybody else's queries go on meanwhile.
        await asyncio.to_thread(holders.add, batch.ids, batch.texts)
        seen += len(batch.ids)
        size += sum(map(len, batch.texts))
        on_passages(seen)
    return Candidates([holders.candidates(text) for text in asked], size / max(seen, 1))
