"""The part of the report about alignment."""

from __future__ import annotations

from dataclasses import asdict

import pandas as pd

from lib.databases import books, embeddings
from lib.databases.highlights import UNLABELLED
from lib.databases.pools import Databases
from lib.databases.relations import Relations
from lib.report.values import Values, number, plain
from lib.similarity import alignment as aligned
from lib.similarity.coverage import by_book_and_model


async def alignment(
    databases: Databases,
    relations: Relations,
    anchors: pd.DataFrame,
    labels: list[str],
    models: list[str],
    seed: int,
) -> Values:
    """Verdicts by pair of labels, suspects and coverage."""
    judged = await aligned.measure_alignment(databases, relations, anchors, labels, models, seed)
    named = [label for label in labels if label != UNLABELLED]
    suspects = await aligned.measure_suspects(databases, relations, named, models, seed)
    covered = await embeddings.read_coverage(databases, relations)
    titles = await books.read_books(databases, relations)
    return {
        "verdicts": [
            {
                "highlight_model": pair.highlight_model,
                "passage_model": pair.passage_model,
                **asdict(pair.judgement),
            }
            for pair in judged
        ],
        "suspects": [
            {
                "relation": row.relation,
                "id": plain(row.id),
                "label": row.label,
                "looks_like": row.looks_like,
                "score": number(row.score),
            }
            for row in suspects.itertuples()
        ],
        "coverage": _coverage(covered, titles, models),
    }


def _coverage(covered: pd.DataFrame, titles: pd.DataFrame, models: list[str]) -> list[Values]:
    per_book: dict[str, Values] = {}
    for row in by_book_and_model(covered, titles, models).itertuples():
        entry = per_book.setdefault(
            row.book,
            {"book": row.book, "title": row.title, "passages": row.passages, "embedded": {}},
        )
        entry["embedded"][row.model] = row.embedded
    return list(per_book.values())
