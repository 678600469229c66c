"""The highlights as a table: what each one's first hit is, or why it has none."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from lib.databases.passages import read_passages
from lib.databases.pools import Databases
from lib.databases.relations import Relations
from lib.matching.landings import attempts_column, first_column, landing_column
from lib.matching.orders import Order
from lib.matching.scan import Scan
from lib.matching.study import Study

State = Literal["found", "not found", "beyond the budget", "too short"]
STATES: tuple[State, ...] = ("found", "not found", "beyond the budget", "too short")


WHY_NOT: dict[State, str] = {
    "not found": "No window of this highlight stands in a passage: it may be heard too badly, or "
    "its book is not in the library.",
    "beyond the budget": "A window hits, but only after more tries than the budget allows.",
    "too short": "The highlight has fewer words than a window.",
    "found": "",
}


def first_hits(scan: Scan, study: Study, order: Order, budget: int | None) -> pd.DataFrame:
    """Every highlight with the first hit of one order, within a budget or without one.

    Columns `id`, `text`, `book` (id as text or None), `model`, `created_at`, `state` (see
    `STATES`), `attempts`, `passage` (id) and `landing`; the last three None without a hit.
    """
    table = scan.highlights.copy()
    landed = study.landings.set_index("highlight")
    attempts = landed[attempts_column(order)].reindex(table.index)
    rows = landed[first_column(order)].reindex(table.index)
    passages = scan.passages["passage"].to_numpy(dtype=object)
    within = attempts.notna() & (attempts <= (np.inf if budget is None else budget))
    table["state"] = np.select(
        [study.too_short, within, attempts.notna()],
        ["too short", "found", "beyond the budget"],
        "not found",
    )
    table["attempts"] = attempts.where(within).astype("Int64")
    table["passage"] = pd.Series(
        [passages[int(row)] if ok else None for row, ok in zip(rows, within, strict=True)],
        dtype=object,
    )
    landing = landed[landing_column(order)].reindex(table.index)
    table["landing"] = landing.astype(object).where(within, None)
    return table


async def read_first_passages(
    databases: Databases, relations: Relations, hits: pd.DataFrame, titles: pd.DataFrame
) -> pd.DataFrame:
    """`first_hits` with the passages' words: adds `title` (of the passage's book, else of the
    highlight's own), `chapter` and `content`."""
    found = [identifier for identifier in hits["passage"].unique() if identifier is not None]
    texts = await read_passages(databases, relations, found)
    texts = texts.rename(columns={"book": "found_in"})
    table = hits.merge(texts, on="passage", how="left")
    named = dict(zip(titles["book"], titles["title"], strict=True))
    book = table["found_in"].where(table["found_in"].notna(), table["book"])
    return table.assign(title=book.map(named)).drop(columns="found_in")


def select(table: pd.DataFrame, state: State | None, words: str) -> pd.DataFrame:
    """The rows of one state (None: all) whose highlight holds `words`, whatever their case."""
    kept = pd.Series(True, index=table.index) if state is None else table["state"] == state
    if words.strip():
        kept &= table["text"].str.contains(words.strip(), case=False, regex=False)
    return table[kept].reset_index(drop=True)
