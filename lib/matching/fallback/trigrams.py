from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import pandas as pd

from lib.databases import similar
from lib.databases.books import read_books
from lib.databases.pools import Databases
from lib.databases.relations import Relations
from lib.matching.rates import Scope

Operator = Literal["<->", "<<->", "<<<->"]
OPERATORS: tuple[Operator, ...] = ("<->", "<<->", "<<<->")
DEFAULT_OPERATOR: Operator = "<<->"


async def nearest_by_trigrams(
    databases: Databases,
    relations: Relations,
    highlights: pd.DataFrame,
    rows: Sequence[int],
    scope: Scope,
    operator: Operator = DEFAULT_OPERATOR,
    on_count: Callable[[int], object] = lambda done: None,
) -> pd.DataFrame:
    known = set((await read_books(databases, relations))["book"])
    books = highlights["book"]
    asked = [row for row in rows if books.iat[row] in known]
    found: dict[int, tuple[object, float]] = {}
    for start in range(0, len(asked), 16):
        batch = asked[start : start + 16]
        nearest = await similar.nearest_by_trigrams(
            databases,
            relations,
            [highlights["text"].iat[row] for row in batch],
            [books.iat[row] for row in batch],
            operator,
        )
        for n, passage, distance in nearest.itertuples(index=False):
            found[batch[n]] = (passage, distance)
        on_count(start)
    result = [(row, *found.get(row, (None, float("nan")))) for row in rows]
    frame = pd.DataFrame(result, columns=["highlight", "passage", "distance"], dtype=object)
    return frame.astype({"highlight": int, "distance": float})
