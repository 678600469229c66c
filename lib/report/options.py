"""What a report is asked for."""

from __future__ import annotations

from dataclasses import dataclass

from lib.matching import fallback as fallbacks
from lib.matching.fallback import DEFAULT_OPERATOR, Method, Operator
from lib.matching.orders import BUDGETS
from lib.matching.rates import Scope
from lib.matching.windows import Mode


@dataclass(frozen=True)
class Options:
    """The options of `python -m lib report`, with its defaults."""

    window: int = 6
    stride: int = 1
    mode: Mode = "ilike"
    scope: Scope = "book"
    fallback: Method = "alignment"
    operator: Operator = DEFAULT_OPERATOR
    threshold: float | None = None
    budgets: tuple[int, ...] = BUDGETS
    sample: int | None = None
    seed: int = 0
    matches: bool = False

    @property
    def accepted_distance(self) -> float:
        """The largest distance at which the fallback accepts."""
        if self.threshold is not None:
            return self.threshold
        return fallbacks.default_threshold(self.fallback, self.operator)
