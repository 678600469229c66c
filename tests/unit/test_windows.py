"""Words, windows and how text is normalised."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.matching.windows import cut, normalise, split_words, window_count

WORDS = st.lists(st.text("abc", min_size=1, max_size=3), max_size=15)


@pytest.mark.parametrize(
    ("words", "size", "stride", "expected"),
    [
        (5, 6, 1, 0),
        (6, 6, 1, 1),
        (7, 6, 1, 2),
        (20, 6, 1, 15),
        (0, 1, 1, 0),
        (1, 1, 1, 1),
        (12, 6, 6, 2),
        (11, 6, 6, 1),
        (13, 6, 3, 3),
        (14, 6, 3, 3),
        (15, 6, 3, 4),
    ],
)
def test_window_count(words: int, size: int, stride: int, expected: int) -> None:
    assert window_count(words, size, stride) == expected


@given(st.lists(WORDS, max_size=4), st.integers(1, 6), st.data())
def test_windows_are_all_whole_runs_of_words(
    highlights: list[list[str]], size: int, data: st.DataObject
) -> None:
    stride = data.draw(st.integers(1, size))
    windows = cut(["  ".join(words) for words in highlights], size, stride, "ilike")
    expected = []
    for row, words in enumerate(highlights):
        start, index = 0, 0
        while start + size <= len(words):
            expected.append((row, index, " ".join(words[start : start + size])))
            start, index = start + stride, index + 1
    found = zip(windows.highlight.tolist(), windows.index.tolist(), windows.text, strict=True)
    assert list(found) == expected
    assert windows.counts.tolist() == [
        sum(1 for row, _, _ in expected if row == highlight) for highlight in range(len(highlights))
    ]
    assert len(windows) == len(expected)


@pytest.mark.parametrize(("size", "stride"), [(0, 1), (-1, 1), (6, 0), (6, 7), (6, -1)])
def test_windows_that_would_leave_out_words_are_refused(size: int, stride: int) -> None:
    with pytest.raises(ValueError, match=f"size {size} at stride {stride}"):
        cut(["a b c"], size, stride, "ilike")


def test_mode_ilike_keeps_the_words_as_they_stand() -> None:
    assert split_words("“It’s”\tTRUE—he\u00a0said.\n", "ilike") == [
        "“It’s”",
        "TRUE—he",
        "said.",
    ]


def test_mode_words_cuts_from_normalised_words() -> None:
    assert cut(["“It’s” TRUE—he said."], 2, 1, "words").text == ["its true", "true he", "he said"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        (" \t\n\u2003", []),
        ("…!? — “”", []),
        ("Hello, World!", ["hello", "world"]),
        ("Peter's Peter’s Peter‘s Peterʼs Peter`s Peter＇s", ["peters"] * 6),
        ('“quoted” «words» ‘here’ "there"', ["quoted", "words", "here", "there"]),
        ("well-known well–known well—known well−known", ["well", "known"] * 4),
        ("he said—no, cried", ["he", "said", "no", "cried"]),
        ("snake_case a/b c&d", ["snake", "case", "a", "b", "c", "d"]),
        ("ﬁne ﬂag oﬃce", ["fine", "flag", "office"]),
        ("Ｆｕｌｌ ｗｉｄｔｈ １２", ["full", "width", "12"]),
        ("x² №5", ["x2", "no5"]),
        ("caf\u00e9 cafe\u0301", ["caf\u00e9", "caf\u00e9"]),
        ("हिन्दी", ["हिन्दी"]),
        ("Straße STRASSE strasse ẞ", ["strasse", "strasse", "strasse", "ss"]),
        ("ΣΊΣΥΦΟΣ Σίσυφος", ["σίσυφοσ", "σίσυφοσ"]),
        ("İstanbul", ["i\u0307stanbul"]),
        ("日本語、テスト。", ["日本語", "テスト"]),
        ("ﾃｽﾄ", ["テスト"]),
        ("1,408 3.5", ["1", "408", "3", "5"]),
        ("😀 smile 😀", ["smile"]),
    ],
)
def test_normalise(text: str, words: list[str]) -> None:
    assert normalise(text) == words


def test_an_accent_that_stands_alone_is_punctuation() -> None:
    # NFKC makes a space and a combining mark of each of these.
    assert normalise("rock ´ and ¨ roll") == ["rock", "and", "roll"]


ANY_TEXT = st.text(st.characters(), max_size=40)


@given(ANY_TEXT)
def test_normalise_takes_any_text_and_leaves_words_only(text: str) -> None:
    for word in normalise(text):
        assert word
        for character in word:
            assert unicodedata.category(character)[0] in "LNM"


@given(ANY_TEXT)
def test_equivalent_spellings_have_the_same_words(text: str) -> None:
    words = normalise(text)
    assert normalise(unicodedata.normalize("NFD", text)) == words
    assert normalise(unicodedata.normalize("NFKC", text)) == words


@given(st.lists(st.text("abcXYZ", min_size=1, max_size=5), max_size=8), st.data())
def test_punctuation_between_words_makes_no_difference(
    words: list[str], data: st.DataObject
) -> None:
    marks = st.sampled_from([" ", ", ", "-", "–", "—", ". “", "” ", "; ", "…", "\n"])
    text = "".join(word + data.draw(marks) for word in words)
    assert normalise(text) == [word.lower() for word in words]
