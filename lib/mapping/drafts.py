"""Relations as they might be mapped, each with its evidence, before one is chosen."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from lib.databases.columns import Column
from lib.databases.wording import enumerated
from lib.mapping.looks import NUMBER_TYPES, Look
from lib.mapping.proposal import RelationName

Looks = Mapping[tuple[str, str], Look]

# What a label is called that nobody knows.
UNKNOWN_MODEL = "unknown"
UNKNOWN_BOOK = "All passages"


@dataclass(frozen=True)
class Draft:
    """One relation on one table. `doubts` are what a person should look at before relying on it."""

    name: RelationName
    look: Look
    columns: Mapping[str, Column]
    constants: Mapping[str, str] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()

    @property
    def place(self) -> tuple[str, str]:
        """The schema and the name of its table."""
        return self.look.table.schema, self.look.table.name


@dataclass(frozen=True)
class Candidate:
    """Relations of one database that go together, and how much speaks for them."""

    score: float
    drafts: tuple[Draft, ...]

    @property
    def places(self) -> frozenset[tuple[str, str]]:
        """The tables it takes."""
        return frozenset(draft.place for draft in self.drafts)

    def draft(self, name: RelationName) -> Draft:
        """The draft of one relation, which the candidate must have."""
        return next(draft for draft in self.drafts if draft.name == name)


def comparable(one: Column, other: Column) -> bool:
    """Whether the server compares two columns without a cast."""
    if one.type_name in NUMBER_TYPES:
        return other.type_name in NUMBER_TYPES
    texts = {"text", "varchar", "bpchar", "name", "citext"}
    if one.type_name in texts:
        return other.type_name in texts
    return one.cast == other.cast


def vector_reason(look: Look, column: Column) -> str:
    """That a table has vectors, of which dimension, and how many other columns of them."""
    return (
        f"{look.table.written} has a {column.type_name} column of {look.dimensions(column)}"
        f" ({column.name})"
    )


def vector_doubts(look: Look, column: Column) -> tuple[str, ...]:
    """What to look at where a table has several columns of vectors."""
    others = [c.name for c in look.table.vectors if c.name != column.name]
    if not others:
        return ()
    return (
        f"{look.table.written} has vectors in {enumerated(others)} too: a view that puts one model "
        "under the other lets all of them be compared.",
    )


def guessed_model(look: Look, column: Column) -> str:
    """A label for vectors that nothing names: what their column adds to the word for vectors."""
    generic = {"embedding", "vector", "embed", "emb", "vec", "text", "content", "chunk", "passage"}
    found = re.split(r"[\W_]+", column.name.lower())
    named = [word for word in found if word and word not in generic and not word.isdigit()]
    return "-".join(named) or UNKNOWN_MODEL
