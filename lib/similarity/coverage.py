"""Coverage and gate: what can be found under which model, and what no diagnosis can start with."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd


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
            named.get(book, book),
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
