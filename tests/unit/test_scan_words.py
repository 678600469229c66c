"""The parts of the scan that need no database."""

from __future__ import annotations

from itertools import accumulate

import numpy as np
import pandas as pd
from ahocorasick_rs import AhoCorasick
from hypothesis import given
from hypothesis import strategies as st

from lib.databases.passages import Batch
from lib.databases.similar import like_pattern
from lib.matching.scan import _assemble, _Found, _search_book, _unescape
from lib.matching.windows import cut

# Words of which one is a part of another, of one and more bytes a character.
WORD = st.sampled_from(["a", "b", "ab", "é", "日本", "𝒳", "b𝒳"])
PASSAGE = st.lists(WORD, max_size=6)


def _literals(pattern: str) -> list[str | None]:
    """A LIKE pattern as PostgreSQL reads it: characters, and None for a wildcard."""
    read: list[str | None] = []
    characters = iter(pattern)
    for character in characters:
        if character == "\\":
            read.append(next(characters))
        else:
            read.append(None if character in "%_" else character)
    return read


@given(st.text(st.sampled_from("ab%_\\'\n é"), max_size=20))
def test_a_pattern_stands_for_its_text_anywhere(text: str) -> None:
    assert _literals(like_pattern(text)) == [None, *text, None]


@given(st.text(max_size=30) | st.text(st.sampled_from("a%_\\\n"), max_size=20))
def test_unescape_undoes_the_pattern(text: str) -> None:
    assert _unescape(like_pattern(text)) == text


def _hits(texts: list[str], words: list[list[str]], first_row: int) -> set[tuple[int, int]]:
    found = _Found()
    automaton = AhoCorasick([f" {text} " for text in texts])
    _search_book(automaton, words, first_row, found)
    patterns, passages = found.unique_hits()
    pairs = list(zip(patterns.tolist(), passages.tolist(), strict=True))
    assert len(set(pairs)) == len(pairs)
    return set(pairs)


@given(
    st.lists(PASSAGE, max_size=6),
    st.lists(st.lists(WORD, min_size=1, max_size=4), min_size=1, max_size=5, unique_by=tuple),
    st.integers(0, 1000),
)
def test_windows_are_found_by_whole_words_in_the_passage_they_begin_in(
    passages: list[list[str]], windows: list[list[str]], first_row: int
) -> None:
    places = [(row, word) for row, passage in enumerate(passages) for word in passage]
    expected = {
        (number, first_row + places[start][0])
        for number, window in enumerate(windows)
        for start in range(len(places))
        if [word for _, word in places[start : start + len(window)]] == window
    }
    assert _hits([" ".join(window) for window in windows], passages, first_row) == expected


def test_a_window_may_straddle_passages_and_skip_empty_ones() -> None:
    passages = [["in", "the"], [], ["beginning", "was"], []]
    assert _hits(["the beginning", "beginning was", "in the beginning was"], passages, 10) == {
        (0, 10),
        (1, 12),
        (2, 10),
    }


def test_a_repeated_window_is_one_hit_of_its_passage() -> None:
    assert _hits(["holy holy"], [["holy", "holy", "holy", "holy"]], 0) == {(0, 0)}


def test_no_words_give_no_hits() -> None:
    assert _hits(["a"], [], 0) == set()
    assert _hits(["a"], [[], []], 0) == set()


LIBRARY = [("A", "a b c a b"), ("A", "b c"), ("B", "c a b"), ("B", ""), ("C", "a b c")]


LETTERS = st.lists(st.sampled_from("abc"), max_size=6)


@given(st.lists(st.tuples(LETTERS, st.sampled_from(["A", "B", "Z", None])), max_size=5))
def test_hits_of_texts_become_hits_of_every_window_that_reads_so(
    made: list[tuple[list[str], str | None]],
) -> None:
    highlights = pd.DataFrame(
        {
            "text": pd.Series([" ".join(words) for words, _ in made], dtype=object),
            "book": pd.Series([book for _, book in made], dtype=object),
        }
    )
    windows = cut(highlights["text"].tolist(), 2, 1, "ilike")
    texts = list(dict.fromkeys(windows.text))
    found = _Found()
    found.add(Batch(ids=[7, 8], books=["A", "A"], texts=[]))
    assert found.add(Batch(ids=[9, 10, 11], books=["B", "B", "C"], texts=[])) == 2
    for row, (_, content) in enumerate(LIBRARY):
        mine = [number for number, text in enumerate(texts) if text in content]
        # What is reported twice counts once.
        found.add_hits(mine + mine, np.full(2 * len(mine), row, dtype=np.int32))
    scan = _assemble(highlights, windows, texts, found)
    expected = {
        (number, row, made[windows.highlight[number]][1] in (None, LIBRARY[row][0]))
        for number, text in enumerate(windows.text)
        for row in range(len(LIBRARY))
        if text in LIBRARY[row][1]
    }
    hits = list(
        zip(
            scan.hit_window.tolist(),
            scan.hit_passage.tolist(),
            scan.hit_own_book.tolist(),
            strict=True,
        )
    )
    assert set(hits) == expected
    assert len(hits) == len(expected)
    assert scan.passages["passage"].tolist() == [7, 8, 9, 10, 11]
    assert scan.passages["position"].tolist() == [0, 1, 0, 1, 0]


@given(st.lists(PASSAGE, min_size=1, max_size=5))
def test_the_passage_of_a_word_is_the_one_it_stands_in(passages: list[list[str]]) -> None:
    ends = list(accumulate(len(passage) for passage in passages))
    marked = [
        [f"w{end - len(p) + i}" for i in range(len(p))]
        for end, p in zip(ends, passages, strict=True)
    ]
    for row, passage in enumerate(marked):
        for word in passage:
            assert _hits([word], marked, 0) == {(0, row)}
