"""Anchors: highlights whose true passage is known from their words alone."""

from __future__ import annotations

import pandas as pd

from lib.matching.scan import Scan


def find_anchors(scan: Scan, landings: pd.DataFrame) -> pd.DataFrame:
    """The highlights of which two windows without a common word hit one passage.

    One window may be a stock phrase, and windows that overlap are hardly two; two apart from each
    other in one passage are no accident. Columns `id`, `model` (of the
    highlight) and `passage` (id).
    """
    sure = landings[landings["sure"].astype(bool)]
    rows = scan.highlights.iloc[sure["highlight"]]
    return pd.DataFrame(
        {
            "id": rows["id"].to_numpy(dtype=object),
            "model": rows["model"].to_numpy(dtype=object),
            "passage": scan.passages["passage"].to_numpy(dtype=object)[sure["passage"]],
        }
    )
