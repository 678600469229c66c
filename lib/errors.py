"""Every error that Concordance raises on purpose.

ConcordanceError
├── SettingsError            a setting is unknown, malformed or contradictory
├── DatabaseError            something is wrong with one of the two databases
│   ├── Unreachable          no server answers at that address
│   ├── LoginRefused         the server refuses this role or password
│   ├── DatabaseMissing      the server has no database of that name
│   ├── TooManyConnections   the server, or our own pool, has no connection to give
│   ├── QueryTimeout         a statement, a lock or the answer took too long
│   ├── PermissionDenied     the role may not read what it is asked to read
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


class DatabaseError(ConcordanceError):
    """Something is wrong with one database; `database` is its name in the settings."""

    def __init__(self, database: str, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.database = database

    def __reduce__(self) -> tuple[type[DatabaseError], tuple[str, ...]]:
        return type(self), (self.database, self.message, self.hint)


class Unreachable(DatabaseError):
    """No server answers at the configured address."""


class LoginRefused(DatabaseError):
    """The server refuses the role or its password."""


class DatabaseMissing(DatabaseError):
    """The server has no database of the configured name."""


class TooManyConnections(DatabaseError):
    """Neither the pool nor the server has a connection to give."""


class QueryTimeout(DatabaseError):
    """A statement, a lock or the network took longer than the settings allow."""


class PermissionDenied(DatabaseError):
    """The role may not read a relation."""


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
