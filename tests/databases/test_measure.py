"""The measures on the demo library, against brute force and against what was planted in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from lib.connection import Connection
from lib.demo.models import RANDOM_INDEXING, WORDLLAMA
from lib.matching.anchors import find_anchors
from lib.matching.study import scan_highlights, study
from lib.similarity import measure
from tests.databases.library import fetch

if TYPE_CHECKING:
    from tests.conftest import Demo

MODELS = [RANDOM_INDEXING, WORDLLAMA]


@pytest.mark.parametrize("model", MODELS)
def test_the_nearest_passages_are_those_of_brute_force(
    demo: Demo, connection: Connection, model: str
) -> None:
    pair = connection.run(measure.measure_pair, WORDLLAMA, model, 1_348)
    assert pair.passages_total == 31_102
    assert len(pair.highlight_ids) == len(set(pair.highlight_ids)) == 1_348
    drawn = np.random.default_rng(3).choice(1_348, 20, replace=False)
    ids = [pair.highlight_ids[row] for row in drawn]
    # Text on both sides, and float64: nothing of the way that `measure` reads and multiplies.
    rows = fetch(
        demo.owner.knowledge_base,
        "SELECT chunk_id, embedding::real[] FROM chunk_embeddings WHERE embedding_model = $1"
        " ORDER BY chunk_id",
        model,
    )
    library = np.array([vector for _, vector in rows], dtype=np.float64)
    library /= np.linalg.norm(library, axis=1, keepdims=True)
    of_highlight = dict(
        fetch(
            demo.owner.life_dashboard,
            "SELECT id, embedding::real[] FROM events WHERE id = ANY($1)",
            ids,
        )
    )
    for row, identifier in zip(drawn, ids, strict=True):
        vector = np.array(of_highlight[identifier], dtype=np.float64)
        scores = library @ vector / np.linalg.norm(vector)
        best = np.argsort(-scores)[:10]
        assert pair.scores[row] == pytest.approx(scores[best], abs=1e-5)
        assert pair.passages[row, 0] == rows[best[0]][0]


def test_the_background_is_of_random_pairs_of_this_model(
    demo: Demo, connection: Connection
) -> None:
    found = connection.run(measure.measure_background, WORDLLAMA, WORDLLAMA)
    assert (found.highlights, found.passages) == (200, 2_000)
    assert len(found.scores) == 400_000
    assert (np.diff(found.scores) >= 0).all()
    [(mean,)] = fetch(
        demo.owner.knowledge_base,
        "SELECT avg(1 - (a.embedding <=> b.embedding)) FROM"
        " (SELECT * FROM chunk_embeddings WHERE embedding_model = $1 AND chunk_id % 97 = 5) AS a,"
        " (SELECT * FROM chunk_embeddings WHERE embedding_model = $1 AND chunk_id % 89 = 3) AS b",
        WORDLLAMA,
    )
    # Passages among themselves are about as alike as they are to highlights of the same text.
    assert float(found.scores.mean()) == pytest.approx(mean, abs=0.05)
    again = connection.run(measure.measure_background, WORDLLAMA, WORDLLAMA)
    assert np.array_equal(again.scores, found.scores)


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
    judged = connection.run(measure.measure_alignment, anchors, [WORDLLAMA], MODELS)
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
    found = connection.run(measure.measure_suspects, [WORDLLAMA], MODELS)
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
