"""The part of the report about similarity."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np

from lib.databases.pools import Databases
from lib.databases.relations import Relations
from lib.report.values import Values
from lib.similarity import measure
from lib.similarity.scores import summarise
from lib.similarity.separation import separation


async def similarity(
    databases: Databases,
    relations: Relations,
    sources: Values,
    labels: list[str],
    models: list[str],
    seed: int,
) -> Values:
    """Scores of the nearest passages against random pairs, by pair of labels."""
    pairs = []
    for label in labels:
        for model in models:
            total = sources["life_dashboard"]["by_model"][label]
            stored = sources["knowledge_base"]["embeddings_by_model"][model]
            pair = await measure.measure_pair(
                databases, relations, label, model, total, stored, seed
            )
            top1 = pair.scores[:, 0][np.isfinite(pair.scores[:, 0])]
            pairs.append(
                {
                    "highlight_model": label,
                    "passage_model": model,
                    "highlights": len(pair.highlight_ids),
                    "background": asdict(summarise(pair.background.scores)),
                    "top1": asdict(summarise(top1)),
                    "separation_auc": separation(top1, pair.background.scores),
                    "seed": seed,
                }
            )
    return {"pairs": pairs}
