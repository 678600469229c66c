"""LIKE patterns in which a text stands for itself."""

from __future__ import annotations

import re


def storable(text: str) -> str:
    """A text in which U+FFFD stands for what no database holds: NUL and halves of characters."""
    return re.sub(r"[\x00\ud800-\udfff]", "\ufffd", text)


def escape_like(text: str) -> str:
    """A text in which LIKE sees no wildcard: backslash first, then the two wildcards."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def like_pattern(text: str) -> str:
    """The pattern that finds `text` anywhere."""
    return f"%{escape_like(text)}%"
