"""What is missing where nothing was found, and what to do about it."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from lib.databases.catalogue import Catalogue, CatalogueTable
from lib.databases.columns import TEXT_TYPES
from lib.databases.wording import enumerated

MOST_NAMED = 3
ARRAYS = frozenset({"_float4", "_float8", "_numeric"})


def find_missing(found: Collection[str], life: Catalogue, knowledge: Catalogue) -> Iterator[str]:
    """A sentence for each side that lacks something, and for what hides tables that may serve."""
    same = life.identity == knowledge.identity
    if "highlights" not in found:
        yield f"No highlights in life_dashboard. {_why(life, same and 'passages' in found)}"
    if "passages" not in found:
        yield f"No passages with vectors in knowledge_base. {_why(knowledge, False)}"
    for catalogue in (life,) if same else (life, knowledge):
        hidden = [f"{t.schema}.{t.name}" for t in catalogue.tables if not t.readable]
        if hidden and len(found) < 4:
            yield (
                f"The role may not read {_named(hidden)} in {catalogue.database}: grant it SELECT "
                "on those that are needed, and USAGE on their schemas."
            )
        if catalogue.truncated:
            yield (
                f"{catalogue.database} has more tables than were looked at; map what lies beyond "
                "by hand."
            )


def _why(catalogue: Catalogue, taken: bool) -> str:
    """What the readable tables of a database lack, and the remedy."""
    readable = [table for table in catalogue.tables if table.readable]
    if not readable:
        return "It has no table that the role may read: check the address, or grant SELECT."
    vectors = [table.written for table in readable if table.vectors]
    if taken and len(vectors) == 1:
        return (
            f"The one table with vectors, {vectors[0]}, serves as the passages: give the address "
            "of the database that holds the highlights, or map a view of them."
        )
    if vectors:
        return (
            f"{_named(vectors)} {'has' if len(vectors) == 1 else 'have'} vectors, but no text and "
            "id with them, nor a column that refers to those: map a view that joins them."
        )
    arrays = [table.written for table in readable if _has(table, ARRAYS)]
    if arrays:
        return (
            f"{_named(arrays)} may hold vectors as arrays of numbers: map a view that casts them "
            "to vector."
        )
    texts = [table.written for table in readable if _has(table, TEXT_TYPES)]
    if texts:
        return (
            f"No table has a column of type vector or halfvec; {_named(texts)} "
            f"{'has' if len(texts) == 1 else 'have'} text only. Embed the texts first."
        )
    return "No table has a column of type vector or halfvec."


def _has(table: CatalogueTable, types: Collection[str]) -> bool:
    return any(column.type_name in types for column in table.columns.values())


def _named(names: list[str]) -> str:
    more = len(names) - MOST_NAMED
    return enumerated([*names[:MOST_NAMED], *([f"{more} more"] if more > 0 else [])])
