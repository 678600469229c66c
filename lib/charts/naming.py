"""Names from a database in a chart: as people read them, and never two that read the same."""

from __future__ import annotations

import pandas as pd

from lib.names import distinct


def named(frame: pd.DataFrame, *columns: str, names: dict[str, str] | None = None) -> pd.DataFrame:
    """The frame with the names in some columns as people read them, the same in all of them.

    `names`: what each of them reads as, where other frames of the chart hold them too.
    """
    if names is None:
        names = distinct(value for column in columns for value in frame[column].dropna())
    return frame.assign(**{column: frame[column].map(names) for column in columns})
