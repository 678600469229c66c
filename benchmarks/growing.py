"""How time and memory of the scan grow with the library.

Libraries of the demo's passages, then of the same passages with their words shuffled, so that a
larger library has more text and not more copies of it, on a server of its own. Each scan runs in
a fresh process, which reports its seconds, how many of them it computed itself (the rest is the
server's, or spent waiting), and its peak memory over that of the bare process.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import asyncpg
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.loading import own_server
from lib.connection import Connection
from lib.demo.provision import addresses
from lib.demo.server import OWNER, DemoServer
from lib.matching.study import scan_highlights
from lib.matching.windows import MODES, Mode
from lib.settings import PROJECT, Settings

SIZES = (31_000, 62_000, 124_000, 310_000)
RUNS = 3
GOAL_MEGABYTES = 1_000
TABLES = """
    CREATE EXTENSION vector;
    CREATE TABLE books (book_id integer PRIMARY KEY, title text);
    CREATE TABLE chunks (
        chunk_id integer PRIMARY KEY, book_id integer NOT NULL, content text NOT NULL
    );
    CREATE TABLE chunk_embeddings (
        chunk_id integer, embedding_model text, embedding vector(3)
    );
"""


def measure_growth(demo: DemoServer, seed: int) -> bool:
    """Print seconds and memory by size, and the slope of time; True when the goal is met."""
    found = addresses(demo, OWNER)
    texts = asyncio.run(_read(found.knowledge_base))
    titles = ("passages", "mode", "seconds", "of it here", "per 1,000", "peak over bare")
    print("{:>10}{:>8}{:>10}{:>12}{:>12}{:>16}".format(*titles))
    within = True
    with own_server() as server:
        seconds: dict[Mode, list[float]] = {mode: [] for mode in MODES}
        for size in SIZES:
            dsn = asyncio.run(_load(server, size, texts, seed))
            for mode in MODES:
                runs = [_scan_apart(found.life_dashboard, dsn, mode) for _ in range(RUNS)]
                took = statistics.median(run["seconds"] for run in runs)
                computing = statistics.median(run["computing"] for run in runs)
                peak = max(run["megabytes"] for run in runs)
                seconds[mode].append(took)
                within &= peak <= GOAL_MEGABYTES
                print(
                    f"{size:>10,}{mode:>8}{took:>10.2f}{computing:>12.2f}"
                    f"{1e6 * took / size:>9.1f} ms{peak:>13.0f} MB"
                )
    for mode, times in seconds.items():
        slope, start = np.polyfit(SIZES, times, 1)
        off = max(abs(start + slope * n - t) / t for n, t in zip(SIZES, times, strict=True))
        power = np.polyfit(np.log(SIZES), np.log(times), 1)[0]
        print(
            f"{mode}: {1e6 * slope:.1f} ms per 1,000 passages and {start:.2f} s once, from "
            f"{SIZES[0]:,} to {SIZES[-1]:,}; the line is off by {off:.0%} at most; time grows as "
            f"passages to the power of {power:.2f}"
        )
    verdict = "met" if within else "missed"
    print(f"peak memory at most {GOAL_MEGABYTES:,} MB over the bare process: {verdict}")
    return within


async def _read(dsn: str) -> list[tuple[int, str]]:
    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch("SELECT book_id, content FROM chunks ORDER BY chunk_id")
    finally:
        await connection.close()
    return [tuple(row) for row in rows]


async def _load(server: DemoServer, size: int, texts: Sequence[tuple[int, str]], seed: int) -> str:
    """A knowledge base of `size` passages; returns its DSN."""
    name = f"grown_{size}"
    owner = await asyncpg.connect(server.dsn(OWNER, OWNER))
    try:
        await owner.execute(f"CREATE DATABASE {name}")
    finally:
        await owner.close()
    rng = np.random.default_rng(seed)
    books = max(book for book, _ in texts) + 1
    rows = []
    for number in range(size):
        copy, place = divmod(number, len(texts))
        book, text = texts[place]
        if copy:
            words = np.array(text.split(), dtype=object)
            rng.shuffle(words)
            text = " ".join(words)
        rows.append((number, copy * books + book, text))
    connection = await asyncpg.connect(server.dsn(name, OWNER))
    try:
        await connection.execute(TABLES)
        await connection.copy_records_to_table("chunks", records=rows)
        await connection.execute("INSERT INTO books SELECT DISTINCT book_id, 'a book' FROM chunks")
        await connection.execute("VACUUM (ANALYZE)")
    finally:
        await connection.close()
    return server.dsn(name, OWNER)


def _scan_apart(life_dashboard: str, knowledge_base: str, mode: Mode) -> dict[str, float]:
    """One scan in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, life_dashboard, knowledge_base, mode],
        capture_output=True,
        text=True,
        check=True,
        cwd=PROJECT,
    )
    measured: dict[str, float] = json.loads(done.stdout)
    return measured


def _peak_kilobytes() -> int:
    """The largest memory this process has had.

    Linux keeps a figure for the program that runs now; getrusage's is also that of the process
    which started it, and serves elsewhere.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1])


def _scan_here(life_dashboard: str, knowledge_base: str, mode: Mode) -> None:
    settings = Settings().with_connections(life_dashboard, knowledge_base)
    with contextlib.closing(Connection(settings)) as connection:
        connection.relations()
        bare = _peak_kilobytes()
        started, computed = time.perf_counter(), time.process_time()
        found = connection.run(scan_highlights, mode=mode)
        seconds, computing = time.perf_counter() - started, time.process_time() - computed
        peak = _peak_kilobytes()
    print(
        json.dumps(
            {
                "seconds": seconds,
                "computing": computing,
                "megabytes": (peak - bare) / 1024,
                "hits": len(found.hit_window),
            }
        )
    )


if __name__ == "__main__":
    _scan_here(sys.argv[1], sys.argv[2], "words" if sys.argv[3] == "words" else "ilike")
