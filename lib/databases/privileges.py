"""What the role of a connection may do beyond reading, and the statements that make a better one.

A read-only transaction is a promise of the session, which another statement can take back. Only a
role without the privilege cannot write.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lib.databases.columns import BASE_TYPES_SQL, TEXT_TYPES
from lib.databases.excess import attributes, memberships, on_tables
from lib.databases.pools import Database, Databases
from lib.databases.relations import Relation, Relations
from lib.databases.resolving import resolve_reachable
from lib.databases.wording import enumerated
from lib.errors import RoleTooPowerful
from lib.settings import DatabaseName


@dataclass(frozen=True)
class Privileges:
    """What the role of one connection may do, each as a phrase that follows its name.

    `excess`: more than reading; `advice`: not on the mapped tables, but more than reading needs.
    Tables are given as schema and name: those that it may not read (`unreadable`), those of
    which it sees only the rows that a policy lets it see (`row_security`), and all that a reader
    has to be granted SELECT on (`needed`). `other_schemas`: where vector, pg_trgm and the types and
    collations of mapped columns live; `closed_schemas`: those of types and collations that it may
    not use; `search_path`: the schemas that unqualified names are looked for in.
    """

    database: DatabaseName
    role: str
    database_name: str
    excess: tuple[str, ...]
    advice: tuple[str, ...]
    unreadable: tuple[tuple[str, str], ...]
    row_security: tuple[tuple[str, str], ...]
    needed: tuple[tuple[str, str], ...]
    other_schemas: tuple[str, ...]
    closed_schemas: tuple[str, ...]
    search_path: tuple[str, ...]

    @property
    def too_powerful(self) -> bool:
        """Whether the role may do more than read."""
        return bool(self.excess)

    @property
    def sentence(self) -> str:
        """What the role may do beyond reading, or that it may not."""
        if not self.excess:
            return f"The role {self.role} may only read."
        return f"The role {self.role} {enumerated(self.excess)}."


# A role may do what it inherits and what it may turn itself into, if need be by granting itself so.
# Of a view the tables beneath, of a partitioned table the partitions are looked at too: who writes
# to those changes what is read. A type or a collation is named by queries, unless it is a text's.
PRIVILEGES_SQL = f"""
    WITH RECURSIVE version AS (
        SELECT current_setting('server_version_num')::int AS number
    ), becoming AS (
        SELECT CASE WHEN number >= 160000 THEN 'SET, MEMBER WITH ADMIN OPTION' ELSE 'MEMBER' END
                   AS privilege
        FROM version
    ), role AS (
        SELECT r.*, pg_has_role(session_user, r.oid, becoming.privilege) AS becomes
        FROM pg_roles r, becoming
        WHERE CASE WHEN (SELECT rolsuper FROM pg_roles WHERE rolname = session_user)
                   THEN r.rolname = session_user
                   ELSE pg_has_role(session_user, r.oid, 'USAGE')
                        OR pg_has_role(session_user, r.oid, becoming.privilege) END
    ), relation AS (
        SELECT c.oid, c.relkind, c.relowner, c.relnamespace, c.relname, asked.columns::jsonb,
               c.reloptions, true AS needed
        FROM unnest($1::text[], $2::text[], $3::text[]) AS asked (schema, name, columns)
        JOIN pg_namespace n ON n.nspname = asked.schema
        JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = asked.name
      UNION
        SELECT c.oid, c.relkind, c.relowner, c.relnamespace, c.relname, NULL, c.reloptions,
               r.needed AND r.relkind = 'v'
                   AND EXISTS (SELECT FROM unnest(r.reloptions) AS o
                               WHERE CASE WHEN o LIKE 'security_invoker=%'
                                          THEN split_part(o, '=', 2)::boolean END)
        FROM relation r
        JOIN LATERAL (
            SELECT inhrelid AS oid FROM pg_inherits WHERE inhparent = r.oid
            UNION ALL
            SELECT d.refobjid
            FROM pg_rewrite w
            JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
                            AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> r.oid
            WHERE w.ev_class = r.oid AND r.relkind = 'v'
        ) AS beneath ON true
        JOIN pg_class c ON c.oid = beneath.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    ), privilege AS (
        SELECT name, place
        FROM version, unnest(
            ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']
            || CASE WHEN number >= 170000 THEN ARRAY['MAINTAIN'] ELSE ARRAY[]::text[] END
        ) WITH ORDINALITY AS p (name, place)
    ), examined AS (
        SELECT n.nspname AS schema, c.relname AS name, c.needed,
               EXISTS (SELECT FROM role WHERE role.oid = c.relowner) AS owned,
               row_security_active(c.oid) AS row_security,
               (SELECT array_agg(p.name ORDER BY p.place)
                FROM privilege p
                WHERE EXISTS (
                    SELECT FROM role
                    WHERE has_table_privilege(role.oid, c.oid, p.name)
                       OR CASE WHEN p.name IN ('INSERT', 'UPDATE', 'REFERENCES')
                               THEN has_any_column_privilege(role.oid, c.oid, p.name) END
                )) AS may,
               has_schema_privilege(c.relnamespace, 'USAGE')
                   AND (has_table_privilege(c.oid, 'SELECT')
                        OR CASE WHEN c.columns IS NULL
                                THEN has_any_column_privilege(c.oid, 'SELECT')
                                ELSE (SELECT bool_and(has_column_privilege(c.oid, attnum, 'SELECT'))
                                      FROM pg_attribute
                                      WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped
                                        AND c.columns ? attname::text) END) AS readable
        FROM relation c
        JOIN pg_namespace n ON n.oid = c.relnamespace
    )
    SELECT session_user::text AS role,
           current_database()::text AS database_name,
           current_schemas(false)::text[] AS search_path,
           (SELECT json_agg(r)
            FROM (SELECT rolname, rolname = session_user AS own, becomes, rolsuper, rolbypassrls,
                         rolcreatedb, rolcreaterole, rolreplication
                  FROM role ORDER BY rolname <> session_user, rolname) AS r) AS roles,
           (SELECT json_agg(e)
            FROM (SELECT * FROM examined ORDER BY NOT needed, schema, name) AS e) AS relations,
           ARRAY(SELECT nspname::text
                 FROM pg_namespace n
                 WHERE oid IN (SELECT relnamespace FROM relation)
                   AND EXISTS (SELECT FROM role
                               WHERE has_schema_privilege(role.oid, n.oid, 'CREATE'))
                 ORDER BY 1) AS creatable,
           EXISTS (SELECT FROM role
                   WHERE has_database_privilege(role.oid, current_database(), 'CREATE')
           ) AS creates_schemas,
           ARRAY(SELECT DISTINCT n.nspname::text
                 FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
                 WHERE e.extname IN ('vector', 'pg_trgm')
                 ORDER BY 1) AS extension_schemas,
           (WITH {BASE_TYPES_SQL}
            SELECT json_agg(used)
            FROM (SELECT n.nspname AS name,
                         bool_or(named.always)
                             AND NOT has_schema_privilege(n.oid, 'USAGE') AS closed
                  FROM relation c
                  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                                     AND c.columns ? a.attname::text
                  JOIN base ON base.declared = a.atttypid
                  JOIN pg_type t ON t.oid = base.oid
                  LEFT JOIN pg_collation co ON co.oid = a.attcollation
                  CROSS JOIN LATERAL (VALUES (t.typnamespace, t.typname <> ALL ($4::text[])),
                                             (co.collnamespace, true)) AS named (schema, always)
                  JOIN pg_namespace n ON n.oid = named.schema AND n.nspname <> 'pg_catalog'
                  GROUP BY n.oid, n.nspname
                  ORDER BY n.nspname) AS used) AS schemas
"""


async def check_privileges(databases: Databases, relations: Relations) -> tuple[Privileges, ...]:
    """What the roles of both connections may do, of life_dashboard first.

    Without that of a database which was out of reach when the relations were looked up.
    """
    mapped: list[tuple[Database, list[Relation]]] = [
        (databases.life_dashboard, [relations.highlights]),
        (databases.knowledge_base, [relations.books, relations.passages, relations.embeddings]),
    ]
    return tuple(
        await asyncio.gather(
            *(
                read_privileges(database, found)
                for database, found in mapped
                if all(isinstance(relation, Relation) for relation in found)
            )
        )
    )


async def find_privileges(databases: Databases) -> tuple[Privileges, ...]:
    """The same where the relations are still to be looked up: also of roles that are refused."""
    return await check_privileges(databases, await resolve_reachable(databases))


async def refuse_if_too_powerful(databases: Databases, relations: Relations) -> None:
    """Raise RoleTooPowerful where the settings require a role that may only read, and it may more.

    Asks nothing of the server where they do not.
    """
    if not databases.settings.require_least_privilege:
        return
    for found in await check_privileges(databases, relations):
        if found.too_powerful:
            raise RoleTooPowerful(
                found.database,
                f"{found.sentence[:-1]} in {found.database}, and require_least_privilege is on.",
                "Connect as a role that may only read: the Connect page and make doctor have "
                "the statements that make one.",
            )


async def read_privileges(database: Database, relations: Sequence[Relation]) -> Privileges:
    """What the role of one connection may do with these relations and besides."""
    row = await database.fetchrow(
        PRIVILEGES_SQL,
        [relation.schema for relation in relations],
        [relation.table for relation in relations],
        [
            json.dumps([c.name for c in relation.columns.values() if c.literal is None])
            for relation in relations
        ],
        sorted(TEXT_TYPES),
    )
    schemas = json.loads(row["schemas"] or "[]")
    roles, found = json.loads(row["roles"]), json.loads(row["relations"] or "[]")
    superuser = any(role["own"] and role["rolsuper"] for role in roles)
    excess = [*attributes(roles)]
    if not superuser:
        excess += [*memberships(roles), *on_tables(found)]
    advice = [f"may create tables in schema {schema}" for schema in row["creatable"]]
    if row["creates_schemas"]:
        advice.append(f"may create schemas in {row['database_name']}")
    return Privileges(
        database=database.name,
        role=row["role"],
        database_name=row["database_name"],
        excess=tuple(excess),
        advice=() if superuser else tuple(advice),
        unreadable=_names(table for table in found if table["needed"] and not table["readable"]),
        row_security=_names(table for table in found if table["row_security"]),
        needed=_names(table for table in found if table["needed"]),
        other_schemas=tuple(
            dict.fromkeys([*row["extension_schemas"], *(schema["name"] for schema in schemas)])
        ),
        closed_schemas=tuple(schema["name"] for schema in schemas if schema["closed"]),
        search_path=tuple(row["search_path"]),
    )


def _names(found: Iterable[Mapping[str, Any]]) -> tuple[tuple[str, str], ...]:
    return tuple(dict.fromkeys((table["schema"], table["name"]) for table in found))
