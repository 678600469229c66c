"""The line at the end of a page: how long its answers took, how old they are, and asking again."""

from __future__ import annotations

import time
from collections.abc import Sequence

import streamlit as st

from lib.ui.asking import ask_again
from lib.ui.remembering import CACHE_SECONDS, Answer

FRESH_SECONDS = 60


def show_answers(answers: Sequence[Answer]) -> None:
    """How long the databases took for a page; nothing where it asked them nothing."""
    if not answers:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(describe(answers, time.time()), width="content")
        st.button(
            "Ask again",
            icon=":material/refresh:",
            type="tertiary",
            help=f"Answers are remembered for up to {CACHE_SECONDS // 60} minutes.",
            on_click=ask_again,
        )


def describe(answers: Sequence[Answer], now: float) -> str:
    """The line, at the Unix time `now`. What was remembered for several parts counts once."""
    answers = list({(answer.asked_at, answer.seconds): answer for answer in answers}.values())
    seconds = sum(answer.seconds for answer in answers)
    age = now - min(answer.asked_at + answer.seconds for answer in answers)
    many = f"{len(answers):,} question{'s' if len(answers) != 1 else ''}"
    text = f"{many}, answered in {seconds:.1f} s in all"
    if age >= FRESH_SECONDS:
        minutes = int(age // 60)
        text += f", the oldest {minutes} minute{'s' if minutes != 1 else ''} ago"
    return f"{text}."
