"""A highlight beside the passages it renders: what was heard, and what keeps it from matching."""

from __future__ import annotations

import asyncio
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from lib.databases.passages import read_excerpts
from lib.databases.pools import Databases
from lib.databases.relations import Relations
from lib.matching.fallback import limit
from lib.matching.fallback.alignment import align
from lib.matching.landings import first_column, landing_column
from lib.matching.orders import Order, attempt_numbers
from lib.matching.ranges import Range, word_ranges
from lib.matching.rates import Scope
from lib.matching.reasons import Case, Reason, reason_of, sentence_for
from lib.matching.scan import OnCount, Scan
from lib.matching.study import Study
from lib.matching.windows import normalise, window_count
from lib.matching.word_alignment import (
    Part,
    WordAlignment,
    align_words,
    parts_of,
    white_space_ranges,
)

# Passages read on either side of the place: a highlight of 90 words reaches over four verses.
AROUND = 8

# Of a longer text a part is compared and shown, from a little before the first window found in it.
MOST_CHARACTERS = 10_000
BEFORE = 2_000
# Of a highlight less: the time to put it beside its words grows with the square of its length.
MOST_HEARD = 3_000

WindowState = Literal["hits here", "hits elsewhere", "no hit"]
WINDOW_STATES: tuple[WindowState, ...] = ("hits here", "hits elsewhere", "no hit")


@dataclass(frozen=True)
class Explanation:
    """One highlight beside the passages it renders.

    `heard` are the parts of the highlight; `passages` has a row for each passage of the place, in
    reading order: `passage` (id), `book` (id as text), `chapter` (or None) and `parts`; empty where
    there is no place. `alignment` is None then. `distance` is that of the fallback `alignment`
    (NaN where matched by a window). `windows`: see `strip`. `truncated`: of a very long highlight
    or passage only a part is compared and shown.
    """

    reason: Reason
    sentence: str
    heard: list[Part]
    passages: pd.DataFrame
    alignment: WordAlignment | None
    distance: float
    windows: pd.DataFrame
    truncated: bool = False


async def explain(
    databases: Databases,
    relations: Relations,
    scan: Scan,
    study: Study,
    row: int,
    order: Order,
    scope: Scope,
    threshold: float,
    on_passages: OnCount = lambda seen: None,
) -> Explanation:
    """Explain the highlight of a row of `scan.highlights`.

    A matched highlight is put beside the passage that `order` lands in first; an unmatched one
    beside the nearest passage by `alignment`, which `threshold` judges, less of it for a short one.
    """
    whole = scan.highlights["text"].iat[row]
    text = whole[:MOST_HEARD]
    landed = study.landings[study.landings["highlight"] == row]
    distance = float("nan")
    place: int | None = None
    if len(landed):
        place = int(landed[first_column(order)].iat[0])
    else:
        nearest = await align(databases, relations, scan.highlights, [row], scope, on_passages)
        distance = float(nearest["distance"].iat[0])
        place = _row_of(scan, nearest["passage"].iat[0])
    around = _around(scan, place) if place is not None else []
    starts = [_start(scan, row, r) for r in around]
    found = await read_excerpts(
        databases,
        relations,
        [scan.passages["passage"].iat[r] for r in around],
        starts,
        MOST_CHARACTERS,
    )
    contents = [content or "" for content in found["content"]]
    truncated = len(text) < len(whole) or bool(found["cut"].any())
    alignment = await asyncio.to_thread(align_words, text, contents) if around else None
    touched = _touched(around, alignment)
    if place is not None and len(landed) and place not in touched:
        # Most of it may be nearby, but this is where the order landed.
        number = around.index(place)
        around, contents, starts = [place], [contents[number]], [starts[number]]
        found = found.iloc[[number]]
        alignment = await asyncio.to_thread(align_words, text, contents)
        touched = _touched(around, alignment)
    windows = strip(scan, row, order, [*touched, *([place] if place is not None else [])])
    windows = windows.head(_count_windows(scan, text))
    rows = []
    for number, passage_row in enumerate(around):
        if alignment is None or passage_row not in touched:
            continue
        identifier = scan.passages["passage"].iat[passage_row]
        hits = _hits_in(scan, row, passage_row, starts[number], len(contents[number]))
        rows.append(
            (
                identifier,
                scan.passages["book"].iat[passage_row],
                found["chapter"].iat[number],
                parts_of(contents[number], alignment.written[number], hits),
            )
        )
    book = scan.highlights["book"].iat[row]
    case = Case(
        matched=bool(study.matched[row]),
        too_short=bool(study.too_short[row]),
        book_missing=scope == "book"
        and not pd.isna(book)
        and not bool((scan.passages["book"] == book).any()),
        landing=landed[landing_column(order)].iat[0] if len(landed) else None,
        alignment=alignment,
        window_agrees=alignment is not None and _window_agrees(scan, text, alignment, len(windows)),
        distance=distance,
        threshold=limit(threshold, len(normalise(text))),
        size=scan.windows.size,
        stride=scan.windows.stride,
        mode=scan.windows.mode,
    )
    return Explanation(
        reason=reason_of(case),
        sentence=sentence_for(case),
        heard=_heard(scan, row, text, alignment, windows),
        passages=pd.DataFrame(rows, columns=["passage", "book", "chapter", "parts"], dtype=object),
        alignment=alignment,
        distance=distance,
        windows=windows,
        truncated=truncated,
    )


def strip(scan: Scan, row: int, order: Order, here: Sequence[int]) -> pd.DataFrame:
    """The windows of a highlight, first to last.

    Columns `window` (from 1), `words`, `attempt` (at which `order` tries it) and `state`: whether
    it hits one of the passages of the rows `here`, only others (of whatever book), or none.
    """
    windows = scan.windows
    mine = np.flatnonzero(windows.highlight == row)
    hits = np.flatnonzero(windows.highlight[scan.hit_window] == row)
    # A window that straddles a border stands on both sides of it.
    places = np.array(here, dtype=np.int64)
    first, last = scan.hit_passage[hits, None], scan.hit_last[hits, None]
    stands_here = ((first <= places) & (places <= last)).any(axis=1)
    hitting = set(scan.hit_window[hits].tolist())
    hitting_here = set(scan.hit_window[hits[stands_here]].tolist())
    states: list[WindowState] = [
        "hits here"
        if window in hitting_here
        else "hits elsewhere"
        if window in hitting
        else "no hit"
        for window in mine.tolist()
    ]
    return pd.DataFrame(
        {
            "window": np.arange(1, len(mine) + 1),
            "words": [windows.text[window] for window in mine],
            "attempt": attempt_numbers(order, len(mine)),
            "state": states,
        }
    )


def _row_of(scan: Scan, passage: Any) -> int | None:
    if passage is None:
        return None
    rows = np.flatnonzero(scan.passages["passage"].to_numpy() == passage)
    return int(rows[0]) if len(rows) else None


def _around(scan: Scan, place: int) -> list[int]:
    """Rows of the passages around one, of the same book."""
    rows = range(max(0, place - AROUND), min(len(scan.passages), place + AROUND + 1))
    books = scan.passages["book"].to_numpy(dtype=object)
    return [row for row in rows if books[row] == books[place]]


def _touched(around: list[int], alignment: WordAlignment | None) -> list[int]:
    """The rows of the passages that hold the stretch."""
    return [] if alignment is None else around[alignment.first : alignment.last + 1]


def _start(scan: Scan, row: int, passage_row: int) -> int:
    """Where to begin to read a passage: a little before the first window that is found in it."""
    mine = (scan.hit_passage == passage_row) & (scan.windows.highlight[scan.hit_window] == row)
    first = int(scan.hit_start[mine].min()) if mine.any() else 0
    return max(0, first - BEFORE) if first > MOST_CHARACTERS // 2 else 0


def _count_windows(scan: Scan, text: str) -> int:
    """The windows of a highlight of which only `text` is shown."""
    cut = white_space_ranges(text) if scan.windows.mode == "ilike" else word_ranges(text)
    return window_count(len(cut), scan.windows.size, scan.windows.stride)


def _hits_in(scan: Scan, row: int, passage_row: int, start: int, length: int) -> list[Range]:
    """The ranges where windows of a highlight were found in a passage, of which `length` characters
    from `start` on were read."""
    chosen = (
        (scan.hit_passage <= passage_row)
        & (scan.hit_last >= passage_row)
        & (scan.windows.highlight[scan.hit_window] == row)
    )
    found = {
        (
            int(scan.hit_start[k]) - start if scan.hit_passage[k] == passage_row else 0,
            int(scan.hit_stop[k]) - start if scan.hit_last[k] == passage_row else length,
        )
        for k in np.flatnonzero(chosen)
    }
    return sorted((first, last) for first, last in found if first < length and last > 0)


def _heard(
    scan: Scan, row: int, text: str, alignment: WordAlignment | None, windows: pd.DataFrame
) -> list[Part]:
    """The highlight in parts, with the words of windows that hit here marked."""
    if alignment is None:
        return [Part(text, "outside")] if text else []
    ranges = _window_ranges(scan, text, len(windows))
    hits = [ranges[number] for number in np.flatnonzero(windows["state"] == "hits here")]
    return parts_of(text, alignment.heard, hits)


def _window_agrees(scan: Scan, text: str, alignment: WordAlignment, count: int) -> bool:
    """Whether all words of one of the windows agree, one after the other."""
    starts, stops = zip(*alignment.heard.ranges, strict=True)
    numbers = [
        (bisect_left(starts, start), bisect_right(stops, stop))
        for start, stop in _window_ranges(scan, text, count)
    ]
    return any(
        begin <= first < last <= end for first, last in numbers for begin, end in alignment.runs
    )


def _window_ranges(scan: Scan, text: str, count: int) -> list[Range]:
    """Where in the highlight its `count` windows are."""
    cut = white_space_ranges(text) if scan.windows.mode == "ilike" else word_ranges(text)
    size, stride = scan.windows.size, scan.windows.stride
    return [
        (cut[number * stride][0], cut[number * stride + size - 1][1]) for number in range(count)
    ]
