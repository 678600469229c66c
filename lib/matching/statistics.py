"""Intervals and tests for proportions and paired differences. Pure functions of numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

Interval = tuple[float, float]
CONFIDENCE = 0.95
_Z = float(stats.norm.ppf((1 + CONFIDENCE) / 2))


def wilson(successes: int, trials: int) -> Interval | None:
    """Wilson's 95% score interval of a proportion (Wilson 1927); None without trials."""
    if trials == 0:
        return None
    share, widening = successes / trials, _Z**2 / trials
    middle = share + widening / 2
    reach = _Z * math.sqrt(share * (1 - share) / trials + widening / (4 * trials))
    # Rounding may lead a hair's breadth out of 0 to 1.
    return max(0.0, (middle - reach) / (1 + widening)), min(1.0, (middle + reach) / (1 + widening))


def mcnemar(only_a: int, only_b: int) -> float:
    """Exact two-sided p-value that A and B succeed equally often (McNemar 1947).

    Given the discordant pairs, the number where only A succeeds is Binomial(only_a + only_b, ½).
    """
    discordant = only_a + only_b
    # Fair coins are symmetrical: both tails are twice the smaller one.
    return min(1.0, float(2 * special.bdtr(min(only_a, only_b), discordant, 0.5)))


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
    phi = product / math.sqrt(margins) if margins else 0.0
    difference = share_a - share_b
    down_a, up_b = share_a - low_a, high_b - share_b
    up_a, down_b = high_a - share_a, share_b - low_b
    below = math.sqrt(down_a**2 - 2 * phi * down_a * up_b + up_b**2)
    above = math.sqrt(up_a**2 - 2 * phi * up_a * down_b + down_b**2)
    return difference - below, difference + above


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


def signed_rank(differences: NDArray[np.float64]) -> float:
    """Two-sided p-value that paired differences scatter about 0, by Wilcoxon's signed ranks.

    Wilcoxon 1945, Biometrics Bulletin 1, 80. Zeros are left out, as he did; nothing but zeros tells
    nothing: 1. Exact up to 50 differences without ties and up to 13 with ties, else by the normal
    distribution.
    """
    told = differences[differences != 0]
    return 1.0 if len(told) == 0 else float(stats.wilcoxon(told).pvalue)
