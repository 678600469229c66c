"""Which tables are worth a look, and which of the candidates of both databases go together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lib.databases.catalogue import Catalogue, CatalogueTable
from lib.databases.wording import enumerated
from lib.mapping import highlights, library, naming
from lib.mapping.drafts import Candidate, Draft, Looks
from lib.mapping.naming import likeness
from lib.mapping.proposal import Confidence, RelationName

# Tables of one database of which rows are read.
MOST_VECTORS = 10
MOST_OTHERS = 14
# Candidates of either side that are tried together where both databases are one.
MOST_TRIED = 12
MOST_ALTERNATIVES = 3
CLEAR_LEAD = 2.0
NEAR = 0.5


@dataclass(frozen=True)
class Choice:
    """What was chosen, of which a side may be lacking, with the runners-up of each relation and by
    how much it leads."""

    drafts: tuple[Draft, ...]
    leads: dict[RelationName, float]
    alternatives: dict[RelationName, tuple[str, ...]]


def worth_a_look(catalogue: Catalogue) -> list[CatalogueTable]:
    """The tables of which a few rows are read: some with vectors, and what may go with them."""
    readable = [table for table in catalogue.tables if table.readable]
    vectors = [table for table in readable if table.vectors][:MOST_VECTORS]
    referred = {(k.schema, k.table) for table in vectors for k in table.foreign_keys}
    schemas = {table.schema for table in vectors}

    def rank(table: CatalogueTable) -> tuple[bool, bool, float]:
        hints = (naming.PASSAGE_TABLES, naming.BOOK_TABLES)
        return (
            (table.schema, table.name) not in referred,
            table.schema not in schemas,
            -max(likeness(table.name, one) for one in hints),
        )

    others = sorted((table for table in readable if not table.vectors), key=rank)
    return [*vectors, *others[:MOST_OTHERS]]


def choose(life: Looks, knowledge: Looks, same: bool) -> Choice:
    """The likeliest highlights and the likeliest library, on tables of their own if `same`."""
    heard, written = highlights.candidates(life), library.candidates(knowledge)
    first = _pair(heard, written, same)
    drafts: list[Draft] = []
    leads: dict[RelationName, float] = {}
    alternatives: dict[RelationName, tuple[str, ...]] = {}
    for chosen, candidates, partner in (
        (first[0], heard, first[1]),
        (first[1], written, first[0]),
    ):
        if chosen is None:
            continue
        taken = partner.places if same and partner else frozenset()
        others = [c for c in candidates if c is not chosen and not c.places & taken]
        lead = chosen.score - max((c.score for c in others if _differs(c, chosen)), default=-9.0)
        for draft in chosen.drafts:
            if draft.name == "passages":
                draft = library.with_position(draft)
            drafts.append(_with_namesakes(draft, life if draft.name == "highlights" else knowledge))
            leads[draft.name] = lead
            alternatives[draft.name] = _alternatives(draft, others)
    return Choice(tuple(drafts), leads, alternatives)


def _pair(
    heard: Sequence[Candidate], written: Sequence[Candidate], same: bool
) -> tuple[Candidate | None, Candidate | None]:
    if not heard or not written:
        return (heard[0] if heard else None, written[0] if written else None)
    pairs = [
        (one.score + other.score + _agreement(one, other), -n, -m, one, other)
        for n, one in enumerate(heard[:MOST_TRIED])
        for m, other in enumerate(written[:MOST_TRIED])
        if not (same and one.places & other.places)
    ]
    if pairs:
        *_, one, other = max(pairs, key=lambda pair: pair[:3])
        return one, other
    # One table cannot be both: it is what it is more like.
    if heard[0].score > written[0].score and not _is_library(heard[0]):
        return heard[0], None
    return None, written[0]


def _is_library(candidate: Candidate) -> bool:
    name = candidate.drafts[0].look.table.name
    return not likeness(name, naming.HIGHLIGHT_TABLES)


def _agreement(heard: Candidate, written: Candidate) -> float:
    """Vectors of one dimension on both sides may be of one model; of two, never."""
    one = heard.draft("highlights").columns["embedding"]
    looks = heard.draft("highlights").look, written.draft("embeddings").look
    other = written.draft("embeddings").columns["embedding"]
    return 2.0 if looks[0].dimensions(one) == looks[1].dimensions(other) else 0.0


def _differs(one: Candidate, other: Candidate) -> bool:
    return one.places != other.places


def confidence(draft: Draft, lead: float) -> Confidence:
    """How sure a draft is that leads by so much over what else might serve."""
    if draft.constants or not draft.columns or lead < NEAR:
        return "guess"
    return "sure" if lead >= CLEAR_LEAD and not draft.doubts else "likely"


def _alternatives(draft: Draft, others: Sequence[Candidate]) -> tuple[str, ...]:
    """The tables that might serve as the same relation, each with what it has."""
    found: dict[tuple[str, str], str] = {}
    for candidate in others:
        other = candidate.draft(draft.name)
        if other.place == draft.place or other.place in found or not other.columns:
            continue
        columns = [column.name for column in other.columns.values()]
        said = f"{other.look.table.written}, by its {enumerated(list(dict.fromkeys(columns)))}"
        shortcomings = _shortcomings(draft, other)
        found[other.place] = f"{said}{f'; but {enumerated(shortcomings)}' if shortcomings else ''}."
        if len(found) == MOST_ALTERNATIVES:
            break
    return tuple(found.values())


def _shortcomings(draft: Draft, other: Draft) -> list[str]:
    mine, theirs = draft.look.table, other.look.table
    said = []
    if mine.visible and not theirs.visible:
        said.append(f"its schema {theirs.schema} is not on the search path")
    if other.look.empty:
        said.append("it has no rows")
    if likeness(theirs.name, naming.ASIDE_TABLES):
        said.append("its name says that it was put aside")
    return said


def _with_namesakes(draft: Draft, looks: Looks) -> Draft:
    """The draft with what was chosen between tables of one name in several schemas."""
    table = draft.look.table
    others = sorted(
        schema for schema, name in looks if name == table.name and schema != table.schema
    )
    if not others or not table.visible:
        return draft
    reason = (
        f"There is a {table.name} in {enumerated(others)} too; this one, in {table.schema}, is on "
        "the search path."
    )
    return replace(draft, reasons=(*draft.reasons, reason))


def without_book(draft: Draft, reason: str) -> Draft:
    """Highlights of which nothing tells the book."""
    columns = {key: column for key, column in draft.columns.items() if key != "book_id"}
    return replace(draft, columns=columns, doubts=(*draft.doubts, reason))
