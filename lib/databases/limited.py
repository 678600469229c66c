"""Results of a bounded size, which say whether rows were left out.

A query that may yield any number of rows asks for one more than are wanted, and `limited` makes the
data frame of the wanted ones; one that counts by label counts the labels too, for `counted`. What
was left out is in the frame's attributes, which pandas hands on to what is selected from it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd


def limited(rows: Sequence[Sequence[Any]], columns: Sequence[str], most: int) -> pd.DataFrame:
    """The first `most` rows as a frame of objects; `is_truncated` says whether there are more."""
    frame = pd.DataFrame([tuple(row) for row in rows[:most]], columns=list(columns), dtype=object)
    frame.attrs["truncated"] = len(rows) > most
    return frame


def counted(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> pd.DataFrame:
    """Counts by label, of a query that also yields `labels` and `in_all` in every row.

    `is_truncated` says whether there are more labels, `labels_in_all` how many, and `in_all` what
    the counts of all of them come to.
    """
    frame = pd.DataFrame([[row[name] for name in columns] for row in rows], columns=list(columns))
    labels = int(rows[0]["labels"]) if rows else 0
    frame.attrs["truncated"] = labels > len(rows)
    frame.attrs["labels"] = labels
    frame.attrs["in_all"] = int(rows[0]["in_all"]) if rows else 0
    return frame


def in_all(frame: pd.DataFrame) -> int:
    """What the counts of all labels come to, those that were left out included."""
    return int(frame.attrs["in_all"])


def labels_in_all(frame: pd.DataFrame) -> int:
    """How many labels there are, those that were left out included."""
    return int(frame.attrs["labels"])


def is_truncated(frame: pd.DataFrame) -> bool:
    """Whether a query left rows out of this frame."""
    return bool(frame.attrs.get("truncated", False))
