"""Match rates by book, by month and by length: where the highlights that are not found come from.

Pure functions of a table with one row per highlight, as `lib.matching.first_hits` makes it.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from lib.matching.statistics import holm, wilson

By = Literal["book", "month", "length"]
BYS: tuple[By, ...] = ("book", "month", "length")

Sorting = Literal["name", "rate", "size"]
SORTINGS: tuple[Sorting, ...] = ("name", "rate", "size")

Against = Literal["below the rest", "as the rest", "above the rest"]
AGAINST: tuple[Against, ...] = ("below the rest", "as the rest", "above the rest")

NO_BOOK, NO_DATE = "no book", "no date"
LENGTHS = (0, 6, 10, 20, 30, 40, 60)
SIGNIFICANT = 0.05

COLUMNS = ["group", "highlights", "eligible", "matched", "rate", "low", "high", "against"]


def group_names(table: pd.DataFrame, by: By) -> pd.Series:
    """The group of each highlight of a table with `own_title`, `created_at` and `text`.

    Its book is its own, not the one it is found in: a group must not depend on being found.
    """
    if by == "book":
        return table["own_title"].where(table["own_title"].notna(), NO_BOOK).astype(object)
    if by == "month":
        months = table["created_at"].dt.strftime("%Y-%m")
        return months.where(table["created_at"].notna(), NO_DATE).astype(object)
    words = table["text"].str.split().str.len().to_numpy()
    names = [f"{first}–{after - 1} words" for first, after in pairwise(LENGTHS)]
    names = [*names, f"{LENGTHS[-1]} words and more"]
    return pd.Series(
        [names[np.searchsorted(LENGTHS, count, side="right") - 1] for count in words],
        index=table.index,
        dtype=object,
    )


def break_down(groups: pd.Series, eligible: pd.Series, matched: pd.Series) -> pd.DataFrame:
    """The match rate of each group, by name, as people count.

    `groups` names the group of each highlight; `eligible` and `matched` say whether it has a window
    and whether it is found. Columns `group`, `highlights`, `eligible`, `matched`, `rate`, `low`,
    `high` (Wilson's 95% interval; NaN without eligible ones) and `against`: whether the rate lies
    above or below that of all other highlights by Fisher's exact test (Fisher 1935), p corrected
    by Holm for the number of groups.
    """
    counts = pd.DataFrame(
        {"group": groups, "highlights": 1, "eligible": eligible, "matched": matched & eligible}
    )
    table = counts.groupby("group", sort=True, as_index=False).sum()
    table = table.astype({"highlights": int, "eligible": int, "matched": int})
    table = table.iloc[np.argsort(table["group"].map(_natural), kind="stable")]
    n, m = table["eligible"].to_numpy(), table["matched"].to_numpy()
    intervals = [
        wilson(int(k), int(trials)) or (np.nan, np.nan) for k, trials in zip(m, n, strict=True)
    ]
    p_values = [
        _fisher(int(k), int(trials), int(m.sum() - k), int(n.sum() - trials))
        for k, trials in zip(m, n, strict=True)
    ]
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = m / n
        others = (m.sum() - m) / (n.sum() - n)
    differs = np.array(holm(p_values)) < SIGNIFICANT
    return table.assign(
        rate=rate,
        low=[low for low, _ in intervals],
        high=[high for _, high in intervals],
        against=np.select(
            [differs & (rate < others), differs & (rate > others)],
            ["below the rest", "above the rest"],
            "as the rest",
        ),
    )[COLUMNS].reset_index(drop=True)


def _fisher(matched: int, eligible: int, matched_rest: int, eligible_rest: int) -> float:
    table = [[matched, eligible - matched], [matched_rest, eligible_rest - matched_rest]]
    return float(stats.fisher_exact(np.array(table)).pvalue)


def sort_groups(table: pd.DataFrame, sorting: Sorting, most: int) -> pd.DataFrame:
    """The first `most` groups: by name, worst rate first, or largest first."""
    if sorting == "rate":
        table = table.sort_values(["rate", "eligible"], ascending=[True, False], kind="stable")
    elif sorting == "size":
        table = table.sort_values("highlights", ascending=False, kind="stable")
    return table.head(most).reset_index(drop=True)


def _natural(name: str) -> tuple[int, str]:
    """Names that begin with a number go by it, before all others."""
    digits = name[: len(name) - len(name.lstrip("0123456789"))]
    return (int(digits), name) if digits else (10**9, name)
