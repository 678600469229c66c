"""The parts of the trigram fallback that need no database: bounds, rare terms, pace."""

from __future__ import annotations

from collections import deque

import numpy as np
import pytest

from lib.databases.trigrams import Operator
from lib.matching.fallback import rare_terms
from lib.matching.fallback.bounds import bound_similarities
from lib.matching.fallback.pace import STATEMENT_SECONDS, Comparison, Pace
from lib.matching.fallback.rare_terms import Holders, terms

# Bounds


def test_a_bound_is_the_share_of_the_texts_trigrams_that_the_passage_has() -> None:
    texts = [["a", "b", "c", "d"], ["x", "y"]]
    passages = [["a", "b", "z"], ["x"], []]
    expected = [[0.5, 0, 0], [0, 0.5, 0]]
    for operator in ("<<->", "<<<->"):
        assert bound_similarities(texts, passages, operator).tolist() == expected


def test_of_whole_passages_the_bound_is_the_similarity() -> None:
    bounds = bound_similarities([["a", "b", "c", "d"]], [["a", "b", "z"], ["a"]], "<->")
    assert bounds.tolist() == [[2 / 5, 1 / 4]]


@pytest.mark.parametrize("operator", ["<->", "<<->", "<<<->"])
def test_what_has_no_trigrams_has_nothing_in_common(operator: Operator) -> None:
    assert bound_similarities([[]], [[], ["a"]], operator).tolist() == [[0, 0]]
    assert bound_similarities([[], ["a"]], [[]], operator).tolist() == [[0], [0]]


def test_bounds_are_of_every_pair() -> None:
    rng = np.random.default_rng(0)
    letters = np.array(list("abcdefghijklmnop"))
    sets = [letters[rng.random(16) < 0.4].tolist() for _ in range(30)]
    bounds = bound_similarities(sets[:10], sets[10:], "<->")
    assert bounds.shape == (10, 20)
    for text, row in zip(sets[:10], bounds, strict=True):
        for passage, bound in zip(sets[10:], row, strict=True):
            both, either = set(text) & set(passage), set(text) | set(passage)
            assert bound == pytest.approx(len(both) / max(len(either), 1))


# Rare terms


def test_terms_are_runs_of_up_to_three_words_once_each() -> None:
    assert terms("The sea, the SEA!") == [
        ("the",),
        ("sea",),
        ("the", "sea"),
        ("sea", "the"),
        ("the", "sea", "the"),
        ("sea", "the", "sea"),
    ]
    assert terms("… — …") == terms("") == []


def test_a_long_text_has_terms_from_beginning_to_end() -> None:
    words = [f"w{n}" for n in range(10_000)]
    found = [term for term in terms(" ".join(words)) if len(term) == 3]
    assert len(found) <= rare_terms.MOST_PLACES
    places = [words.index(term[0]) for term in found]
    assert places[0] == 0
    assert places[-1] > 9_900
    assert set(np.diff(places)) == {50}
    assert all(words.index(term[2]) == words.index(term[0]) + 2 for term in found)


def _holders(texts: list[str], passages: list[str]) -> Holders:
    holders = Holders(term for text in texts for term in terms(text))
    for start in range(0, len(passages), 2):
        some = passages[start : start + 2]
        ids = list(range(start, start + len(some)))
        holders.add(ids, some)
    return holders


def test_candidates_hold_a_term_whatever_its_case_and_punctuation() -> None:
    passages = ["A WHALE, of sorts", "no fish", "old “wha­le’s” bone", "whaler", "not one"]
    text = "the whale, whale's"
    assert sorted(_holders([text], passages).candidates(terms(text))) == [0, 2]


def test_a_run_of_common_words_finds_what_its_words_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rare_terms, "MOST_CANDIDATES", 3)
    passages = ["of the sea", "sea of", "of", "the sea", "the of", "the", "sea"]
    holders = _holders(["of the sea"], passages)
    # Each word is in four passages at least.
    assert holders.candidates([("of",), ("the",), ("sea",)]) == []
    assert holders.candidates(terms("of the sea")) == [0, 3]


def test_no_more_candidates_than_the_bound_and_the_rarest_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rare_terms, "MOST_CANDIDATES", 4)
    passages = ["a", "a", "a", "b", "b", "c", "d", "d", "d", "d", "d"]
    asked: list[rare_terms.Term] = [("a",), ("b",), ("c",), ("d",), ("e",)]
    holders = Holders(asked)
    holders.add(range(len(passages)), passages)
    assert holders.candidates(asked) == [5, 3, 4]
    assert holders.candidates([("a",)]) == [0, 1, 2]
    assert holders.candidates([("d",), ("e",)]) == []
    monkeypatch.setattr(rare_terms, "MOST_TERMS", 1)
    assert holders.candidates(asked) == [5]


def test_a_passage_is_a_candidate_once() -> None:
    text = "call me ishmael"
    assert _holders([text], ["Call me Ishmael. Call me Ishmael!"]).candidates(terms(text)) == [0]


# Pace


def _waiting(count: int, passages: int, length: int = 200) -> deque[Comparison]:
    text = "x" * length
    return deque(
        Comparison(row, text, range(passages), range(passages), 200.0) for row in range(count)
    )


def test_every_passage_is_taken_once_and_in_order() -> None:
    waiting = _waiting(40, 5_000)
    pace = Pace(60)
    taken: dict[int, list[int]] = {}
    while waiting:
        some = pace.take(waiting)
        assert some
        assert all(comparison.passages for comparison in some)
        for comparison in some:
            taken.setdefault(comparison.row, []).extend(comparison.passages)
    assert taken == {row: list(range(5_000)) for row in range(40)}


@pytest.mark.parametrize("truth", [0.1, 1.0, 30.0])
def test_statements_become_as_long_as_they_should_be(truth: float) -> None:
    """Whether the server is faster or slower than was measured."""
    waiting = _waiting(100, 50_000)
    pace = Pace(60)
    seconds = []
    for _ in range(20):
        some = pace.take(waiting)
        seconds.append(truth * sum(comparison.seconds for comparison in some))
        pace.learn(some, seconds[-1])
    assert seconds[0] < 12
    assert STATEMENT_SECONDS / 2 < seconds[-1] < STATEMENT_SECONDS * 2


def test_a_short_timeout_makes_short_statements() -> None:
    for timeout in (600.0, 10.0, 1.0):
        some = Pace(timeout).take(_waiting(100, 50_000))
        assert sum(comparison.seconds for comparison in some) <= min(timeout / 10, 1.0)


def test_a_text_too_long_for_its_time_goes_passage_by_passage() -> None:
    waiting = _waiting(1, 3, length=10_000_000)
    pace = Pace(1)
    assert [list(pace.take(waiting)[0].passages) for _ in range(3)] == [[0], [1], [2]]
    assert not waiting


def test_a_round_trip_says_nothing_of_the_pace() -> None:
    before, pace = Pace(60), Pace(60)
    some = pace.take(_waiting(1, 1))
    pace.learn(some, 0.05)
    pace.learn([], 5.0)
    assert pace.take(_waiting(9, 9_000)) == before.take(_waiting(9, 9_000))
