"""The pass of mode `ilike`: what PostgreSQL's ILIKE would find, in one pass.

Both sides are lower-cased by the server itself, so a hit is exactly what
`content ILIKE '%window%'` would find, in any collation.
"""

from __future__ import annotations

import asyncio
import dataclasses
import re
from collections.abc import Callable
from itertools import accumulate

import numpy as np
from ahocorasick_rs import AhoCorasick

from lib.databases import passages as passage_queries
from lib.databases.patterns import like_pattern
from lib.databases.pools import Databases
from lib.databases.relations import Relations
from lib.matching.findings import Findings, Places
from lib.matching.ranges import before_lowering

# No text of PostgreSQL holds it, so no hit reaches from one passage into the next.
BORDER = "\0"


async def find_ilike(
    databases: Databases,
    relations: Relations,
    texts: list[str],
    found: Findings,
    on_passages: Callable[[int], object],
) -> Places:
    """The hits of `texts` in all passages, which are noted in `found`."""
    # ILIKE lower-cases pattern and text apart from each other, and so must we: in some collations
    # the lower case of a letter depends on its neighbours.
    lowered = await passage_queries.lower_patterns(
        databases, relations, [like_pattern(text) for text in texts]
    )
    # Off the loop's thread, here and below: everybody else's queries go on meanwhile.
    automaton = await asyncio.to_thread(
        AhoCorasick, [_unescape(pattern) for pattern in lowered], store_patterns=False
    )
    grown: dict[int, int] = {}
    async for batch in passage_queries.stream_lowered(databases, relations):
        first = found.add(batch)
        found.blocks.append(await asyncio.to_thread(_search, automaton, batch.texts, first))
        for row, (text, length) in enumerate(zip(batch.texts, batch.lengths, strict=True), first):
            if len(text) != length:
                grown[row] = length
        on_passages(len(found.ids))
    places = await asyncio.to_thread(found.places)
    return await _in_original_text(databases, relations, found, places, grown)


def _unescape(pattern: str) -> str:
    """The text that `like_pattern` made a pattern of."""
    return re.sub(r"\\(.)", r"\1", pattern[1:-1], flags=re.DOTALL)


def _search(automaton: AhoCorasick, texts: list[str], first: int) -> Places:
    """All hits in passages whose rows count from `first`, in characters of `texts`."""
    hits = np.array(
        automaton.find_matches_as_indexes(BORDER.join(texts), overlapping=True), dtype=np.int32
    ).reshape(-1, 3)
    begins = np.array([0, *accumulate(len(text) + 1 for text in texts)], dtype=np.int32)
    place = np.searchsorted(begins, hits[:, 1], side="right") - 1
    row = (place + first).astype(np.int32)
    offset = begins[place]
    return Places(hits[:, 0], row, hits[:, 1] - offset, row, hits[:, 2] - offset)


async def _in_original_text(
    databases: Databases,
    relations: Relations,
    found: Findings,
    places: Places,
    grown: dict[int, int],
) -> Places:
    """The hits by characters of the passages as they stand.

    Nearly every text has as many characters in lower case as before. For those that have not
    (`grown`, by row with their true length), the server tells which letters grew.
    """
    affected = np.flatnonzero(np.isin(places.passage, list(grown)))
    if not len(affected):
        return places
    rows = np.unique(places.passage[affected]).tolist()
    asked = await passage_queries.read_letter_lengths(
        databases, relations, [found.ids[row] for row in rows]
    )
    letters = asked.set_index("passage")
    start, stop = places.start.copy(), places.stop.copy()
    for hit in affected:
        row = int(places.passage[hit])
        its = letters.loc[found.ids[row]]
        start[hit], stop[hit] = before_lowering(
            (int(start[hit]), int(stop[hit])), its["original"], its["lowered"]
        )
    return dataclasses.replace(places, start=start, stop=stop)
