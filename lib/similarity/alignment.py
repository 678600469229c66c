"""Measures alignment and suspects on the two databases."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lib.databases import embeddings, highlights
from lib.databases.pools import Databases
from lib.databases.relations import Relations
from lib.databases.vectors import Vectors
from lib.similarity import suspects, verdicts
from lib.similarity.measure import SEED, comparable
from lib.similarity.scores import unit
from lib.similarity.verdicts import PairAlignment

RHO_HIGHLIGHTS = 500
RHO_PASSAGES = 2_000

OnCount = Callable[[int], object]


async def measure_alignment(
    databases: Databases,
    relations: Relations,
    anchors: pd.DataFrame,
    labels: Sequence[str],
    models: Sequence[str],
    seed: int = SEED,
    on_passages: OnCount = lambda seen: None,
) -> list[PairAlignment]:
    """Judge every highlight label against every passage model.

    `anchors` has columns `id` (highlight), `model` (its label) and `passage` (id); at most
    `limits.anchors` of each label are used, drawn by `seed`.
    """
    vectors = {
        label: await highlights.read_vectors(databases, relations, label) for label in labels
    }
    chosen = {label: _choose(databases, anchors, label, vectors[label], seed) for label in labels}
    found = []
    seen = 0
    for model in models:
        sample = await embeddings.read_sample(databases, relations, model, RHO_PASSAGES, seed)
        queries, ids = _queries(chosen, vectors, sample)
        ranks, scores, total = await _rank(
            databases, relations, model, sample.matrix.shape[1], queries, ids
        )
        seen += total
        on_passages(seen)
        start = 0
        for label in labels:
            found.append(
                _judge_pair(
                    label,
                    model,
                    vectors[label],
                    sample,
                    queries[label],
                    ranks[start : start + len(ids[label])],
                    scores[start : start + len(ids[label])],
                    total,
                )
            )
            start += len(ids[label])
    return sorted(found, key=lambda pair: (labels.index(pair.highlight_model), pair.passage_model))


def _choose(
    databases: Databases, anchors: pd.DataFrame, label: str, vectors: Vectors, seed: int
) -> pd.DataFrame:
    """The anchors of a label whose highlight has a vector, at most the limit; with its row."""
    row_of = {identifier: row for row, identifier in enumerate(vectors.ids)}
    mine = anchors[anchors["model"] == label]
    mine = mine.assign(row=[row_of.get(identifier, -1) for identifier in mine["id"]])
    mine = mine[mine["row"] >= 0]
    most = databases.settings.limits.anchors
    return mine.sample(most, random_state=seed) if len(mine) > most else mine


def _queries(
    chosen: Mapping[str, pd.DataFrame], vectors: Mapping[str, Vectors], sample: Vectors
) -> tuple[dict[str, NDArray[np.float32]], dict[str, list[Any]]]:
    """The unit vectors of each label's anchors, and the ids of their true passages."""
    queries, ids = {}, {}
    for label, anchors in chosen.items():
        usable = comparable(vectors[label], sample)
        rows = anchors["row"].tolist() if usable else []
        dimension = sample.matrix.shape[1]
        matrix = vectors[label].matrix[rows] if rows else np.empty((0, dimension), np.float32)
        queries[label] = unit(matrix)
        ids[label] = anchors["passage"].tolist() if usable else []
    return queries, ids


async def _rank(
    databases: Databases,
    relations: Relations,
    model: str,
    dimension: int,
    queries: Mapping[str, NDArray[np.float32]],
    ids: Mapping[str, list[Any]],
) -> tuple[NDArray[np.float64], NDArray[np.float32], int]:
    """Of every anchor, label after label: the rank of its true passage among all passages of the
    model (inf when that passage has no vector), and its score; and the number of passages."""
    stacked = np.concatenate([*queries.values(), np.empty((0, dimension), np.float32)])
    true_ids = [identifier for mine in ids.values() for identifier in mine]
    true = await embeddings.read_vectors(databases, relations, model, list(set(true_ids)))
    row_of = {identifier: row for row, identifier in enumerate(true.ids)}
    rows = np.array([row_of.get(identifier, -1) for identifier in true_ids], dtype=np.int64)
    scores = np.full(len(rows), np.nan, dtype=np.float32)
    if len(true) and true.matrix.shape[1] == dimension:
        known = rows >= 0
        scores[known] = np.einsum("ij,ij->i", stacked[known], unit(true.matrix)[rows[known]])
    better = np.zeros(len(rows))
    total = 0
    async for batch in embeddings.stream_vectors(databases, relations, model):
        total += len(batch)
        if len(rows) and batch.matrix.shape[1] == dimension:
            better += await asyncio.to_thread(_count_better, stacked, batch, scores)
    return np.where(np.isnan(scores), np.inf, 1 + better), scores, total


def _count_better(
    queries: NDArray[np.float32], batch: Vectors, scores: NDArray[np.float32]
) -> NDArray[np.int64]:
    # A passage must not outrank itself by the rounding of another order of summation.
    found = queries @ unit(batch.matrix).T > scores[:, None] + 1e-6
    return np.asarray(found.sum(axis=1), dtype=np.int64)


def _judge_pair(
    label: str,
    model: str,
    vectors: Vectors,
    sample: Vectors,
    queries: NDArray[np.float32],
    ranks: NDArray[np.float64],
    scores: NDArray[np.float32],
    passages: int,
) -> PairAlignment:
    rho = None
    if comparable(vectors, sample):
        rho = verdicts.covariance_alignment(vectors.matrix[:RHO_HIGHLIGHTS], sample.matrix)
    judgement = verdicts.judge(ranks[np.isfinite(ranks)], passages, rho)
    if len(vectors) and len(sample) and not comparable(vectors, sample):
        judgement = verdicts.different_dimensions(vectors.matrix.shape[1], sample.matrix.shape[1])
    random = queries @ unit(sample.matrix[:200]).T if len(queries) else np.empty(0, np.float32)
    return PairAlignment(label, model, judgement, scores[~np.isnan(scores)], random.ravel())


async def measure_suspects(
    databases: Databases,
    relations: Relations,
    labels: Sequence[str],
    models: Sequence[str],
    seed: int = SEED,
) -> pd.DataFrame:
    """Rows of both relations whose label lies, worst first.

    Columns `relation`, `id`, `label`, `looks_like` and `score` (nats per dimension). At most
    `limits.suspect_rows` rows of each label are judged.
    """
    most = databases.settings.limits.suspect_rows
    samples = {
        model: await embeddings.read_sample(databases, relations, model, most, seed)
        for model in models
    }
    dimensions = {sample.matrix.shape[1] for sample in samples.values()}
    if len(dimensions) != 1:
        # Labels of different dimensions cannot be mistaken for each other.
        return pd.DataFrame(columns=["relation", *suspects.COLUMNS])
    matrices = {model: sample.matrix for model, sample in samples.items()}
    in_embeddings = await asyncio.to_thread(
        suspects.find_suspects,
        {model: sample.ids for model, sample in samples.items()},
        matrices,
        seed,
    )
    frames = [in_embeddings.assign(relation="embeddings")]
    for label in labels:
        mine = await highlights.read_vectors(databases, relations, label)
        if len(mine) and {mine.matrix.shape[1]} == dimensions:
            found = await asyncio.to_thread(
                suspects.find_foreign, label, mine.ids, mine.matrix, matrices
            )
            frames.append(found.assign(relation="highlights"))
    ranked = pd.concat([frame for frame in frames if len(frame)] or frames, ignore_index=True)
    ranked = ranked.sort_values("score", ascending=False, ignore_index=True)
    return ranked[["relation", *suspects.COLUMNS]]
