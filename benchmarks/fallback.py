"""Which distance the fallback may accept, from highlights whose true place is known.

    python benchmarks/fallback.py [--sampled 150] [--seed 0]

Runs on the demo, which alone has a list of what was planted. The highlights that no window finds
(scope book) go through both methods; an answer is right when its passage overlaps the true span,
one passage to either side allowed. Text that is in no book must not be spared by having no book to
look in: it searches a random one, and for `all books` everything, like the rest.
`lib/matching/fallback.py` takes its THRESHOLDS from here.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import time
from pathlib import Path

import asyncpg
import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lib import settings as settings_file
from lib.connection import Connection, provisioned
from lib.databases import highlights
from lib.databases.pools import Databases
from lib.databases.relations import Relations
from lib.demo.provision import addresses
from lib.demo.server import OWNER, server_in
from lib.matching import fallback
from lib.matching.scan import scan
from lib.matching.study import study

NEEDED_PRECISION = 0.99
THRESHOLDS = [round(0.05 * step, 2) for step in range(1, 20)]
NEIGHBOUR = 1  # passages of the demo are numbered in reading order


async def read_truth(dsn: str) -> pd.DataFrame:
    """By highlight id: `first` and `last` true passage, NaN for text that is in no book."""
    settings = {"default_transaction_read_only": "on"}
    connection = await asyncpg.connect(dsn, server_settings=settings)
    try:
        rows = await connection.fetch(
            "SELECT id, first_chunk, last_chunk FROM demo_planted WHERE kind IN ('span', 'outside')"
        )
    finally:
        await connection.close()
    frame = pd.DataFrame([tuple(row) for row in rows], columns=["id", "first", "last"])
    return frame.set_index("id").astype(float)


def judge(found: pd.DataFrame, asked: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """For each answer its `distance`, and whether it is `right`."""
    true = truth.loc[asked["id"].iloc[found["highlight"]]]
    passage = found["passage"].astype(float).to_numpy()
    right = (passage >= true["first"].to_numpy() - NEIGHBOUR) & (
        passage <= true["last"].to_numpy() + NEIGHBOUR
    )
    outside = true["first"].isna().to_numpy()
    return pd.DataFrame({"distance": found["distance"], "right": right, "outside": outside})


def show(title: str, judged: pd.DataFrame, seconds: float) -> None:
    """Print precision by threshold, and the largest threshold that is precise enough."""
    inside = int((~judged["outside"]).sum())
    print(f"\n{title}: {inside} highlights of the books, {len(judged) - inside} of no book")
    print(f"{1000 * seconds / max(len(judged), 1):.1f} ms per highlight")
    print(f"{'threshold':>10}{'accepted':>10}{'right':>8}{'precision':>11}{'found':>8}")
    largest = None
    for threshold in THRESHOLDS:
        accepted = judged[judged["distance"] <= threshold]
        right = int(accepted["right"].sum())
        precision = right / len(accepted) if len(accepted) else float("nan")
        if precision >= NEEDED_PRECISION:
            largest = threshold
        print(
            f"{threshold:>10.2f}{len(accepted):>10}{right:>8}{precision:>11.1%}"
            f"{right / max(inside, 1):>8.1%}"
        )
    print(f"largest threshold with precision of at least {NEEDED_PRECISION:.0%}: {largest}")


async def measure(
    databases: Databases, relations: Relations, dsn: str, sampled: int, seed: int
) -> None:
    """Run both methods and print what they find."""
    texts = await highlights.read_texts(databases, relations)
    truth = await read_truth(dsn)
    if not set(texts["id"]) <= set(truth.index):
        sys.exit("These highlights are not the demo's: nobody knows where they truly are.")
    unmatched = np.array(study(await scan(databases, relations, texts), "book").unmatched)
    library = await fallback.read_library(databases, relations)
    print(f"{len(texts):,} highlights, of which no window finds {len(unmatched)} in their books")

    rng = np.random.default_rng(seed)
    # A book is drawn as often as it is long: so are the highlights that come from books.
    sizes = np.array([len(book.ids) for book in library.values()])
    drawn = rng.choice(list(library), size=len(texts), p=sizes / sizes.sum())
    outside = truth.loc[texts["id"], "first"].isna().to_numpy()
    one_book = texts.assign(book=np.where(outside, drawn, texts["book"]))
    has_book = one_book["book"].isin(library).to_numpy()[unmatched]
    rows = unmatched[has_book].tolist()
    some = np.sort(rng.choice(rows, size=min(sampled, len(rows)), replace=False)).tolist()

    started = time.perf_counter()
    found = fallback.align(one_book, rows, library, own_book_only=True)
    seconds = time.perf_counter() - started
    show("alignment, one book", judge(found, one_book, truth), seconds)

    started = time.perf_counter()
    found = fallback.align(one_book, rows, library, own_book_only=False)
    seconds = time.perf_counter() - started
    show("alignment, all books", judge(found, one_book, truth), seconds)

    started = time.perf_counter()
    found = await fallback.nearest_by_trigrams(databases, relations, one_book, some, set(library))
    seconds = time.perf_counter() - started
    show(f"pg_trgm {fallback.OPERATOR}, one book (sample)", judge(found, one_book, truth), seconds)


def main() -> int:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--sampled", type=int, default=150, help="highlights for pg_trgm")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    with contextlib.ExitStack() as stack:
        configured, server = provisioned(settings_file.load())
        server_of_truth = server or server_in(settings_file.demo_directory().resolve())
        if server is not None:
            stack.callback(server.release)
        connection = stack.enter_context(contextlib.closing(Connection(configured)))
        dsn = addresses(server_of_truth, OWNER).life_dashboard
        connection.run(measure, dsn, options.sampled, options.seed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
