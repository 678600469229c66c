"""Ranking by exact words: how much of a text's words a passage holds, rare ones counting more."""

from __future__ import annotations

import itertools
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from lib.databases import words as queries
from lib.databases.pools import Databases
from lib.databases.relations import Relations

# Marks belong to the letter before them, as in Hindi or pointed Hebrew; \w has none of them.
MARKS = "".join(
    character
    for character in map(chr, range(0x300, 0x10000))
    if unicodedata.category(character).startswith("M")
)
WORD = re.compile(rf"[\w{MARKS}]+(?:['\u2019][\w{MARKS}]+)*")

SAMPLED_PASSAGES = 2_000
SAMPLED_CHARACTERS = 500_000
# A trigram index finds nothing by fewer letters, and fewer are part of many words; but in Chinese,
# Japanese or Korean one or two characters are a word.
SHORTEST = 3
MOST_WORDS = 100
# With so many passages to look at, noisy highlights of the demo find the right one as often as with
# twice as many, and with half as many less often (benchmarks/search.py).
EXPECTED_PASSAGES = 2_000
# In a library of millions a sample cannot tell words apart that are rarer than this.
EXPECTED_SHARE = 1 / 500
# A word that stands within another one counts half.
WITHIN_A_WORD = 0.5


@dataclass(frozen=True)
class Vocabulary:
    """How common words are, judged by a sample of passages of a library of `total`.

    `held`: in how many of the `sampled` passages each word stands; `joined`: these passages' words,
    a line each.
    """

    total: int
    sampled: int
    held: dict[str, int]
    joined: str

    def weight(self, word: str) -> float:
        """The inverse document frequency of a word: about 8 for a rare one, near 0 for "the"."""
        return math.log((self.sampled + 1) / (self.held.get(word, 0) + 0.5))

    def expected(self, part: str) -> float:
        """Passages of the library expected to hold these letters, also within a word."""
        return (self.joined.count(part) + 0.5) / max(self.sampled, 1) * self.total


def words_of(text: str) -> list[str]:
    """The words of a text in their order, normalised (NFKC) and in lower case."""
    found: list[str] = WORD.findall(unicodedata.normalize("NFKC", text).lower())
    return found


def has_trigrams(text: str) -> bool:
    """Whether a text has a word long enough to be told from others by its trigrams."""
    return any(map(_is_telling, words_of(text)))


def _is_telling(word: str) -> bool:
    return len(word) >= SHORTEST or unicodedata.east_asian_width(word[0]) in "WF"


def make_vocabulary(texts: Sequence[str], total: int) -> Vocabulary:
    """The vocabulary of a sample of passages, of which the first SAMPLED_CHARACTERS count."""
    held: Counter[str] = Counter()
    lines: list[str] = []
    characters = 0
    for text in texts:
        words = words_of(text)
        line = f" {' '.join(words)} "
        lines.append(line)
        held.update(set(words))
        characters += len(line)
        if characters > SAMPLED_CHARACTERS:
            break
    return Vocabulary(total, len(lines), dict(held), "\n".join(lines))


async def read_vocabulary(databases: Databases, relations: Relations, total: int) -> Vocabulary:
    """The vocabulary of a library of `total` passages."""
    texts = await queries.sample_texts(databases, relations, SAMPLED_PASSAGES)
    return make_vocabulary(texts, total)


def words_to_look_for(text: str, vocabulary: Vocabulary) -> tuple[list[str], list[str]]:
    """The rarest words of a text, at least one, and the others.

    The rarest are as many as few enough passages hold together: a passage that holds none of them
    holds only common ones. Both are empty for a text without words; of a long one the first
    MOST_WORDS count.
    """
    words = list(dict.fromkeys(words_of(text)))[:MOST_WORDS]
    words = [word for word in words if _is_telling(word)] or words
    # By its letters, not by itself: "has" may be in no passage, and "hast" in every tenth one.
    costs = {word: vocabulary.expected(word) for word in words}
    words.sort(key=lambda word: (costs[word], -len(word)))
    most = max(EXPECTED_PASSAGES, vocabulary.total * EXPECTED_SHARE)
    expected = 0.0
    for place, word in enumerate(words):
        expected += costs[word]
        if place > 0 and expected > most:
            return words[:place], words[place:]
    return words, []


def score_passages(text: str, contents: Sequence[str], vocabulary: Vocabulary) -> list[float]:
    """How much of `text` each passage holds, from 0 to 1.

    The weights of the words that it holds, and of the pairs of neighbouring words that it holds
    side by side, as a share of all weights; of a long text those of its first MOST_WORDS words. A
    word that stands there only within another counts half. Of a text without words: 1 for the
    passages that hold it as it stands.
    """
    asked = words_of(text)[:MOST_WORDS]
    if not asked:
        whole = text.lower()
        return [float(whole in content.lower()) for content in contents]
    weights = {word: vocabulary.weight(word) for word in asked}
    pairs = {
        (first, second): (weights[first] + weights[second]) / 2
        for first, second in itertools.pairwise(asked)
    }
    # Summed as what is held is, so that what holds everything scores 1 and not nearly 1.
    possible = sum(weights.values()) + sum(pairs.values())
    return [_held(words_of(content), weights, pairs) / possible for content in contents]


def _held(
    words: list[str], weights: dict[str, float], pairs: dict[tuple[str, str], float]
) -> float:
    alone = set(words)
    line = " ".join(words)
    of_words = sum(
        weight if word in alone else WITHIN_A_WORD * weight
        for word, weight in weights.items()
        if word in alone or (_is_telling(word) and word in line)
    )
    together = set(itertools.pairwise(words)) & pairs.keys()
    return of_words + sum(weight for pair, weight in pairs.items() if pair in together)
