"""The words a recogniser knows: which are names, which sound alike, which fall into two.

Everything is learned from texts and depends on nothing but them: no table is ordered by a hash.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable

from rapidfuzz import fuzz

from lib.demo import sounds

# A substitute must be a word that a recogniser's language model would think of.
_COMMON = 3  # occurrences
_ALIKE = 55.0  # of 100, the likeness of spellings (rapidfuzz ratio)
_CHOICE = 4  # substitutes kept
# Long words fall into two common ones; with fewer letters 'heart' becomes 'he art'.
_SPLIT_LETTERS = 6
_SPLIT_COMMON = 200  # occurrences of each part

_LETTERS = re.compile(r"[\w']+")
# A capital behind an unmarked word begins no sentence: it is a name's.
_NAME = re.compile(r"(?<=[a-z] )[A-Z]\S*")


def letters(printed: str) -> str:
    """Give what is heard of a printed word: no marks and no hyphens ('Beth-el' is 'Bethel')."""
    straight = printed.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    return "".join(_LETTERS.findall(straight)).strip("'")


def _count(printed: Iterable[str]) -> Counter[str]:
    words: Counter[str] = Counter()
    # The texts repeat themselves: counting first spares nineteen of twenty clean-ups.
    for word, seen in Counter(printed).items():
        words[letters(word).lower()] += seen
    return words


class Vocabulary:
    """The words of some texts, with what they may be taken for."""

    def __init__(self, texts: Iterable[str]) -> None:
        """Count the words of the texts, and sort the common ones by how they sound."""
        everything = "\n".join(texts)
        self._seen = _count(everything.split())
        self._names = {
            word
            for word, seen in _count(_NAME.findall(everything)).items()
            if 2 * seen > self._seen[word]
        }
        self._sounding: defaultdict[str, list[str]] = defaultdict(list)
        for word, seen in self._seen.items():
            if seen >= _COMMON:
                for near in _near_keys(word):
                    self._sounding[near].append(word)
        self._alternatives: dict[str, tuple[str, ...]] = {}

    def __contains__(self, word: str) -> bool:
        """Say whether a lower-case word occurs in the texts."""
        return word in self._seen

    def is_name(self, word: str) -> bool:
        """Say whether a lower-case word stands mostly with a capital, within sentences."""
        return word in self._names

    def alternatives(self, word: str) -> tuple[str, ...]:
        """List what a lower-case word is taken for, likeliest first; never empty, never itself.

        Words known to be confused come first, then those of the vocabulary whose phonetic keys
        differ by one sound at most and whose spelling is alike. A word that resembles no other is
        written as it sounds.
        """
        if word not in self._alternatives:
            near = {other for key in _near_keys(word) for other in self._sounding.get(key, ())}
            ranked = sorted(
                (-fuzz.ratio(word, other), -self._seen[other], other)
                for other in near
                if other != word and (self.is_name(word) or not self.is_name(other))
            )
            alike = [other for unlike, _, other in ranked if -unlike >= _ALIKE]
            heard = dict.fromkeys([*sounds.TAKEN_FOR.get(word, ()), *alike])
            self._alternatives[word] = tuple(heard)[:_CHOICE] or (sounds.respelled(word),)
        return self._alternatives[word]

    def split(self, word: str) -> str:
        """Divide a lower-case word into two common ones, or give it back whole."""
        if word in sounds.SPLIT_BY_SOUND:
            return sounds.SPLIT_BY_SOUND[word]
        if len(word) < _SPLIT_LETTERS:
            return word
        best = max(((word[:at], word[at:]) for at in range(1, len(word))), key=self._rarer)
        return " ".join(best) if self._rarer(best) >= _SPLIT_COMMON else word

    def _rarer(self, pair: tuple[str, str]) -> int:
        return min(self._seen[part] for part in pair)


def _near_keys(word: str) -> list[str]:
    """Give a word's phonetic key and all keys that lack one of its sounds."""
    key = sounds.key(word)
    shorter = [key[:place] + key[place + 1 :] for place in range(len(key))]
    return list(dict.fromkeys([key, *shorter]))
