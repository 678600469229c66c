"""Windows: runs of consecutive words of a highlight, in the two modes of comparison."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Mode = Literal["ilike", "words"]
MODES: tuple[Mode, ...] = ("ilike", "words")

# Dropped inside a word, so that "Peter's" and "Peter’s" are one word in any typography.
APOSTROPHES = "'`\N{RIGHT SINGLE QUOTATION MARK}\N{LEFT SINGLE QUOTATION MARK}" + (
    "\N{MODIFIER LETTER APOSTROPHE}\N{PRIME}\N{ACUTE ACCENT}"
)
_WITHOUT_APOSTROPHES = str.maketrans("", "", APOSTROPHES)


def replacement(character: str) -> str:
    """What stands for a character in mode `words`: itself, a space, or nothing."""
    if character in APOSTROPHES or unicodedata.category(character) == "Cf":
        # Soft hyphens and zero-width joiners are typography, not letters.
        return ""
    if character.isalnum() or unicodedata.category(character).startswith("M"):
        return character
    return " "


class _Punctuation(dict[int, str]):
    """A translation table that knows every character once it was met."""

    def __missing__(self, code: int) -> str:
        self[code] = replacement(chr(code))
        return self[code]


_PUNCTUATION = _Punctuation()


def normalise(text: str) -> list[str]:
    """The words of a text in mode `words`: NFKC, case-folded, without punctuation."""
    bare = text.translate(_WITHOUT_APOSTROPHES)
    words = unicodedata.normalize("NFKC", bare).casefold().translate(_PUNCTUATION).split()
    if bare.isascii():
        return words
    # An accent that stands alone is no word.
    return [word for word in words if any(map(str.isalnum, word))]


def split_words(text: str, mode: Mode) -> list[str]:
    """The words that windows of a highlight are cut from."""
    return text.split() if mode == "ilike" else normalise(text)


@dataclass(frozen=True)
class Windows:
    """All windows of all highlights, highlight by highlight, first to last.

    `highlight[i]` is the row of the highlight that window i belongs to, `index[i]` its number
    within it, `text[i]` its words joined by one space. `counts[h]` is W of highlight h, 0 when it
    is too short.
    """

    size: int
    stride: int
    mode: Mode
    highlight: NDArray[np.int32]
    index: NDArray[np.int32]
    text: list[str]
    counts: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.text)


def window_count(words: int, size: int, stride: int) -> int:
    """W, the number of windows of a highlight of so many words; 0 when it is too short."""
    return 0 if words < size else (words - size) // stride + 1


def cut(texts: Sequence[str], size: int, stride: int, mode: Mode) -> Windows:
    """All windows of `texts`. Raises ValueError for a size below 1 or a stride not in 1..size."""
    if size < 1 or not 1 <= stride <= size:
        raise ValueError(f"no windows of size {size} at stride {stride}")
    highlight: list[int] = []
    index: list[int] = []
    windows: list[str] = []
    counts = np.zeros(len(texts), dtype=np.int32)
    for row, text in enumerate(texts):
        words = split_words(text, mode)
        count = window_count(len(words), size, stride)
        counts[row] = count
        highlight += [row] * count
        index += range(count)
        windows += [
            " ".join(words[start : start + size]) for start in range(0, count * stride, stride)
        ]
    return Windows(
        size=size,
        stride=stride,
        mode=mode,
        highlight=np.array(highlight, dtype=np.int32),
        index=np.array(index, dtype=np.int32),
        text=windows,
        counts=counts,
    )
