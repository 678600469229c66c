"""The part of the report about alignment."""

from __future__ import annotations

from dataclasses import asdict

import pandas as pd

from lib.databases import books, embeddings, highlights
from lib.databases.limited import is_truncated
from lib.databases.pools import Databases
from lib.databases.relations import Relations
from lib.report.values import Values, number, plain
from lib.similarity.audit import Audit, measure_audit
from lib.similarity.coverage import by_book_and_model, unanswerable

MOST_DUPLICATES = 100


async def alignment(
    databases: Databases,
    relations: Relations,
    models: dict[str, int],
    seed: int,
) -> Values:
    """Verdicts by pair of labels, suspects, and what can never be found.

    `models` gives the number of vectors of each passage model.
    """
    by_label = await highlights.count_by_model(databases, relations)
    labels = dict(zip(by_label["model"], map(int, by_label["embedded"]), strict=True))
    models = {model: count for model, count in models.items() if count}
    audit = await measure_audit(databases, relations, labels, models, seed)
    covered = await embeddings.read_coverage(databases, relations)
    titles = await books.read_books(databases, relations)
    heard = await highlights.count_by_book_and_model(databases, relations)
    duplicates = await embeddings.read_duplicates(databases, relations, MOST_DUPLICATES)
    return {
        **_judged(audit),
        "coverage": _coverage(covered, titles, list(models)),
        "truncated": is_truncated(covered) or is_truncated(heard) or is_truncated(by_label),
        "unanswerable": [
            {
                "highlight_model": row.model,
                "reason": row.reason,
                "book": row.book if isinstance(row.book, str) else None,
                "highlights": int(row.highlights),
            }
            for row in unanswerable(heard, covered, titles, list(models)).itertuples()
        ],
        "duplicates": {
            "passages": int(duplicates["duplicated"].iloc[0]) if len(duplicates) else 0,
            "first": [
                {"id": plain(row.id), "label": row.model, "rows": int(row.rows)}
                for row in duplicates.itertuples()
            ],
        },
    }


def _judged(audit: Audit) -> Values:
    told, anchors = audit.labels, audit.alignment.anchors
    looks = told.unlabelled["looks_like"]
    return {
        "pairs_left_out": audit.pairs_in_all - len(audit.alignment.pairs),
        "verdicts": [
            {
                "highlight_model": pair.highlight_model,
                "passage_model": pair.passage_model,
                **asdict(pair.judgement),
            }
            for pair in audit.alignment.pairs
        ],
        "suspects": [
            {
                "relation": row.relation,
                "id": plain(row.id),
                "label": row.label,
                "looks_like": row.looks_like,
                "score": number(row.score),
            }
            for row in told.suspects.itertuples()
        ],
        "suspected": audit.suspected,
        "judged": told.judged,
        "false_alarms_expected": number(told.false_alarms),
        "unlabelled": {
            "by_looks": {str(name): int(n) for name, n in looks.value_counts().items()},
            "like_none": int(looks.isna().sum()),
        },
        "notes": told.notes,
        "read": [
            {
                "relation": row.relation,
                "label": row.label,
                "rows": int(row.rows),
                "total": int(row.total),
            }
            for row in audit.read.itertuples()
        ],
        "anchors": {
            "found": len(anchors.rows),
            "highlights": anchors.highlights,
            "passages": anchors.passages,
            "passages_total": anchors.passages_total,
        },
    }


def _coverage(covered: pd.DataFrame, titles: pd.DataFrame, models: list[str]) -> list[Values]:
    per_book: dict[str | None, Values] = {}
    for row in by_book_and_model(covered, titles, models).itertuples():
        book = row.book if isinstance(row.book, str) else None
        entry = per_book.setdefault(
            book,
            {"book": book, "title": row.title, "passages": row.passages, "embedded": {}},
        )
        entry["embedded"][row.model] = row.embedded
    return list(per_book.values())
