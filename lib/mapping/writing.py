"""A mapping as TOML that is pasted beneath the connections."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from lib.mapping.drafts import Draft
from lib.mapping.proposal import RELATIONS
from lib.settings import RelationNames

# What a person should write in the place of a guess.
WRITE = {
    "model": "write the name of the model here",
    "book": "write the title of the book here",
}
WIDTH = 100
HEAD = (
    "What differs from the usual names of tables and columns. Check it, and paste it beneath the "
    "connections in .streamlit/secrets.toml."
)


def write(drafts: Sequence[Draft], missing: Sequence[str]) -> str:
    """The sections of `[relations]`, with what differs from the defaults and why.

    It is valid as it stands, and `lib.settings.load` reads it as what was proposed.
    """
    by_name = {draft.name: draft for draft in drafts}
    one_book = "passages" in by_name and "book" in by_name["passages"].constants
    lines = list(_comment(HEAD))
    found = [
        f"{name} in {by_name[name].look.table.written}" for name in RELATIONS if name in by_name
    ]
    lines += _comment(f"Found: {', '.join(found) or 'nothing'}.")
    for sentence in missing:
        lines += _comment(f"Missing: {sentence}")
    for name in RELATIONS:
        if name not in by_name:
            continue
        draft = by_name[name]
        keys = [] if name == "books" and one_book else list(_keys(draft))
        lines.append("")
        lines += _comment(f"{name}: {' '.join(draft.reasons)}")
        for doubt in draft.doubts:
            lines += _comment(f"Check: {doubt}")
        # An empty section changes nothing, and shows where to write what a doubt asks for.
        if keys or (draft.doubts and name != "books"):
            lines += [f"[relations.{name}]", *keys]
    return "\n".join(lines) + "\n"


def _keys(draft: Draft) -> Iterator[str]:
    fields = type(getattr(RelationNames(), draft.name)).model_fields
    table = draft.look.table
    if table.written != fields["table"].default:
        yield f"table = {quoted(table.written)}"
    for key, field in fields.items():
        column = draft.columns.get(key)
        if key in draft.constants:
            yield f"{key} = {quoted(draft.constants[key])}  # a guess: {WRITE[key]}"
        elif column is not None and column.name != field.default:
            yield f"{key} = {quoted(column.name)}"
        elif column is None and field.default in {*table.columns, *table.hidden} and key != "table":
            yield f'{key} = ""  # not the column {_on_one_line(field.default)}'


def quoted(text: str) -> str:
    """A text as a basic string of TOML, which escapes as JSON does.

    What cannot be seen is escaped too, because a terminal may obey it and an eye miss it.
    """
    written = json.dumps(text, ensure_ascii=False)
    return "".join(letter if letter.isprintable() else _escaped(letter) for letter in written)


def _escaped(letter: str) -> str:
    code = ord(letter)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _comment(text: str) -> Iterator[str]:
    """A text as comments of a readable width; TOML wants no control characters in them."""
    line = "#"
    for word in _on_one_line(text).split():
        if len(line) + len(word) + 1 > WIDTH and line != "#":
            yield line
            line = "#"
        line += f" {word}"
    yield line


def _on_one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
