"""Coverage and gate: what can be found under which model, and what no diagnosis can start with."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from lib.databases.highlights import UNLABELLED

NO_VECTOR = "it has no vector"
NO_LABEL = "it has no label, so no model to search under"
NO_PASSAGES = "no passage has a vector under its label"
NO_BOOK = "its book has no passages here"
BOOK_WITHOUT_VECTORS = "its book has no vectors under its label"
NO_BOOK_AT_ALL = "passages without a book"
LENGTHS_APART = 1.05


def by_book_and_model(
    covered: pd.DataFrame, titles: pd.DataFrame, models: Sequence[str]
) -> pd.DataFrame:
    """Every book with every model, in the order of `titles`.

    `covered` as of `lib.databases.embeddings.read_coverage`, `titles` as of
    `lib.databases.books.read_books`. Columns `book`, `title`, `passages`, `model`, `embedded` and
    `share` (0 for a book without passages). A book that only passages name has its id as title.
    """
    passages = dict(zip(covered["book"], covered["passages"], strict=True))
    embedded = {
        (row.book, row.model): int(row.embedded)
        for row in covered.itertuples()
        if isinstance(row.model, str)
    }
    named = dict(zip(titles["book"], titles["title"], strict=True))
    rows = [
        (
            book,
            named.get(book, NO_BOOK_AT_ALL if book is None else book),
            int(passages.get(book, 0)),
            model,
            embedded.get((book, model), 0),
        )
        for book in [*named, *(book for book in passages if book not in named)]
        for model in models
    ]
    frame = pd.DataFrame(rows, columns=["book", "title", "passages", "model", "embedded"])
    frame["share"] = (frame["embedded"] / frame["passages"].where(frame["passages"] > 0)).fillna(
        0.0
    )
    return frame


def describe_coverage(frame: pd.DataFrame) -> list[str]:
    """One sentence for each model about the books that it does not cover whole."""
    sentences = []
    for model, rows in frame.groupby("model", sort=True):
        missing = rows.loc[rows["embedded"] == 0, "title"].tolist()
        partial = int(((rows["embedded"] > 0) & (rows["embedded"] < rows["passages"])).sum())
        if not missing and not partial:
            sentences.append(f"{model} covers every passage of all {len(rows)} books.")
            continue
        lacking = f"{', '.join(missing[:5])}{' and others' if len(missing) > 5 else ''}"
        parts = []
        if missing:
            parts.append(f"{len(missing)} books cannot be found at all ({lacking})")
        if partial:
            parts.append(f"{partial} books only in part")
        sentences.append(f"Under {model} {' and '.join(parts)}.")
    return sentences


def unanswerable(
    heard: pd.DataFrame, covered: pd.DataFrame, titles: pd.DataFrame, models: Sequence[str]
) -> pd.DataFrame:
    """Highlights that no vector search can answer, whatever their score, and why.

    `heard` as of `lib.databases.highlights.count_by_book_and_model`, the others as of
    `by_book_and_model`. Columns `model` (their label), `reason`, `book` (id as text, or None),
    `title` and `highlights`, the most first. A highlight counts once, for the first reason that
    holds; one without a book looks in all of them.
    """
    named = dict(zip(titles["book"], titles["title"], strict=True))
    has_vectors = {
        (row.book, row.model)
        for row in covered.itertuples()
        if isinstance(row.model, str) and row.embedded > 0
    }
    known = set(covered["book"])
    rows = []
    for row in heard.itertuples():
        book = row.book if isinstance(row.book, str) else None
        title = named.get(book, book) if book is not None else None
        lacking = int(row.highlights - row.embedded)
        if lacking:
            rows.append((row.model, NO_VECTOR, book, title, lacking))
        reason = None
        if row.model == UNLABELLED:
            reason = NO_LABEL
        elif row.model not in models:
            reason = NO_PASSAGES
        elif book is not None and book not in known:
            reason = NO_BOOK
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
        where = f"of {row.relation} labelled {row.model}"
        if row.null:
            faults.append(f"{row.null:,} rows {where} have no vector: nothing near them is found.")
        if row.zero:
            faults.append(
                f"{row.zero:,} vectors {where} are zero: their distances are not numbers."
            )
        if row.not_finite:
            faults.append(f"{row.not_finite:,} vectors {where} are not finite.")
        if len(row.dimensions) > 1:
            sizes = ", ".join(str(size) for size in sorted(row.dimensions))
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
                f"Vectors labelled {model} are of different lengths: {spans}. Scores do not mind, "
                "but they were not made by the same code."
            )
    return said
