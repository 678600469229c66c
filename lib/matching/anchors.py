"""Anchors: highlights whose true passage is known from their words alone."""

from __future__ import annotations

import pandas as pd

from lib.matching.landings import landing_column
from lib.matching.scan import Scan

FEWEST_AGREEING = 2


def find_anchors(scan: Scan, landings: pd.DataFrame) -> pd.DataFrame:
    """The highlights whose place two windows without a common word agree on.

    One window may be a stock phrase, and windows that overlap are hardly two; windows apart from
    each other in one passage are no accident. Columns `id`, `model` (of the
    highlight) and `passage` (id).
    """
    confirmed = landings[landing_column("spread")] == "confirmed"
    sure = landings[confirmed & (landings["agreeing"] >= FEWEST_AGREEING)]
    rows = scan.highlights.iloc[sure["highlight"]]
    return pd.DataFrame(
        {
            "id": rows["id"].to_numpy(dtype=object),
            "model": rows["model"].to_numpy(dtype=object),
            "passage": scan.passages["passage"].to_numpy(dtype=object)[sure["passage"]],
        }
    )
