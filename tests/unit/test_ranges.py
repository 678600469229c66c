"""From compared text back to the text as it stands."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.matching.ranges import before_lowering, word_ranges
from lib.matching.windows import normalise

# Letters that normalising drops, joins, takes apart, or turns into spaces.
AWKWARD = "ab'’` -—´¨ﬁ½İ ßé\u0301\u0327\u00ad\u200d…가\u1100\u1161\uff76\uff9e𝒳ſ\u00a0\n"
TEXT = st.text(max_size=40) | st.text(st.sampled_from(AWKWARD), max_size=30)


@settings(max_examples=500)
@given(TEXT)
def test_every_normalised_word_has_a_range_that_holds_it(text: str) -> None:
    words, ranges = normalise(text), word_ranges(text)
    assert len(ranges) == len(words)
    for word, (start, stop) in zip(words, ranges, strict=True):
        assert 0 <= start < stop <= len(text)
        assert word in normalise(text[start:stop])


@settings(max_examples=500)
@given(TEXT)
def test_ranges_are_in_the_order_of_the_words(text: str) -> None:
    ranges = word_ranges(text)
    assert ranges == sorted(ranges)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("— ’ …", []),
        ("“Don’t,” he said.", ["Don’t", "he", "said"]),
        ("rock 'n' roll's end", ["rock", "n", "roll's", "end"]),
        ("well-known—and (so) on", ["well", "known", "and", "so", "on"]),
        ("  two\u00a0words ", ["two", "words"]),
        ("co\u00adoperate", ["co\u00adoperate"]),
        ("e\u0301te\u0301, İstanbul", ["e\u0301te\u0301", "İstanbul"]),
        ("the ﬁrst ½ cup", ["the", "ﬁrst", "½", "½", "cup"]),
        ("ｶﾞ ok", ["ｶﾞ", "ok"]),
        ("日本語、です", ["日本語", "です"]),
    ],
)
def test_ranges_by_hand(text: str, words: list[str]) -> None:
    assert [text[start:stop] for start, stop in word_ranges(text)] == words


@given(st.text(st.sampled_from("aİßé\u0301 Σ"), min_size=1, max_size=20), st.data())
def test_a_range_of_the_lower_case_goes_back_to_the_letters_it_came_from(
    text: str, data: st.DataObject
) -> None:
    # Python's lower case lets "İ" grow to two characters, as PostgreSQL's does in some collations.
    lowered = [letter.lower() for letter in text]
    grown = "".join(lowered)
    start = data.draw(st.integers(0, len(grown) - 1))
    stop = data.draw(st.integers(start + 1, len(grown)))
    first, last = before_lowering((start, stop), [1] * len(text), [len(part) for part in lowered])
    assert grown[start:stop] in "".join(lowered[first:last])
    # And no letter more than needed.
    inner = "".join(lowered[first + 1 : last])
    assert len("".join(lowered[:first])) <= start < len("".join(lowered[: first + 1]))
    assert len(inner) < len(grown[start:stop]) + 2


def test_pieces_that_do_not_add_up_give_the_whole_text() -> None:
    assert before_lowering((3, 9), [2, 2], [2, 2]) == (0, 4)
