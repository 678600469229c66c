"""Which tables may hold the passages and their vectors."""

from __future__ import annotations

from dataclasses import replace

from lib.databases.columns import TEXT_TYPES, Column
from lib.mapping import naming
from lib.mapping.books import find_books
from lib.mapping.drafts import (
    Candidate,
    Draft,
    Looks,
    comparable,
    guessed_model,
    vector_doubts,
    vector_reason,
)
from lib.mapping.looks import NUMBER_TYPES, Look
from lib.mapping.naming import is_named_after, likeness, words

# A text of fewer bytes on average is hardly a passage.
SHORT_TEXT = 40


def candidates(looks: Looks) -> list[Candidate]:
    """Every way to read passages, vectors and books from some tables, the likeliest first."""
    found: list[Candidate] = []
    for vectors in looks.values():
        embedding = vectors.vector_column()
        if embedding is None:
            continue
        for passages in looks.values():
            joined = _join(vectors, passages)
            made = joined and _candidate(looks, vectors, embedding, passages, joined)
            if made:
                found.append(made)
    return sorted(found, key=lambda made: (-made.score, sorted(made.places)))


class _Join:
    """The columns by which vectors find their passages, how sure that is, and why."""

    def __init__(self, there: Column, here: Column, score: float, reason: str) -> None:
        self.there, self.here, self.score, self.reason = there, here, score, reason


def _join(vectors: Look, passages: Look) -> _Join | None:
    identifier = passages.id_column()
    if identifier is None:
        return None
    if vectors is passages:
        return _Join(identifier, identifier, 2.0, "")
    name, place = passages.table.written, (passages.table.schema, passages.table.name)
    best: _Join | None = None
    for column in vectors.table.columns.values():
        if not comparable(column, identifier) or vectors.all_null(column):
            continue
        score, reason = 0.0, ""
        refers = [(k.schema, k.table, k.to) for k in vectors.refers(column)]
        if (*place, (identifier.name,)) in refers:
            score, reason = 4.0, f"{column.name} refers to {name} by a foreign key."
        elif is_named_after(column.name, passages.table.name, identifier.name):
            score, reason = 3.0, f"{column.name} is named after {name}.{identifier.name}."
        elif column.name == identifier.name and len(words(column.name)) > 1:
            score, reason = 3.0, f"{column.name} has the same name as the id of {name}."
        if score and (best is None or score > best.score):
            best = _Join(column, identifier, score, reason)
    return best


def _candidate(
    looks: Looks, vectors: Look, embedding: Column, passages: Look, joined: _Join
) -> Candidate | None:
    text = passages.text_column()
    if text is None:
        return None
    content, sureness = text
    score = joined.score + sureness + vectors.standing()
    if vectors is not passages:
        score += passages.standing() + 0.5 * likeness(vectors.table.name, naming.EMBEDDING_TABLES)
        score += 1 if vectors.table.schema == passages.table.schema else 0
    score += likeness(passages.table.name, naming.PASSAGE_TABLES)
    score -= 0.7 * likeness(passages.table.name, naming.HIGHLIGHT_TABLES)
    mean = passages.mean_bytes(content)
    score -= 2 if mean is not None and mean < SHORT_TEXT else 0
    embeddings = _embeddings(vectors, embedding, joined)
    draft = _passages(passages, content, joined, vectors)
    books, linked, worth = find_books(looks, draft)
    score += worth + (1 if "embedding_model" in embeddings.columns else 0)
    return Candidate(score, (books, linked, embeddings))


def _embeddings(look: Look, embedding: Column, joined: _Join) -> Draft:
    columns = {"chunk_id": joined.there, "embedding": embedding}
    reasons = [f"{vector_reason(look, embedding)}.", *([joined.reason] if joined.reason else [])]
    doubts = list(vector_doubts(look, embedding))
    label, constants = look.label_column(), dict[str, str]()
    if label is not None:
        columns["embedding_model"] = label
        found = sorted(set(look.values(label)))
        if found:
            reasons.append(f"{label.name} names the model, such as {found[0]}.")
    else:
        constants["model"] = guessed_model(look, embedding)
        doubts.append(
            f"No column of {look.table.written} names the model that made the vectors: write its "
            "name, spelt as in the labels of highlights."
        )
    if look.all_null(embedding):
        doubts.append(f"None of the rows looked at has a vector in {embedding.name}.")
    return Draft("embeddings", look, columns, constants, tuple(reasons), tuple(doubts))


def _passages(look: Look, content: Column, joined: _Join, vectors: Look) -> Draft:
    columns = {"chunk_id": joined.here, "content": content}
    reasons = [f"{look.table.written} has text in {look.described(content)}."]
    if vectors is look:
        reasons.append("Text and vectors are in one table.")
    doubts = []
    if look.empty:
        doubts.append(f"{look.table.written} has no rows.")
    if not look.is_key(joined.here):
        doubts.append(
            f"Nothing in the database sees to it that {joined.here.name} is different in all rows."
        )
    chapter = look.best(
        naming.CHAPTER_COLUMNS,
        TEXT_TYPES | NUMBER_TYPES,
        2.0,
        {content.name, joined.here.name},
    )
    if chapter is not None and (look.mean_bytes(chapter) or 0) <= 200:
        columns["chapter_number"] = chapter
    return Draft("passages", look, columns, {}, tuple(reasons), tuple(doubts))


def with_position(draft: Draft) -> Draft:
    """The passages with the column that orders them within a book, where one is sure to."""
    look, book = draft.look, draft.columns.get("book_id")
    taken = {column.name for column in draft.columns.values()}
    position = look.best(naming.POSITION_COLUMNS, NUMBER_TYPES, 1.7, taken)
    key, content = draft.columns["chunk_id"], draft.columns["content"]
    if position is not None:
        within = (position, book) if book is not None else (position,)
        told = look.sample is not None and look.sample.rows > 1
        if look.is_key(*within) or (told and not look.repeats(*within)):
            reason = f"{position.name} orders the passages of a book."
            doubt = f"Nothing in the database sees to it that {position.name} never repeats in one."
            return replace(
                draft,
                columns={**draft.columns, "position": position},
                reasons=(*draft.reasons, reason),
                doubts=draft.doubts if look.is_key(*within) else (*draft.doubts, doubt),
            )
        doubt = f"{position.name} repeats within a book, so the id orders its passages."
        return replace(draft, doubts=(*draft.doubts, doubt))
    if key.type_name not in NUMBER_TYPES:
        doubt = (
            f"No column orders the passages: {key.name} does, which may not be the order in which "
            f"{content.name} is read."
        )
        return replace(draft, doubts=(*draft.doubts, doubt))
    return draft
