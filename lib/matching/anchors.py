"""Anchors: highlights whose true passage is known from their words alone."""

from __future__ import annotations

import pandas as pd

from lib.matching.scan import Scan

FEWEST_AGREEING = 2


def find_anchors(scan: Scan, landings: pd.DataFrame) -> pd.DataFrame:
    """The highlights of which at least two windows hit one and the same passage.

    One window may be a stock phrase; two in one passage hardly are. Columns `id`, `model` (of the
    highlight) and `passage` (id).
    """
    sure = landings[landings["agreeing"] >= FEWEST_AGREEING]
    rows = scan.highlights.iloc[sure["highlight"]]
    return pd.DataFrame(
        {
            "id": rows["id"].to_numpy(dtype=object),
            "model": rows["model"].to_numpy(dtype=object),
            "passage": scan.passages["passage"].to_numpy(dtype=object)[sure["passage"]],
        }
    )
