"""Sections of the Alignment page: what no vector search can ever find, and faulty vectors."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from lib import charts
from lib.databases import books, embeddings, highlights
from lib.similarity import coverage
from lib.ui.asking import ask
from lib.ui.cards import chart, download, escape

MOST_DUPLICATES = 100


def show_unanswerable(models: tuple[str, ...]) -> None:
    """Coverage by book and model, highlights that cannot be answered, and duplicates."""
    covered, titles = ask(embeddings.read_coverage), ask(books.read_books)
    by_book = coverage.by_book_and_model(covered, titles, models)
    if not by_book.empty:
        chart(
            charts.coverage(by_book),
            by_book,
            f"Heatmap of {by_book['book'].nunique()} books by {len(models)} models: the share of "
            "passages with a vector.",
            "coverage",
        )
    lacking = coverage.unanswerable(
        ask(highlights.count_by_book_and_model), covered, titles, models
    )
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
        for row in by_reason.itertuples():
            many = f"{row.highlights:,} highlight{'s' if row.highlights != 1 else ''}"
            where = f" ({row.books:,} book{'s' if row.books != 1 else ''})" if row.books else ""
            st.markdown(
                f":orange-badge[:material/search_off: {many}] labelled {escape(row.model)}: "
                f"{row.reason}{where}."
            )
        with st.expander("By book", icon=":material/library_books:"):
            _show_by_book(lacking)
    if duplicates.empty:
        st.markdown(":green-badge[:material/check: none] No passage stands twice under one model.")
    else:
        count = int(duplicates["duplicated"].iloc[0])
        st.markdown(
            f":orange-badge[:material/content_copy: {count:,} passages] stand more than once "
            "under one model: each takes two places among the results."
        )
        with st.expander("Duplicates", icon=":material/content_copy:"):
            st.dataframe(
                duplicates.drop(columns="duplicated"),
                hide_index=True,
                alt="Passages with more than one vector under one model",
                column_config={"id": "Passage", "model": "Model", "rows": "Vectors"},
            )
            if count > len(duplicates):
                st.caption(f"The first {len(duplicates):,} of {count:,}.")


def _show_by_book(lacking: pd.DataFrame) -> None:
    st.dataframe(
        lacking[["highlights", "model", "reason", "title", "book"]],
        hide_index=True,
        height=260,
        placeholder="–",
        alt="Highlights that no vector search can answer, by label, reason and book",
        column_config={
            "highlights": st.column_config.NumberColumn("Highlights", format="localized"),
            "model": "Label",
            "reason": "Because",
            "title": "Book",
            "book": "Book id",
        },
    )
    download(lacking, "unanswerable")


def show_faults() -> None:
    """Vectors that no diagnosis can start with, where there are any."""
    gate = ask(embeddings.read_gate)
    for fault in [*coverage.describe_gate(gate), *coverage.describe_lengths(gate)]:
        st.warning(escape(fault), icon=":material/block:")
    if gate["truncated"].any():
        st.caption(f"Faults were looked for in the first {gate['rows'].sum():,} rows.")
