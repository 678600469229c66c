"""Is a highlight label in the same space as a passage model? Pure functions of what was measured.

Anchors first: the same words, so the true passage is known without any vector, and vectors of one
model bring it to the top. Then covariance alignment, which needs neither text nor labels, held
against splits of the model's own passages by book. Where neither is clear the verdict is
`inconclusive`, never a guess.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from lib.matching.statistics import wilson
from lib.names import readable
from lib.similarity.anchored import Ranks
from lib.similarity.covariance import BookNull, CovarianceAlignment

Verdict = Literal["aligned", "mismatched", "inconclusive"]

FEWEST_ANCHORS = 5
FIRST = 10
# A model that works brings most anchors into the first ten; another model's vectors bring them
# there as often as chance does.
ALIGNED_RECALL = 0.5
MISMATCHED_RECALL = 0.2
CHANCE_P = 0.001
# In standard deviations above the mean of all passages: 0 of another model, 7 within one.
CHANCE_STANDING = 1.0
# Of ρ*: at most .05 between models on four of them; within one at least .26, of a single book.
MISMATCHED_EXCESS = 0.15
ALIGNED_EXCESS = (0.3, 0.4)
PARTLY = 0.15


@dataclass(frozen=True)
class Judgement:
    """A verdict on one pair of labels and the figures that it rests on.

    `ci95` is Wilson's interval of recall@10; `chance_at_10` what chance would reach of it, and
    `shuffled_at_10` what the passages of other anchors do reach; `standing` the median standing of
    the true passages (see `anchored.Ranks`). `excess_alignment` is ρ*, and `null` its range over
    splits of the model's passages by book, of which `null_below` lie lower.
    """

    verdict: Verdict
    note: str
    anchors: int = 0
    recall_at_1: float | None = None
    recall_at_10: float | None = None
    ci95: tuple[float, float] | None = None
    covariance_alignment: float | None = None
    chance_at_10: float | None = None
    shuffled_at_10: float | None = None
    standing: float | None = None
    excess_alignment: float | None = None
    null: tuple[float, float] | None = None
    null_below: float | None = None


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


def judge(
    found: Ranks,
    covariance: CovarianceAlignment | None,
    null: BookNull | None = None,
    shift: float | None = None,
) -> Judgement:
    """The verdict from the anchors' ranks, then from covariance alignment and its null.

    `shift` is the distance of the means as of `covariance.mean_shift`.
    """
    anchors = len(found.ranks)
    at_1, at_10 = int((found.ranks <= 1).sum()), int((found.ranks <= FIRST).sum())
    verdict, note = _by_anchors(found)
    # Anchors that some of the time find their passage are of this model: a part of them at least.
    excess = None if covariance is None else covariance.excess
    if verdict == "inconclusive" and excess is not None and not _found_by_some(found):
        decided, said = _by_covariance(excess, null, note)
        # What anchors in number speak against, the spread of the vectors does not mend.
        if decided != "aligned" or not _spoken_against(found):
            verdict, note = decided, said
    if verdict == "aligned":
        note += _reservations(found, null, shift)
    judgement = Judgement(
        verdict=verdict,
        note=note,
        anchors=anchors,
        recall_at_1=at_1 / anchors if anchors else None,
        recall_at_10=at_10 / anchors if anchors else None,
        ci95=wilson(at_10, anchors),
        chance_at_10=min(1.0, FIRST / max(found.passages, 1)) if anchors else None,
        shuffled_at_10=float((found.shuffled <= FIRST).mean()) if anchors > 1 else None,
        standing=float(np.median(found.standing)) if anchors else None,
    )
    if covariance is None:
        return judgement
    judgement = replace(
        judgement, covariance_alignment=covariance.rho, excess_alignment=covariance.excess
    )
    if null is None or len(null.values) == 0 or excess is None:
        return judgement
    return replace(
        judgement,
        null=(float(null.values[0]), float(null.values[-1])),
        null_below=null.below(excess),
    )


def _by_anchors(found: Ranks) -> tuple[Verdict, str]:
    anchors, at_10 = len(found.ranks), int((found.ranks <= FIRST).sum())
    chance, p_value = _chance(found)
    if anchors < FEWEST_ANCHORS:
        words = f"Only {anchors} anchors" if anchors != 1 else "Only 1 anchor"
        return "inconclusive", f"{words}: at least {FEWEST_ANCHORS} are needed."
    recall, standing = at_10 / anchors, float(np.median(found.standing))
    said = f"{at_10} of {anchors} anchors find their passage among the first ten"
    by_chance = f"chance would bring {anchors * chance:.2g}"
    _, high = wilson(at_10, anchors) or (0.0, 1.0)
    if recall >= ALIGNED_RECALL and p_value < CHANCE_P:
        return "aligned", f"{said}; {by_chance}."
    if recall >= ALIGNED_RECALL:
        return "inconclusive", f"{said}, but among {found.passages:,} passages chance can do that."
    if standing < CHANCE_STANDING and (high < MISMATCHED_RECALL or p_value > 0.05):
        return (
            "mismatched",
            f"Only {said}, and half of them score no better than "
            f"{standing:.1f} standard deviations above all passages; vectors of one model bring "
            "most anchors to the top.",
        )
    if p_value >= CHANCE_P:
        return (
            "inconclusive",
            f"{said}, hardly more than by chance, yet they score {standing:.1f} standard "
            "deviations above all passages: neither one model nor clearly two.",
        )
    return (
        "inconclusive",
        f"{said}: too many for chance, too few for one model. A part of these rows may be of it.",
    )


def _chance(found: Ranks) -> tuple[float, float]:
    """The chance of an anchor to be among the first ten, and of as many as there are."""
    anchors = len(found.ranks)
    if anchors == 0:
        return 1.0, 1.0
    # Passages of one book are alike: what other anchors' passages reach is chance here too.
    shuffled = float((found.shuffled <= FIRST).mean())
    chance = min(1.0, max(FIRST / max(found.passages, 1), shuffled))
    at_10 = int((found.ranks <= FIRST).sum())
    return chance, float(stats.binom.sf(at_10 - 1, anchors, chance))


def _spoken_against(found: Ranks) -> bool:
    at_10 = int((found.ranks <= FIRST).sum())
    _, high = wilson(at_10, len(found.ranks)) or (0.0, 1.0)
    return len(found.ranks) >= FEWEST_ANCHORS and high < MISMATCHED_RECALL


def _found_by_some(found: Ranks) -> bool:
    return len(found.ranks) >= FEWEST_ANCHORS and _chance(found)[1] < CHANCE_P


def _by_covariance(value: float, null: BookNull | None, so_far: str) -> tuple[Verdict, str]:
    aligned_at, mismatched_at = ALIGNED_EXCESS[1], MISMATCHED_EXCESS
    where = f"ρ* = {value:.2f}"
    if null is not None and len(null.values):
        low, high = float(null.values[0]), float(null.values[-1])
        where += f", within this model from {low:.2f} to {high:.2f}"
        aligned_at = float(np.clip(np.quantile(null.values, 0.01), *ALIGNED_EXCESS))
        mismatched_at = min(MISMATCHED_EXCESS, low / 2)
    if value >= aligned_at:
        return (
            "aligned",
            f"{so_far} Both sides spread in the same directions ({where}). Without anchors a "
            "space mirrored or turned within its own spread would look the same.",
        )
    if value <= mismatched_at:
        return "mismatched", f"{so_far} The two sides spread in unrelated directions ({where})."
    return "inconclusive", f"{so_far} How the vectors spread decides nothing ({where})."


def _reservations(found: Ranks, null: BookNull | None, shift: float | None) -> str:
    """What an aligned pair should still be told."""
    said = ""
    if len(found.standing) >= 2 * FEWEST_ANCHORS:
        lost = float((found.standing < CHANCE_STANDING).mean())
        if lost >= PARTLY:
            said += (
                f" But {100 * lost:.0f}% of the anchors score no better than chance: some rows of "
                "either side are of another model."
            )
    if shift is not None and null is not None and shift > max(null.shift, 0.05):
        said += (
            " The middle of these highlights lies apart from that of the passages, further than "
            "parts of the books do from each other: another query prefix or a different kind of "
            "text does that, another model does not."
        )
    return said


def with_precision(judgement: Judgement, highlights: str, passages: str) -> Judgement:
    """The judgement with a note where both sides are stored in different precision."""
    if highlights == passages or judgement.verdict != "aligned":
        return judgement
    note = (
        f"{judgement.note} The highlights hold {highlights} numbers and the passages {passages} "
        "ones: a quantised copy of a model is still that model."
    )
    return replace(judgement, note=note)


def different_dimensions(highlights: int, passages: int) -> Judgement:
    """The verdict on vectors that cannot even be compared."""
    note = f"{highlights} dimensions against {passages}: these cannot be one model."
    return Judgement("mismatched", note)


def nothing_to_judge(where: str) -> Judgement:
    """The verdict where one side has no vector with a direction."""
    return Judgement("inconclusive", f"No vector of the {where} has a direction to compare.")


def as_table(pairs: Sequence[PairAlignment]) -> pd.DataFrame:
    """The judgements as rows, in their order.

    Columns `highlight_model`, `passage_model`, `verdict`, `anchors`, `recall_at_1`,
    `recall_at_10`, `low`, `high` (Wilson's interval of recall@10), `chance`, `shuffled`,
    `standing`, `rho`, `excess`, `null_low`, `null_high`, `null_below`, `note`, and `caption` (two
    lines for a cell of the matrix).
    """
    rows = []
    for pair in pairs:
        found = pair.judgement
        low, high = found.ci95 or (None, None)
        null_low, null_high = found.null or (None, None)
        caption = "too little\nto compare"
        if found.verdict == "mismatched":
            caption = "different\ndimensions"
        if found.recall_at_10 is not None:
            caption = f"{100 * found.recall_at_10:.0f}% of {found.anchors}\nanchors"
        elif found.excess_alignment is not None:
            caption = f"no anchors\nρ* {found.excess_alignment:.2f}"
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
                "chance": found.chance_at_10,
                "shuffled": found.shuffled_at_10,
                "standing": found.standing,
                "rho": found.covariance_alignment,
                "excess": found.excess_alignment,
                "null_low": null_low,
                "null_high": null_high,
                "null_below": found.null_below,
                "note": found.note,
                "caption": caption,
            }
        )
    return pd.DataFrame(rows)


def mislabelled(table: pd.DataFrame) -> list[str]:
    """The labels that both sides carry although their vectors do not belong together."""
    same = table["highlight_model"] == table["passage_model"]
    return list(table.loc[same & (table["verdict"] == "mismatched"), "highlight_model"])


def to_draw(table: pd.DataFrame, most: int) -> pd.DataFrame:
    """The rows of `as_table` that a matrix of `most` labels by as many models has room for.

    Labels whose own vectors do not belong together come first, then those that nothing is decided
    of; and with each label the models that it was judged against.
    """
    if table.empty:
        return table
    same = table["highlight_model"] == table["passage_model"]
    worst = {"mismatched": 0, "inconclusive": 1, "aligned": 3}
    worth = table["verdict"].map(worst).where(same, 2)
    order = worth.sort_values(kind="stable").index
    labels = table.loc[order, "highlight_model"].drop_duplicates().head(most)
    mine = table.loc[order][table.loc[order, "highlight_model"].isin(labels)]
    models = mine["passage_model"].drop_duplicates().head(most)
    drawn = table["highlight_model"].isin(labels) & table["passage_model"].isin(models)
    return table[drawn].reset_index(drop=True)


def in_words(table: pd.DataFrame) -> str:
    """The matrix as one sentence, for those who do not see it."""
    parts = [
        f"{readable(row.highlight_model)} with {readable(row.passage_model)} {row.verdict}"
        for row in table.itertuples()
    ]
    return "; ".join(parts) + "."
