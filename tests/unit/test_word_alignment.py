"""A highlight beside the stretch it renders: every kind of error, and texts of any kind."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from itertools import groupby

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from lib.matching.ranges import Range, word_ranges
from lib.matching.windows import normalise
from lib.matching.word_alignment import (
    SLACK_LEAST,
    Difference,
    Kind,
    Part,
    WordAlignment,
    Words,
    align_words,
    parts_of,
    white_space_ranges,
)

# Characters that normalising drops, joins, takes apart, or turns into spaces.
AWKWARD = "ab'’` -—´¨ﬁ½İ ßé\u0301\u00ad\u200d…가\u1100\u1161\uff76\uff9e𝒳\u00a0\u2028\n"
TEXT = st.text(max_size=40) | st.text(st.sampled_from(AWKWARD), max_size=30)
# Few words, so that they repeat and many stretches are alike.
SAID = st.lists(st.sampled_from(["a", "be", "sea", "deer", "eagle"]), min_size=1, max_size=8)

BEAR = "The old bear went slowly down to the river, for he was thirsty; and there he drank."


def aligned(highlight: str, *passages: str) -> WordAlignment:
    found = align_words(highlight, passages)
    assert found is not None
    return found


def errors(found: WordAlignment) -> int:
    return found.substitutions + found.insertions + found.deletions


def fewest_errors(heard: Sequence[str], written: Sequence[str]) -> int:
    """The smallest edit distance to any stretch of at least one word, by trying them all."""
    count = len(written)
    return min(
        Levenshtein.distance(written[start:stop], heard)
        for start in range(count)
        for stop in range(start + 1, count + 1)
    )


def stretch_of(found: WordAlignment) -> list[Kind]:
    """What became of each word of the stretch."""
    return [kind for words in found.written for kind in words.kinds if kind != "outside"]


# What holds for any text


@settings(max_examples=300)
@given(TEXT, TEXT, TEXT)
def test_parts_of_either_side_join_to_the_whole_text(heard: str, one: str, other: str) -> None:
    found = align_words(heard, [one, other])
    sides = [(text, Words(word_ranges(text), _outside(text))) for text in (heard, one, other)]
    if found is not None:
        sides += [(heard, found.heard), (one, found.written[0]), (other, found.written[1])]
    for text, words in sides:
        parts = parts_of(text, words)
        assert "".join(part.text for part in parts) == text
        assert all(part.text for part in parts)


@settings(max_examples=200)
@given(TEXT, st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=4))
def test_parts_join_to_the_whole_text_whatever_is_marked(text: str, hits: list[Range]) -> None:
    parts = parts_of(text, Words(word_ranges(text), _outside(text)), hits)
    assert "".join(part.text for part in parts) == text


@settings(max_examples=200)
@given(TEXT, st.lists(TEXT, max_size=3))
def test_words_are_counted_on_both_sides(heard: str, passages: list[str]) -> None:
    found = align_words(heard, passages)
    written = [normalise(passage) for passage in passages]
    if found is None:
        assert not normalise(heard) or not any(written)
        return
    assert found.equal + found.substitutions + found.insertions == len(normalise(heard))
    stretch = stretch_of(found)
    assert found.equal + found.substitutions + found.deletions == len(stretch)
    assert [len(words.kinds) for words in found.written] == [len(words) for words in written]
    for kind in ("equal", "substitution"):
        assert stretch.count(kind) == found.heard.kinds.count(kind)
    assert len(found.differences) == errors(found)
    assert found.word_error_rate == errors(found) / len(stretch)


@settings(max_examples=200)
@given(TEXT, st.lists(TEXT, max_size=3))
def test_the_stretch_is_whole_and_in_the_passages_that_are_named(
    heard: str, passages: list[str]
) -> None:
    found = align_words(heard, passages)
    if found is None:
        return
    flat = [
        (number, kind != "outside")
        for number, words in enumerate(found.written)
        for kind in words.kinds
    ]
    inside = [number for number, within in flat if within]
    assert [within for _, within in flat].count(True) == len(inside) > 0
    assert len(list(groupby(within for _, within in flat))) <= 3
    assert (found.first, found.last) == (inside[0], inside[-1])


@settings(max_examples=200)
@given(TEXT.filter(normalise))
def test_a_text_renders_itself_without_an_error(text: str) -> None:
    found = aligned(text, text)
    assert found.word_error_rate == 0
    assert found.differences == []
    assert found.longest_run == found.longest_within == len(normalise(text))


@settings(max_examples=200)
@given(SAID, st.lists(st.sampled_from(["a", "be", "sea", "deer"]), min_size=1, max_size=4))
def test_in_a_short_text_no_stretch_has_fewer_errors(heard: list[str], book: list[str]) -> None:
    # The slack covers all of it: wherever the search begins, every stretch is tried.
    assert len(book) <= SLACK_LEAST + 1
    assert errors(aligned(" ".join(heard), " ".join(book))) == fewest_errors(heard, book)


def test_hardly_any_stretch_of_a_long_text_has_fewer_errors() -> None:
    """None where one word in ten is wrong; where one in three is, one error more at most."""
    rng = random.Random(5)
    letters = "abcdefghijklmnoprstuw"
    vocabulary = [
        "".join(rng.choices(letters, k=rng.choice([1, 2, 3, 4, 5, 8]))) for _ in range(400)
    ]
    for wrong, most in ((0.1, 0), (0.33, 1)):
        excess = []
        for _ in range(25):
            book = rng.choices(vocabulary, k=90)
            start = rng.randrange(60)
            heard = _misheard(rng, vocabulary, book[start : start + rng.randrange(8, 30)], wrong)
            if heard:
                found = aligned(" ".join(heard), " ".join(book[:50]), " ".join(book[50:]))
                excess.append(errors(found) - fewest_errors(heard, book))
        assert len(excess) > 20
        assert min(excess) == 0
        assert max(excess) <= most
        assert sum(excess) <= most


@settings(max_examples=200)
@given(SAID, SAID, SAID)
def test_runs_are_words_in_a_row_that_agree_on_both_sides(
    heard: list[str], one: list[str], other: list[str]
) -> None:
    found = aligned(" ".join(heard), " ".join(one), " ".join(other))
    rows = _rows(found, heard, [*one, *other])
    lengths = []
    within = []
    for agree, pairs in groupby(rows, key=lambda row: row[0] == "equal"):
        if agree:
            run = list(pairs)
            lengths.append(len(run))
            sides = [place < len(one) for _, _, place in run]
            within += [sides.count(True), sides.count(False)]
            assert all(heard[said] == [*one, *other][place] for _, said, place in run)
    assert found.longest_run == max(lengths, default=0)
    assert found.longest_within == max(within, default=0)
    assert [stop - start for start, stop in found.runs] == lengths


@given(st.text(max_size=40))
def test_white_space_cuts_where_windows_are_cut(text: str) -> None:
    assert [text[slice(*found)] for found in white_space_ranges(text)] == text.split()


# Each kind of error, by hand


@pytest.mark.parametrize(
    ("heard", "differences"),
    [
        ("for he was thirsty and", []),
        ("for he was thirty and", [Difference("substitution", "thirty", "thirsty")]),
        ("for he was very thirsty and", [Difference("insertion", "very", "")]),
        ("down to river for he", [Difference("deletion", "", "the")]),
        (
            "slowly dawn to the river for for he thirsty",
            [
                Difference("substitution", "dawn", "down"),
                Difference("insertion", "for", ""),
                Difference("deletion", "", "was"),
            ],
        ),
    ],
)
def test_each_error_is_named_by_what_was_heard_and_what_is_written(
    heard: str, differences: list[Difference]
) -> None:
    assert aligned(heard, BEAR).differences == differences


def test_errors_are_counted_and_the_rate_is_by_words_of_the_book() -> None:
    found = aligned("slowly dawn to the river for for he thirsty", BEAR)
    assert (found.equal, found.substitutions, found.insertions, found.deletions) == (7, 1, 1, 1)
    assert found.word_error_rate == pytest.approx(3 / 9)
    assert found.longest_run == 4
    assert found.runs == [(0, 1), (2, 6), (7, 8), (8, 9)]


def test_words_that_were_made_up_lead_above_one() -> None:
    found = aligned("one two three", "yes")
    assert found.word_error_rate == 3
    assert (found.equal, found.longest_run, found.longest_within) == (0, 0, 0)


def test_of_stretches_without_an_error_the_first_is_taken() -> None:
    found = aligned("to be", "to be or not to be")
    assert found.written[0].kinds == ["equal"] * 2 + ["outside"] * 4


def test_a_highlight_longer_than_its_book_has_words_inserted_at_its_ends() -> None:
    found = aligned("and then the old bear went home", "the old bear")
    assert (found.equal, found.insertions, found.deletions) == (3, 4, 0)
    assert found.heard.kinds == ["insertion"] * 2 + ["equal"] * 3 + ["insertion"] * 2


def test_words_left_out_do_not_move_the_far_end_out_of_reach() -> None:
    """Four of 18 words are left out in the middle: more than the ends are moved at a time."""
    book = normalise(
        "Before that, seven brave young knights rode quickly south under heavy grey autumn clouds, "
        "past ruined towers, while peasants watched silently from muddy fields; and after that …"
    )
    heard = [*book[:6], *book[10:18]]
    found = aligned(" ".join(heard), " ".join(book))
    assert (found.equal, found.deletions, errors(found)) == (14, 4, 4)


@pytest.mark.parametrize("empty", ["", "  \n", "— … !", "\u0301", "’"])
def test_without_words_on_either_side_there_is_nothing_to_align(empty: str) -> None:
    assert align_words(empty, [BEAR]) is None
    assert align_words("the old bear", [empty]) is None
    assert align_words("the old bear", [empty, empty]) is None
    assert align_words("the old bear", []) is None
    assert aligned("the old bear", empty, BEAR, empty).first == 1


def test_one_word_is_found_among_many() -> None:
    found = aligned("RIVER!", BEAR)
    assert (found.equal, errors(found), found.longest_run) == (1, 0, 1)
    assert [part.text for part in parts_of(BEAR, found.written[0]) if part.kind == "equal"] == [
        "river"
    ]


def test_typography_is_no_error() -> None:
    found = aligned(
        "“Don’t,” said he — “the ﬁrst co\u00adoperate”", "don't SAID HE: the first cooperate"
    )
    assert found.word_error_rate == 0
    assert found.equal == 6


def test_a_character_of_two_words_is_shown_once() -> None:
    text = "add ½ cup"
    found = aligned(text, "Add 1 2 cup.")
    assert (found.equal, found.word_error_rate) == (4, 0)
    assert "".join(part.text for part in parts_of(text, found.heard)) == text
    differing = aligned(text, "Add 1 3 cup.")
    assert differing.differences == [Difference("substitution", "½", "3")]
    assert "".join(part.text for part in parts_of(text, differing.heard)) == text


def test_a_stretch_over_a_border_is_in_both_passages() -> None:
    said, left = BEAR.split("was ")
    found = aligned("for he was thirsty and there", "He slept.", f"{said}was", left, "He slept.")
    assert (found.first, found.last) == (1, 2)
    assert (found.equal, found.longest_run, found.longest_within) == (6, 6, 3)


@pytest.mark.parametrize(
    ("passages", "longest", "within"),
    [
        (("one two three four five six",), 6, 6),
        (("zero one two", "three four five six"), 6, 4),
        (("one two", "three four", "five six"), 6, 2),
        (("one two three", "four FOUR five six"), 4, 3),
        (("one two three", "", "— four five six"), 6, 3),
    ],
)
def test_the_longest_run_is_told_with_and_without_borders(
    passages: tuple[str, ...], longest: int, within: int
) -> None:
    found = aligned("one two three four five six", *passages)
    assert (found.longest_run, found.longest_within) == (longest, within)


# Parts


def test_neighbours_of_one_kind_are_one_part_with_what_stands_between() -> None:
    found = aligned("the gold bear went slowly", "So: the old bear went, slowly, off.")
    written = parts_of("So: the old bear went, slowly, off.", found.written[0])
    assert [(part.text, part.kind) for part in written if part.kind != "outside"] == [
        ("the", "equal"),
        ("old", "substitution"),
        ("bear went, slowly", "equal"),
    ]
    assert written[-1] == Part(".", "outside")


def test_words_of_a_window_that_was_found_are_marked() -> None:
    text = "the old bear went slowly"
    found = aligned(text, text)
    parts = parts_of(text, found.heard, [(4, 12), (8, 17)])
    assert [(part.text, part.hit) for part in parts if part.kind == "equal"] == [
        ("the", False),
        ("old bear went", True),
        ("slowly", False),
    ]
    # A window that was found holds whole words: half of one is none.
    assert not any(part.hit for part in parts_of(text, found.heard, [(5, 11)]))


def _outside(text: str) -> list[Kind]:
    return ["outside"] * len(word_ranges(text))


def _misheard(
    rng: random.Random, vocabulary: list[str], words: list[str], wrong: float
) -> list[str]:
    """The words with a share of them left out, replaced or doubled."""
    heard: list[str] = []
    for word in words:
        fate = rng.random() / wrong
        if fate < 1 / 3:
            continue
        if fate < 2 / 3:
            heard.append(rng.choice(vocabulary))
        else:
            heard += [word, rng.choice(vocabulary)] if fate < 1 else [word]
    return heard


def _rows(
    found: WordAlignment, heard: list[str], written: list[str]
) -> list[tuple[Kind, int, int]]:
    """Both sides side by side: the kind, and the number of the word on each (-1: none)."""
    kinds = [kind for words in found.written for kind in words.kinds]
    said = 0
    rows: list[tuple[Kind, int, int]] = []
    for place, kind in enumerate(kinds):
        while kind != "outside" and said < len(heard) and found.heard.kinds[said] == "insertion":
            rows.append(("insertion", said, -1))
            said += 1
        if kind in {"equal", "substitution"}:
            rows.append((kind, said, place))
            said += 1
        elif kind == "deletion":
            rows.append((kind, -1, place))
    assert re.fullmatch("(insertion)*", "".join(found.heard.kinds[said:]))
    return rows
