"""What is asked with: a text, a stored highlight, a passage of the library, or a pasted vector."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd
import streamlit as st

from lib.databases import choosing, passages, reading
from lib.databases.highlights import UNLABELLED
from lib.databases.words import MOST_CHARACTERS
from lib.errors import ConcordanceError, QuestionError
from lib.markup import name
from lib.names import EMPTY
from lib.search.question import Cleaned, Vector, clean, parse_vector
from lib.ui.asking import ask, connection
from lib.ui.cards import escape, nothing, show_error
from lib.ui.passages import choose_highlight
from lib.ui.searching.focus import focus
from lib.ui.turns import tick

Source = Literal["a text", "a highlight", "a passage", "a vector"]
SOURCES: tuple[Source, ...] = ("a text", "a highlight", "a passage", "a vector")
MOST_CHOICES = 500
SEARCH_FOR = "Search for"


@dataclass(frozen=True, eq=False)
class Asked:
    """What is asked: the words of `text` ("" for a vector), and where its vector comes from.

    `identifier` is the id of a highlight or a passage. `label` is the model that the stored vector
    of a highlight is labelled with, None where any model will do. `vector` is one that was pasted.
    """

    source: Source
    text: str
    identifier: Any = None
    label: str | None = None
    vector: Vector | None = None


def choose_question() -> Asked | None:
    """The controls for what is asked; None, after saying what is missing, while nothing is."""
    source: Source = st.segmented_control(
        "Ask with",
        SOURCES,
        default="a text",
        required=True,
        key="ask",
        bind="query-params",
    )
    if source == "a text":
        return _ask_with_text()
    if source == "a highlight":
        return _ask_with_highlight()
    if source == "a passage":
        return _ask_with_passage()
    return _ask_with_vector()


def _ask_with_text() -> Asked | None:
    typed = st.text_input(
        SEARCH_FOR,
        placeholder="the valley of the shadow of death",
        type="search",
        key="q",
        on_change=_shorten,
        bind="query-params",
    )
    focus(SEARCH_FOR)
    cleaned = clean(typed or "")
    text = cleaned.text
    cut = st.session_state.get("q-cut")
    _say_if_cut(cut if cut is not None and cut.text == text else cleaned)
    if not text:
        nothing(
            "Nothing is asked yet.",
            "Type a phrase and press Enter, or ask with a highlight.",
        )
        return None
    return Asked("a text", text)


def _shorten() -> None:
    """A text that is too long for an address is cut, and the page says so."""
    cleaned = clean(st.session_state["q"] or "")
    st.session_state["q-cut"] = cleaned if cleaned.cut else None
    if cleaned.cut:
        st.session_state["q"] = cleaned.text


def _say_if_cut(cleaned: Cleaned) -> None:
    if cleaned.cut:
        st.caption(
            f":material/content_cut: That text has {cleaned.characters:,} characters. Search takes "
            f"the first {len(cleaned.text):,}, which is as much as most models read."
        )


def _ask_with_highlight() -> Asked | None:
    # A deep link reaches the box below only when that is drawn.
    chosen = st.session_state.get("highlight") or st.query_params.get("highlight")
    with st.expander("Choose a highlight", expanded=not chosen, icon=":material/list:"):
        _choose_highlight()
    identifier = clean(st.session_state.get("highlight") or "").text
    found = ask(choosing.read_highlight, identifier) if identifier else None
    if found is None:
        nothing(
            f"There is no highlight {name(identifier)}."
            if identifier
            else "No highlight is chosen.",
            "Choose a row above, draw one at random, or type the id of a highlight.",
        )
        return None
    labelled = found["model"] != UNLABELLED
    under = f"labelled {name(found['model'])}" if labelled else "without a label"
    date = f", {found['created_at']:%Y-%m-%d}" if pd.notna(found["created_at"]) else ""
    _show_asked(f"Highlight {name(identifier)}, {under}{date}", found["text"])
    return Asked(
        "a highlight",
        clean(found["text"]).text,
        identifier=found["id"],
        label=found["model"] if labelled else None,
    )


def _choose_highlight() -> None:
    period = ask(choosing.read_period)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        words = st.text_input(
            "Show highlights that hold", type="search", key="holding-words", bind="query-params"
        )
        words = clean(words or "").text
        since, until = _choose_dates(period) if period else (None, None)
        st.text_input("Id of the highlight", key="highlight", bind="query-params")
        st.button(
            "Draw one at random",
            icon=":material/shuffle:",
            on_click=_draw,
            args=(words, since, until),
        )
    failure = st.session_state.pop("draw-failed", None)
    if failure is not None:
        show_error(failure)
    choices = ask(choosing.find_highlights, words, since, until, MOST_CHOICES)
    if choices.empty:
        nothing("No highlight is like that.", "Try fewer or other words, or a longer time.")
        return
    choose_highlight(choices, "highlight")
    found = int(choices["found"].iloc[0])
    if found > len(choices):
        st.caption(f"The first {len(choices):,} of {found:,}: words or dates narrow them down.")


def _choose_dates(period: tuple[dt.date, dt.date]) -> tuple[dt.date | None, dt.date | None]:
    first, last = period
    chosen = st.date_input(
        "Made between",
        value=[],
        min_value=first,
        max_value=last,
        format="YYYY-MM-DD",
        key="made",
        bind="query-params",
    )
    since = chosen[0] if chosen else None
    return since, chosen[1] if len(chosen) == 2 else None


def _draw(words: str, since: dt.date | None, until: dt.date | None) -> None:
    try:
        drawn = connection().run(choosing.draw_highlight, words, since, until, on_wait=tick)
    except ConcordanceError as error:
        # A callback has no place of its own on the page.
        st.session_state["draw-failed"] = error
        return
    if drawn is not None:
        st.session_state["highlight"] = drawn


def _ask_with_passage() -> Asked | None:
    typed = st.text_input("Id of the passage", key="passage", bind="query-params")
    identifier = clean(typed or "").text
    found = ask(reading.find_passage, identifier) if identifier else None
    if found is None:
        nothing(
            f"There is no passage {name(identifier)}." if identifier else "No passage is chosen.",
            "Choose “More like this” below a result, or type the id of a passage.",
        )
        return None
    row = ask(passages.read_passages, [found], MOST_CHARACTERS).iloc[0]
    chapter = f", chapter {name(row['chapter'])}" if isinstance(row["chapter"], str) else ""
    _show_asked(f"Passage {name(identifier)}{chapter}", row["content"] or "")
    return Asked("a passage", clean(row["content"] or "").text, identifier=found)


def _ask_with_vector() -> Asked | None:
    typed = st.text_area(
        "Vector",
        placeholder="[0.1, -0.2, 0.3, …]",
        height=100,
        key="vector",
        help="Numbers between commas or spaces, as pgvector, JSON or numpy write them. "
        "Ctrl+Enter searches. A vector is too long for the address of this page.",
    )
    if not (typed or "").strip():
        nothing("No vector is given.", "Paste the numbers of one vector and press Ctrl+Enter.")
        return None
    try:
        return Asked("a vector", "", vector=parse_vector(typed))
    except QuestionError as error:
        show_error(error)
        return None


def _show_asked(what: str, text: str) -> None:
    cleaned = clean(text)
    with st.container(border=True):
        st.caption(what)
        st.markdown(escape(cleaned.text) or f":gray[{EMPTY}]")
        if cleaned.cut:
            st.caption(
                f":material/content_cut: Search takes the first {len(cleaned.text):,} characters "
                "of this text, which is as much as most models read."
            )
