"""What a search in some books costs by the vector index, and by comparing all that are left."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.demo import Demo, demo_library
from lib.databases import highlights, passages, similar, vectors
from lib.databases.nearest import configure
from lib.databases.pools import Databases
from lib.databases.relations import Relations
from lib.databases.within import Within
from lib.demo.models import DIMENSIONS, WORDLLAMA
from lib.search.recall import SAME
from lib.similarity.scores import unit

QUESTIONS = 60
MOST = (10, 50, 200)
BOOKS = (1, 1, 1, 1, 2, 3, 5, 8, 12, 20, 30, 40, 50, 60)
RECALL_GOAL = 0.95
CONSTANTS = (3, 6, 12, 20, 30, 60)


@dataclass(frozen=True)
class Filtered:
    """What some questions found: milliseconds of each, and scores, best first."""

    milliseconds: list[float]
    scores: list[list[float]]
    ways: frozenset[str]

    @property
    def median(self) -> float:
        """The middle of the times; NaN where there are none."""
        return float(np.median(self.milliseconds)) if self.milliseconds else float("nan")


async def _by_index(
    databases: Databases, relations: Relations, asked: Sequence[str], most: int, within: Within
) -> Filtered:
    """Through the index whatever the rule says; nothing where the planner takes none."""
    total = await passages.count_passages(databases, relations)
    times, scores, ways = [], [], set()
    for vector in asked:
        async with databases.knowledge_base.reading() as connection:
            left = await similar._count(connection, relations.passages, within)
            started = time.perf_counter()
            await configure(connection, similar._looked_at(most, left, total))
            rows, index = await similar._by_planner(
                connection, relations, WORDLLAMA, vector, DIMENSIONS, most, within
            )
            times.append(1000 * (time.perf_counter() - started))
        ways.add("no index" if index is None else "index")
        scores.append(sorted((row["score"] for row in rows), reverse=True))
    return Filtered(times, scores, frozenset(ways))


async def _exactly(
    databases: Databases, relations: Relations, asked: Sequence[str], most: int, within: Within
) -> Filtered:
    times, scores = [], []
    for vector in asked:
        async with databases.knowledge_base.reading() as connection:
            started = time.perf_counter()
            rows = await similar._exactly(
                connection, relations, WORDLLAMA, vector, DIMENSIONS, most, within
            )
            times.append(1000 * (time.perf_counter() - started))
        scores.append([row["score"] for row in rows])
    return Filtered(times, scores, frozenset({"exact"}))


async def _as_the_app(
    databases: Databases, relations: Relations, asked: Sequence[str], most: int, within: Within
) -> Filtered:
    total = await passages.count_passages(databases, relations)
    times, scores, ways = [], [], set()
    for vector in asked:
        started = time.perf_counter()
        found = await similar.nearest_by_embedding(
            databases, relations, WORDLLAMA, vector, DIMENSIONS, most, within, total
        )
        times.append(1000 * (time.perf_counter() - started))
        ways.add(found.way)
        scores.append(found.rows["score"].tolist())
    return Filtered(times, scores, frozenset(ways))


def _recall(found: Filtered, exact: Filtered) -> float:
    """The mean share of the nearest that were found; equally near ones count alike."""
    shares = [
        sum(score >= best[-1] - SAME for score in mine) / len(best)
        for mine, best in zip(found.scores, exact.scores, strict=True)
        if best
    ]
    return float(np.mean(shares))


def _draw_filters(demo: Demo, seed: int) -> list[tuple[int, Within]]:
    """Books drawn at random, the largest and the smallest, by the passages that they leave."""
    sizes = demo.connection.run(passages.count_by_book)
    rng = np.random.default_rng(seed)
    drawn = [tuple(map(str, rng.choice(list(sizes), count, replace=False))) for count in BOOKS]
    drawn += [(max(sizes, key=sizes.__getitem__),), (min(sizes, key=sizes.__getitem__),)]
    return sorted(
        ((sum(sizes[book] for book in books), Within(books)) for books in drawn),
        key=lambda one: one[0],
    )


def measure(seed: int) -> bool:
    """Print both costs for many filters; True when the rule misses neither rows nor recall."""
    with demo_library() as demo:
        run = demo.connection.run
        total = run(passages.count_passages)
        heard = run(highlights.read_vectors, WORDLLAMA, QUESTIONS)
        asked = [vectors.to_text(direction) for direction in unit(heard.matrix)]
        filters = _draw_filters(demo, seed)
        print(
            f"Medians of {len(asked)} questions. By the rule all are compared where that are no"
            f" more than {similar.COST} times the passages that an index would yield."
        )
        print(
            f"{'most':>5}{'books':>6}{'passages':>9}{'share':>7}{'yielded':>9}{'by index':>12}"
            f"{'recall':>8}{'exactly':>11}   {'by the rule':<14}{'':>9}{'recall':>8}"
        )
        met = True
        costs: list[tuple[float, float, float]] = []
        for most in MOST:
            for left, within in filters:
                exact = run(_exactly, asked, most, within)
                index = run(_by_index, asked, most, within)
                app = run(_as_the_app, asked, most, within)
                served = index.ways == {"index"}
                full = all(len(found) == min(most, left) for found in app.scores)
                recall = _recall(app, exact)
                met &= full and recall >= RECALL_GOAL
                if served:
                    ratio = left / similar._looked_at(most, left, total)
                    costs.append((ratio, index.median, exact.median))
                print(
                    f"{most:>5}{len(within.books):>6}{left:>9,}{left / total:>7.1%}"
                    f"{similar._looked_at(most, left, total):>9,}"
                    + (
                        f"{index.median:>9.1f} ms{_recall(index, exact):>8.3f}"
                        if served
                        else f"{'not used':>12}{'':>8}"
                    )
                    + f"{exact.median:>8.1f} ms   {' or '.join(sorted(app.ways)):<14}"
                    f"{app.median:>6.1f} ms{recall:>8.3f}"
                    f"{'' if full else '   ROWS MISSING'}"
                    f"{'' if recall >= RECALL_GOAL else '   MISSED'}"
                )
    _show_rules(costs)
    print(
        f"Goal: every row asked for, and recall {RECALL_GOAL}, by the rule;"
        f" {'met' if met else 'MISSED'}"
    )
    return met


def _show_rules(costs: Sequence[tuple[float, float, float]]) -> None:
    """Print what the rule would cost with other constants, over filters where an index serves."""
    best = sum(min(index, exact) for _, index, exact in costs)
    shown = []
    for constant in CONSTANTS:
        took = sum(exact if ratio <= constant else index for ratio, index, exact in costs)
        shown.append(f"{took / best:.2f} with {constant}")
    print(f"Time that the rule takes, the better of both in each case being 1: {', '.join(shown)}")
