"""What visitors do: which page they come to, what they change there, and where they go next."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from websockets.exceptions import WebSocketException

from benchmarks.search_browser import PHRASES
from tests.browser.visitors import Run, Visitor

PAGES = ("", "scores", "matches", "search", "alignment")
# How many of ten visitors come to each page first.
SHARES = {"": 3, "search": 3, "matches": 2, "scores": 1, "alignment": 1}
WARMING = 10


@dataclass(frozen=True)
class Step:
    """After `pause` seconds: set a widget, or follow the link to a page."""

    pause: float
    page: str | None = None
    label: str = ""
    value: str | int = 0


@dataclass(frozen=True)
class Journey:
    """Comes `after` so many seconds to a page, and takes steps from there."""

    after: float
    page: str
    query: str
    steps: tuple[Step, ...]


def plan(visitors: int, arrival: float, pause: float, seed: int) -> list[Journey]:
    """Journeys of so many visitors who come within `arrival` seconds and pause for about `pause`.

    Each changes something on the first page, goes to another, and changes something there.
    """
    chance = random.Random(seed)
    firsts = [page for page, share in SHARES.items() for _ in range(share)]
    chance.shuffle(firsts)
    journeys = []
    for number in range(visitors):
        page = firsts[number % len(firsts)]
        after = arrival * number / visitors
        query = urlencode({"q": chance.choice(PHRASES)}) if page == "search" else ""
        goes_to = chance.choice([other for other in PAGES if other != page])
        steps = (
            *_changes(page, chance, pause, bool(query)),
            Step(_about(pause, chance), page=goes_to),
            *_changes(goes_to, chance, pause, False),
        )
        journeys.append(Journey(after, page, query, steps))
    return journeys


def _about(pause: float, chance: random.Random) -> float:
    return pause * chance.uniform(0.5, 1.5)


def _changes(page: str, chance: random.Random, pause: float, asked: bool) -> Iterator[Step]:
    """One change of a widget, where a page has any; see `Visitor.change` for its values.

    Search has results, and a number of them, only when something was asked there.
    """
    choices: dict[str, list[tuple[str, str | int]]] = {
        "": [],
        "scores": [("And the k-th nearest, k", chance.randint(3, 10)), ("Shape", 1)],
        "matches": [("Budget", chance.randint(0, 7)), ("Words in a window", chance.randint(5, 8))],
        "search": [("Search for", chance.choice(PHRASES)), *([("Results", 20)] if asked else [])],
        "alignment": [("Label of the highlights", chance.randint(0, 1))],
    }
    if choices[page]:
        label, value = chance.choice(choices[page])
        yield Step(_about(pause, chance), label=label, value=value)


async def travel(address: str, journey: Journey, together: asyncio.Barrier) -> list[Run]:
    """Make a journey; returns its runs, the first load first.

    Everybody stays on the last page until all are there, and then until all may leave: the barrier
    is passed twice. What cannot be done, because a page was not served, is a problem too.
    """
    await asyncio.sleep(journey.after)
    runs: list[Run] = []
    passes = 2
    try:
        async with Visitor(address) as visitor:
            runs.append(await visitor.open(journey.page, journey.query))
            for step in journey.steps:
                await asyncio.sleep(step.pause)
                if step.page is not None:
                    runs.append(await visitor.go(step.page))
                else:
                    runs.append(await visitor.change(step.label, step.value))
            for _ in range(2):
                await together.wait()
                passes -= 1
    except (OSError, LookupError, WebSocketException) as fault:
        runs.append(Run(journey.page, 0.0, (f"{type(fault).__name__}: {fault}",), 0))
        for _ in range(passes):
            await together.wait()
    return runs


async def look_around(address: str) -> None:
    """Ten visitors at once, before anything is measured: threads, pools and caches are in use."""
    together = asyncio.Barrier(WARMING)
    # Not the journeys that are measured.
    journeys = plan(WARMING, 5, 1, -1)
    await asyncio.gather(*(travel(address, journey, together) for journey in journeys))
