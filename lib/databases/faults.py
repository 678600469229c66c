"""What asyncpg and the operating system raise, told as errors of our own."""

from __future__ import annotations

import asyncio
import ssl

import asyncpg

from lib.databases.certificates import CertificateUnreadable
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
from lib.settings import DSN_VARIABLES, DatabaseName

# What may reach us from a query; anything else is a fault in our own code and stays a traceback.
FAULTS = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    # Of a connection whose server has just said why it ends it, and has not ended it yet.
    asyncpg.InternalClientError,
    asyncpg.TargetServerAttributeNotMatched,
    CertificateUnreadable,
    OSError,
    asyncio.TimeoutError,
)


# What connecting raises for an address with a value or a parameter that cannot be. A certificate
# that is not trusted is a ValueError too: who catches these lets ssl.SSLError pass before.
UNUSABLE_ADDRESS = (
    asyncpg.ClientConfigurationError,
    asyncpg.UndefinedObjectError,
    ValueError,
    IndexError,
    OverflowError,
)


# OpenSSL's numbers for a certificate of another name, and of another address.
OTHER_HOST = (62, 64)


def unusable_address(database: DatabaseName) -> SettingsError:
    """The address of a database holds a value or a parameter that cannot be."""
    return SettingsError(
        f"The address of {database} cannot be used.",
        f"Check {DSN_VARIABLES[database]}: postgresql://user@host:5432/database.",
    )


def silent(database: DatabaseName) -> Unreachable:
    """The server of a database takes connections, or nothing at all, and says no word."""
    return Unreachable(database, f"{database} does not answer in time.", _address(database))


def _address(database: DatabaseName) -> str:
    return f"Check that the server runs and that {DSN_VARIABLES[database]} names its host and port."


def translate(database: DatabaseName, fault: BaseException) -> ConcordanceError:
    """The error of ours that tells `fault`, which came out of a query to `database`."""
    variable = DSN_VARIABLES[database]
    match fault:
        case asyncpg.ClientConfigurationError():
            return unusable_address(database)
        case asyncpg.ProtocolViolationError() if "startup parameter" in _said(fault):
            return SettingsNotInForce(
                database,
                f"A pooler before {database} does not take the settings that keep it safe: "
                f"{_said(fault)}.",
                'Write pooler = "transaction" under [pools].',
            )
        case asyncpg.ProtocolViolationError():
            return Unreachable(
                database, f"A pooler before {database} refuses: {_said(fault)}.", "Try again."
            )
        case asyncpg.InvalidAuthorizationSpecificationError():
            return LoginRefused(
                database,
                f"The server of {database} refuses this role or password.",
                f"Check user and password in {variable}.",
            )
        case asyncpg.InvalidCatalogNameError():
            return DatabaseMissing(
                database,
                f"The server of {database} has no database of the configured name.",
                f"Check the name at the end of {variable}.",
            )
        case asyncpg.TooManyConnectionsError():
            return TooManyConnections(
                database,
                f"The server of {database} has no connection left.",
                "Try again in a moment, or lower pools.max_size.",
            )
        case asyncpg.QueryCanceledError():
            return QueryTimeout(
                database,
                f"A query to {database} was stopped because it took longer than allowed.",
                "Narrow what is asked, or raise pools.statement_timeout.",
            )
        case asyncpg.LockNotAvailableError():
            return QueryTimeout(
                database,
                f"A table of {database} is locked by somebody else.",
                "Try again when their work is done.",
            )
        case asyncpg.InsufficientPrivilegeError():
            return PermissionDenied(
                database,
                f"The role may not read what is asked of {database}: {_said(fault)}.",
                "Grant it SELECT on the mapped tables.",
            )
        case asyncpg.UndefinedTableError() | asyncpg.InvalidSchemaNameError():
            return TableMissing(
                database, f"A table is missing in {database}: {_said(fault)}.", "Check [relations]."
            )
        case asyncpg.UndefinedColumnError():
            return ColumnMissing(
                database,
                f"A column is missing in {database}: {_said(fault)}.",
                "Check [relations].",
            )
        case asyncpg.UndefinedFunctionError() | asyncpg.UndefinedObjectError():
            return ExtensionMissing(
                database,
                f"{database} lacks a function that Concordance uses: {_said(fault)}.",
                "Run CREATE EXTENSION vector; and CREATE EXTENSION pg_trgm; as its owner.",
            )
        case asyncpg.CannotConnectNowError():
            return Unreachable(database, f"The server of {database} is restarting.", "Try again.")
        case asyncpg.AdminShutdownError() | asyncpg.CrashShutdownError():
            return ConnectionLost(
                database, f"The server of {database} is restarting.", "Try again."
            )
        case asyncpg.PostgresConnectionError():
            return ConnectionLost(database, f"The connection to {database} was lost.", "Try again.")
        case asyncpg.SerializationError():
            return RecoveryConflict(
                database,
                f"The standby of {database} stopped a query to keep up with its primary.",
                "Try again; if it happens often, set hot_standby_feedback on the standby.",
            )
        case asyncpg.TargetServerAttributeNotMatched():
            return Unreachable(
                database,
                f"No server of {database} is what target_session_attrs asks for.",
                f"Check the hosts in {variable}.",
            )
        case asyncio.TimeoutError():
            return silent(database)
        case CertificateUnreadable():
            return TlsFailed(
                database,
                f"The file of {fault.parameter}, which {database} needs for TLS, cannot be read: "
                f"{fault.reason}.",
                f"Check {fault.parameter} in {variable}; whoever runs Concordance must be able to "
                "read that file.",
            )
        case ssl.SSLError():
            return _tls(database, fault)
        case ConnectionError() if "rejected SSL upgrade" in str(fault):
            return TlsFailed(
                database,
                f"The server of {database} takes no TLS.",
                f"Turn it on there (ssl = on), or check sslmode in {variable}.",
            )
        case ConnectionResetError() | BrokenPipeError() | ConnectionAbortedError():
            return ConnectionLost(database, f"The connection to {database} was lost.", "Try again.")
        case OSError():
            return Unreachable(database, f"No server answers for {database}.", _address(database))
        case asyncpg.PostgresError():
            return DatabaseError(database, f"{database} refused a query: {_said(fault)}.")
        case _:
            return ConnectionLost(database, f"The connection to {database} broke.", "Try again.")


def _tls(database: DatabaseName, fault: ssl.SSLError) -> TlsFailed:
    variable = DSN_VARIABLES[database]
    if not isinstance(fault, ssl.SSLCertVerificationError):
        reason = (getattr(fault, "reason", None) or "").lower().replace("_", " ")
        return TlsFailed(
            database,
            f"TLS with the server of {database} failed{reason and f': {reason}'}.",
            f"Check sslmode, sslrootcert, sslcert and sslkey in {variable}.",
        )
    if getattr(fault, "verify_code", None) in OTHER_HOST:
        return TlsFailed(
            database,
            f"The certificate of the server of {database} is not for this host.",
            f"Name the host in {variable} as the certificate does.",
        )
    reason = getattr(fault, "verify_message", "")
    return TlsFailed(
        database,
        f"The certificate of the server of {database} is not trusted{reason and f': {reason}'}.",
        f"Check the host in {variable}, and that its sslrootcert names the file of the authority "
        "that signed the certificate.",
    )


def _said(fault: BaseException) -> str:
    """What the server said, without its DETAIL and HINT and the full stop."""
    return str(fault.args[0] if fault.args else fault).partition("\n")[0].rstrip(".")
