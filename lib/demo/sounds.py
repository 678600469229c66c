"""How the words of the demo library sound, and how a speech recogniser writes what it hears.

Tables of words taken for one another, a phonetic key for the words no table knows, today's
spelling, and numbers as digits: the linguistic half of `lib.demo.noise`, without any chance in it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

# Groups of words with one sound.
_SAME_SOUND = """
there their / to two too / heir air / sun son / pray prey / reign rain rein / no know / hear here /
knew new / would wood / one won / right write rite / by buy / our hour / sea see / seen scene /
soul sole / peace piece / altar alter / alms arms / wait weight / way weigh / made maid /
meet meat / blew blue / read red / some sum / vale veil / vain vein / whole hole / great grate /
days daze / praise prays / slay sleigh / four for fore / eight ate / night knight / seed cede /
sent scent cent / sight site / rode road / tail tale / steal steel / through threw / week weak /
nay neigh / lo low / prophet profit / throne thrown / bare bear / beer bier / fowl foul /
holy wholly / horse hoarse / sore soar / brake break / cast caste / council counsel / bow bough /
dear deer / die dye / fair fare / gate gait / hart heart / lead led / male mail / pair pare /
pole poll / root route / sail sale / tide tied / told tolled / sealed ceiled / sword soared /
host hosed / mourning morning / plain plane / pour pore / fir fur / flour flower / isle aisle /
lamb lam / mite might / oar ore / ring wring / stake steak / waste waist / wine whine / yoke yolk /
bread bred / bridle bridal / cell sell
"""

# Words out of use, and what somebody hears who does not expect them.
_ARCHAIC = """
thee: the, he / ye: you, he / unto: onto, and to / saith: says, safe / hath: has, have /
begat: be got, forgot / doth: does, dust / thou: though, now / thy: the, they / thine: fine, mine /
art: are, heart / hast: has, haste / wilt: will, wild / shalt: shall, shout / lest: less, least /
yea: yeah, yes / o: oh / spake: speak, spoke / nigh: nice, now / ere: air, are /
thereof: they're of / wast: was / didst: did / canst: can / verily: very / brethren: brother /
cometh: come of, comes / goeth: goes / maketh: makes / giveth: gives / hither: either /
thence: then / whence: once / twain: train / smote: smoke / sware: swear / wist: wished /
whoso: who so / begotten: be gotten
"""

# Common words confused in the harsh clips of *Peter and Wendy*, most frequent first.
_CONFUSED = """
of: on, and / had: have, has / her: the, their / was: one, won / is: in / they: may, it /
said: sent, send / him: them / that: at, not / as: and / could: can / would: was / have: had /
his: the, him / for: or, from / a: the, her / now: how / three: free / and: in, an / with: what /
then: when / the: a, that / in: and / it: that / he: we / not: now / be: me / shall: should
"""

_UNSTRESSED = """
a an and as at be but by for from had he her him his i in is it my nor not of on or out shall so
that the them they to was were which with
"""
UNSTRESSED = frozenset(_UNSTRESSED.split())

# Written as one word today, whatever the book does.
JOINED_TODAY: Mapping[tuple[str, str], str] = {
    ("for", "ever"): "forever",
    ("for", "evermore"): "forevermore",
    ("to", "day"): "today",
    ("to", "morrow"): "tomorrow",
    ("to", "night"): "tonight",
    ("every", "one"): "everyone",
    ("every", "thing"): "everything",
    ("every", "where"): "everywhere",
    ("any", "one"): "anyone",
    ("any", "thing"): "anything",
    ("can", "not"): "cannot",
}

# Split by sound; long words that split by their letters need no entry.
SPLIT_BY_SOUND: Mapping[str, str] = {
    "therefore": "there for",
    "wherefore": "where for",
    "begat": "be got",
    "upon": "up on",
    "into": "in to",
    "away": "a way",
    "alive": "a live",
    "abroad": "a broad",
}

_TODAY = (
    (re.compile(r"^shew"), "show"),
    (re.compile(r"^(arm|behavi|col|fav|hon|lab|neighb|od|rum|sav|savi|val|vap)our"), r"\1or"),
    (re.compile(r"^recompence"), "recompense"),
    (re.compile(r"^alway$"), "always"),
    (re.compile(r"^intreat"), "entreat"),
    (re.compile("æ"), "e"),
)

# From spelling to sound, in this order. Voiced and unvoiced consonants fall together, as do m and
# n; a run of vowels becomes one letter; h and w count at the beginning only.
_SOUNDS = tuple(
    (re.compile(spelling), sound)
    for spelling, sound in (
        (r"æ", "e"),
        (r"[^a-z]", ""),
        (r"^[kgp](?=n)|^p(?=s)|^w(?=r)|^h|(?<=m)b$", ""),
        (r"gh(?=t|$)", ""),
        (r"tch|ch|sh|[tc]i(?=[ao])|dg|j|g(?=[eiy])", "X"),
        (r"ph|v", "f"),
        (r"th", "T"),
        (r"c(?=[eiy])|z", "s"),
        (r"[cqg]", "k"),
        (r"x", "ks"),
        (r"b", "p"),
        (r"d", "t"),
        (r"m", "n"),
        (r"(?<=.)[hw]", ""),
        (r"[aeiouy]+", "A"),
        (r"(.)\1+", r"\1"),
    )
)

# A name no other word resembles is written as it sounds.
_RESPELLED = (
    (re.compile(r"ph"), "f"),
    (re.compile(r"ch|ck|q"), "k"),
    (re.compile(r"([bcdfgklmnprstz])\1"), r"\1"),
    (re.compile(r"(?<=[aeiou])h$"), ""),
    (re.compile(r"ei|ie|ea"), "e"),
    (re.compile(r"ai"), "a"),
    (re.compile(r"th$"), "t"),
    (re.compile(r"(?<=[a-z]{3})[aeiou]$"), "y"),
)

_BELOW_TWENTY = """
one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen
"""
_WHOLE_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_ONES = {word: value for value, word in enumerate(_BELOW_TWENTY.split(), start=1)}
_TENS = {word: 10 * value for value, word in enumerate(_WHOLE_TENS.split(), start=2)}
_SCORES = {"threescore": 60, "fourscore": 80}
_VALUES = {**_ONES, **_TENS, **_SCORES}


def _one_way(table: str) -> dict[str, tuple[str, ...]]:
    rows = (row.split(":") for row in table.replace("\n", " ").split("/"))
    return {
        word.strip(): tuple(heard.strip() for heard in others.split(",")) for word, others in rows
    }


def _taken_for() -> dict[str, tuple[str, ...]]:
    heard: defaultdict[str, list[str]] = defaultdict(list)
    for table in (_one_way(_ARCHAIC), _one_way(_CONFUSED)):
        for word, others in table.items():
            heard[word].extend(others)
    for group in _SAME_SOUND.replace("\n", " ").split("/"):
        for word in group.split():
            heard[word].extend(other for other in group.split() if other != word)
    return {word: tuple(dict.fromkeys(others)) for word, others in heard.items()}


ARCHAIC = frozenset(_one_way(_ARCHAIC))
TAKEN_FOR: Mapping[str, tuple[str, ...]] = _taken_for()


def key(word: str) -> str:
    """Code how a word sounds: equal for words that a tired ear cannot tell apart.

    After the idea of L. Philips' Metaphone (1990), but coarser: 'prophet' and 'profit' share a
    key, and so do 'bad' and 'pat'. Expects lower case; a word without letters has an empty key.
    """
    for spelling, sound in _SOUNDS:
        word = spelling.sub(sound, word)
    return word


def todays_spelling(word: str) -> str:
    """Spell a lower-case word as American recognisers do: 'neighbour' becomes 'neighbor'."""
    for old, new in _TODAY:
        word = old.sub(new, word)
    return word


def respelled(word: str) -> str:
    """Spell an unknown lower-case word by its sound, never as it was: 'habakkuk', 'habakuk'."""
    spelled = word
    for letters, sound in _RESPELLED:
        spelled = letters.sub(sound, spelled)
    return spelled if spelled != word else word + ("s" if word[-1:] != "s" else "e")


def read_number(words: Sequence[str]) -> tuple[int, int] | None:
    """Read the number at the beginning of some lower-case words.

    Knows the ways of old books too: 'threescore and ten' is 70, 'four and twenty' 24, 'an hundred'
    100, and 'six hundred thousand and three thousand' 603,000.

    Returns:
        The number and how many of the words it takes, or None when the first word begins none.
    """
    thousands = below = 0  # the number is thousands + below
    room = 1_000  # the next word must be worth less than this to be part of the number
    taken = taken_at_thousand = 0
    last = 0
    linked = False
    for position, word in enumerate(words):
        value = _VALUES.get(word, 0)
        if value and value < room:
            below += value
            room = 10 if word in _TENS else 20 if word in _SCORES else 1
        elif value >= 20 and linked and 0 < last < 10 and below % 100 == last:
            below += value  # 'four and twenty'
            room = 1
        elif word == "hundred" and not linked and below < 100 and (below or not thousands):
            below = 100 * max(below, 1)
            room = 100
        elif word == "thousand" and not linked:
            more = 1_000 * max(below, 1)
            if thousands and more >= thousands:
                return thousands, taken_at_thousand
            thousands += more
            below, room, taken_at_thousand = 0, 1_000, position + 1
        elif word == "and" and taken and not linked:
            linked = True
            continue
        elif position == 0 and word in ("a", "an"):
            continue  # 'an hundred'; of 'an ox' nothing is taken
        else:
            break
        taken, last, linked = position + 1, value, False
    return (thousands + below, taken) if taken else None
