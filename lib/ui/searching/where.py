"""Where to look: some books, and some chapters of them."""

from __future__ import annotations

import streamlit as st

from lib.databases import books, reading
from lib.databases.within import Within
from lib.ui.asking import ask


def choose_where() -> Within:
    """The filters by book and, once a book is chosen, by chapter."""
    titles = ask(books.read_books)
    # Of books of one title each is told from the others by its id.
    repeated = titles["title"].duplicated(keep=False)
    names = titles["title"].where(~repeated, titles["title"] + " (" + titles["book"] + ")")
    title_of = dict(zip(titles["book"], names, strict=True))
    chosen = st.multiselect(
        "Books",
        list(title_of),
        format_func=lambda book: title_of[book],
        placeholder="All books",
        key="books",
        bind="query-params",
    )
    if not chosen:
        return Within()
    known = ask(reading.read_chapters, list(chosen))
    if not known:
        return Within(tuple(chosen))
    chapters = st.multiselect(
        "Chapters",
        known,
        placeholder="All chapters",
        key="chapters",
        bind="query-params",
    )
    return Within(tuple(chosen), tuple(chapters))
