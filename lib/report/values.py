"""Figures as JSON holds them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lib.matching.statistics import wilson

Values = dict[str, Any]


def rate(matched: int, eligible: int) -> Values:
    """Matched of eligible ones, with Wilson's 95% interval."""
    interval = wilson(matched, eligible)
    return {
        "matched": matched,
        "rate": matched / eligible if eligible else None,
        "ci95": list(interval) if interval else None,
    }


def interval(low: float, high: float) -> list[float] | None:
    """Two bounds as JSON holds them; None where they are not numbers."""
    return None if math.isnan(low) or math.isnan(high) else [float(low), float(high)]


def as_list(bounds: tuple[float | None, float | None] | None) -> list[float] | None:
    """An interval as JSON holds it; None where it has no bounds."""
    if bounds is None or bounds[0] is None or bounds[1] is None:
        return None
    return interval(bounds[0], bounds[1])


def number(value: Any) -> float | None:
    """A float that JSON can hold: None for what is not a finite number."""
    return float(value) if value is not None and math.isfinite(value) else None


def plain(identifier: Any) -> Any:
    """An id as JSON holds it: numbers and text as they are, other types as text."""
    if identifier is None or isinstance(identifier, (str, int)):
        return identifier
    return int(identifier) if isinstance(identifier, np.integer) else str(identifier)
