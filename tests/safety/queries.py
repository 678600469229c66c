"""The queries that the sources of the app hold, to be found again in a server's log."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tests.pages.conftest import ROOT

QUERY = re.compile(r"\s*(SELECT|WITH|EXPLAIN)\b", re.DOTALL)
# Statements that are shown for people to run.
SHOWN = {"selections.py", "granting.py"}


@dataclass(frozen=True)
class Query:
    """A query as its source has it: where it stands, and its constant parts, None for a value."""

    name: str
    parts: Sequence[str | None]

    @property
    def pattern(self) -> re.Pattern[str]:
        """What it looks like once it is sent, without white space."""
        written = "".join(".*" if one is None else re.escape(squeezed(one)) for one in self.parts)
        # A template that is filled in later has its places in braces.
        return re.compile(re.sub(r"\\\{\w+\\\}", ".*", written), re.DOTALL)

    @property
    def example(self) -> str:
        """The query with a name wherever a value may stand."""
        return re.sub(r"\{\w+\}", "x", "".join(one or "x" for one in self.parts))


def queries() -> Iterator[Query]:
    """Every query in `lib`."""
    for path in sorted((ROOT / "lib").rglob("*.py")):
        if "demo" in path.parts or path.name in SHOWN:
            continue
        for defined in ast.parse(path.read_text(encoding="utf-8")).body:
            for parts in _texts(defined):
                if QUERY.match(parts[0] or "") and "FROM" in "".join(part or "" for part in parts):
                    yield Query(f"{path.name}: {_name(defined)}", parts)


def _name(defined: ast.AST) -> str:
    match defined:
        case ast.Assign(targets=[ast.Name(id=name), *_]):
            return name
    return str(getattr(defined, "name", ""))


def _texts(tree: ast.AST) -> Iterator[list[str | None]]:
    """The strings of a source, each as its constant parts with None for a value between them."""
    match tree:
        case ast.Constant(value=str(text)):
            yield [text]
        case ast.JoinedStr():
            yield [
                str(part.value) if isinstance(part, ast.Constant) else None for part in tree.values
            ]
        case _:
            for child in ast.iter_child_nodes(tree):
                yield from _texts(child)


def squeezed(sql: str) -> str:
    """A text without any white space, which queries are laid out with."""
    return "".join(sql.split())


def never_sent(statements: Iterable[str]) -> list[Query]:
    """The queries that are none of these statements."""
    sent = {squeezed(sql) for sql in statements}
    return [query for query in queries() if not any(map(query.pattern.fullmatch, sent))]
