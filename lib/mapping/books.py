"""Where the books of some passages are: in a table of their own, with the passages, or nowhere."""

from __future__ import annotations

from dataclasses import replace

from lib.databases.columns import TEXT_TYPES, Column
from lib.mapping import naming
from lib.mapping.drafts import UNKNOWN_BOOK, Draft, Looks, comparable
from lib.mapping.looks import ID_TYPES, Look
from lib.mapping.naming import is_named_after, likeness, words

LONG_TITLE = 300


def find_books(looks: Looks, passages: Draft) -> tuple[Draft, Draft, float]:
    """The books, the passages with their column of books, and how much speaks for the pair."""
    found = [
        made
        for column in book_columns(passages)
        for look in looks.values()
        if look is not passages.look and (made := _in_table(look, passages, column))
    ]
    if found:
        score, books, column = max(found, key=lambda made: made[0])
        return books, _linked(passages, column), score
    for column in book_columns(passages):
        return *in_passages(passages, column), 1.0
    return *_as_one(passages), 0.0


def book_columns(passages: Draft) -> list[Column]:
    """The columns of passages that may say which book they are of, the likeliest first."""
    look = passages.look
    taken = {column.name for column in passages.columns.values()}
    scored: list[tuple[float, int, Column]] = []
    for n, column in enumerate(look.table.columns.values()):
        if column.type_name not in ID_TYPES and not column.is_enum:
            continue
        if column.name in taken or look.all_null(column) or look.is_key(column):
            continue
        score = likeness(column.name, naming.BOOK_COLUMNS)
        score += 3 if look.refers(column) else 0
        # Passages of which each has a book of its own are not of books.
        many = len(look.values(column)) > 20 and not look.repeats(column)
        if score - 2 * many >= 1.5 and (look.mean_bytes(column) or 0) <= LONG_TITLE:
            scored.append((score - 2 * many, -n, column))
    return [column for _, _, column in sorted(scored, key=lambda one: one[:2], reverse=True)]


def _in_table(look: Look, passages: Draft, column: Column) -> tuple[float, Draft, Column] | None:
    """The books in a table of their own, if it goes with this column of passages."""
    key = look.id_column()
    if key is None or not comparable(key, column):
        return None
    refers = [(k.schema, k.table, k.to) for k in passages.look.refers(column)]
    table = passages.look.table
    if (look.table.schema, look.table.name, (key.name,)) in refers:
        score, reason = 5.0, f"{table.written}.{column.name} refers to it by a foreign key."
    elif column.name == key.name and len(words(key.name)) > 1:
        score, reason = 3.0, f"{key.name} has the same name in {table.written}."
    elif is_named_after(column.name, look.table.name, key.name):
        score, reason = 3.0, f"{table.written}.{column.name} is named after it."
    else:
        return None
    without = {key.name}
    title = look.best(naming.TITLE_COLUMNS, TEXT_TYPES, 1.0, without)
    if title is None and not refers and not likeness(look.table.name, naming.BOOK_TABLES):
        return None
    columns = {"book_id": key, "title": title or key}
    author = look.best(naming.AUTHOR_COLUMNS, TEXT_TYPES, 2.0, without)
    if author is not None:
        columns["author"] = author
    doubts = () if title else (f"{look.table.written} has no titles, so ids are shown.",)
    score += 0.3 * likeness(look.table.name, naming.BOOK_TABLES) + 0.5 * look.standing()
    score += 0.3 * likeness(column.name, naming.BOOK_COLUMNS)
    score += 1 if look.table.schema == table.schema else 0
    said = f"{look.table.written} has titles in {title.name}." if title else ""
    reasons = tuple(one for one in (said, reason) if one)
    return score, Draft("books", look, columns, {}, reasons, doubts), column


def in_passages(passages: Draft, column: Column) -> tuple[Draft, Draft]:
    """The books and the passages where the table of passages is that of books."""
    look = passages.look
    without = {c.name for c in passages.columns.values()}
    without |= {name for name in look.table.columns if likeness(name, naming.CHAPTER_COLUMNS)}
    title = look.best(naming.TITLE_COLUMNS, TEXT_TYPES, 1.5, without)
    if column.type_name in TEXT_TYPES and (title is None or words(column.name)[-1:] in TITLED):
        title = column
    columns = {"book_id": column, "title": title or column}
    author = look.best(naming.AUTHOR_COLUMNS, TEXT_TYPES, 2.0, without)
    if author is not None:
        columns["author"] = author
    reason = f"{look.table.written} says in {column.name} which book a passage is of."
    doubts = () if title else (f"No column has the titles of {column.name}, so it is shown.",)
    return Draft("books", look, columns, {}, (reason,), doubts), _linked(passages, column)


# A column of these names tells a reader enough by itself.
TITLED = {("title",), ("book",), ("audiobook",)}


def _as_one(passages: Draft) -> tuple[Draft, Draft]:
    """The books and the passages where nothing tells books apart."""
    doubt = (
        f"No column of {passages.look.table.written} says which book a passage is of, so all are "
        "taken for one: write its title."
    )
    columns = passages.look.table.columns.values()
    structured = [column.name for column in columns if column.type_name in {"json", "jsonb"}]
    if structured:
        doubt += f" If {structured[0]} tells the book, map a view that takes it out of there."
    books = Draft("books", passages.look, {}, {}, ("All passages are of one book.",), (doubt,))
    return books, replace(passages, constants={"book": UNKNOWN_BOOK})


def _linked(passages: Draft, column: Column) -> Draft:
    return replace(passages, columns={**passages.columns, "book_id": column})
