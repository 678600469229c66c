"""The four relations as they really stand: identifiers quoted, columns typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from lib.databases.columns import Column, quote, quote_literal
from lib.errors import DatabaseError
from lib.settings import DatabaseName

__all__ = ["OutOfReach", "Relation", "Relations", "quote", "quote_literal"]


@dataclass(frozen=True)
class Relation:
    """A mapped table or view. `columns` lacks the optional ones that do not exist.

    `subquery` is what has a row for each of the relation's, where the table has several or none.
    """

    name: str
    database: DatabaseName
    schema: str
    table: str
    is_view: bool
    columns: Mapping[str, Column]
    subquery: str | None = None

    @property
    def sql(self) -> str:
        """The quoted, schema-qualified name."""
        return f"{quote(self.schema)}.{quote(self.table)}"

    @property
    def rows(self) -> str:
        """What to read its rows from, under its `name` as an alias: the table, or a subquery."""
        return f"{self.subquery or self.sql} AS {self.name}"

    def __getitem__(self, key: str) -> str:
        """The quoted name of the column mapped to `key`; KeyError where it does not exist."""
        return self.columns[key].sql

    def get(self, key: str, otherwise: str = "NULL") -> str:
        """The quoted name of an optional column, or an SQL expression in its stead."""
        return self.columns[key].sql if key in self.columns else otherwise


@dataclass(frozen=True)
class Relations:
    """All four relations. Those of a database out of reach raise its error when they are used."""

    highlights: Relation
    books: Relation
    passages: Relation
    embeddings: Relation

    @property
    def complete(self) -> bool:
        """Whether both databases were in reach."""
        return isinstance(self.highlights, Relation) and isinstance(self.books, Relation)


@dataclass(frozen=True)
class OutOfReach:
    """In the place of a relation: whatever is asked of it raises why it cannot be had."""

    error: DatabaseError

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise self.error

    def __getitem__(self, key: str) -> NoReturn:
        raise self.error
