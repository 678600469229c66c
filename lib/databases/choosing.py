"""Queries to choose one highlight: by its words, by its date, at random or by its id."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd

from lib.databases.highlights import UNLABELLED, moment
from lib.databases.patterns import like_pattern, storable
from lib.databases.pools import Databases
from lib.databases.relations import Relation, Relations
from lib.databases.words import MOST_CHARACTERS

MOST_SHOWN = 300


async def find_highlights(
    databases: Databases,
    relations: Relations,
    words: str,
    since: dt.date | None,
    until: dt.date | None,
    most: int,
) -> pd.DataFrame:
    """The first `most` highlights, by id, that hold `words` and were made from `since` to `until`.

    Columns as of `read_texts` without `book`, the texts cut to a line or two, and `found`: how many
    there are in all.
    """
    table = relations.highlights
    condition, arguments = _holding(table, words, since, until)
    rows = await databases.life_dashboard.fetch(
        f"""
        SELECT {table["id"]} AS id, left(coalesce({table["text"]}, ''), {MOST_SHOWN}) AS text,
               coalesce({table.get("embedding_model")}::text, '{UNLABELLED}') AS model,
               {moment(table)} AS created_at, count(*) OVER () AS found
        FROM {table.sql}
        WHERE {condition}
        ORDER BY {table["id"]}
        LIMIT {int(most)}
        """,
        *arguments,
    )
    columns = ["id", "text", "model", "created_at", "found"]
    frame = pd.DataFrame([tuple(row) for row in rows], columns=columns, dtype=object)
    return frame.assign(created_at=pd.to_datetime(frame["created_at"], utc=True))


async def draw_highlight(
    databases: Databases,
    relations: Relations,
    words: str,
    since: dt.date | None,
    until: dt.date | None,
) -> str | None:
    """The id, as text, of one highlight that `find_highlights` would find, drawn at random."""
    table = relations.highlights
    condition, arguments = _holding(table, words, since, until)
    rows = await databases.life_dashboard.fetch(
        f"""
        SELECT {table["id"]}::text AS id FROM {table.sql} WHERE {condition}
        ORDER BY random() LIMIT 1
        """,
        *arguments,
    )
    return rows[0]["id"] if rows else None


def _holding(
    table: Relation, words: str, since: dt.date | None, until: dt.date | None
) -> tuple[str, list[Any]]:
    conditions, arguments = ["true"], list[Any]()
    if words.strip():
        arguments.append(like_pattern(storable(words.strip())))
        conditions.append(f"{table['text']} ILIKE ${len(arguments)}")
    for date, sign in ((since, ">="), (until, "<=")):
        if date is not None and "created_at" in table.columns:
            arguments.append(date)
            conditions.append(f"{table['created_at']}::date {sign} ${len(arguments)}")
    return " AND ".join(conditions), arguments


async def read_period(databases: Databases, relations: Relations) -> tuple[dt.date, dt.date] | None:
    """The dates of the first and the last highlight, in our era; None where none has a date."""
    created = relations.highlights.get("created_at", "NULL")
    row = await databases.life_dashboard.fetchrow(
        f"""
        SELECT count({created}) AS dated,
               least(greatest(min({created}::date), '0001-01-01'), '9999-12-31') AS first,
               least(greatest(max({created}::date), '0001-01-01'), '9999-12-31') AS last
        FROM {relations.highlights.sql}
        """
    )
    return (row["first"], row["last"]) if row["dated"] else None


async def read_highlight(
    databases: Databases, relations: Relations, identifier: str
) -> pd.Series | None:
    """The highlight whose id, as text, is this one: `id`, `text` (of a long one the beginning),
    `model`, `created_at`."""
    table = relations.highlights
    rows = await databases.life_dashboard.fetch(
        f"""
        SELECT {table["id"]} AS id,
               left(coalesce({table["text"]}, ''), {MOST_CHARACTERS}) AS text,
               coalesce({table.get("embedding_model")}::text, $2) AS model,
               {moment(table)} AS created_at
        FROM {table.sql}
        WHERE {table["id"]}::text = $1
        LIMIT 1
        """,
        storable(identifier),
        UNLABELLED,
    )
    if not rows:
        return None
    return pd.Series(dict(rows[0]), dtype=object)
