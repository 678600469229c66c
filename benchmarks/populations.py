"""Highlights that no window finds, whose right answers are known, and where a fallback puts them.

Present are the transcripts of *Peter and Wendy* in a library that holds them; absent are those of
its last parts in a library that lacks these. Both are whole, or cut to the words in their middle:
short ones resemble some place more easily.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import loading, transcripts
from benchmarks.transcripts import Highlight, Library
from lib.connection import Connection
from lib.demo.server import DemoServer
from lib.matching import rates
from lib.matching.fallback import DEFAULT_OPERATOR, OPERATORS, Method, Operator, find_places
from lib.matching.rates import SCOPES, Scope
from lib.matching.scan import scan
from lib.matching.windows import MODES
from lib.settings import Settings

COLLECTIONS = ("studio", "harsh")
WHOLE = 0
# Words in the middle of a highlight, or all of them.
LENGTHS = (6, 8, 10, 12, 15, 20, WHOLE)
METHODS: Mapping[str, tuple[Method, Operator]] = {
    "alignment": ("alignment", DEFAULT_OPERATOR),
    **{f"pg_trgm {operator}": ("pg_trgm", operator) for operator in OPERATORS},
}


@dataclass(frozen=True)
class Population:
    """Highlights, the library that they are looked for in, and by row the passages that are right.

    `highlights` has columns `text` and `book`, as matching takes them.
    """

    connection: Connection
    highlights: pd.DataFrame
    right: Sequence[range]

    def cut(self, length: int) -> Population:
        """The same, cut to so many words in the middle; without those that are not longer.

        What was right stays right, although the middle may lie in fewer passages.
        """
        if length == WHOLE:
            return self
        words = [text.split() for text in self.highlights["text"]]
        longer = [row for row, said in enumerate(words) if len(said) > length]
        middles = [words[row][(len(words[row]) - length) // 2 :][:length] for row in longer]
        cut = self.highlights.iloc[longer].assign(text=[" ".join(said) for said in middles])
        right = [self.right[row] for row in longer]
        return Population(self.connection, cut.reset_index(drop=True), right)

    def unmatched(self) -> dict[Scope, list[int]]:
        """By scope the rows that have windows of which none hits in one of the modes."""
        found: dict[Scope, set[int]] = {scope: set() for scope in SCOPES}
        for mode in MODES:
            scanned = self.connection.run(scan, self.highlights, mode=mode)
            for scope, rows in found.items():
                hits = rates.within(scanned, scope)
                rows.update(np.flatnonzero((hits.counts > 0) & ~hits.matched).tolist())
        return {scope: sorted(rows) for scope, rows in found.items()}

    def places(self, rows: Sequence[int], method: str, scope: Scope) -> pd.DataFrame:
        """The nearest places of some rows: columns `distance`, `words` and `right`."""
        places = self.connection.run(
            find_places, self.highlights, rows, METHODS[method][0], scope, METHODS[method][1]
        ).places
        right = [
            passage in self.right[row]
            for row, passage in zip(places["highlight"], places["passage"], strict=True)
        ]
        return places[["distance", "words"]].assign(right=right)


def of_highlights(
    connection: Connection, highlights: Sequence[Highlight], right: Callable[[Highlight], range]
) -> Population:
    """Some highlights and their right answers, whatever the library."""
    rows = [(highlight.text, str(highlight.book)) for highlight in highlights]
    frame = pd.DataFrame(rows, columns=["text", "book"], dtype=object)
    return Population(connection, frame, [right(highlight) for highlight in highlights])


def collect(server: DemoServer, folder: Path, seed: int, passage_words: int) -> pd.DataFrame:
    """The places of all unmatched highlights, by every method, within both scopes, at all lengths.

    Columns `method`, `passage_words`, `scope`, `length`, `present`, `distance`, `words`, `right`.
    """
    found = []
    with _populations(server, folder, seed, passage_words) as populations:
        for length in LENGTHS:
            for whole, present in zip(populations, (True, False), strict=True):
                population = whole.cut(length)
                for scope, rows in population.unmatched().items():
                    for method in METHODS:
                        setting = {
                            "method": method,
                            "passage_words": passage_words,
                            "scope": scope,
                            "length": length,
                            "present": present,
                        }
                        places = population.places(rows, method, scope)
                        found.append(places.assign(**setting))
    return pd.concat(found, ignore_index=True)


@contextlib.contextmanager
def _populations(
    server: DemoServer, folder: Path, seed: int, passage_words: int
) -> Iterator[tuple[Population, Population]]:
    """Those that are present, of both collections, and those that are absent."""
    libraries = transcripts.read(folder, passage_words, seed)
    present = [it for name in COLLECTIONS for it in libraries[name].highlights]
    with contextlib.ExitStack() as stack:

        def load(name: str, library: Library, highlights: Sequence[Highlight]) -> Population:
            dsns = asyncio.run(loading.load(server, f"{name}_{passage_words}", library))
            settings = Settings().with_connections(
                dsns["LIFE_DASHBOARD_DSN"], dsns["KNOWLEDGE_BASE_DSN"]
            )
            connection = stack.enter_context(contextlib.closing(Connection(settings)))
            return of_highlights(connection, highlights, library.right)

        absent = libraries["absent"]
        # The library of all parts is the same for either collection.
        yield (
            load("present", libraries[COLLECTIONS[0]], present),
            load("absent", absent, absent.highlights),
        )
