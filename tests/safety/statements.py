"""Statements as PostgreSQL logs them, and whether each can only read.

Parsed by PostgreSQL's own grammar. A SELECT may call functions, so the server is asked which of
them are volatile: only these can change anything, and each that is allowed is named here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pglast
from pglast import ast
from pglast.enums import TransactionStmtKind as Transaction
from pglast.enums import VariableSetKind as Setting

LOGGED = re.compile(r"(?:statement|execute (?:fetch from )?[^:]+): (.*)", re.DOTALL)

# How a transaction begins and ends. It may not become one that writes.
BOUNDARIES = {
    Transaction.TRANS_STMT_BEGIN,
    Transaction.TRANS_STMT_START,
    Transaction.TRANS_STMT_COMMIT,
    Transaction.TRANS_STMT_ROLLBACK,
}
PLAIN = {
    "ClosePortalStmt": "CLOSE",
    "FetchStmt": "FETCH",
    "UnlistenStmt": "UNLISTEN",
    "VariableShowStmt": "SHOW",
    "DeallocateStmt": "DEALLOCATE",
}
# Volatile because what they say changes by itself; none of them changes anything.
HARMLESS = {
    "clock_timestamp",
    "pg_is_in_recovery",
    "pg_relation_size",
    "pg_total_relation_size",
    "random",
}
# asyncpg turns the first off while it reads the types of a server; by the second a server notices
# that nobody waits for an answer any more.
FOR_THE_SESSION = {"jit", "client_connection_check_interval"}
# Settings of one transaction that let it write, or write for somebody else.
NEVER_SET = {
    "transaction_read_only",
    "default_transaction_read_only",
    "role",
    "session_authorization",
    "session_replication_role",
}
# Declared stable, and yet they give the transaction a number, as writing does.
NUMBERING = {"pg_current_xact_id", "txid_current"}


@dataclass(frozen=True)
class Statement:
    """A statement that a server has logged, with what was sent beside it."""

    application: str
    sql: str
    parameters: str


class NotReading(Exception):
    """The statement may do more than read."""


def logged(lines: Iterable[Mapping[str, Any]], but_of: str) -> list[Statement]:
    """The statements among a server's log lines, failed ones too, but those of one application."""
    return [
        Statement(line.get("application_name", ""), sql, line.get("detail", ""))
        for line in lines
        if line.get("application_name") != but_of and line.get("backend_type") == "client backend"
        for sql in _written(line)
    ]


def _written(line: Mapping[str, Any]) -> Iterator[str]:
    found = LOGGED.fullmatch(line["message"])
    if found:
        yield found[1]
    elif "statement" in line:
        # One that failed before it was executed is logged with its error only.
        yield line["statement"]


def kinds(sql: str, volatile: Container[str]) -> list[str]:
    """What each statement of a text is; raises NotReading for one that may do more than read.

    `volatile`: the names of the functions that the server calls volatile.
    """
    try:
        return [_kind(raw.stmt, volatile) for raw in pglast.parse_sql(sql)]
    except pglast.parser.ParseError as error:
        raise NotReading(f"no statement: {error}") from error


def judged(
    statements: Iterable[Statement], volatile: Container[str]
) -> tuple[Counter[str], list[str]]:
    """How many statements there are of each kind, and those that may do more than read."""
    found: Counter[str] = Counter()
    faults: list[str] = []
    for sql, times in Counter(one.sql for one in statements).items():
        try:
            for kind in kinds(sql, volatile):
                found[kind] += times
        except NotReading as error:
            faults.append(f"{error}: {sql}")
    return found, faults


def _kind(statement: Any, volatile: Container[str]) -> str:
    name = type(statement).__name__
    if name in PLAIN:
        return PLAIN[name]
    match statement:
        case ast.SelectStmt():
            _check_select(statement, volatile)
            return "SELECT"
        case ast.ExplainStmt(query=ast.SelectStmt()):
            _check_select(statement.query, volatile)
            return "EXPLAIN"
        case ast.DeclareCursorStmt():
            _check_select(statement.query, volatile)
            return "DECLARE"
        case ast.TransactionStmt():
            return _transaction(statement)
        case ast.VariableSetStmt():
            return _setting(statement)
    raise NotReading(f"it is a {name}")


def _check_select(statement: Any, volatile: Container[str]) -> None:
    """Every node of the tree, so whatever hides in a CTE or a subquery is seen."""
    for node in nodes(statement):
        match node:
            case ast.InsertStmt() | ast.UpdateStmt() | ast.DeleteStmt() | ast.MergeStmt():
                raise NotReading(f"it holds a {type(node).__name__}")
            case ast.SelectStmt():
                if node.intoClause:
                    raise NotReading("it is a SELECT INTO")
                if node.lockingClause:
                    raise NotReading("it locks rows")
            case ast.FuncCall():
                _check_call(node, volatile)


def _check_call(call: Any, volatile: Container[str]) -> None:
    name = call.funcname[-1].sval
    if name == "set_config":
        _check_set_config(call)
    elif name in NUMBERING or (name in volatile and name not in HARMLESS):
        raise NotReading(f"it calls {name}")


def _check_set_config(call: Any) -> None:
    setting, value, is_local = call.args
    name = _text(setting).lower()
    stays = getattr(getattr(is_local, "val", None), "boolval", None) is not True
    if not name or (name in NEVER_SET and not _makes_safe(name, [value])):
        raise NotReading(f"it sets {name or 'what it is told'}")
    if stays and name not in FOR_THE_SESSION:
        raise NotReading(f"it sets {name} for longer than its transaction")


def _transaction(statement: Any) -> str:
    kind = Transaction(statement.kind).name.rpartition("_")[2]
    if statement.kind not in BOUNDARIES:
        raise NotReading("it is neither the beginning nor the end of a transaction")
    if kind not in {"BEGIN", "START"}:
        return kind
    if not _is_read_only(statement.options):
        raise NotReading("it begins a transaction that may write")
    return "BEGIN READ ONLY"


def _setting(statement: Any) -> str:
    if statement.kind == Setting.VAR_RESET_ALL:
        return "RESET ALL"
    name = (statement.name or "").lower()
    if name == "transaction" and _is_read_only(statement.args):
        return "SET TRANSACTION READ ONLY"
    if not statement.is_local or name == "transaction":
        raise NotReading(f"it sets {name} for longer than its transaction")
    if name in NEVER_SET and not _makes_safe(name, statement.args or ()):
        raise NotReading(f"it sets {name}")
    return "SET LOCAL"


def _is_read_only(options: Sequence[Any] | None) -> bool:
    """Whether it is said, and never the contrary."""
    said = [one.arg.val.ival for one in options or () if one.defname == "transaction_read_only"]
    return bool(said) and all(said)


def _makes_safe(name: str, values: Sequence[Any]) -> bool:
    return name.endswith("read_only") and [_text(one).lower() for one in values] == ["on"]


def _text(node: Any) -> str:
    return str(getattr(getattr(node, "val", None), "sval", ""))


def nodes(tree: Any) -> Iterator[Any]:
    """Every node of a parsed statement."""
    if isinstance(tree, ast.Node):
        yield tree
        for attribute in tree:
            yield from nodes(getattr(tree, attribute))
    elif isinstance(tree, (tuple, list)):
        for one in tree:
            yield from nodes(one)


# For a server that must be asked which of its functions can change anything.
VOLATILE_SQL = "SELECT DISTINCT proname FROM pg_proc WHERE provolatile = 'v'"
