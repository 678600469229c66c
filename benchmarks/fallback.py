"""Which distances the fallback may accept, and how long it takes.

    python benchmarks/fallback.py thresholds [--data PATH] [--seed 0]
    python benchmarks/fallback.py times [--seed 0]

`thresholds` holds the defaults of `lib/matching/fallback/limits.py` against real transcripts whose
true places are known (see `benchmarks/thresholds.py`). `times` runs both methods on 700 highlights
of the demo that no window finds, and prints how many of its own answers at the default thresholds
are right. Exit code 1 when a default is too large, or a goal missed.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.demo import Demo, demo_library
from benchmarks.thresholds import show_thresholds
from lib.databases import highlights
from lib.databases.passages import count_by_book
from lib.matching import rates
from lib.matching.fallback import Fallen, Method, default_threshold, find_places
from lib.matching.rates import SCOPES, Scope
from lib.matching.scan import scan
from lib.settings import PROJECT

DATA = PROJECT.parent / "shared" / "data" / "peter-and-wendy"
COUNT = 700
RUNS = 3
METHODS: tuple[Method, ...] = ("alignment", "pg_trgm")
GOALS: dict[tuple[Method, Scope], float] = {
    ("alignment", "book"): 10,
    ("pg_trgm", "book"): 30,
    ("alignment", "library"): 90,
}
NEIGHBOUR = 1  # passages of the demo are numbered in reading order


def read_unmatched(demo: Demo) -> pd.DataFrame:
    """The highlights of the demo that no window finds in their books."""
    texts = demo.connection.run(highlights.read_texts)
    hits = rates.within(demo.connection.run(scan, texts), "book")
    rows = np.flatnonzero((hits.counts > 0) & ~hits.matched)
    return texts.iloc[rows].reset_index(drop=True)


@dataclass(frozen=True)
class Run:
    """What was found, and the seconds that this process kept processors busy with it.

    These say more than the clock where others use the machine too.
    """

    found: Fallen
    busy: float


def ask(demo: Demo, asked: pd.DataFrame, method: Method, scope: Scope) -> Run:
    """The nearest places of all of these highlights."""
    started = time.process_time()
    found = demo.connection.run(find_places, asked, range(len(asked)), method, scope)
    return Run(found, time.process_time() - started)


def show_times(demo: Demo, asked: pd.DataFrame) -> tuple[bool, dict[Method, Fallen]]:
    """Print seconds beside the goals; True when all are met, and the places in all books."""
    with_book = asked[asked["book"].notna()].reset_index(drop=True)
    met = True
    everywhere: dict[Method, Fallen] = {}
    for scope in SCOPES:
        for method in METHODS:
            goal = GOALS.get((method, scope))
            long = scope == "library" and method == "alignment"
            runs = [ask(demo, asked, method, scope) for _ in range(1 if long else RUNS)]
            met &= _show_time(f"{method}, {scope}: all {len(asked)}", runs, goal)
            if scope == "library":
                everywhere[method] = runs[0].found
            else:
                runs = [ask(demo, with_book, method, scope) for _ in range(RUNS)]
                _show_time(f"{method}, {scope}: the {len(with_book)} with a book", runs, None)
    return met, everywhere


def _show_time(what: str, runs: list[Run], goal: float | None) -> bool:
    seconds = [run.found.seconds for run in runs]
    busy = statistics.median(run.busy for run in runs)
    middle = statistics.median(seconds)
    met = goal is None or middle <= goal
    verdict = "no goal" if goal is None else f"goal {goal:.0f} s, {'met' if met else 'MISSED'}"
    each = f"   median of {', '.join(f'{it:.1f}' for it in seconds)}" if len(seconds) > 1 else ""
    print(f"{what:<40}{middle:>7.1f} s   {verdict:<19}{busy:>7.1f} s busy here{each}")
    return met


def show_precision(
    demo: Demo, unmatched: pd.DataFrame, everywhere: dict[Method, Fallen], seed: int
) -> None:
    """Print how many answers at the default thresholds are right.

    Text that is in no book must not be spared by having no book to look in: it looks in one that is
    drawn as often as it is long, like highlights that come from books.
    """
    sizes = demo.connection.run(count_by_book)
    shares = np.array(list(sizes.values())) / sum(sizes.values())
    drawn = np.random.default_rng(seed).choice(list(sizes), size=len(unmatched), p=shares)
    absent = demo.truth.loc[unmatched["id"], "first"].isna().to_numpy()
    filed = unmatched.assign(book=np.where(absent, drawn, unmatched["book"]).astype(object))
    print(
        f"\nThe {len(unmatched)} that no window finds, at the default thresholds:"
        f" {np.sum(~absent)} are in the library, {np.sum(absent)} are not"
    )
    print(
        f"{'':<24}{'threshold':>10}{'accepted':>10}{'right':>8}{'precision':>11}{'found':>8}"
        f"{'not in the library':>20}"
    )
    for scope in SCOPES:
        for method in METHODS:
            at_home = scope == "book"
            found = ask(demo, filed, method, scope).found if at_home else everywhere[method]
            threshold = default_threshold(method)
            accepted = found.accepted(threshold)
            # What was asked again to make up the number is not counted again.
            accepted = accepted[accepted["highlight"] < len(unmatched)]
            true = demo.truth.loc[unmatched["id"].iloc[accepted["highlight"]]]
            passage = accepted["passage"].astype(float).to_numpy()
            right = (passage >= true["first"].to_numpy() - NEIGHBOUR) & (
                passage <= true["last"].to_numpy() + NEIGHBOUR
            )
            print(
                f"{f'{method}, {scope}':<24}{threshold:>10.2f}{len(accepted):>10}{right.sum():>8}"
                f"{right.mean():>11.1%}{right.sum() / np.sum(~absent):>8.1%}"
                f"{absent[accepted['highlight']].sum():>20}"
            )


def times(seed: int) -> bool:
    """Print times and precision on the demo; True when all goals are met."""
    with demo_library() as demo:
        unmatched = read_unmatched(demo).iloc[:COUNT]
        asked = unmatched.iloc[np.resize(np.arange(len(unmatched)), COUNT)].reset_index(drop=True)
        sizes = demo.connection.run(count_by_book)
        lacking = asked["book"].notna() & ~asked["book"].isin(list(sizes))
        print(
            f"{COUNT} highlights that no window finds (mode ilike, scope book), {len(unmatched)}"
            f" different ones, in {sum(sizes.values()):,} passages. {asked['book'].isna().sum()}"
            f" are of no book and look everywhere; {lacking.sum()} are of one that the library"
            " lacks and in scope book look nowhere."
        )
        print(f"load average: {', '.join(f'{load:.1f}' for load in os.getloadavg())}")
        met, everywhere = show_times(demo, asked)
        print(f"load average: {', '.join(f'{load:.1f}' for load in os.getloadavg())}")
        show_precision(demo, unmatched, everywhere, seed)
    return met


def main() -> int:
    """Run one of the two and print its figures."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("what", choices=("thresholds", "times"))
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the transcripts")
    parser.add_argument("--seed", type=int, default=0, help="cuts and draws are by it")
    options = parser.parse_args()
    if options.what == "thresholds" and not (options.data / "sentences.jsonl").exists():
        print(f"There are no transcripts in {options.data}: name their folder with --data.")
        return 1

    # Being ended ends the server too.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    started = time.perf_counter()
    try:
        if options.what == "times":
            met = times(options.seed)
        else:
            met = show_thresholds(options.data, options.seed)
    except KeyboardInterrupt:
        return 130
    print(f"\n{time.perf_counter() - started:.0f} s")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
