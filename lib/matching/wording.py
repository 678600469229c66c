"""Numbers as people read them: no sign where there is nothing, no digits that say nothing."""

from __future__ import annotations

from lib.matching.statistics import Interval

_MINUS = "\N{MINUS SIGN}"


def tenths(number: float) -> str:
    """One decimal, with a minus sign only where a digit is left to bear it: −1.2, 0.0, 3.4."""
    digits = f"{abs(number):.1f}"
    return f"{_MINUS}{digits}" if number < 0 and float(digits) > 0 else digits


def percent(share: float) -> str:
    """A share of 0.123 as 12.3%."""
    return f"{tenths(100 * share)}%"


def percents(interval: Interval) -> str:
    """An interval of shares: −1.2% to 3.4%."""
    return f"{percent(interval[0])} to {percent(interval[1])}"


def points(difference: float) -> str:
    """A difference of shares, 0.032, without its sign: 3.2 points."""
    return f"{tenths(100 * abs(difference))} points"


def points_between(interval: Interval) -> str:
    """An interval of differences: −1.2 to 3.4 points."""
    return f"{tenths(100 * interval[0])} to {tenths(100 * interval[1])} points"


def turned(interval: Interval, sign: int) -> Interval:
    """The interval of a figure whose sign is changed, where `sign` is −1."""
    low, high = sorted(sign * bound for bound in interval)
    return low, high


def p_words(p_value: float) -> str:
    """p < .001, p = .034, p = .27, p > .99: a p-value as it is printed."""
    if p_value < 0.001:
        return "p < .001"
    if p_value > 0.99:
        return "p > .99"
    # Three digits where decisions fall, and never .05 for what is below it.
    text = f"{p_value:.3f}" if p_value < 0.0995 else f"{p_value:.2f}"
    if text == "0.050" and p_value < 0.05:
        return "p < .05"
    return f"p = {text.removeprefix('0')}"


def tries(budget: int) -> str:
    """1 try, 2 tries."""
    return "1 try" if budget == 1 else f"{budget:,} tries"
