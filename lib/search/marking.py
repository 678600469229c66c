"""Which words of a passage to mark: those of the question, and those much like them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from rapidfuzz import fuzz, process

from lib.search.exact import WORD, Vocabulary

# Shorter words are in every passage, and so are those of less weight, which one passage in seven
# holds; where a text has no others, all of its words count.
LONG_WORD = 4
LEAST_WEIGHT = 2.0
# Of a hundred: "sheperd" and "shepherd" are 93 alike, "lord" and "word" 75.
ALIKE = 80
MOST_WORDS = 400

# A passage is shown up to so many characters, from a little before its first marked word.
MOST_SHOWN = 1_200
BEFORE_MARKED = 200


@dataclass(frozen=True)
class Excerpt:
    """A passage as it is shown: its text, or a part of it, and the words to mark there."""

    text: str
    words: list[str]
    cut_before: bool
    cut_after: bool


def words_to_mark(text: str, content: str, vocabulary: Vocabulary) -> list[str]:
    """The words of `content`, in lower case, that are telling words of `text` or nearly so."""
    asked = _words(text)
    telling = [
        word for word in asked if len(word) >= LONG_WORD and vocabulary.weight(word) >= LEAST_WEIGHT
    ]
    asked = (telling or asked)[:MOST_WORDS]
    there = _words(content)
    if not asked or not there:
        return []
    alike = process.cdist(there, asked, scorer=fuzz.ratio, score_cutoff=ALIKE, dtype=np.uint8)
    # Short words are alike too easily: of these the very same are marked.
    exact = set(asked)
    return [
        word
        for word, scores in zip(there, alike, strict=True)
        if word in exact or (len(word) >= LONG_WORD and scores.max() > 0)
    ]


def excerpt(text: str, content: str, vocabulary: Vocabulary) -> Excerpt:
    """The part of a passage worth showing to somebody who asked for `text`."""
    words = words_to_mark(text, content, vocabulary)
    start = 0
    if len(content) > MOST_SHOWN and words:
        wanted = set(words)
        first = next(m.start() for m in WORD.finditer(content) if m.group().lower() in wanted)
        start = max(0, min(first - BEFORE_MARKED, len(content) - MOST_SHOWN))
    shown = content[start : start + MOST_SHOWN]
    return Excerpt(shown, words, start > 0, start + MOST_SHOWN < len(content))


def _words(text: str) -> list[str]:
    return list(dict.fromkeys(word.lower() for word in WORD.findall(text)))
