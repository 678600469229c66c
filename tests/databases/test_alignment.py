"""Verdicts, suspects and unlabelled highlights on the demo, against what was planted in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from lib.connection import Connection
from lib.databases import embeddings, highlights
from lib.demo.models import RANDOM_INDEXING, WORDLLAMA
from lib.matching.anchors import search_anchors
from lib.matching.scan import scan
from lib.similarity.audit import Audit, measure_audit
from lib.similarity.selecting import read_words, write_selections
from tests.databases.library import fetch

if TYPE_CHECKING:
    from tests.conftest import Demo, Open

SAMPLED = {
    "anchor_passages": 6_000,
    "alignment_rows": 8_000,
    "alignment_highlights": 300,
    "suspects": 10,
}


def measure(connection: Connection, **keywords: Any) -> Audit:
    """Everything that is judged of the two databases."""
    by_label = connection.run(highlights.count_by_model)
    by_model = connection.run(embeddings.count_by_model)
    return connection.run(
        measure_audit,
        {row.model: int(row.embedded) for row in by_label.itertuples()},
        {row.model: int(row.embeddings) for row in by_model.itertuples()},
        **keywords,
    )


@pytest.fixture(scope="module")
def measured(demo: Demo) -> Audit:
    connection = Connection(demo.settings)
    try:
        return measure(connection)
    finally:
        connection.close()


def _planted(demo: Demo) -> dict[str, set[tuple[Any, ...]]]:
    lying = "SELECT id, label, looks_like FROM demo_planted WHERE kind = $1"
    return {
        "highlights": set(fetch(demo.owner.life_dashboard, lying, "mislabelled")),
        "embeddings": set(fetch(demo.owner.knowledge_base, lying, "swapped")),
    }


def test_anchors_lie_where_their_highlights_were_cut(demo: Demo, connection: Connection) -> None:
    anchors = connection.run(search_anchors)
    assert anchors.passages == anchors.passages_total == 31_102
    spans = {
        identifier: (first, last)
        for identifier, first, last in fetch(
            demo.owner.life_dashboard,
            "SELECT id, first_chunk, last_chunk FROM demo_planted WHERE kind = 'span'",
        )
    }
    assert len(anchors.rows) > 200
    right = [
        row.id in spans and spans[row.id][0] <= row.passage <= spans[row.id][1]
        for row in anchors.rows.itertuples()
    ]
    # The library repeats itself in places, word for word.
    assert np.mean(right) > 0.98


def test_the_verdicts_tell_the_spaces_apart(measured: Audit) -> None:
    verdicts = {
        (pair.highlight_model, pair.passage_model): pair.judgement
        for pair in measured.alignment.pairs
    }
    mine, other = verdicts[WORDLLAMA, WORDLLAMA], verdicts[WORDLLAMA, RANDOM_INDEXING]
    assert (mine.verdict, other.verdict) == ("aligned", "mismatched")
    assert mine.recall_at_10 is not None
    assert other.recall_at_10 is not None
    assert mine.recall_at_10 > 0.8 > 0.05 > other.recall_at_10
    assert mine.excess_alignment is not None
    assert other.excess_alignment is not None
    assert mine.excess_alignment > 0.6 > 0.1 > abs(other.excess_alignment)
    assert mine.null is not None
    assert mine.null[0] < mine.excess_alignment
    assert other.null is not None
    assert other.null[0] > other.excess_alignment
    assert other.null_below == 0


def test_highlights_of_two_models_without_a_label_are_not_called_mismatched(
    measured: Audit,
) -> None:
    # Two in three are of one model, one in three is of the other.
    for pair in measured.alignment.pairs:
        if pair.highlight_model == "unlabelled":
            assert pair.judgement.verdict != "mismatched"
            assert "some rows" in pair.judgement.note or "A part of" in pair.judgement.note


def test_the_suspects_are_the_rows_whose_label_was_made_to_lie(demo: Demo, measured: Audit) -> None:
    found = measured.labels.suspects
    assert found["score"].is_monotonic_decreasing
    assert measured.suspected == len(found)
    assert measured.labels.judged == 2 * 31_102 + 1_348
    assert 0 <= measured.labels.false_alarms < 10
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


def test_highlights_without_a_label_are_attributed_to_their_model(
    demo: Demo, measured: Audit
) -> None:
    truth = dict(
        fetch(
            demo.owner.life_dashboard,
            "SELECT id, looks_like FROM demo_planted WHERE kind = 'unlabelled'",
        )
    )
    looks = dict(
        zip(measured.labels.unlabelled["id"], measured.labels.unlabelled["looks_like"], strict=True)
    )
    assert looks.keys() == truth.keys()
    assert sum(looks[one] == truth[one] for one in truth) >= 59


def test_everything_was_read(measured: Audit) -> None:
    assert not measured.sampled
    totals = measured.read.set_index(["relation", "label"])["total"].to_dict()
    assert totals == {
        ("highlights", WORDLLAMA): 1_348,
        ("highlights", "unlabelled"): 60,
        ("embeddings", WORDLLAMA): 31_102,
        ("embeddings", RANDOM_INDEXING): 31_102,
    }


def test_a_sample_says_so_and_finds_the_same(demo: Demo, open_connection: Open) -> None:
    limits = demo.settings.limits.model_copy(update=SAMPLED)
    connection = open_connection(demo.settings.model_copy(update={"limits": limits}))
    seen: list[int] = []
    found = measure(connection, on_rows=seen.append)
    assert found.sampled
    rows = found.read.set_index(["relation", "label"])["rows"]
    assert rows["highlights", WORDLLAMA] == 300
    for model in (WORDLLAMA, RANDOM_INDEXING):
        assert rows["embeddings", model] == pytest.approx(8_000, rel=0.2)
    assert seen == sorted(seen)
    assert seen[-1] == rows["embeddings"].sum()
    anchors = found.alignment.anchors
    assert anchors.passages <= 6_000 < anchors.passages_total == 31_102
    verdicts = {
        (p.highlight_model, p.passage_model): p.judgement.verdict for p in found.alignment.pairs
    }
    assert verdicts[WORDLLAMA, WORDLLAMA] == "aligned"
    assert verdicts[WORDLLAMA, RANDOM_INDEXING] == "mismatched"
    assert len(found.labels.suspects) == 10 < found.suspected
    planted = _planted(demo)
    for row in found.labels.suspects.itertuples():
        assert (row.id, row.label, row.looks_like) in planted[row.relation]


def test_the_stated_sql_selects_exactly_the_suspects(
    demo: Demo, connection: Connection, measured: Audit
) -> None:
    statements = connection.run(write_selections, measured.labels.suspects).split("\n\n")
    assert len(statements) == 3
    selected: dict[str, set[Any]] = {"highlights": set(), "embeddings": set()}
    for statement in statements:
        on_highlights = "events" in statement
        dsn = demo.reader.life_dashboard if on_highlights else demo.reader.knowledge_base
        columns = "id, embedding_model" if on_highlights else "chunk_id, embedding_model"
        for row in fetch(dsn, statement.replace("SELECT *", f"SELECT {columns}")):
            selected["highlights" if on_highlights else "embeddings"].add(row)
    for relation, rows in measured.labels.suspects.groupby("relation"):
        assert selected[str(relation)] == set(zip(rows["id"], rows["label"], strict=True))


def test_suspects_are_shown_with_their_words(
    demo: Demo, connection: Connection, measured: Audit
) -> None:
    shown = connection.run(read_words, measured.labels.suspects, 400)
    assert len(shown) == len(measured.labels.suspects)
    passage = shown[shown["relation"] == "embeddings"].iloc[0]
    highlight = shown[shown["relation"] == "highlights"].iloc[0]
    assert fetch(
        demo.reader.knowledge_base, "SELECT content FROM chunks WHERE chunk_id = $1", passage["id"]
    ) == [(passage["words"],)]
    assert fetch(
        demo.reader.life_dashboard, "SELECT text FROM events WHERE id = $1", highlight["id"]
    ) == [(highlight["words"],)]
    assert len(connection.run(read_words, measured.labels.suspects, 3)) == 3


def test_hits_without_ranges_are_the_same_hits(connection: Connection) -> None:
    texts = connection.run(highlights.read_texts).head(40)
    whole = connection.run(scan, texts, mode="words")
    bare = connection.run(scan, texts, mode="words", with_ranges=False)
    assert len(whole.hit_window) > 0
    assert np.array_equal(whole.hit_window, bare.hit_window)
    assert np.array_equal(whole.hit_passage, bare.hit_passage)
    assert whole.hit_stop.any()
    assert not bare.hit_start.any()
    assert not bare.hit_stop.any()
