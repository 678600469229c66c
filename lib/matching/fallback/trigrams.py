"""The fallback `pg_trgm`: the nearest passage by trigram distance, measured by the database.

In scope `book` it is the nearest of all passages of the highlight's book (see `own_books`). In
scope `library`, and for a highlight without a book, that would take too long: there it is the
nearest of the few passages that hold the highlight's rarest terms (see `rare_terms`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd

from lib.databases import trigrams as queries
from lib.databases.pools import Databases
from lib.databases.relations import Relations
from lib.databases.trigrams import OPERATORS, Operator
from lib.matching.fallback.measuring import Measuring, Place
from lib.matching.fallback.own_books import compare_with_own_books
from lib.matching.fallback.pace import Comparison
from lib.matching.fallback.rare_terms import find_candidates
from lib.matching.rates import Scope

__all__ = ["DEFAULT_OPERATOR", "OPERATORS", "Operator", "nearest_by_trigrams"]

DEFAULT_OPERATOR: Operator = "<<->"

# Highlights that are compared with their candidates at a time.
PART_HIGHLIGHTS = 20
COLUMNS = ["highlight", "passage", "distance", "candidates"]
NOWHERE = Place(float("nan"), 0, None)

OnCount = Callable[[int], object]


async def nearest_by_trigrams(
    databases: Databases,
    relations: Relations,
    highlights: pd.DataFrame,
    rows: Sequence[int],
    scope: Scope,
    operator: Operator = DEFAULT_OPERATOR,
    on_count: OnCount = lambda done: None,
    on_passages: OnCount = lambda seen: None,
) -> pd.DataFrame:
    """The nearest passage of each highlight of `rows`, by the trigrams of the whole highlight.

    `highlights` has columns `text` and `book` (id as text, or none). The result has columns
    `highlight` (row), `passage` (id; None where there is nowhere to look: a book that the library
    does not have, or not one rare term), `distance` (0 to 1; NaN) and `candidates`: the number of
    passages that it is the nearest of. `on_count` is told how many highlights are done,
    `on_passages` how many passages have been looked through for candidates.
    """
    texts = {row: highlights["text"].iat[row] for row in rows}
    homes: dict[str, list[int]] = {}
    anywhere = []
    for row in texts:
        book = highlights["book"].iat[row]
        if scope == "book" and isinstance(book, str):
            homes.setdefault(book, []).append(row)
        else:
            anywhere.append(row)
    measuring = Measuring(databases, relations, texts, operator, on_count)
    await compare_with_own_books(measuring, homes)
    await _compare_with_candidates(measuring, anywhere, on_passages)
    places = [measuring.nearest.get(row, NOWHERE) for row in rows]
    found = [
        (row, place.passage, place.distance, measuring.candidates[row])
        for row, place in zip(rows, places, strict=True)
    ]
    frame = pd.DataFrame(found, columns=COLUMNS, dtype=object)
    return frame.astype({"highlight": int, "distance": float, "candidates": int})


async def _compare_with_candidates(
    measuring: Measuring, rows: list[int], on_passages: OnCount
) -> None:
    """Find the nearest of their candidates in the whole library for these highlights."""
    if not rows:
        return
    databases, relations = measuring.databases, measuring.relations
    async with queries.lanes(databases):
        # A database without pg_trgm says so before all passages are read, not after.
        await queries.split_texts(databases, [])
        found = await find_candidates(
            databases, relations, [measuring.texts[row] for row in rows], on_passages
        )
    comparisons = [
        Comparison(row, measuring.texts[row], ids, range(len(ids)), found.mean_length)
        for row, ids in zip(rows, found.ids, strict=True)
        if ids
    ]
    measuring.candidates.update({one.row: len(one.passages) for one in comparisons})
    measuring.finish(len(rows) - len(comparisons))

    async def compare(part: list[Comparison]) -> None:
        await measuring.measure(part)
        measuring.finish(len(part))

    starts = range(0, len(comparisons), PART_HIGHLIGHTS)
    await measuring.spread([comparisons[n : n + PART_HIGHLIGHTS] for n in starts], compare)
