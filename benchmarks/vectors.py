"""How much faster vectors are read as bytes than as text.

    python benchmarks/vectors.py [--model LABEL]

Reads all vectors of one model both ways, in turns, through the same pool and in batches of the
same size; both must give the same float32 matrix. Exit code 1 when the goal is missed.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lib import settings as settings_file
from lib.connection import Connection, provisioned
from lib.databases import embeddings
from lib.databases.pools import Databases
from lib.databases.relations import Relations
from lib.databases.vectors import Matrix, Vectors

RUNS = 3
GOAL = 10


async def as_bytes(databases: Databases, relations: Relations, model: str) -> Vectors:
    """All vectors of a model as Concordance reads them."""
    batches = [batch async for batch in embeddings.stream_vectors(databases, relations, model)]
    ids: list[Any] = [identifier for batch in batches for identifier in batch.ids]
    return Vectors(ids, np.concatenate([batch.matrix for batch in batches]))


async def as_text(databases: Databases, relations: Relations, model: str) -> Vectors:
    """The same as pgvector's text, parsed as JSON."""
    table = relations.embeddings
    sql = f"""
        SELECT {table["chunk_id"]} AS id, {table["embedding"]}::text AS payload
        FROM {table.sql}
        WHERE {table["embedding_model"]} = $1 AND {table["embedding"]} IS NOT NULL
    """
    ids: list[Any] = []
    parts = []
    size = databases.settings.limits.batch_rows
    async for rows in databases.knowledge_base.batches(sql, model, size=size):
        ids += [row["id"] for row in rows]
        parts.append(np.array([json.loads(row["payload"]) for row in rows], dtype=np.float32))
    return Vectors(ids, np.concatenate(parts))


def by_id(vectors: Vectors) -> Matrix:
    """The rows in the order of their ids: neither query promises one."""
    order = sorted(range(len(vectors)), key=lambda row: vectors.ids[row])
    return vectors.matrix[order]


async def measure(
    databases: Databases, relations: Relations, model: str | None
) -> tuple[str, Matrix, dict[str, list[float]]]:
    """The model that was read, its matrix, and the seconds of every run of both ways."""
    if model is None:
        known = await embeddings.count_by_model(databases, relations)
        model = str(known.sort_values("embeddings")["model"].iat[-1])
    seconds: dict[str, list[float]] = {"bytes": [], "text": []}
    for _ in range(RUNS):
        started = time.perf_counter()
        ours = await as_bytes(databases, relations, model)
        seconds["bytes"].append(time.perf_counter() - started)
        started = time.perf_counter()
        theirs = await as_text(databases, relations, model)
        seconds["text"].append(time.perf_counter() - started)
        if sorted(ours.ids) != sorted(theirs.ids):
            sys.exit("Both ways must read the same rows, and do not.")
        np.testing.assert_array_max_ulp(by_id(ours), by_id(theirs), maxulp=1)
    return model, ours.matrix, seconds


def main() -> int:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--model", help="label to read; default: the one with the most vectors")
    options = parser.parse_args()

    with contextlib.ExitStack() as stack:
        configured, server = provisioned(settings_file.load())
        if server is not None:
            stack.callback(server.release)
        connection = stack.enter_context(contextlib.closing(Connection(configured)))
        model, matrix, seconds = connection.run(measure, options.model)
    rows, dimensions = matrix.shape
    print(f"{rows:,} vectors of {dimensions} dimensions, {model}; both matrices equal to 1 ulp")
    medians = {way: statistics.median(runs) for way, runs in seconds.items()}
    for way, label in (("bytes", "as bytes, decoded by numpy"), ("text", "as text, json.loads")):
        each = ", ".join(f"{run:.2f}" for run in seconds[way])
        print(f"{label:<40}{medians[way]:>10.2f} s   median of {each}, in turns")
    ratio = medians["text"] / medians["bytes"]
    verdict = "met" if ratio >= GOAL else "missed"
    print(f"{'  ratio':<40}{ratio:>10.1f} ×   goal {GOAL} ×, {verdict}")
    return 0 if verdict == "met" else 1


if __name__ == "__main__":
    sys.exit(main())
