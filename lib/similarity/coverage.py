"""Coverage and gate: what can be found under which model, and what no diagnosis can start with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from lib.databases.highlights import UNLABELLED
from lib.databases.limited import is_truncated
from lib.names import TITLE_CHARACTERS, readable

NO_VECTOR = "it has no vector"
NO_LABEL = "it has no label, so no model to search under"
NO_PASSAGES = "no passage has a vector under its label"
NO_BOOK = "its book has no passages here"
BOOK_WITHOUT_VECTORS = "its book has no vectors under its label"
NO_BOOK_AT_ALL = "passages without a book"
LENGTHS_APART = 1.05
MOST_SENTENCES = 8
MOST_SIZES = 8


def by_book_and_model(
    covered: pd.DataFrame, titles: pd.DataFrame, models: Sequence[str]
) -> pd.DataFrame:
    """Every book with every model, in the order of `titles`.

    `covered` as of `lib.databases.embeddings.read_coverage`, `titles` as of
    `lib.databases.books.read_books`. Columns `book`, `title`, `passages`, `model`, `embedded` and
    `share` (0 for a book without passages). A book that only passages name has its id as title. Of
    a truncated `covered` only the books that are in it, as nothing is known of others.
    """
    passages = dict(zip(covered["book"], covered["passages"], strict=True))
    named = titles_of(titles)
    if is_truncated(covered):
        named = {book: title for book, title in named.items() if book in passages}
    books = [*named, *(book for book in passages if book not in named)]
    row_of = {book: row for row, book in enumerate(books)}
    column_of = {model: column for column, model in enumerate(models)}
    embedded = np.zeros((len(books), len(models)), dtype=np.int64)
    known = covered[covered["model"].isin(models)]
    rows = [row_of[book] for book in known["book"]]
    embedded[rows, [column_of[model] for model in known["model"]]] = known["embedded"]
    unnamed = {book: _title(book) for book in passages if book not in named}
    frame = pd.DataFrame(
        {
            "book": pd.Series(np.repeat(np.array(books, dtype=object), len(models)), dtype=object),
            "title": np.repeat([(named | unnamed)[book] for book in books], len(models)),
            "passages": np.repeat([int(passages.get(book, 0)) for book in books], len(models)),
            "model": list(models) * len(books),
            "embedded": embedded.ravel(),
        }
    )
    frame = frame.astype({"passages": int, "title": object, "model": object})
    frame["share"] = (frame["embedded"] / frame["passages"].where(frame["passages"] > 0)).fillna(
        0.0
    )
    frame.attrs["truncated"] = is_truncated(covered)
    return frame


def titles_of(titles: pd.DataFrame) -> dict[str, str]:
    """The title of each book, as people read it, by its id as text; `titles` as of `read_books`."""
    shown = [readable(title, TITLE_CHARACTERS) for title in titles["title"]]
    return dict(zip(titles["book"], shown, strict=True))


def _title(book: str | None) -> str:
    return NO_BOOK_AT_ALL if book is None else readable(book)


def to_draw(frame: pd.DataFrame, most_books: int, most_models: int) -> pd.DataFrame:
    """The rows of `by_book_and_model` that a chart has room for.

    The models of most vectors, and the books that lack most under these, in their order.
    """
    vectors = frame.groupby("model", sort=False)["embedded"].sum()
    models = vectors.sort_values(ascending=False, kind="stable").index[:most_models]
    drawn = frame[frame["model"].isin(models)]
    books = drawn["book"].fillna(NO_BOOK_AT_ALL)
    lacking = (drawn["passages"] - drawn["embedded"]).groupby(books, sort=False).sum()
    kept = lacking.sort_values(ascending=False, kind="stable").index[:most_books]
    return drawn[books.isin(kept)].reset_index(drop=True)


def describe_coverage(frame: pd.DataFrame, most: int = MOST_SENTENCES) -> list[str]:
    """One sentence for each model about the books that it does not cover whole.

    Of more than `most` models those that lack most, and one sentence on the others.
    """
    lacking = (frame["passages"] - frame["embedded"]).groupby(frame["model"], sort=True).sum()
    worst = lacking.sort_values(ascending=False, kind="stable").index[:most]
    sentences = []
    for model, rows in frame[frame["model"].isin(worst)].groupby("model", sort=True):
        name = readable(model)
        missing = rows.loc[rows["embedded"] == 0, "title"]
        partial = int(((rows["embedded"] > 0) & (rows["embedded"] < rows["passages"])).sum())
        if not len(missing) and not partial:
            sentences.append(f"{name} covers every passage of all {len(rows):,} books.")
            continue
        first = ", ".join(readable(title) for title in missing.head(5))
        parts = []
        if len(missing):
            others = " and others" if len(missing) > 5 else ""
            parts.append(f"{len(missing):,} books cannot be found at all ({first}{others})")
        if partial:
            parts.append(f"{partial:,} books only in part")
        sentences.append(f"Under {name} {' and '.join(parts)}.")
    if len(lacking) > most:
        sentences.append(f"The other {len(lacking) - most:,} models lack no more than these.")
    return sentences


def fold(frame: pd.DataFrame, column: str, most: int) -> pd.DataFrame:
    """Counts by label, of more than `most` labels the largest and one row for all others.

    Columns `model` and `column`, in the order of the frame.
    """
    counts = frame[["model", column]]
    if len(counts) <= most:
        return counts
    kept = counts[column].sort_values(ascending=False, kind="stable").index[: most - 1]
    rest = counts.drop(index=kept)
    others = pd.DataFrame({"model": [f"{len(rest):,} others"], column: [int(rest[column].sum())]})
    return pd.concat([counts.loc[counts.index.isin(kept)], others], ignore_index=True)


def unanswerable(
    heard: pd.DataFrame, covered: pd.DataFrame, titles: pd.DataFrame, models: Sequence[str]
) -> pd.DataFrame:
    """Highlights that no vector search can answer, whatever their score, and why.

    `heard` as of `lib.databases.highlights.count_by_book_and_model`, the others as of
    `by_book_and_model`. Columns `model` (their label), `reason`, `book` (id as text, or None),
    `title` and `highlights`, the most first. A highlight counts once, for the first reason that
    holds; one without a book looks in all of them. Of a truncated `covered` nothing is held against
    the books that are not in it.
    """
    named = titles_of(titles)
    has_vectors = {
        (row.book, row.model)
        for row in covered.itertuples()
        if isinstance(row.model, str) and row.embedded > 0
    }
    known = set(covered["book"])
    rows = []
    for row in heard.itertuples():
        book = row.book if isinstance(row.book, str) else None
        title = named.get(book, readable(book)) if book is not None else None
        lacking = int(row.highlights - row.embedded)
        if lacking:
            rows.append((row.model, NO_VECTOR, book, title, lacking))
        reason = None
        if row.model == UNLABELLED:
            reason = NO_LABEL
        elif row.model not in models:
            reason = NO_PASSAGES
        elif book is not None and book not in known:
            reason = None if is_truncated(covered) else NO_BOOK
        elif book is not None and (book, row.model) not in has_vectors:
            reason = BOOK_WITHOUT_VECTORS
        if reason is not None and row.embedded:
            rows.append((row.model, reason, book, title, int(row.embedded)))
    columns = ["model", "reason", "book", "title", "highlights"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.sort_values("highlights", ascending=False, kind="stable", ignore_index=True)


def by_model(by_label: pd.DataFrame, embeddings: pd.DataFrame, passages: int) -> pd.DataFrame:
    """Labels of both sides next to each other.

    Columns `model`, `highlights`, `embeddings` and `share` (of all passages that have one).
    """
    frame = by_label[["model", "highlights"]].merge(embeddings, on="model", how="outer")
    frame = frame.fillna({"highlights": 0, "embeddings": 0})
    frame = frame.astype({"highlights": int, "embeddings": int})
    return frame.assign(share=frame["embeddings"] / max(passages, 1))


def describe_gate(gate: pd.DataFrame) -> list[str]:
    """What is wrong with the vectors, one sentence a fault; `gate` as of `read_gate`."""
    faults = []
    for row in gate.itertuples():
        where = f"of {row.relation} labelled {readable(row.model)}"
        if row.null:
            faults.append(f"{row.null:,} rows {where} have no vector: nothing near them is found.")
        if row.zero:
            faults.append(
                f"{row.zero:,} vectors {where} are zero: their distances are not numbers."
            )
        if row.not_finite:
            faults.append(f"{row.not_finite:,} vectors {where} are not finite.")
        if len(row.dimensions) > 1:
            sizes = ", ".join(str(size) for size in sorted(row.dimensions)[:MOST_SIZES])
            sizes += ", …" if len(row.dimensions) > MOST_SIZES else ""
            faults.append(
                f"Vectors {where} have several dimensions ({sizes}): no query compares them."
            )
    return faults


def describe_lengths(gate: pd.DataFrame) -> list[str]:
    """Where vectors under one label are of clearly different lengths in both databases, one
    sentence a label; `gate` as of `read_gate`."""
    said = []
    for model, rows in gate.dropna(subset=["norm_low", "norm_high"]).groupby("model", sort=True):
        if len(rows) == 2 and rows["norm_low"].max() > LENGTHS_APART * rows["norm_high"].min():
            spans = " and ".join(
                f"{row.norm_low:.3g} to {row.norm_high:.3g} in {row.relation}"
                for row in rows.itertuples()
            )
            said.append(
                f"Vectors labelled {readable(model)} are of different lengths: {spans}. Scores do "
                "not mind, but they were not made by the same code."
            )
    return said
