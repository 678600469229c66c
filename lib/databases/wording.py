"""Names as sentences have them."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

MOST_LISTED = 8


def enumerated(phrases: Sequence[str]) -> str:
    """Phrases as a sentence lists them."""
    *others, last = phrases
    return f"{', '.join(others)} and {last}" if others else last


def nearest(name: str, known: Sequence[str]) -> str:
    """In brackets, to follow a name that is wrong: the known one that is like it, else some."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    if near:
        return f" ({near[0]}?)"
    return f" (one of {', '.join(known[:MOST_LISTED])})" if known else ""
