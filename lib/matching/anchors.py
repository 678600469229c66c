"""Anchors: highlights whose true passage is known from their words alone."""

from __future__ import annotations

import asyncio

import pandas as pd

from lib.databases.highlights import read_texts
from lib.databases.pools import Databases
from lib.databases.relations import Relations
from lib.matching import rates
from lib.matching.landings import land
from lib.matching.scan import OnCount, Scan, scan


async def search_anchors(
    databases: Databases,
    relations: Relations,
    seed: int = 0,
    on_passages: OnCount = lambda seen: None,
) -> pd.DataFrame:
    """`find_anchors` among the highlights of each label, each in its own book.

    At most `limits.anchor_highlights` of each label are searched, drawn by `seed`: enough of them
    are anchors, and the others would only take time.
    """
    most = databases.settings.limits.anchor_highlights
    texts = await read_texts(databases, relations)
    drawn = [
        mine.sample(most, random_state=seed) if len(mine) > most else mine
        for _, mine in texts.groupby("model", sort=True)
    ]
    searched = pd.concat(drawn, ignore_index=True) if drawn else texts
    found = await scan(databases, relations, searched, on_passages=on_passages)

    def judge() -> pd.DataFrame:
        return find_anchors(found, land(found, rates.within(found, "book")))

    return await asyncio.to_thread(judge)


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
