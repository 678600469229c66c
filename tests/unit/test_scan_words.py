"""The parts of the scan that need no database."""

from __future__ import annotations

from itertools import accumulate

import pandas as pd
from ahocorasick_rs import AhoCorasick
from hypothesis import given
from hypothesis import strategies as st

from lib.databases.passages import Batch
from lib.databases.patterns import like_pattern
from lib.matching.findings import Findings, Places
from lib.matching.ilike_pass import _search as search_texts
from lib.matching.ilike_pass import _unescape
from lib.matching.scan import _assemble
from lib.matching.windows import cut, normalise
from lib.matching.words_pass import _last_words, _Passage
from lib.matching.words_pass import _search as search_words

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


def _read(words: list[list[str]], first_row: int = 0, book: str = "A") -> list[_Passage]:
    return [
        _Passage(row, book, " ".join(passage), passage)
        for row, passage in enumerate(words, first_row)
    ]


def _firsts(places: Places) -> Places:
    findings = Findings()
    findings.blocks.append(places)
    return findings.places()


def _hits(texts: list[str], words: list[list[str]], first_row: int) -> set[tuple[int, int]]:
    automaton = AhoCorasick([f" {text} " for text in texts])
    places = _firsts(search_words(automaton, _read(words, first_row)))
    pairs = list(zip(places.pattern.tolist(), places.passage.tolist(), strict=True))
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
    found = Findings()
    found.add(Batch(ids=[7, 8], books=["A", "A"], texts=[], lengths=[]))
    assert found.add(Batch(ids=[9, 10, 11], books=["B", "B", "C"], texts=[], lengths=[])) == 2
    automaton = AhoCorasick(texts or ["unheard"])
    found.blocks.append(search_texts(automaton, [content for _, content in LIBRARY], 0))
    scan = _assemble(highlights, windows, texts, found, found.places())
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
    for window, row, start, last, stop in zip(
        scan.hit_window, scan.hit_passage, scan.hit_start, scan.hit_last, scan.hit_stop, strict=True
    ):
        content = LIBRARY[row][1]
        assert (last, content[start:stop]) == (row, windows.text[window])
        # A window that stands there twice has its first place.
        assert start == content.index(windows.text[window])
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


BOOK = st.lists(st.text(st.sampled_from("ab é’-ﬁ\u0301İ½"), max_size=12), min_size=1, max_size=6)


@given(BOOK, st.integers(1, 3), st.integers(1, 6))
def test_batches_change_nothing_and_ranges_hold_the_words(
    texts: list[str], size: int, batch: int
) -> None:
    """The same hits whether a book comes at once or batch by batch."""
    read = [_Passage(row, "A", text, normalise(text)) for row, text in enumerate(texts)]
    words = [word for passage in read for word in passage.words]
    windows = sorted({tuple(words[i : i + size]) for i in range(len(words) - size + 1)})
    automaton = AhoCorasick([f" {' '.join(window)} " for window in windows] or [" unheard "])
    at_once = _firsts(search_words(automaton, read))
    found = Findings()
    carried: list[_Passage] = []
    for start in range(0, len(read), batch):
        now = carried + read[start : start + batch]
        found.blocks.append(search_words(automaton, now))
        carried = _last_words(now, size - 1)
    in_batches = found.places()
    for one, other in zip(vars(at_once).values(), vars(in_batches).values(), strict=True):
        assert one.tolist() == other.tolist()
    assert set(at_once.pattern.tolist()) == set(range(len(windows)))
    for pattern, row, start, last, stop in zip(*vars(at_once).values(), strict=True):
        covered = (
            texts[row][start:stop]
            if row == last
            else " ".join([texts[row][start:], *texts[row + 1 : last], texts[last][:stop]])
        )
        # Letters that cannot be told apart bring their neighbours along, and nothing is lost.
        assert f" {' '.join(windows[pattern])} " in f" {' '.join(normalise(covered))} "


def test_only_the_last_words_of_the_last_book_are_carried_into_the_next_batch() -> None:
    read = [
        *_read([["a", "b"], ["c"]], 0, "A"),
        *_read([["d"], [], ["e", "f", "g"], ["h"]], 2, "B"),
    ]
    assert [passage.row for passage in _last_words(read, 0)] == []
    assert [passage.row for passage in _last_words(read, 1)] == [5]
    assert [passage.row for passage in _last_words(read, 4)] == [4, 5]
    assert [passage.row for passage in _last_words(read, 5)] == [2, 3, 4, 5]
    assert [passage.row for passage in _last_words(read, 99)] == [2, 3, 4, 5]
