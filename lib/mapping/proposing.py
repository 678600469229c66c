"""From two catalogues to a proposal."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import replace

from lib.databases.catalogue import Catalogue, CatalogueTable, read_catalogue
from lib.databases.columns import Column
from lib.databases.deadline import Deadline
from lib.databases.pools import Database, Databases
from lib.databases.resolving import require_vector_extension
from lib.databases.samples import count_held, read_sample
from lib.databases.wording import enumerated
from lib.errors import ExtensionMissing, PermissionDenied
from lib.mapping.choosing import choose, confidence, without_book, worth_a_look
from lib.mapping.drafts import Draft, Looks
from lib.mapping.lacking import find_missing
from lib.mapping.looks import Look
from lib.mapping.proposal import RELATIONS, Proposal, Proposed, RelationName
from lib.mapping.writing import write
from lib.search.together import together
from lib.settings import RelationNames

# Whoever asks for a mapping waits for it; each sample has a limit of its own besides.
SECONDS = 10.0
MOST_SHOWN = 3
WIDTH = 60


async def propose(databases: Databases) -> Proposal:
    """What both databases hold that can serve, read from their catalogues and small samples.

    Bounded in rows, and to 10 s: what was not looked at by then is judged by names and types
    alone. Never a write. Raises the DatabaseError of a database whose catalogue cannot be read.
    """
    deadline = Deadline(SECONDS)
    at_once = databases.settings.pools.max_size
    (life, heard, said), (knowledge, written, told) = await together(
        _look(database, at_once, deadline)
        for database in (databases.life_dashboard, databases.knowledge_base)
    )
    same = life.identity == knowledge.identity
    choice = choose(heard, written, same)
    drafts = {draft.name: draft for draft in choice.drafts}
    if len(drafts) == len(RELATIONS):
        drafts = await _agree_on_books(databases, drafts, same, deadline)
        _agree_on_labels(drafts)
    missing = [*dict.fromkeys([*said, *told])]
    missing += find_missing(drafts.keys(), life, knowledge)
    ordered = [drafts[name] for name in RELATIONS if name in drafts]
    return Proposal(
        relations=tuple(
            Proposed(
                name=draft.name,
                database="life_dashboard" if draft.name == "highlights" else "knowledge_base",
                table=draft.look.table.written,
                columns={key: column.name for key, column in _in_order(draft)},
                constants=dict(draft.constants),
                confidence=confidence(draft, choice.leads[draft.name]),
                reasons=draft.reasons,
                doubts=draft.doubts,
                alternatives=choice.alternatives[draft.name],
                preview=tuple(_preview(draft)),
            )
            for draft in ordered
        ),
        missing=tuple(missing),
        toml=write(ordered, missing),
    )


async def _look(
    database: Database, at_once: int, deadline: Deadline
) -> tuple[Catalogue, Looks, list[str]]:
    """The catalogue of a database, a look at what may serve, and what keeps it from serving."""
    lacking = []
    try:
        await require_vector_extension(database)
    except (ExtensionMissing, PermissionDenied) as error:
        lacking.append(f"{error.message} {error.hint}")
    catalogue = await read_catalogue(database, deadline)
    # More would wait for a connection of the pool, and may wait in vain.
    places = asyncio.Semaphore(at_once)

    async def look(table: CatalogueTable) -> Look:
        async with places:
            return Look(table, await read_sample(database, table, deadline))

    looks = await together(look(table) for table in worth_a_look(catalogue))
    return catalogue, {(one.table.schema, one.table.name): one for one in looks}, lacking


async def _agree_on_books(
    databases: Databases, drafts: Mapping[RelationName, Draft], same: bool, deadline: Deadline
) -> dict[RelationName, Draft]:
    """The drafts, so that the highlights' books are those of the library, as far as that goes.

    Where they are named by their titles, and these stand with the passages, titles serve as ids.
    Where they are no books of the library, highlights go without.
    """
    agreed = dict(drafts)
    highlights, books, passages = drafts["highlights"], drafts["books"], drafts["passages"]
    column = highlights.columns.get("book_id")
    named = sorted(set(highlights.look.values(column))) if column else []
    if column is None or not named:
        return agreed

    home = books.place if same else None

    async def held_in(key: str) -> int | None:
        if key not in books.columns:
            return 0
        table, ids = books.look.table, books.columns[key]
        return await count_held(databases.knowledge_base, table, ids, named, deadline)

    if await held_in("book_id") != 0:
        elsewhere = [k.table for k in highlights.look.refers(column) if (k.schema, k.table) != home]
        if elsewhere:
            doubt = (
                f"{column.name} refers to {elsewhere[0]} of life_dashboard: its ids have to be "
                "those of the books of knowledge_base."
            )
            agreed["highlights"] = replace(highlights, doubts=(*highlights.doubts, doubt))
        return agreed
    reason = f"{column.name} names no book of knowledge_base, so a highlight is looked for in all."
    if await held_in("title"):
        title = books.columns["title"]
        if books.place == passages.place:
            agreed["books"] = replace(books, columns={**books.columns, "book_id": title})
            agreed["passages"] = replace(passages, columns={**passages.columns, "book_id": title})
            return agreed
        reason = (
            f"{column.name} holds titles and not ids of books, so a highlight is looked for in "
            "all; a view that joins them would help."
        )
    agreed["highlights"] = without_book(highlights, reason)
    return agreed


def _agree_on_labels(drafts: dict[RelationName, Draft]) -> None:
    """Add a doubt where no label of the highlights seen is one of the vectors seen."""
    heard, written = (
        sorted(set(draft.look.values(draft.columns["embedding_model"])))
        if "embedding_model" in draft.columns
        else []
        for draft in (drafts["highlights"], drafts["embeddings"])
    )
    if heard and written and not set(heard) & set(written):
        doubt = (
            f"Highlights are labelled {_some(heard)} and vectors of passages {_some(written)}: "
            "one model must be spelt in one way."
        )
        draft = drafts["highlights"]
        drafts["highlights"] = replace(draft, doubts=(*draft.doubts, doubt))


def _some(labels: list[str]) -> str:
    return enumerated([*labels[:3], *(["others"] if len(labels) > 3 else [])])


def _in_order(draft: Draft) -> Iterator[tuple[str, Column]]:
    """The columns of a relation in the order of its settings."""
    for key in type(getattr(RelationNames(), draft.name)).model_fields:
        if key in draft.columns:
            yield key, draft.columns[key]


def _preview(draft: Draft) -> list[dict[str, str]]:
    sample = draft.look.sample
    if sample is None:
        return []
    return [
        {
            key: _short(sample.values[column.name][row])
            for key, column in _in_order(draft)
            if column.name in sample.values
        }
        for row in range(min(MOST_SHOWN, sample.rows))
        if draft.columns
    ]


def _short(value: str | None) -> str:
    if value is None:
        return "NULL"
    line = " ".join("".join(c if c.isprintable() else " " for c in value).split())
    return line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…"
