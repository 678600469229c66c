"""One table with what is known of it: its place in the catalogue and, maybe, some of its rows."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from math import log10

from lib.databases.catalogue import CatalogueTable, ForeignKey
from lib.databases.columns import TEXT_TYPES, Column
from lib.databases.samples import Sample
from lib.mapping import naming
from lib.mapping.naming import Hints, likeness

ID_TYPES = frozenset({"int2", "int4", "int8", "numeric", "uuid", "text", "varchar", "bpchar"})
NUMBER_TYPES = frozenset({"int2", "int4", "int8", "numeric"})
DATE_TYPES = frozenset({"timestamptz", "timestamp", "date"})
NOT_TEXT = (
    naming.LABEL_COLUMNS,
    naming.TITLE_COLUMNS,
    naming.AUTHOR_COLUMNS,
    naming.BOOK_COLUMNS,
    naming.ID_COLUMNS,
)
# Without a telling name, a column of some 20 characters.
LEAST_TEXT = 0.5
# Rows of which so many look at a column tell whether its values repeat.
ENOUGH_ROWS = 20
MOST_LABELS = 50


@dataclass(frozen=True)
class Look:
    """A table and its sample; without one, what only rows can tell is left open."""

    table: CatalogueTable
    sample: Sample | None = None

    @property
    def empty(self) -> bool:
        """Whether it is known to have no rows."""
        return self.sample is not None and self.sample.rows == 0

    def values(self, column: Column) -> list[str]:
        """The sampled values of a column that are not NULL."""
        found = self.sample.values.get(column.name, ()) if self.sample else ()
        return [value for value in found if value is not None]

    def all_null(self, column: Column) -> bool:
        """Whether all sampled rows lack a value."""
        sample = self.sample
        return bool(sample and sample.rows and column.name in sample.values) and not self.values(
            column
        )

    def mean_bytes(self, column: Column) -> float | None:
        """How long the texts of a column are on average."""
        sizes = self.sample.sizes.get(column.name, ()) if self.sample else ()
        return sum(sizes) / len(sizes) if sizes else None

    def repeats(self, *columns: Column) -> bool:
        """Whether sampled rows share their values of all these columns."""
        if self.sample is None or any(c.name not in self.sample.values for c in columns):
            return False
        rows = list(zip(*(self.sample.values[c.name] for c in columns), strict=True))
        return len(set(rows)) < len(rows)

    def is_key(self, *columns: Column) -> bool:
        """Whether a unique index sees to it that no two rows share the values of these columns."""
        return tuple(sorted(c.name for c in columns)) in {tuple(sorted(k)) for k in self.table.keys}

    def best(
        self, hints: Hints, types: Collection[str], least: float, without: Collection[str] = ()
    ) -> Column | None:
        """The column of these types whose name suggests most, and at least so much."""
        scored = [
            (likeness(c.name, hints) - (2 if self.all_null(c) else 0), -n, c)
            for n, c in enumerate(self.table.columns.values())
            if c.type_name in types and c.name not in without
        ]
        score, _, column = max(scored, default=(0.0, 0, None), key=lambda one: one[:2])
        return column if score >= least else None

    def id_column(self) -> Column | None:
        """The column that identifies a row; None where none does."""
        scored: list[tuple[float, int, Column]] = []
        for n, column in enumerate(self.table.columns.values()):
            if column.type_name not in ID_TYPES and not column.is_enum:
                continue
            score = likeness(column.name, naming.ID_COLUMNS)
            if naming.words(column.name) == (*naming.words(self.table.name), "id"):
                score += 1.5
            if self.is_key(column):
                score += 5 if self.table.keys[0] == (column.name,) else 3
            elif self.repeats(column) or None in self._sampled(column):
                continue
            elif any(column.name in key for key in self.table.keys):
                score += 0.5
            if (self.mean_bytes(column) or 0) <= 200:
                scored.append((score, -n, column))
        score, _, best = max(scored, default=(0.0, 0, None), key=lambda one: one[:2])
        return best if score >= 1.5 else None

    def _sampled(self, column: Column) -> tuple[str | None, ...]:
        return self.sample.values.get(column.name, ()) if self.sample else ()

    def text_column(self) -> tuple[Column, float] | None:
        """The column of the long texts, by name and by length, and how sure that is."""
        scored: list[tuple[float, int, Column]] = []
        for n, column in enumerate(self.table.columns.values()):
            if column.type_name not in TEXT_TYPES or self.all_null(column):
                continue
            score = likeness(column.name, naming.TEXT_COLUMNS)
            score -= 0.7 * max(likeness(column.name, hints) for hints in NOT_TEXT)
            mean = self.mean_bytes(column)
            if mean is not None:
                # 0 for some 10 characters, 3 for a thousand.
                score += 1.5 * (log10(mean + 1) - 1)
            enough = len(self.values(column)) >= ENOUGH_ROWS
            if enough and len(set(self.values(column))) < 0.3 * len(self.values(column)):
                score -= 3
            scored.append((score, -n, column))
        score, _, best = max(scored, default=(0.0, 0, None), key=lambda one: one[:2])
        return (best, score) if best is not None and score >= LEAST_TEXT else None

    def vector_column(self) -> Column | None:
        """The column of vectors; of several the one that is filled and named like one."""
        columns = [c for c in self.table.vectors if not self.all_null(c)] or self.table.vectors
        return max(
            columns,
            key=lambda c: (likeness(c.name, naming.VECTOR_COLUMNS), len(self.values(c))),
            default=None,
        )

    def label_column(self) -> Column | None:
        """The column that names the model of each vector."""
        scored: list[tuple[float, int, Column]] = []
        for n, column in enumerate(self.table.columns.values()):
            if column.type_name not in TEXT_TYPES | NUMBER_TYPES and not column.is_enum:
                continue
            values = self.values(column)
            few = len(set(values)) <= MOST_LABELS and not self.all_null(column)
            named = sum(1 for value in values if naming.MODELS.search(value))
            score = likeness(column.name, naming.LABEL_COLUMNS)
            score += 4 if values and 2 * named > len(values) else 0
            if few and (self.mean_bytes(column) or 0) < 100:
                scored.append((score, -n, column))
        score, _, best = max(scored, default=(0.0, 0, None), key=lambda one: one[:2])
        return best if score >= 2.4 else None

    def refers(self, column: Column) -> tuple[ForeignKey, ...]:
        """The foreign keys of this column alone."""
        return tuple(k for k in self.table.foreign_keys if k.columns == (column.name,))

    def dimensions(self, column: Column) -> str:
        """What is known of the dimension of a vector column, in words."""
        if column.dimensions:
            return f"{column.dimensions} dimensions"
        found = {m[1] for v in self.values(column) if (m := re.search(r"\((\d+)\)", v))}
        return f"{found.pop()} dimensions" if len(found) == 1 else "any dimension"

    def standing(self) -> float:
        """What speaks for a table whatever it is to serve as: that it is in use and in sight."""
        score = 1.0 if self.table.visible else 0.0
        score -= 2 * likeness(self.table.name, naming.ASIDE_TABLES)
        score -= likeness(self.table.schema, naming.ASIDE_TABLES)
        score += 0.1 * log10((self.table.rows or 0) + 1)
        return score - (4 if self.empty else 0)

    def described(self, column: Column) -> str:
        """A text column with the length of its texts, in words."""
        mean = self.mean_bytes(column)
        return column.name if mean is None else f"{column.name} (some {mean:,.0f} bytes each)"
