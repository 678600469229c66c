"""Whether mismatch is found, and nothing else: vectors of two real models in every arrangement.

    python benchmarks/mismatch.py [--splits 200]

Passages and noisy highlights of the demo under all-MiniLM-L6-v2 and multilingual-e5-small, stored
in two databases on a server of its own, right and wrong: labels swapped and missing, another
prefix, quantised, turned about their mean, and columns of which a part is the other model's. Then
splits of one model's rows, in which nothing may be found. Exit code 1 when a goal is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from threadpoolctl import threadpool_limits

from benchmarks import real_models
from benchmarks.arrangements import Arrangement, Goals, arrangements
from benchmarks.loading import own_server
from benchmarks.real_models import Sample
from benchmarks.splits import measure_splits
from benchmarks.stored import create, fill
from lib.connection import Connection
from lib.databases import embeddings, highlights
from lib.settings import Settings
from lib.similarity.audit import Audit, measure_audit


def run(connection: Connection) -> tuple[Audit, float]:
    """What is measured of the databases as they stand, and the seconds that took."""
    by_label = connection.run(highlights.count_by_model)
    by_model = connection.run(embeddings.count_by_model)
    labels = {row.model: int(row.embedded) for row in by_label.itertuples()}
    models = {row.model: int(row.embeddings) for row in by_model.itertuples()}
    started = time.perf_counter()
    found = connection.run(measure_audit, labels, models)
    return found, time.perf_counter() - started


def judge(arrangement: Arrangement, found: Audit, seconds: float, goals: Goals) -> None:
    """Hold verdicts and rows against what was arranged; print both."""
    verdicts = []
    for pair in found.alignment.pairs:
        allowed = arrangement.verdicts.get((pair.highlight_model, pair.passage_model))
        verdict = pair.judgement.verdict
        good = allowed is None or verdict in allowed
        if allowed is not None:
            goals.verdict(good, verdict, allowed)
        if (
            arrangement.note
            and verdict == "aligned"
            and arrangement.note_pair
            == (
                pair.highlight_model,
                pair.passage_model,
            )
        ):
            good &= goals.told(arrangement.note in pair.judgement.note)
        verdicts.append(
            f"{pair.highlight_model}×{pair.passage_model} {verdict}{'' if good else ' MISSED'}"
        )
    rows = ""
    if arrangement.lying is not None:
        suspected = found.labels.suspects
        said = set(zip(suspected["relation"], suspected["label"], suspected["id"], strict=True))
        right = len(said & arrangement.lying)
        precision = right / len(said) if said else float(not arrangement.lying)
        recall = right / len(arrangement.lying) if arrangement.lying else 1.0
        good = goals.rows(precision, recall)
        rows = (
            f"rows {len(arrangement.lying):>5}: precision {precision:.4f} recall {recall:.4f}"
            f"{'' if good else ' MISSED'}"
        )
    if arrangement.attributed is not None:
        looks = dict(
            zip(found.labels.unlabelled["id"], found.labels.unlabelled["looks_like"], strict=True)
        )
        share = float(np.mean([looks[i] == name for i, name in arrangement.attributed.items()]))
        rows = f"attributed rightly {share:.4f}{'' if goals.rows(share, 1.0) else ' MISSED'}"
    print(f"{arrangement.name:<58}{rows:<50}{seconds:5.1f} s  {'; '.join(verdicts)}", flush=True)


def measure_arrangements(sample: Sample, goals: Goals) -> None:
    """Store, measure and judge each arrangement in turn."""
    with own_server() as server:
        settings = Settings().with_connections(*asyncio.run(create(server, sample)))
        owners = settings.dsn("life_dashboard"), settings.dsn("knowledge_base")
        with contextlib.closing(Connection(settings)) as connection:
            for arrangement in arrangements(sample):
                asyncio.run(fill(owners, sample, arrangement))
                judge(arrangement, *run(connection), goals)


def main() -> int:
    """Embed, arrange, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--splits", type=int, default=200)
    options = parser.parse_args()
    sample = real_models.load()
    threadpool_limits(1, user_api="blas")
    print(
        f"{len(sample.passages):,} passages of {len(set(sample.books.tolist()))} books, "
        f"{len(sample.highlights)} noisy highlights, 384 dimensions"
    )
    goals = Goals()
    measure_arrangements(sample, goals)
    measure_splits(sample, options.splits, goals)
    goals.print()
    return int(goals.missed)


if __name__ == "__main__":
    sys.exit(main())
