"""Small multiples of the Scores page: every model by itself, or one book beside the other."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyarrow as pa
import streamlit as st

from lib import charts
from lib.databases import highlights
from lib.markup import name
from lib.names import readable, slug
from lib.similarity import by_book, measure
from lib.similarity.distributions import (
    NEAREST,
    describe_pair,
    distribution,
    ordinal,
    series_of_pair,
)
from lib.similarity.measure import PairScores
from lib.ui.asking import Counted, ask, derive
from lib.ui.cards import download, escape, nothing
from lib.ui.drawings import as_arrow
from lib.ui.login import fragment
from lib.ui.scored import Key, Scored
from lib.ui.tables import offered

PANEL_WIDTH = 290
# Each is measured when it is first shown.
MOST_PANELS = 12


@fragment
def show_side_by_side(scored: Scored, embedded: dict[str, int], stored: dict[str, int]) -> None:
    """Small multiples by book or by model, as chosen.

    `embedded` highlights by label, `stored` passages by model.
    """
    by = st.segmented_control(
        "Side by side",
        ("books", "models"),
        default="books",
        required=True,
        key="beside",
        bind="query-params",
    )
    if by == "books":
        _books(scored)
    else:
        _models(scored, embedded, stored)


def _books(scored: Scored) -> None:
    """The books with most highlights, or those chosen, on one axis of scores."""
    pair = scored.pair
    book_of = ask(highlights.read_book_ids, pair.highlight_ids, key=scored.key)
    books = by_book.titles_of(pair.highlight_ids, book_of, scored.titles)
    known = by_book.largest(books)
    if known in ([], [by_book.NO_BOOK]):
        nothing("No highlight of this label has a book.", "Look at the models side by side.")
        return
    # A book of another label, or of an address, need not be one of these.
    st.session_state["books"] = [b for b in st.session_state.get("books", []) if b in known]
    chosen = st.multiselect(
        "Books",
        offered(known, "books"),
        key="books",
        bind="query-params",
        max_selections=by_book.MOST_BOOKS,
        placeholder="Those with most highlights: or choose",
    )
    shown = chosen or [book for book in known if book != by_book.NO_BOOK][: by_book.FIRST_BOOKS]
    key: Key = (*scored.key, scored.shape, tuple(shown))
    figures = derive(by_book.separate_books, key, pair.scores, pair.background, books, shown)
    frames = derive(
        by_book.distributions_by_book,
        key,
        pair.scores,
        pair.background.scores,
        books,
        shown,
        scored.shape,
    )
    domain = (float(frames[0]["left"].min()), float(frames[0]["right"].max()))
    # One drawing serves all books: only the data differ.
    drawing = derive(
        charts.panel,
        (*key, domain),
        frames[0],
        pair.passage_model,
        scored.models,
        scored.shape,
        domain,
    )
    tables = derive(_as_arrow, key, frames)
    with st.grid(3, min_column_width=PANEL_WIDTH):
        for table, row in zip(tables, figures.itertuples(), strict=True):
            _panel(
                drawing,
                table,
                row.book,
                f"{row.highlights:,} highlights. {_separation(row)}",
                f"book-{slug(row.book)}",
            )
    st.caption(
        f"Coloured: nearest passages. Grey: random pairs. {_area(scored.shape)} "
        f"{len(shown):,} of {len(known):,} books, all under "
        f"{name(pair.passage_model)} on one axis, against the same random pairs."
    )
    download(figures, "scores-by-book", "Figures as CSV")


def _models(scored: Scored, embedded: dict[str, int], stored: dict[str, int]) -> None:
    """Every label against its own model and, where it has none, against each; own axes."""
    labels = [label for label in embedded if label in stored]
    wanted = [(label, label) for label in labels]
    wanted += [(label, model) for label in embedded if label not in stored for model in stored]
    st.caption(
        "Each label of highlights against its own model; highlights without a model of their own "
        "against every one. **Scores of two models must not be compared**: each panel has an axis "
        "of its own. Compare how far the nearest passages stand out from random pairs."
    )
    if not wanted:
        nothing("No label of highlights is a model of passages.", "Look at the pair above.")
        return
    if len(wanted) > MOST_PANELS:
        st.caption(
            f"The first {MOST_PANELS} of {len(wanted):,} pairs; the others can be chosen above."
        )
        wanted = wanted[:MOST_PANELS]
    # Measured before the grid is made: in it the bar of each would take a cell.
    pairs = [measured(label, model, embedded, stored) for label, model in wanted]
    rows = []
    with st.grid(3, min_column_width=PANEL_WIDTH):
        for (label, model), pair in zip(wanted, pairs, strict=True):
            key = (label, model, scored.k, scored.shape)
            frame = derive(_model_frame, key, pair, scored.k, scored.shape)
            summary = derive(
                describe_pair,
                (label, model, scored.k),
                pair.scores,
                pair.background.scores,
                pair.background.pairs,
                scored.k,
            )
            title = readable(model)
            if label != model:
                title = f"{readable(label)} against {title}"
            if summary.empty or summary["series"].iat[0] != NEAREST:
                st.markdown(f"**{escape(title)}**  \nNothing to compare.")
                continue
            figures = summary.iloc[0]
            rows.append({"highlight_model": label, "passage_model": model, **figures.to_dict()})
            _panel(
                derive(charts.panel, key, frame, model, scored.models, scored.shape),
                derive(as_arrow, key, frame),
                title,
                f"{int(figures['n']):,} highlights. {_separation(figures)}",
                f"pair-{slug(label, model)}",
            )
    st.caption(
        f"Coloured: nearest passages; dashed: the {ordinal(scored.k)} nearest. Grey: random pairs. "
        f"{_area(scored.shape)}"
    )
    download(pd.DataFrame(rows), "scores-by-model", "Figures as CSV")


def _model_frame(pair: PairScores, k: int, shape: str) -> pd.DataFrame:
    return distribution(series_of_pair(pair.scores, pair.background.scores, k), shape)


def _as_arrow(frames: list[pd.DataFrame]) -> list[pa.Table | pd.DataFrame]:
    return [as_arrow(frame) for frame in frames]


def measured(
    label: str, model: str, embedded: dict[str, int], stored: dict[str, int]
) -> PairScores:
    """The pair of a label and a model, measured once, with a bar that shows how far it is."""
    return ask(
        measure.measure_pair,
        label,
        model,
        int(embedded[label]),
        int(stored[model]),
        counted=Counted("on_passages", "Passages compared", int(stored[model])),
    )


def _panel(
    drawing: dict[str, Any],
    table: pa.Table | pd.DataFrame,
    title: str,
    figures: str,
    key: str,
) -> None:
    with st.container(gap="xsmall"):
        st.markdown(f"**{escape(title)}**  \n{figures}")
        st.vega_lite_chart(
            table,
            drawing,
            width="stretch",
            alt=f"Small multiple of scores of {title}: nearest passages, random pairs. {figures}",
            key=f"panel-{key}",
        )


def _area(shape: str) -> str:
    return "Curves show the share of scores at or below." if shape == "ECDF" else "Each area is 1."


def _separation(row: Any) -> str:
    if pd.isna(row.separation):
        return "Nothing to separate."
    interval = f" ({row.low:.4f} to {row.high:.4f})" if pd.notna(row.low) else ""
    return f"Separation {row.separation:.4f}{interval}."
