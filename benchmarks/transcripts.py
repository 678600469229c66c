"""Real transcripts as libraries and highlights whose true places are known.

The book is *Peter and Wendy*, its sentences cut into several books and those into passages. The
highlights come in two collections: `studio` is what Whisper heard in a studio recording, cut at
arbitrary words; `harsh` are clips of a synthetic voice in noise, cut in the middle of words.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

BOOKS = 8
LEFT_OUT = range(7, BOOKS + 1)  # books that the library of `absent` does not have
SHORTEST_SPAN, LONGEST_SPAN = 20, 60


@dataclass(frozen=True)
class Passage:
    """Some whole sentences of a book; ids count from 1 through all books in reading order."""

    id: int
    book: int
    text: str


@dataclass(frozen=True)
class Highlight:
    """A transcript, the book it is filed under, and the passages its words come from, if any."""

    id: int
    collection: str
    text: str
    book: int
    true: range


@dataclass(frozen=True)
class Library:
    """The passages of some books, and highlights of them or of what is not in them."""

    passages: Sequence[Passage]
    highlights: Sequence[Highlight]

    def right(self, highlight: Highlight) -> range:
        """The true passages and one of the same book to either side: the right answers."""
        if not highlight.true:
            return range(0)
        book = [passage.id for passage in self.passages if passage.book == highlight.book]
        first, end = highlight.true.start - 1, highlight.true.stop + 1
        return range(max(first, book[0]), min(end, book[-1] + 1))


@dataclass(frozen=True)
class _Sentence:
    text: str
    transcript: str
    book: int
    passage: int


def read(folder: Path, passage_words: int, seed: int) -> dict[str, Library]:
    """The libraries `studio`, `harsh` and `absent` from the two files in `folder`.

    The first two have all books, and highlights of one collection. `absent` lacks the last books
    and has the highlights of just these, each filed under a book that is there.
    """
    sentences = list(_place(_lines(folder / "sentences.jsonl"), passage_words))
    passages = [
        Passage(number, book, " ".join(sentence.text for sentence in group))
        for (number, book), group in groupby(sentences, attrgetter("passage", "book"))
    ]
    rng = random.Random(seed)
    libraries = {
        "studio": Library(passages, list(_spans(sentences, rng))),
        "harsh": Library(passages, list(_clips(sentences, _lines(folder / "clips.jsonl")))),
    }
    kept = [passage for passage in passages if passage.book not in LEFT_OUT]
    # Filed as often under a book as it is long, like highlights that are of it.
    absent = [
        replace(highlight, book=rng.choice(kept).book, true=range(0))
        for library in libraries.values()
        for highlight in library.highlights
        if highlight.book in LEFT_OUT
    ]
    numbered = [replace(highlight, id=number) for number, highlight in enumerate(absent, start=1)]
    return libraries | {"absent": Library(kept, numbered)}


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _place(lines: Sequence[dict[str, Any]], passage_words: int) -> Iterator[_Sentence]:
    """Each sentence with its book and its passage; a passage ends where it is nearest in length."""
    book = passage = words = 0
    for row, line in enumerate(lines):
        before, book = book, row * BOOKS // len(lines) + 1
        length = len(line["text"].split())
        if book != before or words + length / 2 > passage_words:
            passage, words = passage + 1, 0
        words += length
        yield _Sentence(line["text"], line["transcript"], book, passage)


def _spans(sentences: Sequence[_Sentence], rng: random.Random) -> Iterator[Highlight]:
    """The transcript of each book, cut from its first word on into spans of random length."""
    number = 0
    for book, group in groupby(sentences, attrgetter("book")):
        words = [(word, it.passage) for it in group for word in it.transcript.split()]
        while len(words) >= SHORTEST_SPAN:
            length = rng.randint(SHORTEST_SPAN, LONGEST_SPAN)
            span, words = words[:length], words[length:]
            number += 1
            text = " ".join(word for word, _ in span)
            yield Highlight(number, "studio", text, book, range(span[0][1], span[-1][1] + 1))


def _clips(sentences: Sequence[_Sentence], clips: Sequence[dict[str, Any]]) -> Iterator[Highlight]:
    """The clips that lie within one book; their offsets count the words of the whole text."""
    words = [sentence for sentence in sentences for _ in sentence.text.split()]
    for number, clip in enumerate(clips, start=1):
        first, last = words[clip["start"]], words[clip["start"] + clip["words"] - 1]
        if first.book == last.book:
            true = range(first.passage, last.passage + 1)
            yield Highlight(number, "harsh", clip["transcript"], first.book, true)
