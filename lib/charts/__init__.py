"""Charts: data in, Altair out."""

from lib.charts.alignment import (
    TRUE_PASSAGE,
    anchor_scores,
    spread_within_models,
    verdict_matrix,
)
from lib.charts.colours import Drawing
from lib.charts.finished import Specification, finish
from lib.charts.highlights import (
    agreement,
    breakdown,
    distances,
    window_strip,
)
from lib.charts.library import counts_by_model, coverage
from lib.charts.matching import (
    ORDER_TITLES,
    difference_by_budget,
    rate_by_budget,
    rate_by_position,
)
from lib.charts.scores import BRUSH, distributions, panel

__all__ = [
    "BRUSH",
    "ORDER_TITLES",
    "TRUE_PASSAGE",
    "Drawing",
    "Specification",
    "agreement",
    "anchor_scores",
    "breakdown",
    "counts_by_model",
    "coverage",
    "difference_by_budget",
    "distances",
    "distributions",
    "finish",
    "panel",
    "rate_by_budget",
    "rate_by_position",
    "spread_within_models",
    "verdict_matrix",
    "window_strip",
]
