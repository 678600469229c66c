"""The claim that starting at the edges of a highlight loses about 30%, put on trial."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from lib.matching.claims import SIGNIFICANT, edge_drift_in_words, order_at_budget
from lib.matching.clusters import as_interval, intervals_by_books
from lib.matching.drift import Drift
from lib.matching.statistics import Interval
from lib.matching.study import Study
from lib.matching.wording import (
    p_words,
    percent,
    percents,
    points,
    points_between,
    tries,
    turned,
)

Verdict = Literal[
    "holds", "smaller", "larger", "no difference", "reversed", "undecided", "nothing to compare"
]
Reading = Literal["holds", "smaller", "larger"]
# The claim: "starting at the edges loses about 30%".
CLAIMED_LOSS = 0.30

_VERDICTS: dict[Verdict, str] = {
    "holds": "The claim holds here: starting at the edges loses, and a loss of 30% fits the data.",
    "smaller": "The claim says too much here: starting at the edges loses, but less than 30%.",
    "larger": "The claim says too little here: starting at the edges loses more than 30%.",
    "no difference": "The claim does not hold here: no loss beyond chance is seen, and one of 30% "
    "can be ruled out.",
    "reversed": "It is the other way round here: starting at the edges finds more.",
    "undecided": "It cannot be decided here: the highlights or books are too few to tell a loss of "
    "30% from none.",
    "nothing to compare": "There is nothing to compare: neither way of trying finds a highlight.",
}
_POINTS: dict[Reading, str] = {
    "holds": "Had 30 points been meant, they would fit",
    "smaller": "Had 30 points been meant, they could be ruled out",
    "larger": "Had 30 points been meant, the loss would be larger still",
}


@dataclass(frozen=True)
class Trial:
    """The claim that starting at the edges loses about 30%, judged by one study at one budget.

    Rates are shares of `highlights`. `difference` is the rate of `middle_out` minus that of
    `edge_first`, with its 95% `interval` (Newcombe) and, from five clusters on, `by_books`; the
    p-values are McNemar's, exact, and Holm's over all budgets. `loss` is the difference divided by
    the rate of the middle; its interval is by books too, or else Newcombe's divided likewise.
    `as_points` is how the claim does if it meant 30 points. None is what cannot be computed.
    """

    verdict: Verdict
    budget: int
    highlights: int
    clusters: int
    middle_rate: float | None
    edge_rate: float | None
    difference: float | None
    interval: Interval | None
    by_books: Interval | None
    p_value: float
    p_holm: float
    loss: float | None
    loss_interval: Interval | None
    as_points: Reading | None
    drift: Drift

    @property
    def sentences(self) -> tuple[str, ...]:
        """Verdict, figures, loss and drift: two to four sentences."""
        said = [_VERDICTS[self.verdict]]
        if self.verdict != "nothing to compare":
            said += [_figures_in_words(self), *_loss_in_words(self)]
        return (*said, edge_drift_in_words(self.drift))


def put_on_trial(study: Study, budget: int) -> Trial:
    """Judge the claim at the largest budget of the study that is not above `budget`.

    The difference counts as one where Holm's p-value is below .05 and its intervals exclude 0. If
    edges are better, the claim is `reversed`; if worse, it `holds` where the interval of the loss
    contains 30% and is otherwise `smaller` or `larger` than claimed. Without a difference the claim
    is refuted (`no difference`) where the interval lies below 30%, else `undecided`.
    """
    table = study.comparisons
    pair = table[(table["a"] == "middle_out") & (table["b"] == "edge_first")]
    row = pair[pair["budget"] <= max(budget, pair["budget"].min())].iloc[-1]
    budget = int(row["budget"])
    middle = _known(order_at_budget(study, "middle_out", budget)["rate"])
    edge = _known(order_at_budget(study, "edge_first", budget)["rate"])
    difference = _known(row["difference"])
    interval = as_interval(row[["low", "high"]].to_numpy(dtype=np.float64))
    by_books = as_interval(row[["book_low", "book_high"]].to_numpy(dtype=np.float64))
    loss = loss_interval = None
    if middle and difference is not None and interval:
        loss = difference / middle
        loss_interval = _loss_by_books(study, budget) or (
            interval[0] / middle,
            interval[1] / middle,
        )
    p_holm = float(row["p_holm"])
    verdict: Verdict = "nothing to compare"
    if (middle or edge) and difference is not None:
        intervals = [given for given in (interval, by_books) if given]
        verdict = _judge(difference, p_holm, intervals, loss_interval)
    return Trial(
        verdict=verdict,
        budget=budget,
        highlights=study.eligible,
        clusters=study.clusters,
        middle_rate=middle,
        edge_rate=edge,
        difference=difference,
        interval=interval,
        by_books=by_books,
        p_value=float(row["p_value"]),
        p_holm=p_holm,
        loss=loss,
        loss_interval=loss_interval,
        as_points=_read(by_books or interval),
        drift=study.drift,
    )


def _judge(
    difference: float, p_holm: float, intervals: Sequence[Interval], loss: Interval | None
) -> Verdict:
    differs = p_holm < SIGNIFICANT and all(low > 0 or high < 0 for low, high in intervals)
    if differs and difference < 0:
        return "reversed"
    reading = _read(loss)
    if differs and reading:
        return reading
    return "no difference" if reading == "smaller" else "undecided"


def _read(interval: Interval | None) -> Reading | None:
    """How a claim of .30 does against an interval."""
    if interval is None:
        return None
    low, high = interval
    return "smaller" if high < CLAIMED_LOSS else "larger" if low > CLAIMED_LOSS else "holds"


def _loss_by_books(study: Study, budget: int) -> Interval | None:
    found = np.array(
        [study.attempts["middle_out"] <= budget, study.attempts["edge_first"] <= budget]
    )
    return as_interval(
        intervals_by_books(
            found, ~study.too_short, study.cluster_of, lambda rates: 1 - rates[1:] / rates[:1]
        )[0]
    )


def _known(number: float) -> float | None:
    return None if math.isnan(number) else float(number)


def _figures_in_words(trial: Trial) -> str:
    middle, edge, difference = trial.middle_rate or 0, trial.edge_rate or 0, trial.difference or 0
    sign, word = (1, "less") if difference >= 0 else (-1, "more")
    interval = points_between(turned(trial.interval or (-1, 1), sign))
    if trial.by_books:
        interval += f", by books {points_between(turned(trial.by_books, sign))}"
    return (
        f"With {tries(trial.budget)}, the middle finds {percent(middle)} of {trial.highlights:,} "
        f"highlights and the edges {percent(edge)}: {points(difference)} {word} "
        f"(95% interval {interval}; {p_words(trial.p_holm)} after Holm's correction)."
    )


def _loss_in_words(trial: Trial) -> list[str]:
    if trial.loss is None or trial.loss_interval is None:
        return []
    word = "loss" if trial.loss >= 0 else "gain"
    interval = percents(turned(trial.loss_interval, 1 if trial.loss >= 0 else -1))
    points_too = f" {_POINTS[trial.as_points]}." if trial.as_points and trial.loss >= 0 else ""
    return [
        f"Measured by what the middle finds, that is a {word} of {percent(abs(trial.loss))} "
        f"(95% interval {interval}).{points_too}"
    ]
