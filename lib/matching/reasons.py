"""Why a highlight is matched or not, and how to say it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lib.matching.landings import Landing
from lib.matching.windows import Mode
from lib.matching.word_alignment import WordAlignment

Reason = Literal[
    "found",
    "too short",
    "book not in library",
    "nothing to compare",
    "punctuation or a border",
    "an error in every window",
    "transcript too far",
]


@dataclass(frozen=True)
class Case:
    """What is known of a highlight.

    `landing` of the first hit where it is matched; `alignment` with the nearest passages, None
    where there is nothing to compare; `window_agrees`: whether all words of a window agree with
    them; `distance` of the fallback `alignment` where unmatched.
    """

    matched: bool
    too_short: bool
    book_missing: bool
    landing: Landing | None
    alignment: WordAlignment | None
    window_agrees: bool
    distance: float
    threshold: float
    size: int
    stride: int
    mode: Mode


def reason_of(case: Case) -> Reason:
    """The first of the reasons that holds."""
    if case.matched:
        return "found"
    if case.too_short:
        return "too short"
    if case.book_missing:
        return "book not in library"
    if case.alignment is None:
        return "nothing to compare"
    if case.distance > case.threshold:
        return "transcript too far"
    if case.alignment.longest_run >= case.size:
        return "punctuation or a border"
    return "an error in every window"


def sentence_for(case: Case) -> str:
    """The reason in words, with the figures behind it."""
    words = _WORDS[reason_of(case)](case)
    return f"{words} {_errors(case.alignment)}".strip()


def _errors(alignment: WordAlignment | None) -> str:
    if alignment is None:
        return ""
    reference = alignment.equal + alignment.substitutions + alignment.deletions
    return (
        f"Of {reference:,} words of the book {alignment.equal:,} were heard right (word error "
        f"rate {alignment.word_error_rate:.0%})."
    )


def _found(case: Case) -> str:
    if case.landing == "confirmed":
        return "Found, and another window that shares no word with the first agrees."
    if case.landing == "contradicted":
        return "Found here first, but most of its windows hit another place."
    return "Found, by windows that no other, separate one confirms."


def _too_short(case: Case) -> str:
    return f"It has fewer words than a window of {case.size}, so it was not tried."


def _book_missing(case: Case) -> str:
    return (
        "Its book has no passages in the library, so there is nowhere to look. Scope library "
        "searches all other books."
    )


def _too_far(case: Case) -> str:
    # As many digits as tell them apart.
    digits = 2 if round(case.distance, 2) > round(case.threshold, 2) else 3
    return (
        f"The nearest passage is at a distance of {case.distance:.{digits}f}; up to "
        f"{case.threshold:.{digits}f} is accepted. Either its text is not in the library, or it "
        "was heard too badly."
    )


def _interrupted(case: Case) -> str:
    assert case.alignment is not None
    run = case.alignment.longest_run
    hint = f"Mode words {'' if case.stride == 1 else 'with a stride of 1 '}would find them."
    if case.mode == "words":
        what, hint = "no window is cut just there", "A smaller stride would cut one."
    elif not case.window_agrees:
        what = "no window is cut just there"
    elif case.alignment.longest_within < case.size:
        what = "they lie in more passages than one"
    else:
        what = "punctuation, spacing or the way of writing a letter comes between"
    return f"{_near(case)} {run:,} words in a row agree, but {what}. {hint}"


def _broken(case: Case) -> str:
    assert case.alignment is not None
    run = case.alignment.longest_run
    return (
        f"{_near(case)} No {case.size} words in a row agree; the longest run is {run:,} "
        f"{'word' if run == 1 else 'words'}."
    )


def _near(case: Case) -> str:
    return (
        f"No window stands here, but the fallback accepts this place, at a distance of "
        f"{case.distance:.2f}."
    )


_WORDS = {
    "found": _found,
    "too short": _too_short,
    "book not in library": _book_missing,
    "nothing to compare": lambda case: "There are no words to compare.",
    "transcript too far": _too_far,
    "punctuation or a border": _interrupted,
    "an error in every window": _broken,
}
