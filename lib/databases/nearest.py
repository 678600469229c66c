"""The passages nearest to many vectors, by a vector index where the planner uses one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import asyncpg

from lib.databases.indexes import indexable
from lib.databases.pools import Databases
from lib.databases.relations import Relations

OnDone = Callable[[int], object]
Found = list[tuple[Any, float]]

# Candidates that a scan of the index looks at. With 100 it finds .94 of the demo's ten nearest
# passages, with 200 .97, in another millisecond.
BREADTH = 200
# Candidates for each row that must be looked at, so that hardly one of these is missed.
MARGIN = 8
PROBES = 10


def nearest_sql(relations: Relations, dimensions: int, most: int, only: str = "") -> str:
    """Passages by distance from the vector $1, of pgvector's text, under the model $2.

    `only` is a further condition, which begins with AND.

    The parameter is cast to the type of the indexed expression, once for the query: under a custom
    plan both parameters are constants, and a partial index on the model serves.
    """
    table = relations.embeddings
    column, label = table.columns["embedding"], table.columns["embedding_model"]
    embedding = indexable(column, dimensions)
    asked = f"$1::{column.type_name}({int(dimensions)})"
    return f"""
        SELECT {table["chunk_id"]} AS passage, 1 - ({embedding} <=> {asked}) AS score
        FROM {table.sql}
        WHERE {label.sql} = {label.parameter("$2")} {only}
        ORDER BY {embedding} <=> {asked}
        LIMIT {int(most)}
    """


async def configure(connection: asyncpg.Connection, most: int) -> None:
    """For this transaction: a broad enough scan that goes on until enough rows passed a filter.

    `most`: about how many of the nearest rows must be looked at. What is found comes nearly in
    order: in strict order pgvector would drop rows that it comes upon late.
    """
    await connection.execute(
        f"""
        SELECT set_config('plan_cache_mode', 'force_custom_plan', true),
               set_config('hnsw.iterative_scan', 'relaxed_order', true),
               set_config('hnsw.ef_search', '{max(BREADTH, min(MARGIN * most, 1000))}', true),
               set_config('ivfflat.iterative_scan', 'relaxed_order', true),
               set_config('ivfflat.probes', '{PROBES}', true)
        """
    )


async def find_index(
    databases: Databases,
    relations: Relations,
    model: str,
    vector: str,
    dimensions: int,
    most: int,
) -> str | None:
    """The index that the planner takes to find the passages nearest to a vector; None for none."""
    async with databases.knowledge_base.reading() as connection:
        await configure(connection, most)
        explained = await connection.fetchval(
            f"EXPLAIN (FORMAT JSON, COSTS OFF) {nearest_sql(relations, dimensions, most)}",
            vector,
            model,
        )
    return next(ordering_indexes(json.loads(explained)[0]["Plan"]), None)


def ordering_indexes(plan: dict[str, Any]) -> Iterator[str]:
    """The indexes by which a plan orders its rows, from the top of the plan."""
    if "Index Name" in plan and "Order By" in plan:
        yield plan["Index Name"]
    for part in plan.get("Plans", []):
        yield from ordering_indexes(part)


async def nearest_of_each(
    databases: Databases,
    relations: Relations,
    model: str,
    asked: Sequence[str],
    dimensions: int,
    most: int,
    on_done: OnDone = lambda done: None,
) -> list[Found]:
    """The `most` passages nearest to each vector, with scores, best first.

    One connection of the pool is left to others; the rest ask at once, each for a share of the
    vectors in one transaction and with one prepared statement.
    """
    found: list[Found] = [[] for _ in asked]
    done = 0
    sql = nearest_sql(relations, dimensions, most)
    places = iter(range(len(asked)))

    async def work() -> None:
        nonlocal done
        async with databases.knowledge_base.reading() as connection:
            await configure(connection, most)
            statement = await connection.prepare(sql)
            for place in places:
                with connection.itself.waiting():
                    rows = await statement.fetch(asked[place], model)
                found[place] = sorted(
                    ((row["passage"], float(row["score"])) for row in rows),
                    key=lambda one: -one[1],
                )
                done += 1
                on_done(done)

    workers = max(1, min(databases.settings.pools.max_size - 1, len(asked)))
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(work())
    except BaseExceptionGroup as failed:
        error = failed.exceptions[0]
        raise error from error.__cause__
    return found
