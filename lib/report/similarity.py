"""The part of the report about similarity."""

from __future__ import annotations

import asyncio
import math
from dataclasses import asdict

import numpy as np

from lib.databases import highlights
from lib.databases.pools import Databases
from lib.databases.relations import Relations
from lib.report.values import Values, as_list, number, rate
from lib.similarity import measure
from lib.similarity.calibration import calibrate
from lib.similarity.choosing import choose_pairs
from lib.similarity.distributions import overlap
from lib.similarity.measure import TOP_K, PairScores
from lib.similarity.scores import summarise
from lib.similarity.separation import separate
from lib.similarity.wording import how_drawn, how_measured

# Of the nearest scores: what these are worth shows the poor, the usual and the good ones.
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)

# A nearest passage is the best of many: the number of chance passages above it being Poisson's,
# its E is below x in 1 − exp(−x) of the searches although nothing is to be found.
BELOW_1_BY_CHANCE = 1 - math.exp(-1)


async def similarity(
    databases: Databases,
    relations: Relations,
    sources: Values,
    labels: list[str],
    models: list[str],
    seed: int,
) -> Values:
    """Scores of the nearest passages against random pairs, by pair of labels.

    Of more than `limits.alignment_pairs` pairs those that matter most.
    """
    counts = await highlights.count_by_model(databases, relations)
    embedded = dict(zip(counts["model"], counts["embedded"], strict=True))
    heard = {label: int(embedded.get(label, 0)) for label in labels}
    stored = sources["knowledge_base"]["embeddings_by_model"]
    written = {model: int(stored[model]) for model in models}
    chosen = choose_pairs(heard, written, databases.settings.limits.alignment_pairs)
    pairs = []
    for label, model in chosen:
        pair = await measure.measure_pair(
            databases, relations, label, model, heard[label], written[model], seed
        )
        pairs.append(await asyncio.to_thread(figures, pair))
    return {"pairs": pairs, "pairs_left_out": len(heard) * len(written) - len(chosen)}


def figures(pair: PairScores) -> Values:
    """One pair of labels in figures."""
    background = pair.background
    top1 = pair.scores[:, 0][np.isfinite(pair.scores[:, 0])]
    kth = pair.scores[:, TOP_K - 1][np.isfinite(pair.scores[:, TOP_K - 1])]
    found = separate(top1, background.pairs, background.scores)
    return {
        "highlight_model": pair.highlight_model,
        "passage_model": pair.passage_model,
        "highlights": len(pair.highlight_ids),
        "passages": pair.passages_total,
        "way": pair.way,
        "measured": f"{how_measured(pair)} {how_drawn(background)}",
        "background": asdict(summarise(background.scores)),
        "top1": asdict(summarise(top1)),
        "top10": asdict(summarise(kth)),
        "separation_auc": found.area if found else None,
        "separation_ci95": as_list((found.low, found.high)) if found else None,
        "overlap": overlap(top1, background.scores),
        "calibrated": calibrated(pair) if len(top1) else [],
        "expected_below_1": expected_below_1(pair),
        "threshold_e1": background.score_for(1, pair.passages_total),
        "seed": background.seed,
    }


def calibrated(pair: PairScores) -> list[Values]:
    """What the nearest scores are worth, at some quantiles of them."""
    top1 = pair.scores[:, 0][np.isfinite(pair.scores[:, 0])]
    scores = np.quantile(top1, QUANTILES)
    worth = calibrate(scores, pair.background, pair.passages_total)
    return [
        {
            "quantile": quantile,
            "score": float(score),
            "percentile": number(percentile),
            "expected": number(expected),
            "at_floor": bool(at_floor),
            "chance": words,
        }
        for quantile, score, percentile, expected, at_floor, words in zip(
            QUANTILES,
            scores,
            worth.percentile,
            worth.expected,
            worth.at_floor,
            worth.words(),
            strict=True,
        )
    ]


def expected_below_1(pair: PairScores) -> Values:
    """Highlights whose nearest passage has E below 1, beside the share that chance alone gives."""
    top1 = pair.scores[:, 0][np.isfinite(pair.scores[:, 0])]
    worth = calibrate(top1, pair.background, pair.passages_total)
    below = int((worth.expected < 1).sum())
    counted = rate(below, len(top1))
    return {
        "highlights": below,
        "rate": counted["rate"],
        "ci95": counted["ci95"],
        "rate_by_chance": BELOW_1_BY_CHANCE,
    }
