"""What the doctor found, for people and for programs: the steps, and a mapping where one lacks."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lib.databases.doctor import Check
from lib.mapping import Proposal, Proposed

MARKS = {"ok": "ok", "advice": "advice", "problem": "PROBLEM", "skipped": "skipped"}
BEGIN = "# ----- from here -----"
END = "# ----- to here -----"

INDENT = " " * 37


def healthy(checks: Sequence[Check]) -> bool:
    """Whether both databases can be used as they are."""
    return all(check.state != "problem" for check in checks)


def needs_mapping(checks: Sequence[Check]) -> bool:
    """Whether both databases were entered, and tables or columns are not as the settings say."""
    failed = {check.step for check in checks if check.state == "problem"}
    return bool(failed & {"tables", "columns", "types"}) and not failed & {"reach", "log in"}


def as_data(checks: Sequence[Check], proposal: Proposal | None) -> dict[str, Any]:
    """`healthy`, the `checks`, and the `proposal` or None, as JSON has them."""
    return {
        "healthy": healthy(checks),
        "checks": [dataclasses.asdict(check) for check in checks],
        "proposal": None
        if proposal is None
        else {**dataclasses.asdict(proposal), "complete": proposal.complete},
    }


def as_text(checks: Sequence[Check], proposal: Proposal | None, file: str) -> str:
    """The same for a terminal; `file` is where a mapping is to be pasted."""
    lines = [line for check in checks for line in _lines(check)]
    if proposal is not None:
        lines += ["", *_proposed(proposal, file)]
    return "\n".join(lines)


def _lines(check: Check) -> Iterator[str]:
    yield _printable(
        f"{MARKS[check.state]:<7}  {check.database:<14}  {check.step:<11}  {check.found}"
    )
    if check.todo:
        first, *statements = check.todo.splitlines()
        yield _printable(f"{INDENT}→ {first}")
        yield from (_printable(f"{INDENT}  {statement}") for statement in statements)


def _proposed(proposal: Proposal, file: str) -> Iterator[str]:
    yield "Your tables, as they seem to be meant:"
    for relation in proposal.relations:
        yield ""
        yield from map(_printable, _relation(relation))
    if proposal.missing:
        yield ""
        yield from (_printable(f"Not found: {sentence}") for sentence in proposal.missing)
    if proposal.toml.strip():
        yield ""
        yield _printable(f"Paste these lines below the connections in {file}, in the place of any")
        yield "[relations] that it has, and run this command again:"
        yield ""
        yield BEGIN
        yield proposal.toml.rstrip("\n")
        yield END


def _relation(relation: Proposed) -> Iterator[str]:
    yield f"{relation.name}: {relation.table} in {relation.database} ({relation.confidence})"
    yield from (f"    {reason}" for reason in relation.reasons)
    yield from (f"    Check: {doubt}" for doubt in relation.doubts)
    yield from (f"    Otherwise: {other}" for other in relation.alternatives)
    for row in relation.preview:
        yield f"    | {_row(row)}"


def _row(row: Mapping[str, str]) -> str:
    return "  ".join(f"{key}: {text}" for key, text in row.items())


def _printable(text: str) -> str:
    """Without what a terminal would obey instead of showing: names and texts are anybody's."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
