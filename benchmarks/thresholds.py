"""The largest thresholds of the fallback at which 99 of 100 accepted answers are right.

A setting is a length of passages, a scope and a length of highlights. In each, highlights that are
in the library and highlights that are not weigh the same in all: a stated prevalence of one half,
which is harder than most collections.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks import transcripts
from benchmarks.demo import demo_library
from benchmarks.loading import own_server
from benchmarks.populations import LENGTHS, METHODS, WHOLE, collect, of_highlights
from lib.matching.fallback.limits import default_threshold, near_enough

PASSAGE_WORDS = (25, 60, 200)
NEEDED_PRECISION = 0.99
FEWEST = 30  # accepted answers; the precision of fewer is mostly chance
STEPS = range(5, 96)  # hundredths
SHOWN = 0.1  # to either side of the largest threshold
SETTING = ["passage_words", "scope", "length"]

Setting = tuple[int, str, int]
Rule = Callable[[pd.DataFrame, float], NDArray[np.bool_]]


def without_rule(places: pd.DataFrame, threshold: float) -> NDArray[np.bool_]:
    """Which places are accepted if short highlights may be as far as long ones."""
    return np.asarray(places["distance"] <= threshold, dtype=bool)


@dataclass(frozen=True)
class Accepted:
    """What is accepted, by weight, and how much of it is right, `of` so many that are present."""

    count: float
    right: int
    of: int

    @property
    def precision(self) -> float:
        """The share of the accepted that is right."""
        return self.right / self.count if self.count else float("nan")

    @property
    def telling(self) -> bool:
        """Whether these are enough for a precision."""
        return self.count >= FEWEST

    def __str__(self) -> str:
        precision = f"{self.precision:.1%}" if self.count else ""
        return f"{self.count:>10.0f}{self.right:>8}{precision:>11}{self.right / self.of:>8.1%}"


HEADING = f"{'accepted':>10}{'right':>8}{'precision':>11}{'found':>8}"


def accept(places: pd.DataFrame, threshold: float, rule: Rule = near_enough) -> Accepted:
    """What a threshold accepts of some weighed places."""
    accepted = rule(places, threshold)
    count = places["weight"].to_numpy(dtype=np.float64)[accepted].sum()
    right = places["right"].to_numpy(dtype=bool)[accepted].sum()
    return Accepted(float(count), int(right), int(places["present"].sum()))


def weigh(places: pd.DataFrame) -> pd.DataFrame:
    """With a column `weight` that makes the absent of each setting as many as the present."""
    present = places["present"].astype(float)
    share = present.groupby([places[name] for name in ["method", *SETTING]]).transform("mean")
    return places.assign(weight=np.where(places["present"], 1.0, share / (1 - share)))


def largest_threshold(places: pd.DataFrame, rule: Rule = near_enough) -> float:
    """The largest threshold of one setting that is precise enough, or accepts too few to tell."""
    for step in reversed(STEPS):
        accepted = accept(places, step / 100, rule)
        if not accepted.telling or accepted.precision >= NEEDED_PRECISION:
            return step / 100
    return 0.0


def by_setting(places: pd.DataFrame) -> dict[Setting, pd.DataFrame]:
    """The places of one method by setting."""
    return dict(iter(places.groupby(SETTING)))


def show_method(method: str, places: pd.DataFrame) -> bool:
    """Print the tables of one method; True when its default is small enough."""
    default = default_threshold(*METHODS[method])
    settings = by_setting(places)
    largest = {setting: largest_threshold(some) for setting, some in settings.items()}
    smallest = min(largest.values())
    bare = min(largest_threshold(some, without_rule) for some in settings.values())
    _show_thresholds(method, places, default, smallest)
    _show_settings(method, largest)
    _show_lengths(method, places, default)
    met = default <= smallest
    verdict = f"met, {smallest - default:.2f} below" if met else "MISSED"
    print(
        f"\n{method}: {default:.2f} {'≤' if met else '>'} {smallest:.2f}: {verdict};"
        f" without the rule for short ones it would have to be {bare:.2f}"
    )
    return met


def _show_thresholds(method: str, places: pd.DataFrame, default: float, smallest: float) -> None:
    print(f"\n{method} in all settings together, and the lowest precision in any of them")
    print(f"{'threshold':>10}{HEADING}{'lowest':>9}")
    shown = {step / 100 for step in STEPS if abs(step / 100 - smallest) <= SHOWN}
    for threshold in sorted({*shown, default}):
        line = f"{threshold:>10.2f}{accept(places, threshold)}{_lowest(places, threshold):>9}"
        print(line + ("  default" if threshold == default else ""))


def _show_settings(method: str, largest: dict[Setting, float]) -> None:
    print(f"\n{method}: the largest threshold by setting")
    lengths = "".join(f"{_name(length):>8}" for length in LENGTHS)
    print(f"{'words of passage, scope':<24}{lengths}")
    for words, scope in dict.fromkeys((words, scope) for words, scope, _ in largest):
        cells = "".join(f"{largest[words, scope, length]:>8.2f}" for length in LENGTHS)
        print(f"{f'{words}, {scope}':<24}{cells}")


def _show_lengths(method: str, places: pd.DataFrame, default: float) -> None:
    print(f"\n{method} at {default:.2f}, where short highlights must be nearer | without that rule")
    print(f"{'words':<8}{HEADING}{'lowest':>9} |{HEADING}{'lowest':>9} | 1 in 100 absent is within")
    for length in LENGTHS:
        some = places[places["length"] == length]
        cells = [
            f"{accept(some, default, rule)}{_lowest(some, default, rule):>9}"
            for rule in (near_enough, without_rule)
        ]
        nearest = some[~some["present"]]["distance"].quantile(0.01)
        print(f"{_name(length):<8}{cells[0]} |{cells[1]} | {nearest:.3f}")


def _lowest(places: pd.DataFrame, threshold: float, rule: Rule = near_enough) -> str:
    """The lowest precision in any setting that tells; a dash where none does."""
    found = [accept(some, threshold, rule) for some in by_setting(places).values()]
    lowest = min((it.precision for it in found if it.telling), default=None)
    return "-" if lowest is None else f"{lowest:.1%}"


def _name(length: int) -> str:
    return "whole" if length == WHOLE else str(length)


def show_larger(folder: Path, seed: int) -> None:
    """Print what is accepted of the absent ones in all books of the larger library of the demo."""
    absent = transcripts.read(folder, min(PASSAGE_WORDS), seed)["absent"].highlights
    print(
        f"\nAccepted by default in all books of the demo, of {len(absent)} transcripts of none"
        " (without the rule for short ones; 1 in 100 is within)"
    )
    print(f"{'words':<8}" + "".join(f"{method:>26}" for method in METHODS))
    with demo_library() as demo:
        population = of_highlights(demo.connection, absent, lambda highlight: range(0))
        for length in LENGTHS:
            cut = population.cut(length)
            cells = []
            for method, of_method in METHODS.items():
                places = cut.places(range(len(cut.highlights)), method, "library")
                threshold = default_threshold(*of_method)
                counts = [rule(places, threshold).sum() for rule in (near_enough, without_rule)]
                nearest = places["distance"].quantile(0.01)
                cells.append(f"{counts[0]} ({counts[1]}; {nearest:.3f})")
            print(f"{_name(length):<8}" + "".join(f"{cell:>26}" for cell in cells))


def show_thresholds(folder: Path, seed: int) -> bool:
    """Collect all places and print what they say; True when every default is small enough."""
    found = []
    with own_server() as server:
        for passage_words in PASSAGE_WORDS:
            places = collect(server, folder, seed, passage_words)
            found.append(places)
            print(f"{len(places):,} places found in passages of about {passage_words} words")
    places = weigh(pd.concat(found, ignore_index=True))
    print(
        "The same highlights are in every setting, so together these count them many times."
        f" A setting in which fewer than {FEWEST} are accepted tells nothing."
    )
    met = [show_method(method, places[places["method"] == method]) for method in METHODS]
    show_larger(folder, seed)
    return all(met)
