"""How soon the Alignment page is there, and in how much memory, on the demo and on ten times it.

    python benchmarks/alignment_page.py [--runs 3]

In a freshly started app, from the click on the page's link to everything at rest, in a real
browser. Memory is the most that the app's process took meanwhile, over what it took before. Goals:
5 s and 600 MB on the demo (31,102 passages under two models, 1,408 highlights), 10 s on 310,000
passages a model, judged by a sample, which the page must say.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

import asyncpg
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import psutil
from playwright.sync_api import Browser, sync_playwright

from benchmarks.loading import own_server
from benchmarks.pages import CHARTS_DRAWN, rest
from lib.demo import models, text
from lib.demo.copying import embedding_rows
from lib.demo.provision import addresses, provision
from lib.demo.server import OWNER, DemoServer
from lib.settings import demo_directory
from lib.similarity.scores import Matrix, unit
from scripts.ensure_browser import installed
from tests.browser.conftest import FLAGS, running_app

COPIES = 10
NOISE = 0.5
SECONDS, LARGE_SECONDS, MEGABYTES = 5.0, 10.0, 600.0
CHARTS = 5
TABLES = f"""
    CREATE EXTENSION vector;
    CREATE EXTENSION pg_trgm;
    CREATE TABLE books (book_id integer PRIMARY KEY, title text NOT NULL);
    CREATE TABLE chunks (
        chunk_id integer PRIMARY KEY, book_id integer NOT NULL, content text NOT NULL
    );
    CREATE TABLE chunk_embeddings (
        chunk_id integer NOT NULL, embedding_model text NOT NULL,
        embedding vector({models.DIMENSIONS}) NOT NULL
    );
"""


def open_page(
    browser: Browser, folder: Path, **environment: str
) -> tuple[float, float, float, str]:
    """Seconds to the last chart and to rest, megabytes, and what the page says was judged."""
    with running_app(folder, **environment) as app:
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        page.goto(f"{app.url}/connect")
        page.get_by_role("heading", level=1, name="Connect").wait_for()
        rest(page)
        process = psutil.Process(app.process.pid)
        before = process.memory_info().rss
        # The most since now: Linux forgets the peak before this.
        Path(f"/proc/{process.pid}/clear_refs").write_text("5")
        started = time.perf_counter()
        page.get_by_role("link", name="Alignment", exact=True).click()
        page.get_by_role("heading", level=1, name="Alignment").wait_for()
        page.wait_for_function(CHARTS_DRAWN, arg=CHARTS, polling=20, timeout=120_000)
        charted = time.perf_counter() - started
        rest(page)
        rested = time.perf_counter() - started
        status = Path(f"/proc/{process.pid}/status").read_text().splitlines()
        peak = int(next(line for line in status if line.startswith("VmHWM")).split()[1])
        said = page.get_by_text("anchors among").inner_text()
        page.close()
    return charted, rested, peak / 1024 - before / 2**20, said


def measure(
    browser: Browser, folder: Path, runs: int, name: str, goal: float, **environment: str
) -> bool:
    """Open the page some times and print the medians; whether the goals are met."""
    opened = [open_page(browser, folder, **environment) for _ in range(runs)]
    charted, rested, megabytes = (
        statistics.median(column) for column in list(zip(*opened, strict=True))[:3]
    )
    met = bool(rested <= goal and megabytes <= MEGABYTES)
    each = ", ".join(f"{one[1]:.2f}" for one in opened)
    print(
        f"{name:<24}last chart {charted:5.2f} s, at rest {rested:5.2f} s ({each}; goal {goal:g}), "
        f"{megabytes:4.0f} MB more (goal {MEGABYTES:g}): {'met' if met else 'MISSED'}\n"
        f"    {opened[-1][3]}",
        flush=True,
    )
    return met


async def grow(server: DemoServer) -> str:
    """A knowledge base of ten copies of the demo's passages, each a little different; its DSN."""
    owner = await asyncpg.connect(server.dsn(OWNER, OWNER))
    try:
        await owner.execute("CREATE DATABASE knowledge_base_grown")
    finally:
        await owner.close()
    library = text.load()
    verses = library.verses
    count, books = len(verses), len(library.books)
    vectors = {
        name: models.embed(name, [verse.content for verse in verses]) for name in models.MODELS
    }
    rng = np.random.default_rng(0)
    connection = await asyncpg.connect(server.dsn("knowledge_base_grown", OWNER))
    try:
        await connection.execute(TABLES)
        for copy in range(COPIES):
            rows = []
            for place, verse in enumerate(verses):
                words = np.array(verse.content.split(), dtype=object)
                if copy:
                    rng.shuffle(words)
                book = copy * books + verse.book_id
                rows.append((copy * count + place, book, " ".join(words)))
            await connection.copy_records_to_table("chunks", records=rows)
            for name, matrix in vectors.items():
                await connection.copy_to_table(
                    "chunk_embeddings",
                    source=embedding_rows(
                        [row[0] for row in rows], name, _moved(matrix, rng) if copy else matrix
                    ),
                    format="binary",
                )
        await connection.execute(
            "INSERT INTO books SELECT DISTINCT book_id, 'book ' || book_id FROM chunks"
        )
        await connection.execute("VACUUM (ANALYZE)")
    finally:
        await connection.close()
    return server.dsn("knowledge_base_grown", OWNER)


def _moved(matrix: Matrix, rng: np.random.Generator) -> Matrix:
    """Vectors near these, about as far as those of another wording."""
    noise = rng.normal(size=matrix.shape).astype(np.float32)
    return unit(matrix + NOISE * unit(noise))


def main() -> int:
    """Open the page on both libraries and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="fresh apps per library")
    options = parser.parse_args()
    demo = provision(demo_directory())
    met = True
    with own_server() as server, tempfile.TemporaryDirectory() as folder:
        # Before the browser comes, whose event loop stands in the way of others.
        grown = asyncio.run(grow(server))
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=installed(), args=FLAGS)
            place = Path(folder)
            met &= measure(browser, place, options.runs, "31,102 passages", SECONDS)
            met &= measure(
                browser,
                place,
                options.runs,
                f"{COPIES * len(text.load().verses):,} passages",
                LARGE_SECONDS,
                LIFE_DASHBOARD_DSN=addresses(demo, OWNER).life_dashboard,
                KNOWLEDGE_BASE_DSN=grown,
            )
            browser.close()
    demo.release()
    return int(not met)


if __name__ == "__main__":
    sys.exit(main())
