"""The figures of a load, each beside its goal."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from benchmarks.load_crowd import LEFT_SECONDS, Crowd
from benchmarks.load_cycles import Leak
from lib.settings import KNOWLEDGE_BASE, LIFE_DASHBOARD, Pools
from tests.browser.footprints import Footprint
from tests.browser.visitors import Run

FIRST_LOAD_GOAL = 5.0  # seconds, of 95 in 100
GROWTH_GOAL = 1.0  # megabytes a session
LEAK_GOAL = 2  # descriptors, and threads
MEGABYTE = 1e6
DATABASES = (LIFE_DASHBOARD, KNOWLEDGE_BASE)
SHOWN_PROBLEMS = 5


def report(colds: Sequence[Crowd], warms: Sequence[Crowd], leaks: Sequence[Leak]) -> bool:
    """Print all figures, of several runs their medians; True when every goal is met."""
    met = True
    for title, crowds in (("cold", colds), ("warm", warms)):
        crowd = crowds[0]
        browsers = len(crowd.drawn)
        print(f"\n{title} app, {crowd.everybody} sessions of which {browsers} are browsers")
        met &= _served(crowds)
        # An app is started once, and most of what everybody then waits for is kept from there on.
        met &= _first_loads(crowds, goal=title == "warm")
        met &= _connections(crowds)
    print("\nwarm app, memory of the process")
    met &= _memory(warms)
    print(f"\nwarm app, {leaks[0].cycles} cycles of entering and leaving")
    met &= _leaks(leaks)
    return met


def _line(what: str, figure: str, goal: str = "", met: bool = True) -> bool:
    print(
        f"  {what:<44}{figure:>24}{f'   goal {goal}, ' if goal else ''}"
        f"{('met' if met else 'MISSED') if goal else ''}",
        flush=True,
    )
    return met


def _served(crowds: Sequence[Crowd]) -> bool:
    runs = [run for crowd in crowds for run in (*crowd.all_first, *crowd.later, *crowd.followed)]
    failed = [run for run in runs if run.problems]
    for run in failed[:SHOWN_PROBLEMS]:
        print(f"    /{run.page}: {'; '.join(run.problems)[:200]}")
    served = f"{len(runs) - len(failed)} of {len(runs)}"
    return _line("script runs served", served, "all", not failed)


def _first_loads(crowds: Sequence[Crowd], goal: bool) -> bool:
    """Of a session from connecting to the end of its script, of a browser until all is drawn."""
    late = _median(lambda crowd: _percentile(crowd.all_first, 95), crowds)
    met = _line(
        "first load of everybody",
        _spread([crowd.all_first for crowd in crowds]),
        f"p95 {FIRST_LOAD_GOAL:.0f} s" if goal else "",
        late <= FIRST_LOAD_GOAL,
    )
    for page in dict.fromkeys(run.page for run in crowds[0].first):
        of_page = [[run for run in crowd.first if run.page == page] for crowd in crowds]
        _line(f"  of sessions, /{page} ({len(of_page[0])})", _spread(of_page))
    _line("  of browsers, until all is drawn", _spread([crowd.drawn for crowd in crowds]))
    _line("later runs of sessions: changes, links", _spread([crowd.later for crowd in crowds]))
    _line("links in browsers, until all is drawn", _spread([crowd.followed for crowd in crowds]))
    _line("time of the app on a core", f"{_median(lambda crowd: crowd.busy, crowds):.0f} s")
    return met or not goal


def _connections(crowds: Sequence[Crowd]) -> bool:
    most = Pools().max_size
    met = True
    for name in DATABASES:
        # A crowd that was not seen to connect was not watched.
        highest = [crowd.most.get(name, 0) for crowd in crowds]
        met &= _line(
            f"connections to {name}, highest",
            str(max(highest)),
            f"1 to {most}",
            all(1 <= seen <= most for seen in highest),
        )
    unseen = max(crowd.unseen for crowd in crowds)
    _line("  longest time between two looks", f"{1000 * unseen:.0f} ms")
    left = max(crowd.left for crowd in crowds)
    what = f"queries left {LEFT_SECONDS:.0f} s after the last leaves"
    return _line(what, str(left), "0", left == 0) and met


def _memory(crowds: Sequence[Crowd]) -> bool:
    """Resident memory: before all came, while all were there at rest, when all were forgotten."""

    def grown(then: Callable[[Crowd], Footprint | None]) -> float:
        return _median(lambda crowd: _growth(crowd, then(crowd)), crowds)

    before = _median(lambda crowd: crowd.before.memory / MEGABYTE, crowds)
    _line("before", f"{before:.0f} MB")
    there, after = grown(lambda crowd: crowd.there), grown(lambda crowd: crowd.after)
    goal = f"≤ {GROWTH_GOAL:.0f} MB"
    met = _line("growth a session, all there", f"{there:.2f} MB", goal, there <= GROWTH_GOAL)
    return (
        _line("growth a session, all gone", f"{after:.2f} MB", goal, after <= GROWTH_GOAL) and met
    )


def _growth(crowd: Crowd, then: Footprint | None) -> float:
    assert then is not None
    return (then.memory - crowd.before.memory) / MEGABYTE / crowd.everybody


def _leaks(leaks: Sequence[Leak]) -> bool:
    failed = [run for leak in leaks for run in leak.runs if run.problems]
    met = _line("script runs not served", str(len(failed)), "0", not failed)
    descriptors = max(leak.descriptors for leak in leaks)
    threads = max(leak.threads for leak in leaks)
    goal = f"≤ {LEAK_GOAL}"
    met &= _line("descriptors left open", str(descriptors), goal, descriptors <= LEAK_GOAL)
    met &= _line("threads left running", str(threads), goal, threads <= LEAK_GOAL)
    grown = [(leak.after.memory - leak.before.memory) / MEGABYTE / leak.cycles for leak in leaks]
    _line("memory a cycle", f"{statistics.median(grown):.2f} MB")
    return met


def _median(figure: Callable[[Crowd], float], crowds: Sequence[Crowd]) -> float:
    return statistics.median(map(figure, crowds))


def _percentile(runs: Iterable[Run], percent: float) -> float:
    """Of the seconds of all runs; one that failed was never there."""
    seconds = [math.inf if run.problems else run.seconds for run in runs]
    return float(np.percentile(seconds, percent, method="higher"))


def _spread(runs: Sequence[Sequence[Run]]) -> str:
    middle, late = (
        statistics.median(_percentile(each, percent) for each in runs) for percent in (50, 95)
    )
    return f"p50 {middle:.2f} s  p95 {late:.2f} s"
