"""What is proposed for `[relations]`: which tables and columns serve, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from lib.settings import DatabaseName

RelationName = Literal["highlights", "books", "passages", "embeddings"]
Confidence = Literal["sure", "likely", "guess"]

RELATIONS: tuple[RelationName, ...] = ("highlights", "books", "passages", "embeddings")


@dataclass(frozen=True)
class Proposed:
    """One relation as it is proposed.

    `table` is written as in the settings. `columns` has a column for each key of the settings that
    has one, `constants` a text for `model` or `book` where no column holds it. `reasons` say why,
    `doubts` what to check before relying on it, and `alternatives` what else might have been meant;
    all are sentences. `preview` has up to three rows: a short text for each key of `columns`, on
    one line, "vector(768)" for a vector and "NULL" for nothing. Where one `book` stands for all,
    the relation of books has the table of passages and no columns, and `toml` no section for it.
    """

    name: RelationName
    database: DatabaseName
    table: str
    columns: Mapping[str, str]
    constants: Mapping[str, str]
    confidence: Confidence
    reasons: tuple[str, ...]
    doubts: tuple[str, ...]
    alternatives: tuple[str, ...]
    preview: tuple[Mapping[str, str], ...]


@dataclass(frozen=True)
class Proposal:
    """A mapping for both databases; `dataclasses.asdict` of it is JSON.

    `relations` are in the order of `RELATIONS`, without those that nothing was found for; for each
    of these `missing` has a sentence that says what is lacking and what to do. `toml` is what to
    paste beneath the connections of secrets.toml: valid as it is, with comments that say what was
    found and what was guessed.
    """

    relations: tuple[Proposed, ...]
    missing: tuple[str, ...]
    toml: str

    @property
    def complete(self) -> bool:
        """Whether every relation was found: then `toml` alone connects both databases."""
        return len(self.relations) == len(RELATIONS)
