"""How much faster one pass is than one ILIKE query per window.

    python benchmarks/matching.py [--stride 1] [--sampled 300] [--unindexed 40] [--seed 0]
    python benchmarks/matching.py --passages

Times the whole matching stage (the scan of every window, all orders and budgets, comparisons,
landings), then asks the database for a random sample of the windows, one query each, with and
without the trigram index, and extrapolates to all of them. The sampled windows must have the same
passages either way: a difference ends the benchmark. With --passages it prints instead how time and
memory grow from 31,000 passages to 310,000. Exit code 1 when a goal is missed.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import asyncpg
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.growing import measure_growth
from lib import settings as settings_file
from lib.connection import Connection, provisioned
from lib.databases import highlights
from lib.databases.patterns import like_pattern
from lib.databases.pools import Databases
from lib.databases.relations import Relations
from lib.demo.provision import provision
from lib.matching.scan import Scan, scan
from lib.matching.study import study

RUNS = 3
GOAL_WITH_INDEX, GOAL_WITHOUT = 40, 800
WITHOUT_INDEX = (
    "SET enable_bitmapscan = off",
    "SET enable_indexscan = off",
    "SET enable_indexonlyscan = off",
)


async def matching_stage(
    databases: Databases, relations: Relations, stride: int
) -> tuple[Scan, float]:
    """The scan of every highlight, and the seconds of the whole stage."""
    texts = await highlights.read_texts(databases, relations)
    started = time.perf_counter()
    found = await scan(databases, relations, texts, stride=stride)
    study(found, "library")
    return found, time.perf_counter() - started


async def one_query_per_window(
    databases: Databases, relations: Relations, found: Scan, sample: Sequence[int], indexed: bool
) -> float:
    """Seconds of one query for each window of `sample`, all of whose passages must be ours."""
    table = relations.passages
    sql = f"SELECT {table['chunk_id']} FROM {table.sql} WHERE {table['content']} ILIKE $1"
    connection = await asyncpg.connect(
        databases.settings.dsn("knowledge_base"),
        server_settings={
            "application_name": "concordance benchmark",
            "default_transaction_read_only": "on",
            "plan_cache_mode": "force_custom_plan",
        },
    )
    try:
        for statement in () if indexed else WITHOUT_INDEX:
            await connection.execute(statement)
        patterns = [like_pattern(found.windows.text[window]) for window in sample]
        plan = await connection.fetch(f"EXPLAIN {sql}", patterns[0])
        if ("Bitmap Index Scan" in str(plan)) != indexed:
            sys.exit(f"The plan is not the one to be measured: {plan}")
        started = time.perf_counter()
        theirs = [await connection.fetch(sql, pattern) for pattern in patterns]
        seconds = time.perf_counter() - started
    finally:
        await connection.close()
    ids = found.passages["passage"].to_numpy()
    for window, rows in zip(sample, theirs, strict=True):
        ours = set(ids[found.hit_passage[found.hit_window == window]].tolist())
        if ours != {row[0] for row in rows}:
            sys.exit(f"Different passages for window {window}: {found.windows.text[window]!r}")
    return seconds


def main() -> int:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--stride", type=int, default=1, help="words from window to window")
    parser.add_argument("--sampled", type=int, default=300, help="windows asked with the index")
    parser.add_argument("--unindexed", type=int, default=40, help="windows asked without it")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--passages", action="store_true", help="print growth with the library")
    options = parser.parse_args()
    if options.passages:
        demo = provision(settings_file.demo_directory())
        try:
            return 0 if measure_growth(demo, options.seed) else 1
        finally:
            demo.release()

    with contextlib.ExitStack() as stack:
        configured, server = provisioned(settings_file.load())
        if server is not None:
            stack.callback(server.release)
        connection = stack.enter_context(contextlib.closing(Connection(configured)))
        rng = np.random.default_rng(options.seed)
        found, _ = connection.run(matching_stage, options.stride)
        count = len(found.windows)
        print(
            f"{len(found.highlights):,} highlights, {len(found.passages):,} passages, {count:,}"
            f" windows of {found.windows.size} words at stride {options.stride}"
        )
        samples = {
            indexed: rng.choice(count, size=min(asked, count), replace=False)
            for indexed, asked in ((True, options.sampled), (False, options.unindexed))
        }
        runs: list[float] = []
        asking = {True: 0.0, False: 0.0}
        # In turns, so that other work on the machine slows all three alike.
        for turn in range(RUNS):
            runs.append(connection.run(matching_stage, options.stride)[1])
            for indexed, sample in samples.items():
                part = np.array_split(sample, RUNS)[turn].tolist()
                if part:
                    asking[indexed] += connection.run(one_query_per_window, found, part, indexed)
    ours = statistics.median(runs)
    each = ", ".join(f"{seconds:.2f}" for seconds in runs)
    print(f"{'whole matching stage, one pass':<44}{ours:>9.2f} s   median of {each}")
    missed = False
    for indexed, goal in ((True, GOAL_WITH_INDEX), (False, GOAL_WITHOUT)):
        asked, seconds = len(samples[indexed]), asking[indexed]
        how = f"{'with' if indexed else 'without'} trigram index"
        theirs = seconds / asked * count
        verdict = "met" if theirs / ours >= goal else "missed"
        if options.stride != 1:
            verdict = "stated for stride 1"
        missed |= verdict == "missed"
        print(
            f"{f'one ILIKE per window, {how}':<44}{theirs:>9.1f} s   sampled {asked} in"
            f" {seconds:.2f} s, extrapolated to {count:,}; same passages\n"
            f"{f'  ratio {how}':<44}{theirs / ours:>9.0f} ×   goal {goal} ×, {verdict}"
        )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
