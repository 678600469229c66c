"""Reads the vectors of both databases once, and judges by them all that the labels claim."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from lib.databases.pools import Databases
from lib.databases.relations import Relations
from lib.matching.anchors import search_anchors
from lib.similarity.alignment import Alignment, judge_alignment
from lib.similarity.choosing import choose_pairs, paired
from lib.similarity.labels import Labels, judge_labels, learn_labels
from lib.similarity.rows import OnCount, describe_read, read_highlights, read_passages

SEED = 0


@dataclass(frozen=True)
class Audit:
    """Which labels belong together (`alignment`) and which rows' labels lie (`labels`).

    Of the suspects the first `limits.suspects` are listed, of `suspected` in all. `read` as of
    `lib.similarity.rows.describe_read`: where rows and total differ, a sample was judged. Of
    `pairs_in_all` pairs of labels those were judged that `choose_pairs` chose.
    """

    alignment: Alignment
    labels: Labels
    suspected: int
    read: pd.DataFrame
    pairs_in_all: int

    @property
    def truncated(self) -> bool:
        """Whether pairs of labels were left out."""
        return len(self.alignment.pairs) < self.pairs_in_all

    @property
    def sampled(self) -> bool:
        """Whether anything was judged by a sample."""
        return bool((self.read["rows"] < self.read["total"]).any())


async def measure_audit(
    databases: Databases,
    relations: Relations,
    labels: Mapping[str, int],
    models: Mapping[str, int],
    seed: int = SEED,
    on_rows: OnCount = lambda seen: None,
) -> Audit:
    """Judge highlight labels against passage models, and rows by their labels.

    `labels` and `models` give a number of vectors for each; of more than `limits.alignment_pairs`
    pairs of them those that matter most are judged, and no label that is in none of these.
    `on_rows` is told how many vectors of passages were read.
    """
    in_all = len(labels) * len(models)
    pairs = choose_pairs(labels, models, databases.settings.limits.alignment_pairs)
    labels, models = paired(pairs, labels, models)
    heard = await read_highlights(databases, relations, labels)
    passages = read_passages(databases, relations, models, seed, on_rows)
    written = {rows.label: rows async for rows in passages}
    # While anchors are looked for in the text, spaces are looked for in the vectors. Whoever leaves
    # leaves that thread to its end, a second or so.
    learning = asyncio.create_task(asyncio.to_thread(learn_labels, written, seed))
    try:
        anchors = await search_anchors(databases, relations, seed, labels)
        alignment = await judge_alignment(
            databases, relations, heard, written, anchors, pairs, seed
        )
        learned = await learning
    finally:
        learning.cancel()
    told = await asyncio.to_thread(
        judge_labels, heard, written, learned, anchors.rows["id"].tolist(), seed
    )
    most = databases.settings.limits.suspects
    return Audit(
        alignment=alignment,
        labels=replace(told, suspects=told.suspects.head(most)),
        suspected=len(told.suspects),
        read=describe_read(heard, written),
        pairs_in_all=in_all,
    )
