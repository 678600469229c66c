"""One pass over all passages that finds every window of every highlight.

The windows become one Aho–Corasick automaton (Aho and Corasick 1975); the passages stream through
it once. Every order, every budget and both scopes are then arithmetic on the hits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lib.databases.pools import Databases
from lib.databases.relations import Relations
from lib.matching.findings import Findings, Indices, Places
from lib.matching.ilike_pass import find_ilike
from lib.matching.windows import Mode, Windows, cut
from lib.matching.words_pass import find_words

OnCount = Callable[[int], object]


@dataclass(frozen=True)
class Scan:
    """Every hit of every window, for every order, budget and scope.

    `highlights` as `lib.databases.highlights.read_texts` gives them. `passages`, in reading order,
    has columns `passage` (id), `book` (id as text) and `position` (within its book, from 0). A hit
    k is window `hit_window[k]` in the passage of row `hit_passage[k]`, from character
    `hit_start[k]` of its text to before character `hit_stop[k]` of the text of row `hit_last[k]`,
    the same passage unless the window straddles a border; a window that stands in a passage more
    than once has there its first place. `hit_own_book[k]` says whether that is one the highlight
    may look in under scope `book`.
    """

    highlights: pd.DataFrame
    passages: pd.DataFrame
    windows: Windows
    hit_window: Indices
    hit_passage: Indices
    hit_start: Indices
    hit_last: Indices
    hit_stop: Indices
    hit_own_book: NDArray[np.bool_]


async def scan(
    databases: Databases,
    relations: Relations,
    highlights: pd.DataFrame,
    size: int = 6,
    stride: int = 1,
    mode: Mode = "ilike",
    on_passages: OnCount = lambda seen: None,
    books: Sequence[str | None] | None = None,
    with_ranges: bool = True,
) -> Scan:
    """Find all windows of `highlights` in all passages; `on_passages` is told how many are read.

    In mode `words` the passages may be those of some `books` only, as `stream_contents` takes
    them, and the characters of hits may be left out (`with_ranges`).
    """
    windows = await asyncio.to_thread(cut, highlights["text"].tolist(), size, stride, mode)
    texts = list(dict.fromkeys(windows.text))
    found = Findings()
    if mode == "ilike":
        places = await find_ilike(databases, relations, texts, found, on_passages)
    else:
        places = await find_words(
            databases, relations, texts, size, found, on_passages, books, with_ranges
        )
    return await asyncio.to_thread(_assemble, highlights, windows, texts, found, places)


def _assemble(
    highlights: pd.DataFrame,
    windows: Windows,
    texts: list[str],
    found: Findings,
    places: Places,
) -> Scan:
    """From hits of distinct texts to hits of windows."""
    number = {text: index for index, text in enumerate(texts)}
    pattern_of_window = np.array([number[text] for text in windows.text], dtype=np.int32)
    # Windows grouped by pattern, so that each pattern's hits are repeated for each of its windows.
    by_pattern = np.argsort(pattern_of_window, kind="stable").astype(np.int32)
    counts = np.bincount(pattern_of_window, minlength=len(texts) + 1)
    starts = np.cumsum(counts) - counts
    repeats = counts[places.pattern]
    step = np.arange(repeats.sum()) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    hit_window = by_pattern[np.repeat(starts[places.pattern], repeats) + step]
    hits = places.take(np.repeat(np.arange(len(repeats)), repeats))
    frame = pd.DataFrame(
        {
            "passage": pd.Series(found.ids, dtype=object),
            "book": pd.Series(found.books, dtype=object),
        }
    )
    frame["position"] = frame.groupby("book", sort=False).cumcount()
    own = highlights["book"].to_numpy(dtype=object)[windows.highlight[hit_window]]
    theirs = frame["book"].to_numpy(dtype=object)[hits.passage]
    return Scan(
        highlights=highlights.reset_index(drop=True),
        passages=frame,
        windows=windows,
        hit_window=hit_window,
        hit_passage=hits.passage,
        hit_start=hits.start,
        hit_last=hits.last,
        hit_stop=hits.stop,
        hit_own_book=np.array(pd.isna(own) | (own == theirs), dtype=bool),
    )
