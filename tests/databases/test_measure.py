"""Scores on the demo library, against brute force."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from lib.connection import Connection
from lib.demo.models import RANDOM_INDEXING, WORDLLAMA
from lib.similarity import measure
from tests.databases.library import fetch

if TYPE_CHECKING:
    from tests.conftest import Demo

MODELS = [RANDOM_INDEXING, WORDLLAMA]


@pytest.mark.parametrize("model", MODELS)
def test_the_nearest_passages_are_those_of_brute_force(
    demo: Demo, connection: Connection, model: str
) -> None:
    pair = connection.run(measure.measure_pair, WORDLLAMA, model, 1_348, 31_102)
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
    found = connection.run(measure.measure_background, WORDLLAMA, WORDLLAMA, 31_102)
    assert (found.highlights, found.passages) == (200, 2_000)
    # Without those of one book, which may belong together.
    assert len(found.scores) == 400_000 - found.left_out
    assert 0 < found.left_out < 40_000
    assert np.isnan(found.pairs).sum() == found.left_out
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
    again = connection.run(measure.measure_background, WORDLLAMA, WORDLLAMA, 31_102)
    assert np.array_equal(again.scores, found.scores)
