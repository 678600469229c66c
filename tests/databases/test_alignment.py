"""Verdicts and suspects on the demo library, against what was planted in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from lib.connection import Connection
from lib.demo.models import RANDOM_INDEXING, WORDLLAMA
from lib.matching.anchors import find_anchors
from lib.matching.study import scan_highlights, study
from lib.similarity import alignment
from tests.databases.library import fetch

if TYPE_CHECKING:
    from tests.conftest import Demo

MODELS = [RANDOM_INDEXING, WORDLLAMA]


@pytest.fixture(scope="module")
def anchors(demo: Demo) -> pd.DataFrame:
    connection = Connection(demo.settings)
    try:
        found = connection.run(scan_highlights)
    finally:
        connection.close()
    return find_anchors(found, study(found, "book").landings)


def test_anchors_lie_where_their_highlights_were_cut(demo: Demo, anchors: pd.DataFrame) -> None:
    spans = {
        identifier: (first, last)
        for identifier, first, last in fetch(
            demo.owner.life_dashboard,
            "SELECT id, first_chunk, last_chunk FROM demo_planted WHERE kind = 'span'",
        )
    }
    assert len(anchors) > 200
    right = [
        row.id in spans and spans[row.id][0] <= row.passage <= spans[row.id][1]
        for row in anchors.itertuples()
    ]
    # The library repeats itself in places, word for word.
    assert np.mean(right) > 0.98


def test_the_verdicts_tell_the_spaces_apart(connection: Connection, anchors: pd.DataFrame) -> None:
    judged = connection.run(alignment.measure_alignment, anchors, [WORDLLAMA], MODELS)
    verdicts = {pair.passage_model: pair.judgement for pair in judged}
    assert {pair.highlight_model for pair in judged} == {WORDLLAMA}
    mine, other = verdicts[WORDLLAMA], verdicts[RANDOM_INDEXING]
    assert (mine.verdict, other.verdict) == ("aligned", "mismatched")
    assert mine.anchors >= 5
    assert mine.recall_at_10 is not None
    assert other.recall_at_10 is not None
    assert mine.recall_at_10 > 0.8 > 0.05 > other.recall_at_10


def _planted(demo: Demo) -> dict[str, set[tuple[Any, ...]]]:
    lying = "SELECT id, label, looks_like FROM demo_planted WHERE kind = $1"
    return {
        "highlights": set(fetch(demo.owner.life_dashboard, lying, "mislabelled")),
        "embeddings": set(fetch(demo.owner.knowledge_base, lying, "swapped")),
    }


def test_the_suspects_are_the_rows_whose_label_was_made_to_lie(
    demo: Demo, connection: Connection
) -> None:
    found = connection.run(alignment.measure_suspects, [WORDLLAMA], MODELS)
    assert found["score"].is_monotonic_decreasing
    planted = _planted(demo)
    assert {relation: len(rows) for relation, rows in planted.items()} == {
        "highlights": 30,
        "embeddings": 312,
    }
    for relation, truth in planted.items():
        mine = found[found["relation"] == relation]
        suspected = set(zip(mine["id"], mine["label"], mine["looks_like"], strict=True))
        assert len(suspected) == len(mine)
        assert len(suspected & truth) >= 0.97 * len(truth), f"recall in {relation}"
        assert len(suspected & truth) >= 0.97 * len(suspected), f"precision in {relation}"
