"""What one search costs on the demo, warm: by the vector index, by words, and in all."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from benchmarks.demo import Demo, demo_library
from lib.databases import highlights, passages, similar, vectors, words
from lib.databases.nearest import configure, nearest_sql
from lib.databases.pools import Databases
from lib.databases.relations import Relations
from lib.demo import models
from lib.demo.models import DIMENSIONS, MODELS, WORDLLAMA
from lib.search import results
from lib.search.exact import read_vocabulary
from lib.search.question import Question, clean
from lib.search.recall import measure_recall
from lib.search.results import DEPTH

MOST = DEPTH
QUESTIONS = 150  # of each kind
WARMING = 10
SHORTEST, LONGEST = 3, 8  # words of a phrase
INDEX_GOAL = 50.0  # milliseconds, of 95 in 100
RECALL_GOAL = 0.95

Times = dict[str, list[float]]


def _draw_questions(demo: Demo, seed: int) -> dict[str, list[Question]]:
    """Highlights as they stand, and short phrases out of passages, each with its vector."""
    rng = np.random.default_rng(seed)
    heard = demo.connection.run(highlights.read_texts)["text"].tolist()
    stored = demo.connection.run(words.sample_texts, 10 * QUESTIONS)
    phrases: dict[str, None] = {}
    while len(phrases) < QUESTIONS:
        held = rng.choice(stored).split()
        length = rng.integers(SHORTEST, LONGEST + 1)
        if len(held) >= length:
            start = rng.integers(len(held) - length + 1)
            phrases[" ".join(held[start : start + length])] = None
    kinds = {
        "short phrases": list(phrases),
        "highlights": rng.choice(heard, QUESTIONS, replace=False).tolist(),
    }
    drawn = {}
    for kind, texts in kinds.items():
        cleaned = [clean(text).text for text in texts]
        matrix = models.embed(WORDLLAMA, cleaned)
        drawn[kind] = [
            Question(text, WORDLLAMA, vector, MOST)
            for text, vector in zip(cleaned, matrix, strict=True)
        ]
    return drawn


async def _by_index(
    databases: Databases, relations: Relations, questions: Sequence[Question], total: int
) -> Times:
    """Milliseconds in the database (planned and run), and of the whole call as the app makes it."""
    times: Times = defaultdict(list)
    sql = nearest_sql(relations, DIMENSIONS, MOST)
    for number, question in enumerate(questions):
        assert question.vector is not None
        vector = vectors.to_text(question.vector)
        started = time.perf_counter()
        found = await similar.nearest_by_embedding(
            databases, relations, WORDLLAMA, vector, DIMENSIONS, MOST, total=total
        )
        took = 1000 * (time.perf_counter() - started)
        assert found.way == "index"
        async with databases.knowledge_base.reading() as connection:
            await configure(connection, MOST)
            explained = await connection.fetchval(
                f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}", vector, WORDLLAMA
            )
        plan = json.loads(explained)[0]
        if number >= WARMING:
            times["vector index: in the database"].append(
                plan["Planning Time"] + plan["Execution Time"]
            )
            times["vector index: as the app asks"].append(took)
    return times


async def _search(
    databases: Databases, relations: Relations, questions: Sequence[Question], total: int
) -> Times:
    """Milliseconds of whole searches, and of each way while the others ran too."""
    times: Times = defaultdict(list)
    vocabulary = await read_vocabulary(databases, relations, total)
    for number, question in enumerate(questions):
        started = time.perf_counter()
        found = await results.search(databases, relations, question, vocabulary, total)
        took = 1000 * (time.perf_counter() - started)
        if number >= WARMING:
            for way, ranking in found.rankings.items():
                times[f"  {way}"].append(1000 * ranking.seconds)
            times["all ways, texts and scores"].append(took)
    return times


def _show(what: str, milliseconds: Sequence[float], goal: float | None = None) -> bool:
    middle, late = np.percentile(milliseconds, [50, 95])
    met = goal is None or bool(late <= goal)
    verdict = "" if goal is None else f"   goal p95 {goal:.0f} ms, {'met' if met else 'MISSED'}"
    print(
        f"  {what:<34}median {middle:>6.1f} ms   p95 {late:>6.1f} ms"
        f"   of {len(milliseconds)}{verdict}"
    )
    return met


def measure(seed: int) -> bool:
    """Print times and recall beside their goals; True when all are met."""
    with demo_library() as demo:
        run = demo.connection.run
        total = run(passages.count_passages)
        kinds = _draw_questions(demo, seed)
        both = [question for pair in zip(*kinds.values(), strict=True) for question in pair]
        print(f"{total:,} passages, the {MOST} best of each way; short phrases and highlights")
        met = True
        for what, times in run(_by_index, both, total).items():
            met &= _show(what, times, INDEX_GOAL if "database" in what else None)
        for kind, questions in kinds.items():
            print(f"{kind}, all ways at once:")
            for what, times in run(_search, questions, total).items():
                _show(what, times)
        for model in MODELS:
            found = run(measure_recall, model, total)
            assert found is not None
            reached = found.recall >= RECALL_GOAL
            met &= reached
            print(
                f"recall@{found.k} of {found.index}: {found.recall:.3f} over {found.questions}"
                f" questions (worst {found.worst:.2f}),"
                f" goal {RECALL_GOAL}, {'met' if reached else 'MISSED'}"
            )
    return met
