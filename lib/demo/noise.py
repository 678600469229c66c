"""What a speech recogniser makes of a passage read aloud: a seeded model of its errors.

Words are taken for others that sound alike, dropped, joined and split; spelling is today's, numbers
turn to digits, punctuation and capitals come by ear; the clip cuts the first and the last word, and
errors rise towards both ends.

Where the figures come from: *Peter and Wendy*, transcribed by Whisper and compared with the book
word by word; once a studio reading, once clips of synthetic voices in noise. Share of the book's
words heard wrongly, by tenth of the highlight:

    studio  .126 .030 .026 .038 .038 .034 .039 .036 .034 .057
    harsh   .369 .313 .313 .324 .312 .329 .310 .325 .338 .410

The rates of a `Profile` go in: archaic words, numbers and clipped words add errors of their own.
They are set so that what comes out has the measured shape.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from numpy.random import Generator

from lib.demo import sounds
from lib.demo.vocabulary import Vocabulary, letters

# What a mark becomes in the middle of a highlight, as shares; the rest of a row is nothing at all.
Marks = Mapping[str, tuple[tuple[str, float], ...]]
# Counted behind words heard rightly: 20,540 unmarked, 2,029 commas, 191 semicolons, 16 colons. The
# studio transcripts come cut into sentences, so the last three rows are a guess between those of
# the harsh clips and perfect hearing.
STUDIO_MARKS: Marks = {
    "": ((",", 0.019),),
    ",": ((",", 0.75), (".", 0.09)),
    ";": ((".", 0.64), (",", 0.25)),
    ":": ((".", 0.70), (",", 0.25)),
    ".": ((".", 0.80), (",", 0.17)),
    "?": (("?", 0.65), (",", 0.20), (".", 0.10)),
    "!": ((".", 0.40), (",", 0.35), ("!", 0.15)),
}
# Counted behind 11,869 unmarked words, 1,180 commas, 843 full stops, 262 other marks.
HARSH_MARKS: Marks = {
    "": ((",", 0.010), (".", 0.006)),
    ",": ((",", 0.73), (".", 0.08)),
    ";": ((",", 0.64), (".", 0.26)),
    ":": ((",", 0.69), (".", 0.23)),
    ".": ((".", 0.66), (",", 0.29)),
    "?": (("?", 0.44), (",", 0.34), (".", 0.10)),
    "!": ((",", 0.46), (".", 0.41)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How badly one kind of recording is heard; a rate is a probability per word it applies to."""

    substitute: float  # a content word is taken for one that sounds alike
    delete: float  # a content word is dropped
    insert: float  # a small word is heard that nobody said
    join: float  # two words whose letters make a third are heard as that
    split: float  # a word made of two is heard as those
    first_rise: float  # how much higher these rates are at the very start, as a multiple
    last_rise: float  # the same at the very end
    clip_first: float  # the clip begins within a word
    clip_last: float  # the clip ends within a word
    name_capital: float  # a name keeps its capital
    marks: Marks


# Capitals: 1,143 of 1,208 capital words in mid-sentence in the studio, 904 of 1,211 in the clips.
STUDIO = Profile(
    substitute=0.013,
    delete=0.005,
    insert=0.004,
    join=0.05,
    split=0.02,
    first_rise=3.0,
    last_rise=0.6,
    clip_first=0.28,
    clip_last=0.05,
    name_capital=0.95,
    marks=STUDIO_MARKS,
)
HARSH = Profile(
    substitute=0.212,
    delete=0.055,
    insert=0.006,
    join=0.25,
    split=0.15,
    first_rise=0.1,
    last_rise=0.25,
    clip_first=0.25,
    clip_last=0.25,
    name_capital=0.75,
    marks=HARSH_MARKS,
)
# This share of the demo's highlights is harsh, the rest studio. The reference library's owner finds
# six words intact in 47% of the highlights; nearly all studio spans have them, harsh ones 55%.
HARSH_SHARE = 0.8

# The stretch at either end, as a share of the highlight, over which a rise fades to nothing.
EDGE = 0.15
# Unstressed words are dropped, and words out of use misheard, this many times as often.
FUNCTION_FACTOR = 2.0
ARCHAIC_FACTOR = 2.0
# A recogniser writes what its training texts write: today's spelling, digits from ten upwards.
TODAY = 0.9
DIGITS_FROM_TEN = 0.8
DIGITS_BELOW_TEN = 0.1
DIGITS_ONE = 0.01
# Half of the cut words are not heard at all, the others as the piece that is left.
CUT_UNHEARD = 0.5

_HEARD_FROM_NOWHERE = ("and", "the", "a", "so", "that", "oh")
_LONGEST_NUMBER = 14  # words
_MARK = re.compile(r"[,.;:?!)]")


@dataclass(frozen=True, slots=True)
class _Token:
    """A word of the book in lower case, whether it is printed with a capital, the mark behind."""

    word: str
    capital: bool
    mark: str


def _token(printed: str) -> _Token:
    heard = letters(printed)
    marks = _MARK.findall(printed)
    return _Token(heard.lower(), heard[:1].isupper(), marks[-1].replace(")", ",") if marks else "")


def edge_factor(position: float, profile: Profile) -> float:
    """Say how many times the middle's error rates apply at a relative position from 0 to 1."""
    first = max(0.0, 1 - position / EDGE)
    last = max(0.0, 1 - (1 - position) / EDGE)
    return 1 + profile.first_rise * first + profile.last_rise * last


class Hearing:
    """A recogniser with the vocabulary of one library."""

    def __init__(self, texts: Iterable[str]) -> None:
        """Learn the words of a library's texts; what is misheard becomes one of these."""
        self._vocabulary = Vocabulary(texts)

    def hear(self, words: Sequence[str], rng: Generator, profile: Profile = STUDIO) -> str:
        """Transcribe a span of the library, given as its words with their punctuation.

        All chance comes from `rng`: equal words and an equally seeded generator give the same
        transcript on every platform. The transcript of few words may be empty.
        """
        tokens = _clip([token for token in map(_token, words) if token.word], rng, profile)
        heard: list[tuple[str, str]] = []
        place = 0
        while place < len(tokens):
            factor = edge_factor((place + 0.5) / len(tokens), profile)
            said, taken = self._next(tokens[place:], factor, rng, profile)
            place += taken
            if said:
                heard.append((said, _draw(profile.marks[tokens[place - 1].mark], rng)))
        return _written(heard)

    def _next(
        self, tokens: Sequence[_Token], factor: float, rng: Generator, profile: Profile
    ) -> tuple[str, int]:
        """Hear what comes first; give it, empty if missed, and how many words it stands for."""
        run: list[str] = []
        for token in tokens[:_LONGEST_NUMBER]:
            run.append(token.word)
            if token.mark:
                break
        if number := sounds.read_number(run):
            digits = DIGITS_FROM_TEN if number[0] >= 10 else DIGITS_BELOW_TEN
            if rng.random() < (digits if number[0] > 1 else DIGITS_ONE):
                return f"{number[0]:,}", number[1]
        if len(run) > 1:
            today = sounds.JOINED_TODAY.get((run[0], run[1]))
            if today and rng.random() < TODAY:
                return today, 2
            joined = run[0] + run[1]
            if joined in self._vocabulary and rng.random() < profile.join * factor:
                return joined, 2
        return self._single(tokens[0], factor, rng, profile), 1

    def _single(self, token: _Token, factor: float, rng: Generator, profile: Profile) -> str:
        word = token.word
        # A capital word that the library does not know can only be a name.
        vocabulary = self._vocabulary
        name = token.capital and (vocabulary.is_name(word) or word not in vocabulary)
        today = sounds.todays_spelling(word)
        if today != word and rng.random() < TODAY:
            return today.capitalize() if name else today
        dropped = profile.delete * (FUNCTION_FACTOR if word in sounds.UNSTRESSED else 1.0)
        mistaken = profile.substitute * (ARCHAIC_FACTOR if word in sounds.ARCHAIC else 1.0)
        rates = {"delete": dropped, "substitute": mistaken, "insert": profile.insert}
        rates["split"] = profile.split
        fault = _draw(((fault, rate * factor) for fault, rate in rates.items()), rng)
        if fault == "delete":
            return ""
        if fault == "substitute":
            alternatives = vocabulary.alternatives(word)
            # The square of a uniform number prefers the head of the list.
            word = alternatives[int(len(alternatives) * rng.random() ** 2)]
            name = vocabulary.is_name(word)
        elif fault == "split":
            word = vocabulary.split(word)
        if name and rng.random() < profile.name_capital:
            word = word.capitalize()
        if fault == "insert":
            word += " " + _HEARD_FROM_NOWHERE[int(len(_HEARD_FROM_NOWHERE) * rng.random())]
        return word


def _draw(shares: Iterable[tuple[str, float]], rng: Generator) -> str:
    """Draw one of some outcomes with their probabilities; the empty string is the rest."""
    left = rng.random()
    for outcome, share in shares:
        left -= share
        if left < 0:
            return outcome
    return ""


def _clip(tokens: list[_Token], rng: Generator, profile: Profile) -> list[_Token]:
    """Cut the first and the last word as a clip's borders do, or drop them."""
    for end, rate in ((0, profile.clip_first), (-1, profile.clip_last)):
        if not tokens or rng.random() >= rate:
            continue
        token = tokens.pop(end)
        half = len(token.word) // 2
        piece = token.word[half:] if end == 0 else token.word[:half]
        if rng.random() >= CUT_UNHEARD and len(piece) > 1:
            tokens.insert(0 if end == 0 else len(tokens), _Token(piece, False, token.mark))
    return tokens


def _written(heard: Iterable[tuple[str, str]]) -> str:
    """Join what was heard, with a capital where a sentence seems to start."""
    transcript = ""
    for said, mark in heard:
        said = re.sub(r"^i\b", "I", said)
        if not transcript or transcript[-1] in ".?!":
            said = said[0].upper() + said[1:]
        transcript += (" " if transcript else "") + said + mark
    return transcript
