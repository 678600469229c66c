"""A highlight beside the stretch of its book that it renders, word by word.

Words are compared as in mode `words`; what is shown is the text as it stands. Errors are counted as
speech recognition counts them: the book's stretch is the reference, the transcript the hypothesis.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from lib.matching.ranges import Range, word_ranges
from lib.matching.windows import normalise

Kind = Literal["equal", "substitution", "insertion", "deletion", "outside"]

# How many words the ends are moved at a time to have fewer errors: a fifth of the highlight.
SLACK_SHARE, SLACK_LEAST, SLACK_MOST = 5, 3, 12


@dataclass(frozen=True)
class Part:
    """A piece of a text as it stands; pieces in order make up the whole text.

    `insertion`: a word of the highlight that the book has not; `deletion`: one of the book that the
    highlight has not; `outside`: before or after the stretch. `hit`: in a window that was found.
    """

    text: str
    kind: Kind
    hit: bool = False


@dataclass(frozen=True)
class Words:
    """The words of one text: the range of each, and what became of it."""

    ranges: list[Range]
    kinds: list[Kind]


@dataclass(frozen=True)
class Difference:
    """One error: what was heard and what is written; an empty text where one side has nothing."""

    kind: Kind
    heard: str
    written: str


@dataclass(frozen=True)
class WordAlignment:
    """How a highlight renders a stretch of consecutive passages.

    `heard` are the words of the highlight, `written[i]` those of passage i; passages `first` to
    `last` hold the stretch. `longest_run` is the largest number of words in a row that are equal,
    in `runs` of heard words from the first to before the last; `longest_within` is the largest of
    those that lie in one passage.
    `word_error_rate` is (substitutions + insertions + deletions) / words of the stretch.
    """

    heard: Words
    written: list[Words]
    first: int
    last: int
    equal: int
    substitutions: int
    insertions: int
    deletions: int
    runs: list[Range]
    longest_run: int
    longest_within: int
    differences: list[Difference]

    @property
    def word_error_rate(self) -> float:
        """Errors per word of the book; above 1 where words were made up."""
        reference = self.equal + self.substitutions + self.deletions
        return (self.substitutions + self.insertions + self.deletions) / reference


def align_words(highlight: str, passages: Sequence[str]) -> WordAlignment | None:
    """The stretch of `passages`, which follow each other, that `highlight` renders best.

    Found by characters (`rapidfuzz.fuzz.partial_ratio_alignment`), then to the word by the smallest
    edit distance of words (Levenshtein 1966). None where either side has no words.
    """
    heard = normalise(highlight)
    written: list[str] = []
    owners: list[int] = []
    ranges: list[Range] = []
    for number, passage in enumerate(passages):
        words = normalise(passage)
        written += words
        owners += [number] * len(words)
        ranges += word_ranges(passage)
    if not heard or not written:
        return None
    start, stop = _stretch(heard, written)
    kinds_heard: list[Kind] = []
    kinds_written: list[Kind] = []
    differences: list[Difference] = []
    runs: list[Range] = []
    longest_within = 0
    heard_ranges = word_ranges(highlight)

    def word_heard(place: int) -> str:
        return highlight[slice(*heard_ranges[place])]

    def word_written(place: int) -> str:
        return passages[owners[place]][slice(*ranges[place])]

    for code in Levenshtein.opcodes(written[start:stop], heard):
        places = range(start + code.src_start, start + code.src_end)
        said = range(code.dest_start, code.dest_end)
        if code.tag == "equal":
            kinds_heard += ["equal"] * len(said)
            kinds_written += ["equal"] * len(places)
            runs.append((said.start, said.stop))
            within = Counter(owners[places.start : places.stop])
            longest_within = max(longest_within, *within.values())
        elif code.tag == "replace":
            kinds_heard += ["substitution"] * len(said)
            kinds_written += ["substitution"] * len(places)
            differences += [
                Difference("substitution", word_heard(h), word_written(w))
                for h, w in zip(said, places, strict=True)
            ]
        else:
            kinds_heard += ["insertion"] * len(said)
            kinds_written += ["deletion"] * len(places)
            differences += [Difference("insertion", word_heard(h), "") for h in said]
            differences += [Difference("deletion", "", word_written(w)) for w in places]
    kinds: list[Kind] = ["outside"] * len(written)
    kinds[start:stop] = kinds_written
    return WordAlignment(
        heard=Words(heard_ranges, kinds_heard),
        written=[
            Words(ranges[begin:end], kinds[begin:end])
            for begin, end in (
                (bisect_left(owners, number), bisect_right(owners, number))
                for number in range(len(passages))
            )
        ],
        first=owners[start],
        last=owners[stop - 1],
        equal=kinds_heard.count("equal"),
        substitutions=kinds_heard.count("substitution"),
        insertions=kinds_heard.count("insertion"),
        deletions=kinds_written.count("deletion"),
        runs=runs,
        longest_run=max((stop - start for start, stop in runs), default=0),
        longest_within=longest_within,
        differences=differences,
    )


def _stretch(heard: list[str], written: list[str]) -> Range:
    """First word and the one behind the last of the stretch with the fewest errors.

    Of equals the one that is nearest to the highlight in length, then the first. Both ends are
    moved from where characters put them, until no move leaves fewer errors.
    """
    text, hay = " ".join(heard), " ".join(written)
    found = fuzz.partial_ratio_alignment(text, hay.ljust(len(text) + 1, "\0"))
    begins = list(accumulate((len(word) + 1 for word in written[:-1]), initial=0))
    first = last = 0
    if found is not None:
        first = max(0, bisect_right(begins, found.dest_start) - 1)
        last = max(first, bisect_left(begins, found.dest_end) - 1)
    slack = min(SLACK_MOST, max(SLACK_LEAST, len(heard) // SLACK_SHARE))

    def near(stretch: Range) -> Iterator[Range]:
        first, last = stretch[0], stretch[1] - 1
        for start in range(max(0, first - slack), min(len(written), first + slack + 1)):
            for stop in range(max(start, last - slack), min(len(written), last + slack + 1)):
                yield start, stop + 1

    def errors(stretch: Range) -> tuple[int, int, int]:
        start, stop = stretch
        distance = Levenshtein.distance(written[start:stop], heard)
        return distance, abs(stop - start - len(heard)), start

    stretch = first, last + 1
    while (better := min(near(stretch), key=errors)) != stretch:
        stretch = better
    return stretch


def parts_of(text: str, words: Words, hits: Sequence[Range] = ()) -> list[Part]:
    """The text in parts: neighbouring words of one kind, with what stands between them, are one.

    `hits` are ranges of windows that were found; a word that lies in one is marked.
    """
    parts: list[Part] = []
    ordered = sorted(hits)
    begins = [first for first, _ in ordered]
    # How far the windows reach that begin at or before each of them.
    reach = list(accumulate((last for _, last in ordered), max))
    end = 0
    for (start, stop), kind in zip(words.ranges, words.kinds, strict=True):
        before = bisect_right(begins, start)
        hit = before > 0 and stop <= reach[before - 1]
        # Two words may share one range ("½"): what has been shown is not shown again.
        start, stop = max(start, end), max(stop, end)
        between = text[end:start]
        if parts and (parts[-1].kind, parts[-1].hit) == (kind, hit):
            parts[-1] = Part(parts[-1].text + between + text[start:stop], kind, hit)
        else:
            parts.append(Part(between, "outside"))
            parts.append(Part(text[start:stop], kind, hit))
        end = stop
    parts.append(Part(text[end:], "outside"))
    return [part for part in parts if part.text]


def white_space_ranges(text: str) -> list[Range]:
    """The ranges of the words that windows of mode `ilike` are cut from."""
    return [found.span() for found in re.finditer(r"\S+", text)]
