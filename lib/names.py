"""Names from a database as people read them: on one line, not too long, and never nothing."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable

MOST_CHARACTERS = 80
# A title with its subtitle.
TITLE_CHARACTERS = 200
EMPTY, BLANK = "(empty)", "(blank)"

# Control characters, and those that only turn the direction of whatever comes after them.
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# Takes no room on the screen: a name of nothing else looks like no name.
UNSEEN = re.compile(r"[\s\u00ad\u200b-\u200d\u2060-\u2064\ufe00-\ufe0f\ufeff\u115f\u1160\u3164]+")
# No script stacks so many marks on a letter; a flood of them covers the lines around it.
MOST_MARKS = 8
DIGEST = 4


def visible(text: str) -> str:
    """The text without control characters, on one line, with no flood of marks on a letter."""
    line = " ".join(CONTROL.sub(" ", text).split())
    return line if line.isascii() else _without_floods(line)


def _without_floods(text: str) -> str:
    kept, marks = [], 0
    for character in text:
        marks = marks + 1 if unicodedata.category(character) in {"Mn", "Me"} else 0
        if marks <= MOST_MARKS:
            kept.append(character)
    return "".join(kept)


def cut(text: str, most: int) -> str:
    """The beginning of a text, at most `most` characters, ending in "…" where some are missing."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def readable(name: str, most: int = MOST_CHARACTERS) -> str:
    """A name to be shown, as plain text of at most about `most` characters.

    A name of nothing but white space is named as such. One that is cut ends in a few letters that
    tell it from others with the same beginning.
    """
    line = visible(name[: 50 * most])
    if not UNSEEN.sub("", line):
        return EMPTY if not name else BLANK
    if len(line) <= most and len(name) <= 50 * most:
        return line
    digest = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:DIGEST]
    return f"{line[:most].rstrip()}… ({digest})"


def distinct(names: Iterable[str]) -> dict[str, str]:
    """`readable` of each name, made different where two names read the same."""
    shown: dict[str, str] = {}
    taken: set[str] = set()
    for name in dict.fromkeys(names):
        candidate, number = readable(name), 2
        while candidate in taken:
            candidate, number = f"{readable(name)} ({number})", number + 1
        taken.add(candidate)
        shown[name] = candidate
    return shown


def slug(*names: str) -> str:
    """Names as part of an address, a key or the name of a file: letters, digits, "-", "_", ".".

    Plain names are joined as they are; of others a few letters tell them apart.
    """
    joined = "-".join(names)
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", joined).strip("-.")[:MOST_CHARACTERS]
    if plain == joined and "" not in names:
        return joined
    digest = hashlib.sha256("\0".join(names).encode("utf-8", "replace")).hexdigest()[: DIGEST * 2]
    return f"{plain}-{digest}" if plain else digest
