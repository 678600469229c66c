"""SQL for people to run themselves: statements that select exactly the rows under suspicion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lib.databases.relations import Relation, quote, quote_literal

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
    if label is not None and "embedding_model" in relation.columns:
        conditions.append(f"{relation['embedding_model']}::text = {quote_literal(label)}")
    values = ", ".join(_literal(one, column.type_name) for one in ids)
    conditions.append(f"{column.sql} IN ({values})" if ids else "false")
    return (
        f"-- {' '.join(comment.split())}\n"
        f"SELECT * FROM {relation.sql}\nWHERE {' AND '.join(conditions)};"
    )


def _literal(value: Any, type_name: str) -> str:
    if type_name in NUMBERS:
        return str(value)
    return f"{quote_literal(str(value))}::{quote(type_name)}"
