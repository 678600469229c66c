"""Ranking by exact words, on libraries small enough to reckon by hand."""

from __future__ import annotations

import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.search import exact
from lib.search.exact import (
    EXPECTED_PASSAGES,
    SAMPLED_CHARACTERS,
    Vocabulary,
    has_trigrams,
    make_vocabulary,
    score_passages,
    words_of,
    words_to_look_for,
)

TEXTS = ["The sea, the sea", "the whale", "THE old man", "of the whale's tooth"]


@pytest.fixture
def vocabulary() -> Vocabulary:
    return make_vocabulary(TEXTS, 400)


def _score(text: str, content: str, vocabulary: Vocabulary) -> float:
    [score] = score_passages(text, [content], vocabulary)
    return score


# Words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("It's HIS, not “hers”!", ["it's", "his", "not", "hers"]),
        ("don’t—stop", ["don’t", "stop"]),
        ("'quoted' 'tis", ["quoted", "tis"]),
        ("10,000 men", ["10", "000", "men"]),
        ("Ærø été שלום 戦争", ["ærø", "été", "שלום", "戦争"]),
        ("… – %", []),
        ("", []),
    ],
)
def test_words_are_letters_and_digits_with_apostrophes_inside(text: str, words: list[str]) -> None:
    assert words_of(text) == words


@pytest.mark.parametrize(
    ("text", "there_are"),
    [("of a", False), ("the", True), ("… %%%", False), ("", False), ("ab, abc", True)],
)
def test_a_word_of_three_letters_has_trigrams(text: str, there_are: bool) -> None:
    assert has_trigrams(text) == there_are


# Weights


def test_a_word_weighs_as_it_is_rare(vocabulary: Vocabulary) -> None:
    """In all four passages, in one of four, in none: ln(5/4.5), ln(5/1.5), ln(5/.5)."""
    assert vocabulary.weight("the") == pytest.approx(0.1054, abs=1e-4)
    assert vocabulary.weight("sea") == pytest.approx(1.2040, abs=1e-4)
    assert vocabulary.weight("ship") == pytest.approx(2.3026, abs=1e-4)


def test_a_word_twice_in_one_passage_counts_once(vocabulary: Vocabulary) -> None:
    assert vocabulary.held["sea"] == 1
    assert vocabulary.held["the"] == 4


def test_passages_are_expected_by_letters_also_within_words(vocabulary: Vocabulary) -> None:
    """ "whale" stands twice in 4 of 400, once within "whale's"; "ship" never."""
    assert vocabulary.expected("whale") == pytest.approx(2.5 / 4 * 400)
    assert vocabulary.expected("ship") == pytest.approx(0.5 / 4 * 400)


def test_of_no_sample_every_word_weighs_the_same() -> None:
    nothing = make_vocabulary([], 0)
    assert nothing.weight("a") == nothing.weight("b") == pytest.approx(math.log(2))
    assert score_passages("a b", ["a b", "a"], nothing)[0] == 1


def test_a_vocabulary_is_bounded() -> None:
    texts = ["word " * 20_000] * 100
    vocabulary = make_vocabulary(texts, 100)
    assert vocabulary.sampled < 10
    assert len(vocabulary.joined) < SAMPLED_CHARACTERS + 2 * len(texts[0])
    assert vocabulary.held == {"word": vocabulary.sampled}


# Scores


def test_a_score_is_the_share_of_the_weights_of_words_and_pairs(vocabulary: Vocabulary) -> None:
    the, sea, ship = (vocabulary.weight(word) for word in ("the", "sea", "ship"))
    possible = the + sea + ship + (the + sea) / 2 + (sea + ship) / 2
    for content, held in {
        "the sea ship": possible,
        "a ship, the sea": the + sea + ship + (the + sea) / 2,
        "sea": sea,
        "seaman": sea / 2,
        "nothing": 0,
    }.items():
        assert _score("The SEA ship", content, vocabulary) == pytest.approx(held / possible)


def test_a_whole_word_beats_a_part_of_one_and_a_rare_word_a_common_one(
    vocabulary: Vocabulary,
) -> None:
    scores = score_passages("the whale", ["whale", "whaler", "the", "x"], vocabulary)
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == 4


def test_short_words_do_not_count_within_others(vocabulary: Vocabulary) -> None:
    assert _score("he", "the", vocabulary) == 0
    assert _score("he", "he", vocabulary) == 1


def test_a_phrase_beats_its_words_apart(vocabulary: Vocabulary) -> None:
    text = "old man of the sea"
    phrase, reversed_, apart = score_passages(
        text,
        ["The old man, of the SEA.", "sea the of man old", "the sea of an old, old, rich man"],
        vocabulary,
    )
    assert phrase == 1
    assert phrase > apart > reversed_


def test_only_what_holds_everything_scores_one(vocabulary: Vocabulary) -> None:
    words = [f"w{n}" for n in range(60)]
    text = " ".join(words)
    assert _score(text, f"before {text.upper()} after", vocabulary) == 1
    for left_out in (0, 30, 59):
        assert _score(text, " ".join(words[:left_out] + words[left_out + 1 :]), vocabulary) < 1
    assert _score(text, " ".join(sorted(words)), vocabulary) < 1


def test_words_said_twice_do_not_need_to_stand_twice(vocabulary: Vocabulary) -> None:
    assert _score("sea sea", "sea", vocabulary) < _score("sea sea", "sea, sea", vocabulary) == 1


def test_a_text_without_words_is_looked_for_as_it_stands(vocabulary: Vocabulary) -> None:
    assert score_passages("…", ["so … then", "so then"], vocabulary) == [1, 0]
    assert score_passages("%", ["100%", "100"], vocabulary) == [1, 0]


@given(st.text("abc' .é", max_size=30), st.lists(st.text("abc' .é", max_size=40), max_size=4))
def test_scores_are_shares_and_a_text_holds_itself(text: str, contents: list[str]) -> None:
    vocabulary = make_vocabulary(contents, 10)
    assert all(0 <= score <= 1 for score in score_passages(text, contents, vocabulary))
    assert _score(text, f"{text} more", vocabulary) == 1 or not text.endswith(tuple("abcé"))
    assert _score(text, text, vocabulary) == 1


# Words to look for


def test_the_rarest_words_are_looked_for_as_long_as_few_passages_hold_them() -> None:
    """Of 1,000: "rare" in one of 100 sampled, "some" in 10, "many" in 90."""
    texts = ["rare some many"] + ["some many"] * 9 + ["many"] * 80 + ["x"] * 10
    small = make_vocabulary(texts, 1_000)
    assert words_to_look_for("many some rare", small)[0] == ["rare", "some", "many"]
    large = make_vocabulary(texts, 15 * EXPECTED_PASSAGES)
    assert words_to_look_for("many some rare", large)[0] == ["rare"]
    assert words_to_look_for("many some", large)[0] == ["some"]
    assert words_to_look_for("many many", large)[0] == ["many"]


def test_a_word_is_as_common_as_its_letters() -> None:
    """ "has" is in no passage as a word; found by its letters, it would bring all that say hast."""
    texts = ["thou hast"] * 90 + ["a drunken man"] + ["x"] * 9
    vocabulary = make_vocabulary(texts, 2 * EXPECTED_PASSAGES)
    assert words_to_look_for("has drunken", vocabulary)[0] == ["drunken"]


@given(st.lists(st.sampled_from(["alpha", "beta", "the", "of", "x7", "gamma"]), max_size=50))
def test_what_is_looked_for_is_bounded(said: list[str]) -> None:
    vocabulary = make_vocabulary(["alpha beta the of", "the of", "the"], 100_000)
    chosen = words_to_look_for(" ".join(said), vocabulary)[0]
    assert len(chosen) == len(set(chosen))
    assert set(chosen) <= set(said)
    assert bool(chosen) == bool(said)
    if len(chosen) > 1:
        assert sum(map(vocabulary.expected, chosen)) <= EXPECTED_PASSAGES


def test_short_words_are_looked_for_only_without_long_ones(vocabulary: Vocabulary) -> None:
    assert "of" not in words_to_look_for("of the man", vocabulary)[0]
    assert words_to_look_for("of", vocabulary)[0] == ["of"]
    assert words_to_look_for("…", vocabulary)[0] == []


def test_of_equally_rare_words_the_longest_comes_first(vocabulary: Vocabulary) -> None:
    assert words_to_look_for("abc abcdef abcd", vocabulary)[0] == ["abcdef", "abcd", "abc"]
    assert exact.SHORTEST == 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("बाइबिल पढ़ो", ["बाइबिल", "पढ़ो"]),
        ("\u05d1\u05b0\u05bc\u05e8\u05b5\u05d0\u05e9\u05b4\u05c1\u05d9\u05ea", 1),
        ("cafe\u0301", ["caf\u00e9"]),
        ("ﬁne", ["fine"]),
        ("光明、日本", ["光明", "日本"]),
    ],
)
def test_words_of_other_scripts_are_whole(text: str, words: list[str] | int) -> None:
    found = words_of(text)
    assert (len(found) if isinstance(words, int) else found) == (
        words if isinstance(words, int) else words_of(" ".join(words))
    )
    assert len(found) == (words if isinstance(words, int) else len(words))
    assert exact.has_trigrams(text)


def test_a_word_within_a_run_without_spaces_is_found() -> None:
    chinese = make_vocabulary(["世界的光明", "黑暗"], 2)
    assert score_passages("光明", ["世界的光明和生命", "黑暗"], chinese) == [0.5, 0.0]


def test_what_is_not_looked_for_at_first_is_kept_for_later() -> None:
    vocabulary = make_vocabulary(["hello number"] * 100, 50 * EXPECTED_PASSAGES)
    rare, common = words_to_look_for("hello world number", vocabulary)
    assert rare == ["world"]
    assert sorted(common) == ["hello", "number"]


def test_the_larger_the_library_the_more_passages_may_hold_a_rare_word() -> None:
    vocabulary = make_vocabulary(["the a of"] * 2_000, 2_400_000)
    unseen = ["nebuchadnezzar", "shadrach", "meshach", "abednego", "furnace"]
    assert len(words_to_look_for(" ".join(unseen), vocabulary)[0]) == 5


def test_a_long_text_is_scored_in_bounded_time(vocabulary: Vocabulary) -> None:
    text = " ".join(f"word{n}" for n in range(2_000))
    contents = [" ".join(f"word{n % 500}" for n in range(600))] * 1_000
    started = time.process_time()
    scores = score_passages(text, contents, vocabulary)
    assert time.process_time() - started < 3
    assert set(scores) == {1.0}
