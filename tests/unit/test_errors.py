"""The errors are as their docstring draws them, and each fault becomes the right one."""

from __future__ import annotations

import ast
import asyncio
import inspect
import pickle
import re
import ssl

import asyncpg
import pytest

from lib import errors
from lib.databases import faults
from lib.databases.certificates import CertificateUnreadable
from lib.databases.faults import FAULTS, translate
from lib.errors import (
    ColumnMissing,
    ConcordanceError,
    ConnectionLost,
    DatabaseError,
    DatabaseMissing,
    ExtensionMissing,
    LoginRefused,
    PermissionDenied,
    QueryTimeout,
    RecoveryConflict,
    SettingsError,
    SettingsNotInForce,
    TableMissing,
    TlsFailed,
    TooManyConnections,
    Unreachable,
)
from lib.settings import DatabaseName

CANARY = "hunter2-canary"
DATABASES: tuple[DatabaseName, ...] = ("life_dashboard", "knowledge_base")


def _drawn_tree() -> dict[str, str]:
    """The parent of each error in the drawing."""
    ancestors: dict[int, str] = {0: "ConcordanceError"}
    parents = {}
    for line in inspect.getdoc(errors).splitlines():  # type: ignore[union-attr]
        found = re.match(r"(?P<indent>[│ ]*)[├└]── (?P<name>\w+)", line)
        if found:
            depth = len(found["indent"]) // 4 + 1
            parents[found["name"]] = ancestors[depth - 1]
            ancestors[depth] = found["name"]
    return parents


def test_the_tree_in_the_docstring_is_the_tree_of_the_classes() -> None:
    real = {
        name: thing.__bases__[0].__name__
        for name, thing in vars(errors).items()
        if isinstance(thing, type) and thing.__module__ == errors.__name__
    }
    assert real.pop("ConcordanceError") == "Exception"
    assert _drawn_tree() == real


def test_an_error_reads_as_message_and_hint() -> None:
    error = ConcordanceError("This is wrong.", "Do that.")
    assert (str(error), error.message, error.hint) == (
        "This is wrong. Do that.",
        "This is wrong.",
        "Do that.",
    )
    assert str(ConcordanceError("This is wrong.")) == "This is wrong."


EXPECTED: dict[type[BaseException], type[ConcordanceError]] = {
    asyncpg.ClientConfigurationError: SettingsError,
    asyncpg.InvalidAuthorizationSpecificationError: LoginRefused,
    asyncpg.InvalidPasswordError: LoginRefused,
    asyncpg.InvalidCatalogNameError: DatabaseMissing,
    asyncpg.TooManyConnectionsError: TooManyConnections,
    asyncpg.QueryCanceledError: QueryTimeout,
    asyncpg.LockNotAvailableError: QueryTimeout,
    asyncpg.InsufficientPrivilegeError: PermissionDenied,
    asyncpg.UndefinedTableError: TableMissing,
    asyncpg.InvalidSchemaNameError: TableMissing,
    asyncpg.UndefinedColumnError: ColumnMissing,
    asyncpg.UndefinedFunctionError: ExtensionMissing,
    asyncpg.UndefinedObjectError: ExtensionMissing,
    asyncpg.ProtocolViolationError: Unreachable,
    asyncpg.PostgresConnectionError: ConnectionLost,
    asyncpg.ConnectionDoesNotExistError: ConnectionLost,
    asyncpg.CannotConnectNowError: Unreachable,
    asyncpg.AdminShutdownError: ConnectionLost,
    asyncpg.CrashShutdownError: ConnectionLost,
    asyncpg.SerializationError: RecoveryConflict,
    asyncpg.TargetServerAttributeNotMatched: Unreachable,
    ssl.SSLError: TlsFailed,
    ssl.SSLCertVerificationError: TlsFailed,
    CertificateUnreadable: TlsFailed,
    ConnectionError: Unreachable,
    ConnectionResetError: ConnectionLost,
    ConnectionAbortedError: ConnectionLost,
    BrokenPipeError: ConnectionLost,
    asyncio.TimeoutError: Unreachable,
    OSError: Unreachable,
    ConnectionRefusedError: Unreachable,
    asyncpg.PostgresError: DatabaseError,
    asyncpg.PostgresSyntaxError: DatabaseError,
    asyncpg.InterfaceError: ConnectionLost,
    asyncpg.InternalClientError: ConnectionLost,
}


def _fault(kind: type[BaseException]) -> BaseException:
    """As it really arrives: a server's error with its detail and its hint."""
    if kind is CertificateUnreadable:
        return CertificateUnreadable("sslrootcert", "No such file or directory")
    if not issubclass(kind, asyncpg.PostgresError):
        return kind(f"postgresql://reader:{CANARY}@localhost")
    fields = {
        "S": "ERROR",
        "C": getattr(kind, "sqlstate", None) or "XX000",
        "M": "something about a thing",
        "D": "Some detail of it.",
        "H": "You might try something else.",
    }
    fault: BaseException = asyncpg.PostgresError.new(fields)
    return fault


def _listed() -> set[str]:
    """The names of the classes that the match statement of `translate` lists."""
    matched = ast.walk(ast.parse(inspect.getsource(faults)))
    return {
        ast.unparse(node.cls).split(".")[-1] for node in matched if isinstance(node, ast.MatchClass)
    }


def test_every_class_that_translate_lists_is_tested_here() -> None:
    names = {kind.__name__ for kind in EXPECTED}
    assert len(_listed()) > 10
    assert _listed() <= names


@pytest.mark.parametrize("kind", EXPECTED)
@pytest.mark.parametrize("database", DATABASES)
def test_a_fault_becomes_the_error_that_tells_it(
    kind: type[BaseException], database: DatabaseName
) -> None:
    fault = _fault(kind)
    assert isinstance(fault, FAULTS)
    error = translate(database, fault)
    assert type(error) is EXPECTED[kind]
    assert database in error.message
    if isinstance(error, DatabaseError):
        assert error.database == database


@pytest.mark.parametrize("kind", EXPECTED)
def test_a_translated_message_is_sentences_on_one_line(kind: type[BaseException]) -> None:
    error = translate("life_dashboard", _fault(kind))
    for sentence in (error.message, error.hint or "None."):
        assert re.fullmatch(r"[^\n]*[^.\s]\.", sentence), sentence


@pytest.mark.parametrize("kind", EXPECTED)
def test_no_translated_error_holds_a_password(kind: type[BaseException]) -> None:
    error = translate("life_dashboard", _fault(kind))
    assert CANARY not in str(error) + repr(error)


def test_a_server_message_is_passed_on() -> None:
    fault = asyncpg.UndefinedTableError('relation "evnts" does not exist')
    assert 'relation "evnts" does not exist' in translate("life_dashboard", fault).message


def test_a_pooler_that_takes_no_settings_is_told_from_one_that_refuses() -> None:
    fault = asyncpg.ProtocolViolationError("unsupported startup parameter: statement_timeout")
    error = translate("life_dashboard", fault)
    assert isinstance(error, SettingsNotInForce)
    assert 'pooler = "transaction"' in error.hint


def test_what_can_be_set_right_in_the_settings_names_the_variable() -> None:
    for kind in (
        OSError,
        ssl.SSLError,
        ssl.SSLCertVerificationError,
        CertificateUnreadable,
        asyncpg.InvalidPasswordError,
        asyncpg.InvalidCatalogNameError,
    ):
        assert "LIFE_DASHBOARD_DSN" in translate("life_dashboard", _fault(kind)).hint
        assert "KNOWLEDGE_BASE_DSN" in translate("knowledge_base", _fault(kind)).hint


@pytest.mark.parametrize(
    "error",
    [
        kind("life_dashboard", "What.", "Do.")
        if issubclass(kind, DatabaseError)
        else kind("What.", "Do.")
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, ConcordanceError)
    ],
    ids=lambda error: type(error).__name__,
)
def test_every_error_survives_being_remembered(error: ConcordanceError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert (again.message, again.hint, str(again)) == ("What.", "Do.", "What. Do.")
    assert getattr(again, "database", None) == getattr(error, "database", None)
