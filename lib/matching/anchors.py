"""Anchors: highlights whose true passage is known from their words alone."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lib.databases.highlights import read_texts
from lib.databases.passages import count_by_book
from lib.databases.pools import Databases
from lib.databases.relations import Relations
from lib.matching import rates
from lib.matching.landings import land
from lib.matching.scan import Scan, scan


@dataclass(frozen=True)
class Anchors:
    """Highlights whose true passage is known from their words alone.

    `rows` as of `find_anchors`; they were looked for among `highlights` highlights in `passages`
    passages, of `passages_total`.
    """

    rows: pd.DataFrame
    highlights: int
    passages: int
    passages_total: int


async def search_anchors(
    databases: Databases,
    relations: Relations,
    seed: int = 0,
    labels: Collection[str] | None = None,
) -> Anchors:
    """`find_anchors` among the highlights of each of `labels` (None: of all), each in its own book,
    word by word.

    At most `limits.anchor_highlights` of each label are searched, in whole books of together about
    `limits.anchor_passages` passages, both drawn by `seed`: enough of them are anchors, and the
    others would only take time.
    """
    limits = databases.settings.limits
    texts = await read_texts(databases, relations)
    if labels is not None:
        texts = texts[texts["model"].isin(labels)]
    sizes = await count_by_book(databases, relations)
    total = sum(sizes.values())
    books = _drawn(sizes, texts, limits.anchor_passages, seed)
    if books is not None:
        texts = texts[texts["book"].isin(books) | texts["book"].isna()]
    drawn = [
        mine.sample(limits.anchor_highlights, random_state=seed)
        if len(mine) > limits.anchor_highlights
        else mine
        for _, mine in texts.groupby("model", sort=True)
    ]
    searched = pd.concat(drawn, ignore_index=True) if drawn else texts
    found = await scan(
        databases,
        relations,
        searched,
        mode="words",
        books=books,
        with_ranges=False,
    )

    def judge() -> pd.DataFrame:
        return find_anchors(found, land(found, rates.within(found, "book")))

    rows = await asyncio.to_thread(judge)
    return Anchors(rows, len(searched), len(found.passages), max(total, len(found.passages)))


def _drawn(
    sizes: dict[str, int], texts: pd.DataFrame, most: int, seed: int
) -> list[str | None] | None:
    """Books that highlights are of, drawn until they hold `most` passages; None for all books."""
    if sum(sizes.values()) <= most:
        return None
    named = [book for book in texts["book"].dropna().unique() if book in sizes]
    candidates = named or list(sizes)
    order = np.random.default_rng(seed).permutation(len(candidates))
    # One huge book must not keep all others out, nor make the pass as long as the library.
    drawn = sorted((candidates[place] for place in order), key=lambda book: sizes[book] > most)
    books: list[str | None] = []
    held = 0
    for book in drawn:
        if books and held + sizes[book] > most:
            continue
        books.append(book)
        held += sizes[book]
    return books


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
