"""Sections of the Alignment page: what no vector search can ever find, and faulty vectors."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from lib import charts
from lib.databases import books, embeddings, highlights
from lib.databases.limited import is_truncated
from lib.markup import name
from lib.similarity import coverage
from lib.ui.asking import ask, derive
from lib.ui.cards import chart, escape
from lib.ui.drawings import finished
from lib.ui.tables import table

MOST_DUPLICATES = 100
MOST_REASONS, MOST_FAULTS = 12, 6
# A heatmap of more can neither be read nor drawn in time.
MOST_BOOKS, MOST_MODELS = 100, 12


def show_coverage(covered: pd.DataFrame) -> None:
    """The heatmap of `lib.similarity.coverage.by_book_and_model`, as much of it as can be read."""
    drawn = coverage.to_draw(covered, MOST_BOOKS, MOST_MODELS)
    books_drawn, models_drawn = drawn["book"].nunique(dropna=False), drawn["model"].nunique()
    in_all, models = covered["book"].nunique(dropna=False), covered["model"].nunique()
    chart(
        finished(charts.coverage, drawn),
        covered,
        f"Heatmap of {books_drawn:,} books by {models_drawn:,} models: the share of passages with "
        "a vector.",
        "coverage",
    )
    if books_drawn < in_all or models_drawn < models:
        st.caption(
            f"Drawn are {books_drawn:,} of {in_all:,} books, those that lack most, under "
            f"{models_drawn:,} of {models:,} models, those of most vectors."
        )
    if is_truncated(covered):
        st.caption(f"Only the first {in_all:,} books by id were read; there are more.")


def show_unanswerable(models: tuple[str, ...]) -> None:
    """Coverage by book and model, highlights that cannot be answered, and duplicates."""
    covered, titles = ask(embeddings.read_coverage), ask(books.read_books)
    key = ("coverage", *models)
    by_book = derive(coverage.by_book_and_model, key, covered, titles, models)
    if not by_book.empty:
        show_coverage(by_book)
    heard = ask(highlights.count_by_book_and_model)
    lacking = derive(coverage.unanswerable, key, heard, covered, titles, models)
    duplicates = ask(embeddings.read_duplicates, MOST_DUPLICATES)
    if lacking.empty:
        st.markdown(
            ":green-badge[:material/check: none] Every highlight has vectors of its model to look "
            "among."
        )
    else:
        by_reason = lacking.groupby(["model", "reason"], as_index=False, sort=False).agg(
            highlights=("highlights", "sum"), books=("book", "nunique")
        )
        for row in by_reason.head(MOST_REASONS).itertuples():
            many = f"{row.highlights:,} highlight{'s' if row.highlights != 1 else ''}"
            where = f" ({row.books:,} book{'s' if row.books != 1 else ''})" if row.books else ""
            st.markdown(
                f":orange-badge[:material/search_off: {many}] labelled {name(row.model)}: "
                f"{row.reason}{where}."
            )
        if len(by_reason) > MOST_REASONS:
            st.caption(f"And {len(by_reason) - MOST_REASONS:,} more labels and reasons.")
        with st.expander("By book", icon=":material/library_books:"):
            _show_by_book(lacking)
    if is_truncated(heard) or is_truncated(covered):
        st.caption("There are too many books and labels to judge all: some may be missing here.")
    if duplicates.empty:
        st.markdown(":green-badge[:material/check: none] No passage stands twice under one model.")
    else:
        count = int(duplicates["duplicated"].iloc[0])
        st.markdown(
            f":orange-badge[:material/content_copy: {count:,} passages] stand more than once "
            "under one model: each takes two places among the results."
        )
        with st.expander("Duplicates", icon=":material/content_copy:"):
            table(
                duplicates.drop(columns="duplicated"),
                "Passages with more than one vector under one model",
                total=count,
                column_config={"id": "Passage", "model": "Model", "rows": "Vectors"},
            )


def _show_by_book(lacking: pd.DataFrame) -> None:
    table(
        lacking[["highlights", "model", "reason", "title", "book"]],
        "Highlights that no vector search can answer, by label, reason and book",
        "unanswerable",
        height=260,
        placeholder="–",
        column_config={
            "highlights": st.column_config.NumberColumn("Highlights", format="localized"),
            "model": "Label",
            "reason": "Because",
            "title": "Book",
            "book": "Book id",
        },
    )


def show_faults() -> None:
    """Vectors that no diagnosis can start with, where there are any."""
    gate = ask(embeddings.read_gate)
    faults = [*coverage.describe_gate(gate), *coverage.describe_lengths(gate)]
    for fault in faults[:MOST_FAULTS]:
        st.warning(escape(fault), icon=":material/block:")
    if len(faults) > MOST_FAULTS:
        st.caption(f"And {len(faults) - MOST_FAULTS:,} more faults: the Library page has a table.")
    if gate["truncated"].any():
        st.caption(f"Faults were looked for in the first {gate['rows'].sum():,} rows.")
