"""Every error that Concordance raises on purpose.

ConcordanceError
├── SettingsError            a setting is unknown, malformed or contradictory
├── ConnectionClosed         this connection was closed meanwhile, and another one is to be used
├── DatabaseError            something is wrong with one of the two databases
│   ├── Unreachable          no server answers at that address
│   │   └── ConnectionLost   the connection broke; on another one the same may succeed
│   ├── TlsFailed            a certificate is not trusted or not there, or TLS fails otherwise
│   ├── LoginRefused         the server refuses this role or password
│   ├── DatabaseMissing      the server has no database of that name
│   ├── TooManyConnections   the server, or our own pool, has no connection to give
│   ├── QueryTimeout         a statement, a lock or the answer took too long
│   ├── RecoveryConflict     a standby gave up a query to keep up with its primary
│   ├── SettingsNotInForce   the sessions are not read-only, or not limited in time, as asked
│   ├── PermissionDenied     the role may not read what it is asked to read
│   ├── RoleTooPowerful      the role may do more than read, and the settings forbid that
│   └── RelationError        tables and columns are not as the settings say
│       ├── ExtensionMissing
│       ├── TableMissing
│       ├── ColumnMissing
│       └── ColumnTypeWrong
├── DemoError                the demo's server or library cannot be made
├── EmbedderError            a text cannot be embedded under the asked model
└── QuestionError            what is asked of a search cannot be understood

Each carries one sentence on what is wrong and where, and a hint on what to do. Neither ever holds
a password: they are built from names and server messages, never from a DSN.
"""

from __future__ import annotations


class ConcordanceError(Exception):
    """An error that a user can read: `message` says what and where, `hint` what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(f"{message} {hint}".strip())
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[type[ConcordanceError], tuple[str, ...]]:
        # A remembered result may hold one, and what is remembered is pickled.
        return type(self), (self.message, self.hint)


class SettingsError(ConcordanceError):
    """A setting is unknown, malformed or contradictory."""


class ConnectionClosed(ConcordanceError):
    """Somebody closed the connection while it was used, as settings or code had changed."""


class DatabaseError(ConcordanceError):
    """Something is wrong with one database; `database` is its name in the settings."""

    def __init__(self, database: str, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.database = database

    def __reduce__(self) -> tuple[type[DatabaseError], tuple[str, ...]]:
        return type(self), (self.database, self.message, self.hint)


class Unreachable(DatabaseError):
    """No server answers at the configured address."""


class ConnectionLost(Unreachable):
    """A connection broke while it was used. The same may be asked once more on another one."""


class TlsFailed(DatabaseError):
    """No connection is encrypted and checked as the address asks for."""


class LoginRefused(DatabaseError):
    """The server refuses the role or its password."""


class DatabaseMissing(DatabaseError):
    """The server has no database of the configured name."""


class TooManyConnections(DatabaseError):
    """Neither the pool nor the server has a connection to give."""


class QueryTimeout(DatabaseError):
    """A statement, a lock or the network took longer than the settings allow."""


class RecoveryConflict(DatabaseError):
    """A standby stopped a query that kept it from following its primary."""


class SettingsNotInForce(DatabaseError):
    """A server or a pooler does not keep the settings that make a session safe."""


class PermissionDenied(DatabaseError):
    """The role may not read a relation."""


class RoleTooPowerful(DatabaseError):
    """The role may do more than read, and `require_least_privilege` is on."""


class RelationError(DatabaseError):
    """A relation is not as the settings say."""


class ExtensionMissing(RelationError):
    """An extension that a query needs is not installed in the database."""


class TableMissing(RelationError):
    """A mapped table or view does not exist."""


class ColumnMissing(RelationError):
    """A mapped column does not exist."""


class ColumnTypeWrong(RelationError):
    """A mapped column has a type that cannot serve."""


class DemoError(ConcordanceError):
    """The demo's server cannot start or its library cannot be made."""


class EmbedderError(ConcordanceError):
    """A text cannot be embedded under the asked model."""


class QuestionError(ConcordanceError):
    """What is asked of a search, such as a pasted vector, cannot be understood."""
