"""Character ranges: from the text that was compared back to the text as it stands.

A range is (start, stop) in characters of the original text. The text that was compared is shorter
or longer than it: normalising drops punctuation and takes ligatures apart, and lower-casing may
turn one letter into two.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

import numpy as np

from lib.matching.windows import APOSTROPHES, normalise, replacement

Range = tuple[int, int]

_ASCII_WORD = re.compile(r"[0-9A-Za-z](?:['`]*[0-9A-Za-z])*")
_TOKEN = re.compile(r"\S+")
# Composed with the character before them although they are no marks: halfwidth voicing signs, and
# the vowels and finals of Korean syllables.
_COMPOSED = re.compile("[\uff9e\uff9f\u1160-\u11ff]")


def word_ranges(text: str) -> list[Range]:
    """The range of each word of `normalise(text)`: from its first letter to behind its last.

    Where a word's letters cannot be told from those of its neighbours, it has the range of the
    whole run of characters without white space.
    """
    if text.isascii():
        return [found.span() for found in _ASCII_WORD.finditer(text)]
    ranges: list[Range] = []
    for token in _TOKEN.finditer(text):
        ranges += _ranges_within(token.group(), token.start())
    return ranges


def _ranges_within(token: str, offset: int) -> list[Range]:
    """The ranges of the words of one run of characters without white space."""
    words = normalise(token)
    if not words:
        return []
    letters: list[str] = []
    origins: list[Range] = []
    for start, stop in _clusters(token):
        for letter in _compared(token[start:stop]):
            letters.append(letter)
            origins.append((offset + start, offset + stop))
    joined = "".join(letters)
    pieces = [piece for piece in re.finditer(r"\S+", joined) if _is_word(piece.group())]
    if [piece.group() for piece in pieces] != words:
        return [(offset, offset + len(token))] * len(words)
    return [(origins[piece.start()][0], origins[piece.end() - 1][1]) for piece in pieces]


def _clusters(token: str) -> Iterator[Range]:
    """Each character with the marks that are composed with it."""
    start = 0
    for place, character in enumerate(token):
        joins = unicodedata.category(character).startswith("M") or _COMPOSED.match(character)
        if place and not joins:
            yield start, place
            start = place
    yield start, len(token)


def _compared(cluster: str) -> str:
    """What `normalise` makes of a few characters, spaces included."""
    bare = "".join(character for character in cluster if character not in APOSTROPHES)
    return "".join(map(replacement, unicodedata.normalize("NFKC", bare).casefold()))


def _is_word(piece: str) -> bool:
    return any(map(str.isalnum, piece))


def before_lowering(found: Range, original: Sequence[int], lowered: Sequence[int]) -> Range:
    """The range of the original text that became `found` of its lower case.

    The text in pieces, each lower-cased for itself: piece i had `original[i]` characters and has
    `lowered[i]`. A range that ends within a piece holds the whole piece. Pieces that do not add up
    to `found` (a letter may be lower-cased by its neighbours) give the whole text.
    """
    before = np.concatenate([[0], np.cumsum(original, dtype=np.int64)])
    after = np.concatenate([[0], np.cumsum(lowered, dtype=np.int64)])
    start, stop = found
    if stop > after[-1]:
        return 0, int(before[-1])
    first = int(np.searchsorted(after, start, side="right")) - 1
    last = int(np.searchsorted(after, stop, side="left"))
    return int(before[first]), int(before[last])
