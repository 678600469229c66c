"""Two fallbacks on the same highlights: how often they accept, and whether they agree."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from lib.matching.fallback import Fallen

Outcome = Literal["same place", "different places", "only alignment", "only pg_trgm", "neither"]
OUTCOMES: tuple[Outcome, ...] = (
    "same place",
    "different places",
    "only alignment",
    "only pg_trgm",
    "neither",
)


def agree(
    alignment: Fallen,
    trigrams: Fallen,
    threshold: float,
    trigram_threshold: float,
    passages: pd.DataFrame,
) -> pd.DataFrame:
    """What both methods say of each highlight.

    `passages` as of a scan. Columns `highlight` (row), `passage_alignment`, `distance_alignment`,
    `passage_pg_trgm`, `distance_pg_trgm` and `outcome`: both accept, and the passage of `pg_trgm`
    is one of those of the place of `alignment` or next to them, both accept but apart, one, or
    neither.
    """
    both = alignment.places.merge(
        trigrams.places, on="highlight", how="outer", suffixes=("_alignment", "_pg_trgm")
    )
    rows = {identifier: row for row, identifier in enumerate(passages["passage"])}
    books = passages["book"].to_numpy(dtype=object)

    def near(first: object, last: object, other: object) -> bool:
        begin, end, row = rows.get(first), rows.get(last), rows.get(other)
        if begin is None or end is None or row is None:
            return False
        return begin - 1 <= row <= end + 1 and books[row] == books[begin]

    by_alignment = both["highlight"].isin(alignment.accepted(threshold)["highlight"]).to_numpy()
    by_trigrams = (
        both["highlight"].isin(trigrams.accepted(trigram_threshold)["highlight"]).to_numpy()
    )
    same = np.array(
        [
            near(first, last, other)
            for first, last, other in zip(
                both["first"], both["last"], both["passage_pg_trgm"], strict=True
            )
        ],
        dtype=bool,
    )
    outcome = np.select(
        [
            by_alignment & by_trigrams & same,
            by_alignment & by_trigrams,
            by_alignment,
            by_trigrams,
        ],
        list(OUTCOMES[:4]),
        OUTCOMES[4],
    )
    columns = [
        "highlight",
        "passage_alignment",
        "distance_alignment",
        "passage_pg_trgm",
        "distance_pg_trgm",
    ]
    return both[columns].assign(outcome=outcome)


def count_outcomes(agreement: pd.DataFrame) -> dict[Outcome, int]:
    """How many highlights had each outcome."""
    counts = agreement["outcome"].value_counts()
    return {outcome: int(counts.get(outcome, 0)) for outcome in OUTCOMES}
