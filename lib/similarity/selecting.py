"""The rows under suspicion as statements to run, and with their words to read."""

from __future__ import annotations

import pandas as pd

from lib.databases import highlights, passages
from lib.databases.highlights import UNLABELLED
from lib.databases.pools import Databases
from lib.databases.relations import Relations
from lib.databases.selections import select_rows
from lib.databases.words import MOST_CHARACTERS
from lib.names import readable

NO_MODEL = "no known model"
KEYS = {"highlights": "id", "embeddings": "chunk_id"}


async def write_selections(
    databases: Databases, relations: Relations, suspects: pd.DataFrame
) -> str:
    """SQL that selects these rows, a statement for each relation, label and likeness.

    `suspects` has columns `relation`, `id`, `label` and `looks_like`. Nothing is run. Of a passage
    that stands twice under its label both rows are selected: nothing else tells them apart.
    """
    named = suspects.assign(looks_like=suspects["looks_like"].fillna(NO_MODEL))
    statements = []
    for (relation, label, looks), rows in named.groupby(
        ["relation", "label", "looks_like"], sort=True
    ):
        table = relations.highlights if relation == "highlights" else relations.embeddings
        statements.append(
            select_rows(
                table,
                KEYS[relation],
                rows["id"].tolist(),
                None if relation == "highlights" and label == UNLABELLED else label,
                f"{table.database}: {len(rows):,} rows labelled {readable(label)} look like "
                f"{readable(looks)}",
            )
        )
    return "\n\n".join(statements)


async def read_words(
    databases: Databases, relations: Relations, suspects: pd.DataFrame, most: int
) -> pd.DataFrame:
    """The first `most` suspects with a column `words`: what the highlight or the passage says, of a
    long one the beginning."""
    shown = suspects.head(most)
    of_highlights = shown.loc[shown["relation"] == "highlights", "id"].tolist()
    of_passages = shown.loc[shown["relation"] == "embeddings", "id"].tolist()
    heard = await highlights.read_some_texts(databases, relations, of_highlights, MOST_CHARACTERS)
    written = await passages.read_passages(databases, relations, of_passages, MOST_CHARACTERS)
    words = {
        "highlights": dict(zip(heard["id"], heard["text"], strict=True)),
        "embeddings": dict(zip(written["passage"], written["content"], strict=True)),
    }
    said = [words[row.relation].get(row.id) for row in shown.itertuples()]
    return shown.assign(words=pd.Series(said, index=shown.index, dtype=object))
