"""The highlight–passage pairs behind the scores: which to list, and their texts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lib.databases import highlights, passages
from lib.databases.pools import Databases
from lib.databases.relations import Relations
from lib.databases.words import MOST_CHARACTERS
from lib.names import TITLE_CHARACTERS, readable
from lib.similarity.calibration import Background, calibrate
from lib.similarity.scores import Scores

MOST = 200
UNCERTAIN = 50


@dataclass(frozen=True)
class Listed:
    """Pairs to list, best score first: `rows[n]` of the highlights, and their `ranks[n]` nearest.

    `total` pairs qualify, of which these are the first ones.
    """

    rows: NDArray[np.intp]
    ranks: NDArray[np.intp]
    total: int


def between(scores: Scores, low: float, high: float, depth: int, most: int = MOST) -> Listed:
    """Pairs of a highlight and one of its `depth` nearest that score from `low` to `high`.

    `scores` has shape (highlights, at least depth), best first.
    """
    shown = scores[:, :depth]
    # The ends come from a slider, rounded to its steps: half of the last digit either way.
    inside = np.argwhere((shown >= low - 5e-4) & (shown <= high + 5e-4))
    return _first(shown, inside, -shown[inside[:, 0], inside[:, 1]], most)


def uncertain(scores: Scores, threshold: float, depth: int, most: int = UNCERTAIN) -> Listed:
    """The pairs that score nearest to a threshold, on either side: the least certain ones."""
    shown = scores[:, :depth]
    finite = np.argwhere(np.isfinite(shown))
    return _first(shown, finite, np.abs(shown[finite[:, 0], finite[:, 1]] - threshold), most)


def _first(shown: Scores, places: NDArray[np.intp], by: NDArray[Any], most: int) -> Listed:
    kept = places[np.argsort(by, kind="stable")[:most]]
    kept = kept[np.argsort(-shown[kept[:, 0], kept[:, 1]], kind="stable")]
    return Listed(kept[:, 0], kept[:, 1], len(places))


async def read_pairs(
    databases: Databases,
    relations: Relations,
    highlight_ids: list[Any],
    passage_ids: list[Any],
    scores: NDArray[np.float32],
    ranks: NDArray[np.intp],
    background: Background,
    passages_total: int,
    titles: pd.DataFrame,
) -> pd.DataFrame:
    """The listed pairs with their texts, in the order given: one query for each database.

    Columns `highlight`, `heard` (its text), `passage`, `written` (its text; of long texts the
    beginnings), `book` (title), `own_book` (is it the highlight's book: "yes", "no", or "unknown"),
    `rank` (from 1), `score`, `percentile`, `expected` (E) and `chance` (E in words). `titles` as of
    `lib.databases.books.read_books`.
    """
    heard = await highlights.read_some_texts(
        databases, relations, list(dict.fromkeys(highlight_ids)), MOST_CHARACTERS
    )
    written = await passages.read_passages(
        databases, relations, list(dict.fromkeys(passage_ids)), MOST_CHARACTERS
    )
    title_of = dict(zip(titles["book"], titles["title"], strict=True))
    worth = calibrate(scores, background, passages_total)
    frame = pd.DataFrame(
        {
            "highlight": pd.Series(highlight_ids, dtype=object),
            "passage": pd.Series(passage_ids, dtype=object),
            "rank": np.asarray(ranks) + 1,
            "score": np.asarray(scores, dtype=np.float64),
            "percentile": worth.percentile,
            "expected": worth.expected,
            "chance": worth.words(),
        }
    )
    frame = frame.merge(
        heard.rename(columns={"id": "highlight", "text": "heard", "book": "heard_in"}),
        on="highlight",
        how="left",
    ).merge(
        written.rename(columns={"content": "written", "book": "written_in"}),
        on="passage",
        how="left",
    )
    known = frame["heard_in"].notna() & frame["written_in"].notna()
    same = frame["heard_in"] == frame["written_in"]
    frame["own_book"] = np.where(known, np.where(same, "yes", "no"), "unknown")
    frame["book"] = [
        readable(title_of.get(book, book), TITLE_CHARACTERS) if isinstance(book, str) else None
        for book in frame["written_in"]
    ]
    return frame[COLUMNS]


COLUMNS = [
    "highlight",
    "heard",
    "passage",
    "written",
    "book",
    "own_book",
    "rank",
    "score",
    "percentile",
    "expected",
    "chance",
]
