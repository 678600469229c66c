"""What the tables and columns of both databases are called."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from lib.settings.section import Section


def _none_if_empty(column: object) -> object:
    return None if column == "" else column


# A column that may be missing; an empty text says that none serves, whatever its default name.
OptionalColumn = Annotated[str | None, BeforeValidator(_none_if_empty)]

# A text that all rows share. PostgreSQL holds no NUL.
Shared = Annotated[str | None, Field(min_length=1, pattern=r"^[^\x00]*$")]


class Highlights(Section):
    """The table of highlights in life_dashboard and its columns.

    `model` is the label of all of them where no column holds one.
    """

    table: str = "events"
    id: str = "id"
    text: str = "text"
    book_id: OptionalColumn = "book_id"
    embedding: str = "embedding"
    embedding_model: OptionalColumn = "embedding_model"
    model: Shared = None
    created_at: OptionalColumn = "created_at"


class Books(Section):
    """The table of books in knowledge_base and its columns."""

    table: str = "books"
    book_id: str = "book_id"
    title: str = "title"
    author: OptionalColumn = "author"


class Passages(Section):
    """The table of passages in knowledge_base and its columns.

    `book` is the title of the one book that all are of where no column holds a book.
    """

    table: str = "chunks"
    chunk_id: str = "chunk_id"
    book_id: OptionalColumn = "book_id"
    book: Shared = None
    content: str = "content"
    chapter_number: OptionalColumn = "chapter_number"
    position: OptionalColumn = None


class Embeddings(Section):
    """The table of passage embeddings in knowledge_base and its columns.

    `model` is the label of all of them where no column holds one.
    """

    table: str = "chunk_embeddings"
    chunk_id: str = "chunk_id"
    embedding_model: OptionalColumn = "embedding_model"
    model: Shared = None
    embedding: str = "embedding"


class RelationNames(Section):
    """What the four relations are called."""

    highlights: Highlights = Highlights()
    books: Books = Books()
    passages: Passages = Passages()
    embeddings: Embeddings = Embeddings()
