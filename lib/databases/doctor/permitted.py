"""Permissions: what the role may not read although it should, and may do although it need not."""

from __future__ import annotations

from collections.abc import Sequence

from lib.databases.columns import quote
from lib.databases.doctor.checks import Check
from lib.databases.granting import grants, reader_for
from lib.databases.privileges import Privileges
from lib.databases.wording import enumerated
from lib.settings import Settings


def permitted(found: Privileges, known: Sequence[Privileges], settings: Settings) -> list[Check]:
    """The step, from the privileges of one role; `known` are those of both connections, which are
    to have one and the same role."""
    checks = []
    if found.unreadable:
        tables = ", ".join(".".join(map(quote, table)) for table in found.unreadable)
        schemas = ", ".join(dict.fromkeys(quote(schema) for schema, _ in found.unreadable))
        role = quote(found.role)
        checks.append(
            Check(
                found.database,
                "permissions",
                "problem",
                f"The role {found.role} may not read {_named(found.unreadable)}.",
                "Run as the owner:\n"
                f"GRANT USAGE ON SCHEMA {schemas} TO {role};\nGRANT SELECT ON {tables} TO {role};",
            )
        )
    if found.closed_schemas:
        schemas = ", ".join(map(quote, found.closed_schemas))
        checks.append(
            Check(
                found.database,
                "permissions",
                "problem",
                f"The role {found.role} may not use {enumerated(found.closed_schemas)}, where "
                "types or collations of mapped columns are.",
                f"Run as the owner:\nGRANT USAGE ON SCHEMA {schemas} TO {quote(found.role)};",
            )
        )
    if found.too_powerful:
        refused = ", which require_least_privilege forbids" * settings.require_least_privilege
        sql = grants(known, settings.pools)[found.database]
        checks.append(
            Check(
                found.database,
                "permissions",
                "problem" if settings.require_least_privilege else "advice",
                f"{found.sentence[:-1]}{refused}.",
                "Concordance only reads: connect as a role that cannot do more. Run these "
                f"statements, then give it a password with \\password {reader_for(known)} in psql."
                f"\n{sql}",
            )
        )
    elif found.advice:
        checks.append(
            Check(
                found.database,
                "permissions",
                "advice",
                f"The role {found.role} {enumerated(found.advice)}.",
                "Concordance makes nothing there: take the privilege away from the role, or from "
                "PUBLIC.",
            )
        )
    if found.row_security:
        checks.append(
            Check(
                found.database,
                "permissions",
                "ok",
                f"Row security is on: the role {found.role} sees only rows of "
                f"{_named(found.row_security)} that a policy lets it see.",
            )
        )
    return checks or [Check(found.database, "permissions", "ok", found.sentence)]


def _named(tables: tuple[tuple[str, str], ...]) -> str:
    return enumerated([".".join(table) for table in tables])
