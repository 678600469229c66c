"""Where to look: some books, and some chapters of them."""

from __future__ import annotations

import streamlit as st

from lib.databases import books, reading
from lib.databases.within import Within
from lib.names import distinct
from lib.search.question import clean
from lib.search.titles import distinct_titles
from lib.ui.asking import ask, derive, limits

MOST_OFFERED = 200


def choose_where() -> Within:
    """The filters by book and, once a book is chosen, by chapter."""
    titles = ask(books.read_books)
    title_of = derive(distinct_titles, ("books",), titles)
    offered = list(title_of)
    if len(offered) > limits().rows_shown:
        # A browser takes seconds over a list of all.
        part = st.text_input(
            "Books whose title holds",
            placeholder=f"a few letters: there are {len(offered):,} books",
            type="search",
            key="titles",
            bind="query-params",
        )
        offered = _holding(title_of, clean(part or "").text)
    chosen = st.multiselect(
        "Books",
        offered,
        format_func=lambda book: title_of[book],
        placeholder="All books",
        key="books",
        bind="query-params",
    )
    if not chosen:
        return Within()
    chapters_known = ask(reading.read_chapters, list(chosen))
    if not chapters_known.names:
        return Within(tuple(chosen))
    chapters = st.multiselect(
        f"Chapters, the first {len(chapters_known.names):,}"
        if chapters_known.truncated
        else "Chapters",
        chapters_known.names,
        format_func=distinct(chapters_known.names).__getitem__,
        placeholder="All chapters",
        key="chapters",
        bind="query-params",
    )
    return Within(tuple(chosen), tuple(chapters))


def _holding(title_of: dict[str, str], part: str) -> list[str]:
    """The first books whose title holds `part`, after those that are chosen already."""
    chosen = st.session_state.get("books", [])
    # The address names books by what stands in the box.
    addressed = set(st.query_params.get_all("books"))
    named = [book for book, title in title_of.items() if title in addressed] if addressed else []
    found = [book for book, title in title_of.items() if part.casefold() in title.casefold()]
    known = [book for book in chosen if book in title_of]
    return list(dict.fromkeys([*known, *named, *found[:MOST_OFFERED]]))
