"""Searches by every way at once, on the demo and on small libraries whose answers are plain."""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from lib.databases import embeddings, passages
from lib.databases.within import EVERYWHERE, Within
from lib.databases.words import THRESHOLDS
from lib.errors import ConcordanceError, ExtensionMissing
from lib.search.exact import Vocabulary, read_vocabulary
from lib.search.fusion import fuse
from lib.search.question import Question, clean
from lib.search.rankings import WAYS, Ranking, Way, rank
from lib.search.results import FUSED, ORDERS, Results, search
from lib.similarity.scores import unit
from tests.databases.library import TABLES, execute, fetch, insert, settings_for

if TYPE_CHECKING:
    from lib.connection import Connection
    from tests.conftest import MakeDatabase, Open

CHUNK = ["chunk_id", "book_id", "chapter_number", "content"]
EMBEDDING = ["chunk_id", "embedding_model", "embedding"]
WORDLLAMA = "wordllama-l2-256"

# By id: book, chapter, text, vector.
PASSAGES: dict[int, tuple[int | None, int | None, str | None, str | None]] = {
    1: (1, 1, "The white whale sounded under the ship.", "[1,0]"),
    2: (1, 2, "A whale, white as snow.", "[0.8,0.6]"),
    3: (2, 1, "The snow was white upon the mountain.", "[0,1]"),
    4: (2, 2, "Nothing of the sort was ever said.", "[-1,0]"),
    5: (2, None, "Whiteness of the whaler.", "[0.6,0.8]"),
    6: (None, None, "The white whale sounded under the ship.", None),
    7: (1, 2, None, "[0.9,0.1]"),
    8: (3, 1, "100% sure_of it, \\ and 'so' \"on\"", "[-0.6,0.8]"),
}


@pytest.fixture
def dsn(make_database: MakeDatabase) -> str:
    dsn = make_database("vector", "pg_trgm")
    _fill(dsn)
    return dsn


def _fill(dsn: str) -> None:
    execute(dsn, TABLES)
    insert(dsn, "chunks", CHUNK, [(n, *row[:3]) for n, row in PASSAGES.items()])
    vectors = [(n, "m", row[3]) for n, row in PASSAGES.items() if row[3]]
    insert(dsn, "chunk_embeddings", EMBEDDING, vectors)
    insert(dsn, "books", ["book_id", "title", "author"], [(1, "Whales", "A"), (2, None, None)])


@pytest.fixture
def library(dsn: str, open_connection: Open) -> Connection:
    return open_connection(settings_for(dsn))


def _question(
    text: str,
    vector: list[float] | None = None,
    most: int = 5,
    within: Within = EVERYWHERE,
    leave_out: Any = None,
) -> Question:
    if vector is None:
        return Question(text, None, None, most, within, leave_out)
    asked = np.array(vector, dtype=np.float32)
    return Question(text, "m", asked, most, within, leave_out)


def _vocabulary(library: Connection) -> Vocabulary:
    vocabulary: Vocabulary = library.run(read_vocabulary, library.run(passages.count_passages))
    return vocabulary


def _rank(library: Connection, question: Question) -> dict[Way, Ranking]:
    found: dict[Way, Ranking] = library.run(rank, question, _vocabulary(library), len(PASSAGES))
    return found


def _search(library: Connection, question: Question) -> Results:
    found: Results = library.run(search, question, _vocabulary(library), len(PASSAGES))
    return found


# Each way


def test_each_way_ranks_by_its_own_measure(library: Connection) -> None:
    found = _rank(library, _question("the white whale", [2, 0]))
    assert tuple(found) == WAYS
    embedding, exact, fuzzy = (found[way] for way in WAYS)
    assert embedding.passages == [1, 7, 2, 5, 3]
    assert embedding.values == pytest.approx([1, 0.9 / 0.82**0.5, 0.8, 0.6, 0], abs=1e-6)
    assert embedding.truncated
    # Of those that hold as much the first by id; "whaler" holds "whale" only within.
    assert exact.passages[:2] == [1, 6]
    assert exact.passages.index(2) < exact.passages.index(5)
    assert exact.values[:2] == [1, 1]
    assert fuzzy.passages[:2] == [1, 6]
    assert set(fuzzy.passages) <= {1, 2, 3, 5, 6}
    for ranking in found.values():
        assert ranking.failure is None
        assert ranking.values == sorted(ranking.values, reverse=True)
        assert ranking.seconds > 0


def test_what_cannot_be_asked_is_not_asked(library: Connection) -> None:
    assert set(_rank(library, _question("white"))) == {"exact", "fuzzy"}
    assert set(_rank(library, _question("", [1, 0]))) == {"embedding"}
    assert set(_rank(library, _question("%", [1, 0]))) == {"embedding", "exact"}
    assert _rank(library, _question("")) == {}
    assert len(_search(library, _question("")).rows) == 0


def test_a_mistyped_word_is_found_by_its_letters(library: Connection) -> None:
    found = _rank(library, _question("mountian"))
    assert found["exact"].passages == []
    assert found["fuzzy"].passages == [3]
    assert found["fuzzy"].threshold is not None
    assert found["fuzzy"].values[0] >= found["fuzzy"].threshold / 2


@pytest.mark.parametrize(
    ("text", "threshold"),
    [
        ("the white whale sounded", THRESHOLDS[0]),
        ("wite wale soundet under a shipp", THRESHOLDS[1]),
        ("whyte snou", THRESHOLDS[2]),
        # A long text begins lower, and one that nothing is like ends at the lowest.
        ("the white whale sounded under the ship " * 3, THRESHOLDS[1]),
        ("zzzzz qqqqq", THRESHOLDS[2]),
    ],
)
def test_fuzzy_words_ask_for_less_only_where_nothing_is_found(
    library: Connection, text: str, threshold: float
) -> None:
    found = _rank(library, _question(text))["fuzzy"]
    assert found.threshold == threshold
    assert bool(found.passages) == ("zzz" not in text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("%", [8]),
        ("\\", [8]),
        ("100%", [8]),
        ("10_%", []),
        ("sure_of", [8]),
        ("sure of", [8]),
        ("'so' \"on\"", [8]),
        ("wh_te wh%le", []),
        ("w%e", []),
    ],
)
def test_a_wildcard_is_a_character(library: Connection, text: str, expected: list[int]) -> None:
    assert _rank(library, _question(text))["exact"].passages == expected


@pytest.mark.parametrize("way", WAYS)
def test_every_way_looks_only_where_it_may(library: Connection, way: Way) -> None:
    for within, allowed in {
        Within(("1",)): {1, 2, 7},
        Within(("2",)): {3, 4, 5},
        Within(("1", "2")): {1, 2, 3, 4, 5, 7},
        Within((), ("2",)): {2, 4, 7},
        Within(("2",), ("1",)): {3},
        Within(("2",), ("1", "2")): {3, 4},
    }.items():
        found = _rank(library, _question("white whale snow", [1, 0.1], 10, within))[way]
        assert found.passages
        assert set(found.passages) <= allowed
        if way == "embedding":
            assert set(found.passages) == allowed
            assert found.within == len(allowed)


@pytest.mark.parametrize("way", WAYS)
def test_the_passage_asked_with_is_left_out(library: Connection, way: Way) -> None:
    text = str(PASSAGES[1][2])
    asked = _rank(library, _question(text, [1, 0], most=2))[way]
    assert asked.passages[0] == 1
    others = _rank(library, _question(text, [1, 0], most=2, leave_out=1))[way]
    assert 1 not in others.passages
    assert others.passages[0] == (7 if way == "embedding" else 6)
    # As many as were wanted, where there are as many.
    assert len(others.passages) == (1 if way == "fuzzy" else 2)


def test_a_passage_like_no_other_leaves_fuzzy_words_something_to_find(
    library: Connection,
) -> None:
    """It alone passes the first threshold, and must not stand in for those of the next."""
    text = "The snow was white upon the mountain."
    assert _rank(library, _question(text))["fuzzy"].passages[0] == 3
    assert 3 not in (found := _rank(library, _question(text, leave_out=3))["fuzzy"]).passages
    assert found.passages


def test_as_many_as_are_wanted_and_whether_there_are_more(library: Connection) -> None:
    for most in (1, 3):
        found = _rank(library, _question("white", [1, 0], most=most))
        assert all(len(ranking.passages) <= most for ranking in found.values())
        assert found["embedding"].truncated
        assert found["exact"].truncated
    found = _rank(library, _question("white", [1, 0], most=50))
    assert len(found["embedding"].passages) == 7
    assert not any(ranking.truncated for ranking in found.values())


# What goes wrong


def test_without_trigrams_the_other_ways_go_on(
    make_database: MakeDatabase, open_connection: Open
) -> None:
    dsn = make_database("vector")
    _fill(dsn)
    library = open_connection(settings_for(dsn))
    found = _search(library, _question("white whale", [1, 0]))
    assert isinstance(found.rankings["fuzzy"].failure, ExtensionMissing)
    assert "pg_trgm" in found.rankings["fuzzy"].failure.hint
    assert found.rankings["fuzzy"].passages == []
    assert found.rankings["exact"].passages[:2] == [1, 6]
    assert found.rankings["embedding"].passages[0] == 1
    assert found.rows["fuzzy"].isna().all()


SLOW = """
    CREATE VIEW slow_{table} AS SELECT {kept},
        CASE WHEN pg_sleep(0.1)::text IS NULL THEN NULL ELSE {column} END AS {column} FROM {table}
"""


def _slow(dsn: str, open_connection: Open, **tables: dict[str, str]) -> Connection:
    """A library in which each row of some relations takes a tenth of a second to read."""
    execute(
        dsn,
        SLOW.format(table="chunks", kept="chunk_id, book_id, chapter_number", column="content"),
        SLOW.format(table="chunk_embeddings", kept="chunk_id, embedding_model", column="embedding"),
    )
    return open_connection(
        settings_for(dsn, relations=tables, limits={"search_seconds": 0.3}),
    )


def test_a_way_that_takes_too_long_is_stopped_and_the_others_go_on(
    dsn: str, open_connection: Open
) -> None:
    vocabulary = _vocabulary(open_connection(settings_for(dsn)))
    library = _slow(dsn, open_connection, passages={"table": "slow_chunks"})
    started = time.monotonic()
    found = library.run(search, _question("white whale", [1, 0], most=2), vocabulary, 7)
    assert time.monotonic() - started < 6
    for way in ("exact", "fuzzy"):
        failure = found.rankings[way].failure
        assert failure is not None
        assert "longer than 0.3 s" in failure.message
        assert "limits.search_seconds" in failure.hint
    assert found.rows["passage"].tolist() == found.rankings["embedding"].passages == [1, 7]
    running = (
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%ILIKE%' AND state = 'active'"
    )
    assert fetch(dsn, running + " AND pid <> pg_backend_pid()") == [(0,)]


def test_the_vectors_may_be_slow_while_the_words_are_not(dsn: str, open_connection: Open) -> None:
    vocabulary = _vocabulary(open_connection(settings_for(dsn)))
    library = _slow(dsn, open_connection, embeddings={"table": "slow_chunk_embeddings"})
    found = library.run(search, _question("white whale", [1, 0]), vocabulary, 7)
    assert found.rankings["embedding"].failure is not None
    assert set(found.rows["passage"]) == {1, 2, 3, 5, 6}
    # What one way could not read in time is not waited for afterwards.
    assert found.rows["score"].isna().all()


def test_where_every_way_fails_the_failure_is_raised(dsn: str, open_connection: Open) -> None:
    vocabulary = _vocabulary(open_connection(settings_for(dsn)))
    library = _slow(dsn, open_connection, passages={"table": "slow_chunks"})
    with pytest.raises(ConcordanceError, match=r"longer than 0\.3 s"):
        library.run(search, _question("white whale"), vocabulary, 7)
    gone = open_connection(settings_for(dsn))
    assert gone.relations()
    execute(dsn, "DROP TABLE chunks CASCADE")
    with pytest.raises(ConcordanceError, match="chunks"):
        gone.run(search, _question("white whale"), vocabulary, 7)


# Results


def test_results_have_texts_titles_scores_and_every_rank(library: Connection) -> None:
    found = _search(library, _question("the white whale", [1, 0], most=3))
    rows = found.rows.set_index("passage")
    lists = [found.rankings[way].passages for way in FUSED]
    assert found.rows["passage"].tolist() == fuse(lists)
    assert found.rows["fused"].tolist() == list(range(1, len(rows) + 1))
    for way in WAYS:
        ranked = rows[way].dropna().sort_values()
        assert ranked.index.tolist() == found.rankings[way].passages
        assert ranked.tolist() == list(range(1, len(ranked) + 1))
    assert rows.loc[1, ["book", "title", "chapter"]].tolist() == ["1", "Whales", "1"]
    assert rows.loc[1, "content"] == PASSAGES[1][2]
    assert rows.loc[6, ["book", "title", "chapter"]].isna().all()
    assert rows.loc[7, "content"] is None


def test_passages_that_only_words_found_have_their_score_too(library: Connection) -> None:
    """The embedding ranks one passage; of the others all that have a vector have a score."""
    found = _search(library, _question("white whale", [1, 0], most=5))
    alone = _search(library, _question("white whale snow", [-1, 0], most=1))
    assert alone.rankings["embedding"].passages == [4]
    scores = alone.rows.set_index("passage")["score"]
    assert scores[4] == pytest.approx(1)
    others = scores.drop(4)
    assert len(others) >= 1
    for passage, score in others.items():
        vector = np.array([float(n) for n in str(PASSAGES[passage][3])[1:-1].split(",")])
        assert score == pytest.approx(-vector[0] / np.linalg.norm(vector), abs=1e-6)
    assert np.isnan(found.rows.set_index("passage")["score"][6])


def test_results_in_each_order(library: Connection) -> None:
    found = _search(library, _question("the white whale", [0, 1]))
    for order in ORDERS:
        rows = found.ordered(order, 2)
        assert rows[order].tolist() == [1, 2]
        assert rows.index.tolist() == [0, 1]
        if order != "fused":
            assert rows["passage"].tolist() == found.rankings[order].passages[:2]
    # No vector, no words: a rank that nothing has.
    assert len(_search(library, _question("white")).ordered("embedding", 10)) == 0


def test_a_question_without_words_has_results_by_embedding_alone(library: Connection) -> None:
    found = _search(library, _question("", [0, 1], most=3))
    assert found.rows["passage"].tolist() == found.rankings["embedding"].passages
    assert found.rows["score"].is_monotonic_decreasing
    assert found.rows[["exact", "fuzzy"]].isna().all(axis=None)


def test_the_same_text_many_times_comes_by_id_in_every_way(dsn: str, open_connection: Open) -> None:
    insert(dsn, "chunks", CHUNK, [(n, 9, 1, "a purple cow") for n in range(130, 100, -1)])
    insert(dsn, "chunk_embeddings", EMBEDDING, [(n, "m", "[5,5]") for n in range(130, 100, -1)])
    library = open_connection(settings_for(dsn))
    found = _search(library, _question("purple cow", [1, 1], most=10))
    for way in WAYS:
        assert found.rankings[way].passages == list(range(101, 111))
        assert found.rankings[way].truncated
    assert found.rows["passage"].tolist() == list(range(101, 111))
    again = _search(library, _question("purple cow", [1, 1], most=10))
    assert again.rows["passage"].tolist() == found.rows["passage"].tolist()


def test_a_vector_whose_passage_is_gone_and_a_passage_that_a_view_has_twice(
    dsn: str, open_connection: Open
) -> None:
    insert(dsn, "chunk_embeddings", EMBEDDING, [(99, "m", "[1,0.01]")])
    execute(
        dsn,
        "CREATE VIEW twice AS SELECT * FROM chunks UNION ALL SELECT * FROM chunks",
    )
    library = open_connection(settings_for(dsn, relations={"passages": {"table": "twice"}}))
    rows = _search(library, _question("the white whale", [1, 0])).rows
    assert rows["passage"].is_unique
    assert rows["passage"].tolist()[0] == 1
    gone = rows.set_index("passage").loc[99]
    assert gone[["book", "title", "content"]].isna().all()
    assert gone["score"] == pytest.approx(1, abs=1e-3)


def test_text_ids_and_no_chapters(make_database: MakeDatabase, open_connection: Open) -> None:
    dsn = make_database("vector", "pg_trgm")
    _fill(dsn)
    execute(
        dsn,
        "ALTER TABLE chunks DROP chapter_number",
        "ALTER TABLE chunks ALTER chunk_id TYPE text USING 'p-' || chunk_id",
        "ALTER TABLE chunk_embeddings ALTER chunk_id TYPE text USING 'p-' || chunk_id",
    )
    library = open_connection(settings_for(dsn))
    asked = _question("the white whale", [1, 0], within=Within(("1", "2"), ("1",)))
    found = _search(library, dataclasses.replace(asked, leave_out="p-1"))
    assert "p-1" not in found.rows["passage"].tolist()
    assert set(found.rows["passage"]) <= {"p-2", "p-3", "p-4", "p-5", "p-7"}
    assert found.rows["chapter"].isna().all()
    assert found.rows["score"].notna().all()


# On the demo


HOSTILE = [
    "%",
    "100%_\\%_",
    "\\",
    "'; DROP TABLE chunks; --",
    '"quoted" `ticks` $1 $$',
    "<script>alert('the lord is my shepherd')</script>",
    "**bold** [link](javascript:alert(1)) # head",
    "\u202ethe lord\u202c is my\u200f shepherd",
    "אֱלֹהִים the shepherd",
    "the\x00 lord\x1b is\x7f my shepherd",
    "half \ud83d of it",
    "\U0001f600\U0001f468\u200d\U0001f469",
    "the " * 1_000,
    "x" * 4_000,
    "a%" * 2_000,
    "the lord is my shepherd " * 4_200,
    "…",
    "a",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_texts_are_only_texts(connection: Connection, text: str) -> None:
    cleaned = clean(text).text
    total = connection.run(passages.count_passages)
    vocabulary = connection.run(read_vocabulary, total)
    vector = connection.embed(WORDLLAMA, "the shepherd")[0]
    question = Question(cleaned, WORDLLAMA, vector, 20)
    found = connection.run(search, question, vocabulary, total)
    assert all(ranking.failure is None for ranking in found.rankings.values())
    assert len(found.rows) >= 20
    assert found.rows["content"].notna().all()
    assert found.rows["score"].notna().all()
    if "shepherd" in text and "script" not in text:
        assert (
            found.rows["passage"][found.rows["exact"] == 1]
            .map(lambda passage: "shepherd" in _content(found, passage))
            .all()
        )


def _content(found: Results, passage: Any) -> str:
    return str(found.rows.set_index("passage").loc[passage, "content"]).lower()


def test_a_known_verse_is_found_by_every_way_and_first(connection: Connection) -> None:
    total = connection.run(passages.count_passages)
    vocabulary = connection.run(read_vocabulary, total)
    text = "yea though I walk through the valley of the shadow of death"
    vector = connection.embed(WORDLLAMA, text)[0]
    found = connection.run(search, Question(text, WORDLLAMA, vector, 20), vocabulary, total)
    first = found.rows.iloc[0]
    assert (first["title"], first["chapter"]) == ("Psalms", "23")
    assert first[["exact", "fuzzy"]].tolist() == [1, 1]
    assert first["embedding"] <= 10
    assert found.rankings["embedding"].index is not None
    psalms = Within((first["book"],), ("23",))
    within = connection.run(
        search, Question(text, WORDLLAMA, vector, 20, psalms), vocabulary, total
    )
    assert set(within.rows["chapter"]) == {"23"}
    assert set(within.rows["title"]) == {"Psalms"}
    assert within.rankings["embedding"].within == len(within.rankings["embedding"].passages) == 6


def test_scores_are_those_of_the_stored_vectors(connection: Connection) -> None:
    total = connection.run(passages.count_passages)
    vocabulary = connection.run(read_vocabulary, total)
    vector = connection.embed(WORDLLAMA, "the lost sheep")[0]
    question = Question("the lost sheep", WORDLLAMA, vector, 10)
    found = connection.run(search, question, vocabulary, total)
    ids = found.rows["passage"].tolist()
    stored = connection.run(embeddings.read_vectors, WORDLLAMA, ids)
    cosines = unit(stored.matrix) @ unit(vector.reshape(1, -1))[0]
    scores = dict(zip(stored.ids, cosines.tolist(), strict=True))
    assert len(ids) > 10
    assert found.rows["score"].tolist() == pytest.approx([scores[one] for one in ids], abs=1e-5)
