"""Text from a database inside Markdown: shown as it stands, never interpreted."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from lib.names import MOST_CHARACTERS, readable, visible

PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
# Shortcodes are replaced after escapes are resolved: only a character between can stop them.
SHORTCODE = re.compile(r":(?=[\w+-]+(?:/\w+)?:)")
ZERO_WIDTH_NON_JOINER = "\u200c"
FIRST_STRONG_ISOLATE, POP_ISOLATE = "\u2068", "\u2069"


def escape(text: str) -> str:
    """The text as Markdown that shows it literally, on one line."""
    line = SHORTCODE.sub(f":{ZERO_WIDTH_NON_JOINER}", visible(text))
    return PUNCTUATION.sub(r"\\\1", line)


def name(text: str, most: int = MOST_CHARACTERS) -> str:
    """A title, a label or an id as Markdown that shows it literally, cut where it is very long.

    One that is written from right to left does not turn the words around it.
    """
    shown = escape(readable(text, most))
    if any(unicodedata.bidirectional(character) in {"R", "AL"} for character in shown):
        return f"{FIRST_STRONG_ISOLATE}{shown}{POP_ISOLATE}"
    return shown


def mark(text: str, words: Iterable[str]) -> str:
    """The text as Markdown with `words`, where they stand as whole words in any case, marked."""
    wanted = sorted({word for word in words if word.strip()}, key=len, reverse=True)
    if not wanted:
        return escape(text)
    alternatives = "|".join(re.escape(word) for word in wanted)
    pattern = re.compile(rf"(?<!\w)(?:{alternatives})(?!\w)", re.IGNORECASE)
    parts = []
    end = 0
    for found in pattern.finditer(text):
        before = text[end : found.start()]
        parts.append(_kept_spaces(before))
        parts.append(f":orange-background[{escape(found.group())}]")
        end = found.end()
    parts.append(_kept_spaces(text[end:]))
    return "".join(parts).strip()


def highlight(pieces: Iterable[tuple[str, str]]) -> str:
    """Texts, each with the name of a colour or "", as one line of Markdown on those backgrounds.

    `grey` is the colour of letters, not of the background.
    """
    parts = []
    for text, colour in pieces:
        if not colour or not text.strip():
            parts.append(_kept_spaces(text))
        elif colour == "grey":
            parts.append(_around_words(text, ":gray["))
        else:
            parts.append(_around_words(text, f":{colour}-background["))
    return "".join(parts).strip()


def _around_words(text: str, opening: str) -> str:
    """The text in a coloured box that spaces at its ends stay outside of."""
    shown = escape(text)
    if not shown:
        # Nothing but control characters: an empty box would stand there as its own markup.
        return " "
    before = " " if text[0].isspace() else ""
    after = " " if text[-1].isspace() else ""
    return f"{before}{opening}{shown}]{after}"


def _kept_spaces(text: str) -> str:
    """Escaped, with a space kept at either end where there was one."""
    if not text.strip():
        return " " if text else ""
    return f"{' ' if text[0].isspace() else ''}{escape(text)}{' ' if text[-1].isspace() else ''}"
