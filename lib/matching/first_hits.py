"""The highlights as a table: what each one's first hit is, or why it has none."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

import numpy as np
import pandas as pd

from lib.databases.passages import read_passages
from lib.databases.pools import Databases
from lib.databases.relations import Relations
from lib.databases.words import MOST_CHARACTERS
from lib.matching.fallback import Fallen
from lib.matching.landings import attempts_column, first_column, landing_column
from lib.matching.orders import Order
from lib.matching.scan import Scan
from lib.matching.study import Study
from lib.names import TITLE_CHARACTERS, readable

State = Literal["found", "by the fallback", "beyond the budget", "not found", "too short"]
STATES: tuple[State, ...] = (
    "found",
    "by the fallback",
    "beyond the budget",
    "not found",
    "too short",
)


# The states that count as a match.
FOUND: tuple[State, ...] = ("found", "by the fallback")


def first_hits(
    scan: Scan,
    study: Study,
    order: Order,
    budget: int | None,
    fallen: Fallen | None = None,
    threshold: float = 0.0,
) -> pd.DataFrame:
    """Every highlight with the first hit of one order, within a budget or without one.

    Columns `row` (of `scan.highlights`), `id`, `text`, `book` (id as text or None), `model`,
    `created_at`, `state` (see `STATES`), `attempts`, `passage` (id), `landing` and `distance` (of
    the fallback, NaN where it was not asked). `attempts` and `landing` are None without a hit,
    `passage` also where the fallback, if any, found nothing near enough.
    """
    table = scan.highlights.copy()
    landed = study.landings.set_index("highlight")
    attempts = landed[attempts_column(order)].reindex(table.index)
    rows = landed[first_column(order)].reindex(table.index)
    within = attempts.notna() & (attempts <= (np.inf if budget is None else budget))
    places = fallen.places.set_index("highlight") if fallen is not None else pd.DataFrame()
    distance = places.get("distance", pd.Series(dtype=float)).reindex(table.index)
    near = fallen.accepted(threshold)["highlight"] if fallen is not None else ()
    accepted = pd.Series(table.index.isin(near), index=table.index)
    table["state"] = np.select(
        [study.too_short, within, attempts.notna(), accepted],
        ["too short", "found", "beyond the budget", "by the fallback"],
        "not found",
    )
    table["attempts"] = attempts.where(within).astype("Int64")
    passages = scan.passages["passage"].to_numpy(dtype=object)
    nearest = places.get("passage", pd.Series(dtype=object)).reindex(table.index)
    table["passage"] = pd.Series(
        [
            passages[int(row)] if hit else (place if taken else None)
            for row, hit, place, taken in zip(rows, within, nearest, accepted, strict=True)
        ],
        dtype=object,
    )
    landing = landed[landing_column(order)].reindex(table.index)
    table["landing"] = landing.astype(object).where(within, None)
    table["distance"] = distance
    return table.rename_axis("row").reset_index()


async def read_first_passages(
    databases: Databases, relations: Relations, hits: pd.DataFrame, titles: pd.DataFrame
) -> pd.DataFrame:
    """`first_hits` with the passages' words: adds `title` (of the passage's book, else of the
    highlight's own), `own_title`, `chapter` and `content` (its beginning)."""
    found = [identifier for identifier in hits["passage"].unique() if identifier is not None]
    texts = await read_passages(databases, relations, found, MOST_CHARACTERS)
    texts = texts.drop_duplicates("passage").rename(columns={"book": "found_in"})
    table = hits.merge(texts, on="passage", how="left")
    book = table["found_in"].where(table["found_in"].notna(), table["book"])
    return table.assign(
        title=title_books(book, titles), own_title=title_books(table["book"], titles)
    ).drop(columns="found_in")


def title_books(books: pd.Series, titles: pd.DataFrame) -> pd.Series:
    """The title of each book (id as text), or "book <id>" where there is none; None stays None."""
    wanted = set(books.dropna())
    named = {
        book: readable(title, TITLE_CHARACTERS)
        for book, title in zip(titles["book"], titles["title"], strict=True)
        if book in wanted
    }
    unnamed = {book: f"book {readable(book)}" for book in wanted if book not in named}
    named |= unnamed
    return pd.Series(
        [None if pd.isna(book) else named[book] for book in books],
        index=books.index,
        dtype=object,
    )


def select(
    table: pd.DataFrame, state: State | None, words: str, groups: Collection[str] = ()
) -> pd.DataFrame:
    """The rows of one state (None: all) whose highlight holds `words`, whatever their case.

    With `groups`, only rows whose `group` is one of them.
    """
    kept = pd.Series(True, index=table.index) if state is None else table["state"] == state
    if groups:
        kept &= table["group"].isin(groups)
    if words.strip():
        kept &= table["text"].str.contains(words.strip(), case=False, regex=False)
    return table[kept].reset_index(drop=True)
