"""Intervals and tests for proportions, paired and not. Pure functions of counts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import stats

Interval = tuple[float, float]
CONFIDENCE = 0.95


def wilson(successes: int, trials: int) -> Interval | None:
    """Wilson's 95% score interval of a proportion (Wilson 1927); None without trials."""
    if trials == 0:
        return None
    interval = stats.binomtest(successes, trials).proportion_ci(CONFIDENCE, method="wilson")
    return float(interval.low), float(interval.high)


def mcnemar(only_a: int, only_b: int) -> float:
    """Exact two-sided p-value that A and B succeed equally often (McNemar 1947).

    Given the discordant pairs, the number where only A succeeds is Binomial(only_a + only_b, ½).
    """
    discordant = only_a + only_b
    return 1.0 if discordant == 0 else float(stats.binomtest(only_a, discordant, 0.5).pvalue)


def newcombe(both: int, only_a: int, only_b: int, neither: int) -> Interval | None:
    """95% interval of the difference of two paired proportions, A minus B.

    Method 10 of Newcombe 1998 (Statistics in Medicine 17, 2635): Wilson intervals of each
    proportion, combined by their correlation, which is continuity-corrected when positive.
    """
    n = both + only_a + only_b + neither
    if n == 0:
        return None
    share_a, share_b = (both + only_a) / n, (both + only_b) / n
    low_a, high_a = wilson(both + only_a, n) or (0.0, 1.0)
    low_b, high_b = wilson(both + only_b, n) or (0.0, 1.0)
    margins = (both + only_a) * (only_b + neither) * (both + only_b) * (only_a + neither)
    product = float(both * neither - only_a * only_b)
    if product > 0:
        product = max(product - n / 2, 0.0)
    phi = product / np.sqrt(margins) if margins else 0.0
    difference = share_a - share_b
    down_a, up_b = share_a - low_a, high_b - share_b
    up_a, down_b = high_a - share_a, share_b - low_b
    below = np.sqrt(down_a**2 - 2 * phi * down_a * up_b + up_b**2)
    above = np.sqrt(up_a**2 - 2 * phi * up_a * down_b + down_b**2)
    return float(difference - below), float(difference + above)


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values corrected for having tested them all (Holm 1979), in the order given."""
    count = len(p_values)
    ascending = np.argsort(p_values, kind="stable")
    corrected = np.empty(count)
    highest = 0.0
    for rank, place in enumerate(ascending):
        highest = max(highest, (count - rank) * p_values[place])
        corrected[place] = min(1.0, highest)
    return [float(p) for p in corrected]
