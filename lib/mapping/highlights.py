"""Which tables may hold the highlights."""

from __future__ import annotations

from lib.mapping import naming
from lib.mapping.drafts import Candidate, Draft, Looks, vector_doubts, vector_reason
from lib.mapping.looks import DATE_TYPES, ID_TYPES, Look
from lib.mapping.naming import likeness


def candidates(looks: Looks) -> list[Candidate]:
    """Every table that has an id, a text and a vector, the likeliest first."""
    found = [made for look in looks.values() if (made := _candidate(look)) is not None]
    return sorted(found, key=lambda made: (-made.score, made.drafts[0].place))


def _candidate(look: Look) -> Candidate | None:
    identifier, text, vector = look.id_column(), look.text_column(), look.vector_column()
    if identifier is None or text is None or vector is None:
        return None
    content, sureness = text
    columns = {"id": identifier, "text": content, "embedding": vector}
    reasons = [f"{vector_reason(look, vector)} and text in {look.described(content)}."]
    doubts = list(vector_doubts(look, vector))
    score = look.standing() + sureness
    score += likeness(look.table.name, naming.HIGHLIGHT_TABLES)
    score += 0.3 * likeness(look.table.schema, naming.HIGHLIGHT_TABLES)
    score -= 0.7 * likeness(look.table.name, naming.PASSAGE_TABLES)
    label = look.label_column()
    if label is not None:
        columns["embedding_model"] = label
        score += 0.5
    else:
        doubts.append(
            "No column names the model that made the vectors, so all are unlabelled: if they are "
            'of one model, write model = "its name" in this section.'
        )
    taken = {column.name for column in columns.values()}
    book = look.best(naming.BOOK_COLUMNS, ID_TYPES, 1.5, taken)
    if book is not None:
        columns["book_id"] = book
        score += 0.7
    created = look.best(naming.DATE_COLUMNS, DATE_TYPES, 0.5)
    dates = [c for c in look.table.columns.values() if c.type_name in DATE_TYPES]
    if created is None and len(dates) == 1:
        created = dates[0]
    if created is not None:
        columns["created_at"] = created
        score += 0.7
    if look.empty:
        doubts.append(f"{look.table.written} has no rows.")
    if not look.is_key(identifier):
        doubts.append(
            f"Nothing in the database sees to it that {identifier.name} is different in all rows."
        )
    if look.all_null(vector):
        doubts.append(f"None of the rows looked at has a vector in {vector.name}.")
    draft = Draft("highlights", look, columns, {}, tuple(reasons), tuple(doubts))
    return Candidate(score, (draft,))
