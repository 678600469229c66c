"""Is a highlight label in the same space as a passage model? Pure functions of counts and scores.

Anchors first: the same words, so the true passage is known without any vector, and vectors of one
model bring it to the top. Then covariance alignment, which needs neither text nor labels. Where
neither is clear the verdict is `inconclusive`, never a guess.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from lib.matching.statistics import wilson
from lib.similarity.scores import Matrix

Verdict = Literal["aligned", "mismatched", "inconclusive"]

FEWEST_ANCHORS = 5
# A model that works brings most anchors into the first ten; another model's vectors bring them
# there as often as chance does, ten in N.
ALIGNED_RECALL = 0.5
MISMATCHED_RECALL = 0.2
CHANCE_P = 0.001
# On four real models: .68 to .99 within one model, .06 to .43 between two.
ALIGNED_RHO = 0.68
MISMATCHED_RHO = 0.43
FEWEST_VECTORS = 30


@dataclass(frozen=True)
class Judgement:
    """A verdict on one pair of labels and the figures that it rests on."""

    verdict: Verdict
    note: str
    anchors: int
    recall_at_1: float | None
    recall_at_10: float | None
    ci95: tuple[float, float] | None
    covariance_alignment: float | None


@dataclass(frozen=True)
class PairAlignment:
    """The judgement on one pair of labels, and the scores that it rests on.

    `anchor_scores` are of the anchors with their true passages, `random_scores` of the same
    anchors with random passages.
    """

    highlight_model: str
    passage_model: str
    judgement: Judgement
    anchor_scores: NDArray[np.float32]
    random_scores: NDArray[np.float32]


def judge(ranks: np.ndarray, passages: int, rho: float | None) -> Judgement:
    """The verdict from the ranks (from 1) of the anchors' true passages among `passages`.

    `ci95` is Wilson's interval of recall@10.
    """
    anchors = len(ranks)
    at_1, at_10 = int((ranks <= 1).sum()), int((ranks <= 10).sum())
    verdict, note = _by_anchors(anchors, at_10, passages)
    if verdict == "inconclusive" and rho is not None:
        verdict, note = _by_rho(rho, note)
    return Judgement(
        verdict=verdict,
        note=note,
        anchors=anchors,
        recall_at_1=at_1 / anchors if anchors else None,
        recall_at_10=at_10 / anchors if anchors else None,
        ci95=wilson(at_10, anchors),
        covariance_alignment=rho,
    )


def _by_anchors(anchors: int, at_10: int, passages: int) -> tuple[Verdict, str]:
    if anchors < FEWEST_ANCHORS:
        return "inconclusive", f"Only {anchors} anchors: at least {FEWEST_ANCHORS} are needed."
    chance = min(1.0, 10 / max(passages, 1))
    p_value = float(stats.binom.sf(at_10 - 1, anchors, chance))
    recall = at_10 / anchors
    found = f"{at_10} of {anchors} anchors find their passage among the first ten"
    _, high = wilson(at_10, anchors) or (0.0, 1.0)
    if recall >= ALIGNED_RECALL and p_value < CHANCE_P:
        return "aligned", f"{found}; chance would bring {anchors * chance:.2g}."
    if recall >= ALIGNED_RECALL:
        return "inconclusive", f"{found}, but among {passages} passages chance can do that too."
    if high < MISMATCHED_RECALL or p_value > 0.05:
        return "mismatched", f"Only {found}; vectors of one model bring most of them there."
    return "inconclusive", f"{found}: too many for chance, too few for one model."


def _by_rho(rho: float, so_far: str) -> tuple[Verdict, str]:
    if rho >= ALIGNED_RHO:
        return "aligned", f"{so_far} The spread of the vectors agrees (ρ = {rho:.2f})."
    if rho <= MISMATCHED_RHO:
        return "mismatched", f"{so_far} The spread of the vectors differs (ρ = {rho:.2f})."
    return "inconclusive", f"{so_far} The spread of the vectors decides nothing (ρ = {rho:.2f})."


def covariance_alignment(a: Matrix, b: Matrix) -> float | None:
    """ρ = tr ΣAΣB / √(tr ΣA² · tr ΣB²), between −0 and 1; None for too few rows.

    Estimated from the squared scores of distinct centred rows, which unlike the traces of sample
    covariances are not inflated by small samples.
    """
    if min(len(a), len(b)) < FEWEST_VECTORS or a.shape[1] != b.shape[1]:
        return None
    centred_a, centred_b = a - a.mean(axis=0), b - b.mean(axis=0)
    across = float(np.mean((centred_a @ centred_b.T) ** 2, dtype=np.float64))
    within = _mean_square_of_distinct(centred_a) * _mean_square_of_distinct(centred_b)
    return across / float(np.sqrt(within)) if within > 0 else None


def _mean_square_of_distinct(rows: Matrix) -> float:
    gram = (rows @ rows.T).astype(np.float64)
    squares = gram**2
    n = len(rows)
    return float((squares.sum() - np.trace(squares)) / (n * (n - 1)))


def different_dimensions(highlights: int, passages: int) -> Judgement:
    """The verdict on vectors that cannot even be compared."""
    note = f"{highlights} dimensions against {passages}: these cannot be one model."
    return Judgement("mismatched", note, 0, None, None, None, None)


def as_table(pairs: Sequence[PairAlignment]) -> pd.DataFrame:
    """The judgements as rows, in their order.

    Columns `highlight_model`, `passage_model`, `verdict`, `anchors`, `recall_at_1`,
    `recall_at_10`, `low`, `high` (Wilson's interval of recall@10), `rho`, `note`, and `caption`
    (a line for a cell of the matrix).
    """
    rows = []
    for pair in pairs:
        found = pair.judgement
        low, high = found.ci95 or (None, None)
        recall = "–" if found.recall_at_10 is None else f"{100 * found.recall_at_10:.0f}%"
        rows.append(
            {
                "highlight_model": pair.highlight_model,
                "passage_model": pair.passage_model,
                "verdict": found.verdict,
                "anchors": found.anchors,
                "recall_at_1": found.recall_at_1,
                "recall_at_10": found.recall_at_10,
                "low": low,
                "high": high,
                "rho": found.covariance_alignment,
                "note": found.note,
                "caption": f"recall@10 {recall}, {found.anchors} anchors",
            }
        )
    return pd.DataFrame(rows)


def mislabelled(table: pd.DataFrame) -> list[str]:
    """The labels that both sides carry although their vectors do not belong together."""
    same = table["highlight_model"] == table["passage_model"]
    return list(table.loc[same & (table["verdict"] == "mismatched"), "highlight_model"])


def in_words(table: pd.DataFrame) -> str:
    """The matrix as one sentence, for those who do not see it."""
    parts = [
        f"{row.highlight_model} with {row.passage_model} {row.verdict}"
        for row in table.itertuples()
    ]
    return "; ".join(parts) + "."
