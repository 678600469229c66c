"""Which columns of a table a mapping means, and what it lacks: the same for pages and doctor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lib.databases.columns import TEXT_TYPES, VECTOR_TYPES, Column, literal_column
from lib.databases.tables import possible_names
from lib.databases.wording import nearest
from lib.errors import ColumnMissing, ColumnTypeWrong, TableMissing
from lib.settings import DatabaseName, RelationNames

# Which column must hold what; a column that is not here may be of any type.
EXPECTED_TYPES: Mapping[tuple[str, str], frozenset[str]] = {
    ("highlights", "text"): TEXT_TYPES,
    ("highlights", "embedding"): VECTOR_TYPES,
    ("highlights", "created_at"): frozenset({"timestamptz", "timestamp", "date"}),
    ("books", "title"): TEXT_TYPES,
    ("passages", "content"): TEXT_TYPES,
    ("embeddings", "embedding"): VECTOR_TYPES,
}

# The setting with a text that stands for a column which a table does not have.
SHARED: Mapping[tuple[str, str], str] = {
    ("highlights", "embedding_model"): "model",
    ("embeddings", "embedding_model"): "model",
    ("passages", "book_id"): "book",
}
# Of these there must be one or the other.
INDISPENSABLE = frozenset({("embeddings", "embedding_model"), ("passages", "book_id")})


@dataclass(frozen=True)
class Mapped:
    """The columns of one relation by their keys.

    `found` has those that are there, or the text in their stead; `lacking` those that should be;
    `wrong` those of `found` that are of a type which cannot serve.
    """

    found: Mapping[str, Column]
    lacking: Mapping[str, ColumnMissing]
    wrong: Mapping[str, ColumnTypeWrong]

    @property
    def errors(self) -> Iterator[ColumnMissing | ColumnTypeWrong]:
        """All that is wrong."""
        yield from self.lacking.values()
        yield from self.wrong.values()


def map_columns(
    database: DatabaseName, name: str, names: RelationNames, existing: Mapping[str, Column]
) -> Mapped:
    """What the settings mean by the columns of the relation `name`, of those that exist."""
    mapping = getattr(names, name)
    found: dict[str, Column] = {}
    lacking: dict[str, ColumnMissing] = {}
    for key, field in type(mapping).model_fields.items():
        if key in {"table", *SHARED.values()}:
            continue
        column = getattr(mapping, key)
        shared = getattr(mapping, SHARED[name, key]) if (name, key) in SHARED else None
        optional = field.annotation == (str | None) and (name, key) not in INDISPENSABLE
        explicit = column is not None and key in mapping.model_fields_set
        if column is not None and column in existing:
            found[key] = existing[column]
        elif shared is not None and not explicit:
            found[key] = literal_column(shared)
        elif explicit or not optional:
            lacking[key] = _column_missing(
                database, name, key, mapping.table, column, list(existing)
            )
    wrong = {
        key: _type_wrong(database, name, key, column)
        for key, column in found.items()
        if not _can_serve(name, key, found)
    }
    return Mapped(found, lacking, wrong)


def _can_serve(name: str, key: str, columns: Mapping[str, Column]) -> bool:
    column, expected = columns[key], EXPECTED_TYPES.get((name, key))
    # Where books have no titles, their ids serve, of whatever type.
    untitled = (name, key) == ("books", "title") and column == columns.get("book_id")
    return expected is None or column.type_name in expected or untitled


def table_missing(
    database: DatabaseName, name: str, table: str, known: Sequence[str]
) -> TableMissing:
    """There is no such table; the hint names the nearest of those that are `known`."""
    return TableMissing(
        database,
        f"{database} has no table {table}.",
        f"Set relations.{name}.table to the right name"
        f"{nearest(possible_names(table)[0][1], known)}.",
    )


def _column_missing(
    database: DatabaseName,
    name: str,
    key: str,
    table: str,
    column: str | None,
    existing: Sequence[str],
) -> ColumnMissing:
    lacking = f"no column {column}" if column is not None else f"no column for {key}"
    shared = SHARED.get((name, key))
    otherwise = f", or relations.{name}.{shared} to what all rows share" if shared else ""
    return ColumnMissing(
        database,
        f"Table {table} in {database} has {lacking}.",
        f"Set relations.{name}.{key} to the right name{nearest(column or key, existing)}"
        f"{otherwise}.",
    )


def _type_wrong(database: DatabaseName, name: str, key: str, column: Column) -> ColumnTypeWrong:
    return ColumnTypeWrong(
        database,
        f"Column {column.name} of {name} in {database} is of type {column.type_name}, "
        f"not {' or '.join(sorted(EXPECTED_TYPES[name, key]))}.",
        f"Map relations.{name}.{key} to another column, or to a view that casts it.",
    )
