"""Matching in the plainest way: one question to the database for each window.

Written from the definitions of `design.md` alone and in nothing the same as `lib/matching`, so
that the two can be held against each other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import asyncpg

from benchmarks.transcripts import Highlight

SIZE = 6
CONNECTIONS = 3
HOLDING = "SELECT DISTINCT book_id FROM chunks WHERE content ILIKE $1"

Books = Mapping[str, set[int]]
FirstHits = Mapping[str, int | None]


def windows_of(highlight: Highlight, stride: int) -> list[str]:
    """Window i is words i·stride … i·stride+SIZE-1."""
    words = highlight.text.split()
    return [
        " ".join(words[first : first + SIZE]) for first in range(0, len(words) - SIZE + 1, stride)
    ]


def middle_out(count: int) -> list[int]:
    """The middle, then one to its right, one to its left, and so on outwards."""
    middle = (count - 1) // 2
    outwards = [middle + side * step for step in range(1, count + 1) for side in (1, -1)]
    return [middle, *(window for window in outwards if 0 <= window < count)]


def edge_first(count: int) -> list[int]:
    """First, last, second, last but one."""
    pairs = [window for first in range(count) for window in (first, count - 1 - first)]
    return list(dict.fromkeys(pairs))


def sequential(count: int) -> list[int]:
    """First to last."""
    return list(range(count))


def spread(count: int) -> list[int]:
    """The middle of all, then the middles of what lies left and right of each middle."""
    tried = []
    level = [(0, count - 1)]
    while level:
        below = []
        for first, last in level:
            if first <= last:
                middle = (first + last) // 2
                tried.append(middle)
                below += [(first, middle - 1), (middle + 1, last)]
        level = below
    return tried


ORDERS: Mapping[str, Callable[[int], list[int]]] = {
    "middle_out": middle_out,
    "edge_first": edge_first,
    "sequential": sequential,
    "spread": spread,
}


async def ask(dsn: str, highlights: Sequence[Highlight]) -> Books:
    """For each window of any stride the books that hold it, asked once and one at a time."""
    # Every window of a longer stride is one of stride 1.
    asked = {window for highlight in highlights for window in windows_of(highlight, 1)}
    waiting = sorted(asked)
    held: dict[str, set[int]] = {}

    async def work() -> None:
        # A plan made for any pattern could not use the trigram index.
        connection = await asyncpg.connect(
            dsn, server_settings={"plan_cache_mode": "force_custom_plan"}
        )
        try:
            while waiting:
                window = waiting.pop()
                escaped = window.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
                rows = await connection.fetch(HOLDING, f"%{escaped}%")
                held[window] = {row["book_id"] for row in rows}
        finally:
            await connection.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(CONNECTIONS):
            group.create_task(work())
    return held


def all_first_hits(
    highlights: Sequence[Highlight], held: Books, stride: int, scope: str
) -> Mapping[int, FirstHits]:
    """By highlight and order the attempt, from 1, at which a window hits; too short ones lack."""
    found = {}
    for highlight in highlights:
        hits = [
            highlight.book in held[window] if scope == "book" else bool(held[window])
            for window in windows_of(highlight, stride)
        ]
        if hits:
            found[highlight.id] = {
                order: _first(hits[window] for window in tried(len(hits)))
                for order, tried in ORDERS.items()
            }
    return found


def _first(hits: Iterable[bool]) -> int | None:
    return next((attempt for attempt, hit in enumerate(hits, start=1) if hit), None)


def differences(
    report: Mapping[str, Any], expected: Mapping[int, FirstHits], budgets: Sequence[int]
) -> Iterator[str]:
    """What the report says otherwise than `all_first_hits`."""
    yield from _different("eligible", report["eligible"], len(expected))
    matched = sum(first["sequential"] is not None for first in expected.values())
    yield from _different("any_window", report["any_window"]["matched"], matched)
    for order in ORDERS:
        attempts = [first[order] for first in expected.values()]
        for budget in budgets:
            within = sum(tries is not None and tries <= budget for tries in attempts)
            reported = [
                row["matched"]
                for row in report["orders"][order]["by_budget"]
                if row["budget"] == budget
            ]
            yield from _different(f"{order} by {budget}", reported, [within])
    listed = {match["highlight"]: match["attempts"] for match in report["matches"]}
    for highlight, first in expected.items():
        yield from _different(f"first hits of {highlight}", listed.get(highlight), first)


def _different(what: str, reported: object, expected: object) -> Iterator[str]:
    if reported != expected:
        yield f"{what}: reported {reported}, one by one {expected}"
