"""All tables of a database as its catalogue has them, in a few queries of bounded size."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import asyncpg

from lib.databases.columns import BASE_TYPES_SQL, TYPED_FROM_SQL, TYPED_SQL, VECTOR_TYPES, Column
from lib.databases.deadline import Deadline
from lib.databases.pools import Database
from lib.databases.relations import quote
from lib.databases.tables import as_written
from lib.settings import Books, DatabaseName, Embeddings, Highlights, Passages

Kind = Literal["table", "partitioned table", "view", "materialised view", "foreign table"]
KINDS: Mapping[str, Kind] = {
    "r": "table",
    "p": "partitioned table",
    "v": "view",
    "m": "materialised view",
    "f": "foreign table",
}

# Enough for anybody's own tables; a database of a thousand tenants has more of the same.
MOST_TABLES = 1_000
MOST_COLUMNS = 200

# The columns that queries use where a setting does not say otherwise.
USUAL_COLUMNS = sorted(
    {
        field.default
        for relation in (Highlights, Books, Passages, Embeddings)
        for key, field in relation.model_fields.items()
        if key != "table" and field.default
    }
)


@dataclass(frozen=True)
class ForeignKey:
    """Columns that refer to the columns `to` of the table `table` in `schema`, one by one."""

    columns: tuple[str, ...]
    schema: str
    table: str
    to: tuple[str, ...]


@dataclass(frozen=True)
class CatalogueTable:
    """One table, view or the like.

    `visible`: found by its bare name. `readable`: the role may read at least one column, and
    `columns` has those that it may; `hidden` are other ones of a name that a setting has when it is
    left out. `rows` is the estimate of the last ANALYZE, None where there is
    none. `keys` are the lists of columns that identify a row, the primary key first.
    """

    schema: str
    name: str
    kind: Kind
    visible: bool
    readable: bool
    rows: int | None
    columns: Mapping[str, Column] = field(default_factory=dict)
    keys: tuple[tuple[str, ...], ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    hidden: frozenset[str] = frozenset()

    @property
    def sql(self) -> str:
        """The quoted, schema-qualified name."""
        return f"{quote(self.schema)}.{quote(self.name)}"

    @property
    def written(self) -> str:
        """The name as a setting has it: with its schema only where it needs one."""
        return as_written(None if self.visible else self.schema, self.name)

    @property
    def vectors(self) -> tuple[Column, ...]:
        """The columns of a type that serves as a vector."""
        return tuple(c for c in self.columns.values() if c.type_name in VECTOR_TYPES)


@dataclass(frozen=True)
class Catalogue:
    """The tables of one database, those with vectors first, then those that refer to them or are
    referred to, then by whether they are visible and by size.

    `truncated`: there are more. `identity` is the same for two connections to one database.
    """

    database: DatabaseName
    tables: tuple[CatalogueTable, ...]
    truncated: bool
    identity: str


IDENTITY_SQL = """
    SELECT concat_ws('/', d.datname, d.oid, pg_postmaster_start_time()) AS identity
    FROM pg_database d WHERE d.datname = current_database()
"""

# Partitions are rows of the table above them, and what an extension made is its own business.
TABLES_SQL = f"""
    WITH {BASE_TYPES_SQL}, with_vectors AS MATERIALIZED (
        SELECT DISTINCT a.attrelid AS oid
        FROM pg_attribute a
        JOIN base ON base.declared = a.atttypid
        JOIN pg_type t ON t.oid = base.oid
        WHERE t.typname IN ('vector', 'halfvec') AND a.attnum > 0 AND NOT a.attisdropped
    ), related AS MATERIALIZED (
        SELECT confrelid AS oid FROM pg_constraint
        WHERE contype = 'f' AND conrelid IN (SELECT oid FROM with_vectors)
        UNION
        SELECT conrelid FROM pg_constraint
        WHERE contype = 'f' AND confrelid IN (SELECT oid FROM with_vectors)
    )
    SELECT c.oid, n.nspname AS schema, c.relname AS name, c.relkind::text AS kind,
           pg_table_is_visible(c.oid) AS visible,
           has_schema_privilege(n.oid, 'USAGE')
               AND has_any_column_privilege(c.oid, 'SELECT') AS readable,
           CASE WHEN c.relkind = 'p' THEN (
                    SELECT nullif(sum(greatest(leaf.reltuples, 0)), 0)
                    FROM pg_inherits i JOIN pg_class leaf ON leaf.oid = i.inhrelid
                    WHERE i.inhparent = c.oid)
                WHEN c.relkind <> 'v' AND c.reltuples >= 0 THEN c.reltuples
           END::bigint AS rows
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
      AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
      AND NOT EXISTS (
          SELECT FROM pg_depend d
          WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    ORDER BY c.oid IN (SELECT oid FROM with_vectors) DESC, c.oid IN (SELECT oid FROM related) DESC,
             visible DESC, c.reltuples DESC, n.nspname, c.relname
    LIMIT {MOST_TABLES + 1}
"""

COLUMNS_SQL = f"""
    WITH {BASE_TYPES_SQL}
    SELECT a.attrelid AS "table", {TYPED_SQL}
    FROM {TYPED_FROM_SQL}
    WHERE a.attrelid = ANY ($1) AND a.attnum BETWEEN 1 AND {MOST_COLUMNS} AND NOT a.attisdropped
      AND has_column_privilege(a.attrelid, a.attnum, 'SELECT')
    ORDER BY a.attrelid, a.attnum
"""

# Queries would use such a column unless a setting says that they should not.
HIDDEN_SQL = f"""
    SELECT a.attrelid AS "table", a.attname AS name
    FROM pg_attribute a
    WHERE a.attrelid = ANY ($1) AND a.attname = ANY ($2) AND a.attnum > 0 AND NOT a.attisdropped
      AND (a.attnum > {MOST_COLUMNS} OR NOT has_column_privilege(a.attrelid, a.attnum, 'SELECT'))
"""

KEYS_SQL = """
    SELECT i.indrelid AS "table", array_agg(a.attname::text ORDER BY k.n) AS columns
    FROM pg_index i
    CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, n)
    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
    WHERE i.indrelid = ANY ($1) AND i.indisunique AND i.indisvalid
      AND i.indpred IS NULL AND i.indexprs IS NULL AND k.n <= i.indnkeyatts
    GROUP BY i.indexrelid, i.indrelid, i.indisprimary
    ORDER BY i.indisprimary DESC, i.indexrelid
"""

FOREIGN_KEYS_SQL = """
    SELECT c.conrelid AS "from", n.nspname AS schema, r.relname AS table,
           array_agg(a.attname::text ORDER BY k.n) AS columns,
           array_agg(b.attname::text ORDER BY k.n) AS "to"
    FROM pg_constraint c
    JOIN pg_class r ON r.oid = c.confrelid
    JOIN pg_namespace n ON n.oid = r.relnamespace
    CROSS JOIN LATERAL unnest(c.conkey, c.confkey) WITH ORDINALITY AS k (here, there, n)
    JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.here
    JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = k.there
    WHERE c.contype = 'f' AND c.conrelid = ANY ($1) AND NOT r.relispartition
    GROUP BY c.oid, c.conrelid, n.nspname, r.relname
    ORDER BY c.oid
"""


async def read_catalogue(database: Database, deadline: Deadline) -> Catalogue:
    """The tables of a database, of all schemas but the system's, whoever owns them.

    Raises QueryTimeout where the catalogue takes longer than until the deadline.
    """
    async with database.reading() as connection:

        async def ask(sql: str, *arguments: object) -> list[asyncpg.Record]:
            await limit_time(connection, deadline.left)
            rows: list[asyncpg.Record] = await connection.fetch(sql, *arguments)
            return rows

        [[identity]] = await ask(IDENTITY_SQL)
        rows = await ask(TABLES_SQL)
        kept = rows[:MOST_TABLES]
        oids = [row["oid"] for row in kept if row["readable"]]
        columns: defaultdict[int, dict[str, Column]] = defaultdict(dict)
        for row in await ask(COLUMNS_SQL, oids):
            values = dict(row)
            table = values.pop("table")
            columns[table][values["name"]] = Column(**values)
        hidden, keys, foreign_keys = defaultdict(set), defaultdict(list), defaultdict(list)
        for row in await ask(HIDDEN_SQL, oids, USUAL_COLUMNS):
            hidden[row["table"]].add(row["name"])
        for row in await ask(KEYS_SQL, oids):
            keys[row["table"]].append(tuple(row["columns"]))
        for row in await ask(FOREIGN_KEYS_SQL, oids):
            foreign_keys[row["from"]].append(
                ForeignKey(tuple(row["columns"]), row["schema"], row["table"], tuple(row["to"]))
            )
    tables = tuple(
        CatalogueTable(
            schema=row["schema"],
            name=row["name"],
            kind=KINDS[row["kind"]],
            visible=row["visible"],
            readable=row["readable"],
            rows=row["rows"],
            columns=columns[row["oid"]],
            keys=tuple(keys[row["oid"]]),
            foreign_keys=tuple(foreign_keys[row["oid"]]),
            hidden=frozenset(hidden[row["oid"]]),
        )
        for row in kept
    )
    return Catalogue(database.name, tables, len(rows) > len(kept), identity)


async def limit_time(connection: asyncpg.Connection, seconds: float) -> None:
    """Have the server stop each statement of this transaction after these seconds, or sooner.

    After a millisecond at least, as 0 would be no limit.
    """
    await connection.execute(
        f"""
        SELECT set_config('statement_timeout', least(
            nullif(setting::int, 0), {max(1, int(seconds * 1000))})::text, true)
        FROM pg_settings WHERE name = 'statement_timeout'
        """
    )
