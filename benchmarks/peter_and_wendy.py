"""Matching against the truth, on transcripts of a real book whose true places are known.

    python benchmarks/peter_and_wendy.py [--data PATH] [--seed 0] [--passage-words 60] [--failures]

Runs `python -m lib report` on a database server of its own, which it removes in the end. First its
exact matches must be those that one `ILIKE` per window finds, for every order and budget; then mode
`words` with the fallback must find enough highlights, and them where they are. Exit code 1 on any
difference, or when a goal is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import signal
import statistics
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import loading, one_by_one, transcripts
from benchmarks.reports import Report, ReportFailed, Reports
from benchmarks.transcripts import Highlight, Library
from lib.demo.server import DemoServer
from lib.settings import PROJECT

DATA = PROJECT.parent / "shared" / "data" / "peter-and-wendy"
PRESENT = ("studio", "harsh")
SCOPES = ("book", "library")
STRIDES = (1, 6)
FALLBACKS = ("alignment", "pg_trgm")
BUDGETS = (1, 2, 3, 4, 6, 8, 12, 16)
SHOWN = 10  # differences of one report

GOALS_ANY_WINDOW = {"studio": 0.995, "harsh": 0.80}
GOAL_TOTAL = 0.97
GOAL_RIGHT = 0.99


async def compare_with_ilike(reports: Reports, libraries: Mapping[str, Library]) -> bool:
    """Print whether the report equals one `ILIKE` per window; True when it does everywhere."""
    cases = list(itertools.product(PRESENT, STRIDES, SCOPES))
    async with asyncio.TaskGroup() as group:
        asking = {
            name: group.create_task(
                one_by_one.ask(
                    reports.variables[name]["KNOWLEDGE_BASE_DSN"], libraries[name].highlights
                )
            )
            for name in PRESENT
        }
        running = [
            group.create_task(
                reports.run(
                    name,
                    stride=stride,
                    scope=scope,
                    mode="ilike",
                    fallback="none",
                    budgets=",".join(map(str, BUDGETS)),
                )
            )
            for name, stride, scope in cases
        ]
    held = {name: asked.result() for name, asked in asking.items()}
    print(
        f"Mode ilike against {sum(map(len, held.values())):,} windows asked one by one:"
        " all orders, all budgets, all highlights"
    )
    equal = True
    for (name, stride, scope), done in zip(cases, running, strict=True):
        report = done.result()
        highlights = libraries[name].highlights
        expected = one_by_one.all_first_hits(highlights, held[name], stride, scope)
        other = list(one_by_one.differences(report, expected, BUDGETS))
        equal &= not other
        rate = _share(report["any_window"]["matched"], report["eligible"])
        print(
            f"  {name:<8}stride {stride}  {scope:<9}any window {rate:<22}"
            f"{f'{len(other)} DIFFERENCES' if other else 'equal'}"
        )
        for line in other[:SHOWN]:
            print(f"    {line}")
    return equal


async def compare_with_truth(
    reports: Reports, libraries: Mapping[str, Library], failures: bool
) -> bool:
    """Print the rates of mode `words` beside their goals; True when every goal is met."""
    cases = list(itertools.product(FALLBACKS, SCOPES, libraries))
    async with asyncio.TaskGroup() as group:
        running = [
            group.create_task(reports.run(name, mode="words", fallback=method, scope=scope))
            for method, scope, name in cases
        ]
    met = True
    for (method, scope, name), done in zip(cases, running, strict=True):
        report = done.result()
        table = Table(f"{method:<11}{scope:<9}")
        library = libraries[name]
        if name in PRESENT:
            _rate_present(table, name, report, library, goals=method == "alignment")
        else:
            _rate_absent(table, report, library)
        table.distances(name, report)
        met &= table.met
        if failures:
            _show_failures(report, library)
    return met


@dataclass
class Table:
    """Lines of rates, some with a goal; `met` while none of these was missed."""

    label: str
    met: bool = True

    def row(self, name: str, what: str, count: int, of: int, goal: float | None = None) -> None:
        """Print one rate."""
        rate = count / of if of else float("nan")
        verdict = ""
        if goal is not None:
            reached = rate >= goal
            self.met &= reached
            verdict = f"goal {goal:.1%}, {'met' if reached else 'MISSED'}"
        print(f"{self.label}{name:<8}{what:<34}{_share(count, of):<22}{verdict}".rstrip())

    def distances(self, name: str, report: Report) -> None:
        """Print how near the fallback came, accepted or not."""
        found = [match["distance"] for match in report["matches"] if match["distance"] is not None]
        if found:
            print(
                f"{self.label}{name:<8}distances of the fallback: {min(found):.3f} to"
                f" {max(found):.3f}, median {statistics.median(found):.3f},"
                f" threshold {report['fallback']['threshold']:.3f}"
            )


def _rate_present(table: Table, name: str, report: Report, library: Library, goals: bool) -> None:
    eligible = report["eligible"]
    goal_any = GOALS_ANY_WINDOW[name] if goals else None
    table.row(name, "any window", report["any_window"]["matched"], eligible, goal_any)
    total = report["matched_total"]["matched"]
    table.row(name, "matched in all", total, eligible, GOAL_TOTAL if goals else None)
    for what, methods in (
        ("all accepted", ("exact", "fallback")),
        ("exact", ("exact",)),
        ("fallback", ("fallback",)),
    ):
        accepted = [
            match["passage"] in library.right(highlight)
            for highlight, match in _judged(report, library)
            if match["method"] in methods
        ]
        if what == "all accepted" and len(accepted) != total:
            raise ReportFailed(f"The report counts {total} matched and lists {len(accepted)}.")
        goal = GOAL_RIGHT if goals and accepted else None
        table.row(name, f"  right place: {what}", sum(accepted), len(accepted), goal)


def _rate_absent(table: Table, report: Report, library: Library) -> None:
    for name in PRESENT:
        methods = [
            match["method"]
            for highlight, match in _judged(report, library)
            if highlight.collection == name
        ]
        for method in ("exact", "fallback"):
            table.row(name, f"absent, accepted: {method}", methods.count(method), len(methods))


def _judged(report: Report, library: Library) -> Iterator[tuple[Highlight, Report]]:
    highlights = {highlight.id: highlight for highlight in library.highlights}
    for match in report["matches"]:
        yield highlights[match["highlight"]], match


def _show_failures(report: Report, library: Library) -> None:
    """Print what was missed, accepted in the wrong place, or accepted though it is nowhere."""
    for highlight, match in _judged(report, library):
        right = library.right(highlight)
        if bool(right) == (match["passage"] is not None) and (
            match["passage"] is None or match["passage"] in right
        ):
            continue
        distance = "" if match["distance"] is None else f" at {match['distance']:.3f}"
        true = f"{highlight.true[0]} to {highlight.true[-1]}" if highlight.true else "nowhere"
        print(
            f"    {highlight.collection} {highlight.id}: {match['method']}{distance},"
            f" passage {match['passage']}, truly {true}: {highlight.text}"
        )


def _share(count: int, of: int) -> str:
    return f"{count:,} of {of:,}" + (f" = {count / of:.1%}" if of else "")


async def measure(server: DemoServer, data: Path, options: argparse.Namespace) -> bool:
    """Load the libraries and hold the report against them; True when all is well."""
    libraries = transcripts.read(data, options.passage_words, options.seed)
    for name, library in libraries.items():
        print(f"{name}: {len(library.highlights)} highlights, {len(library.passages)} passages")
    variables = {
        name: await loading.load(server, name, library) for name, library in libraries.items()
    }
    reports = Reports(variables, server.directory)
    equal = await compare_with_ilike(reports, libraries)
    print()
    met = await compare_with_truth(reports, libraries, options.failures)
    return equal and met


def main() -> int:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the transcripts")
    parser.add_argument("--seed", type=int, default=0, help="cuts the studio transcript")
    parser.add_argument("--passage-words", type=int, default=60, help="words in a passage, about")
    parser.add_argument("--failures", action="store_true", help="print every highlight that fails")
    options = parser.parse_args()
    if not (options.data / "sentences.jsonl").exists():
        print(f"There are no transcripts in {options.data}: name their folder with --data.")
        return 1

    started = time.perf_counter()
    # Being ended ends the server too.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    code = 1
    try:
        with loading.own_server() as server:
            code = 0 if asyncio.run(measure(server, options.data, options)) else 1
        print(f"\n{time.perf_counter() - started:.0f} s")
    except* ReportFailed as failed:
        print(failed.exceptions[0])
    except* KeyboardInterrupt:
        code = 130
    return code


if __name__ == "__main__":
    sys.exit(main())
