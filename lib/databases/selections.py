"""SQL for people to run themselves: statements that select exactly the rows under suspicion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lib.databases.columns import Column, quote_literal
from lib.databases.relations import Relation

# Compared without quotes: every other type is written as text and cast.
NUMBERS = frozenset({"int2", "int4", "int8", "numeric"})


def select_rows(
    relation: Relation, key: str, ids: Sequence[Any], label: str | None, comment: str
) -> str:
    """A statement that selects the rows of `relation` whose column `key` is one of `ids`.

    With `label`, only those under it; `comment` goes before it, on one line.
    """
    column = relation.columns[key]
    conditions = []
    labels = relation.columns.get("embedding_model")
    if label is not None and labels is not None and labels.literal is None:
        conditions.append(f"{labels.sql}::text = {quote_literal(label)}")
    values = ", ".join(_literal(one, column) for one in ids)
    conditions.append(f"{column.sql} IN ({values})" if ids else "false")
    return (
        f"-- {' '.join(comment.split())}\n"
        f"SELECT * FROM {relation.sql}\nWHERE {' AND '.join(conditions)};"
    )


def _literal(value: Any, column: Column) -> str:
    if column.type_name in NUMBERS:
        return str(value)
    return f"{quote_literal(str(value))}::{column.cast}"
