"""Where to look: some books, or some chapters of them, instead of the whole library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lib.databases.relations import Relation


@dataclass(frozen=True)
class Within:
    """Books (ids as text, of books that exist) and chapters (as text); empty for all."""

    books: tuple[str, ...] = ()
    chapters: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything is left out."""
        return bool(self.books or self.chapters)

    def condition(self, passages: Relation, first: int) -> tuple[str, list[Any]]:
        """The SQL condition on passages, and its arguments from the parameter $`first` on."""
        conditions, arguments = [], []
        if self.books:
            # Compared as the column's own type, so that its index serves.
            book = passages.columns["book_id"]
            conditions.append(f"{book.sql} = ANY (${first}::text[]::{book.cast}[])")
            arguments.append(list(self.books))
        if self.chapters and "chapter_number" in passages.columns:
            place = first + len(arguments)
            conditions.append(f"{passages['chapter_number']}::text = ANY (${place}::text[])")
            arguments.append(list(self.chapters))
        return " AND ".join(conditions) or "true", arguments


EVERYWHERE = Within()
