"""What names of tables and columns suggest, in the words that people give them."""

from __future__ import annotations

import re
from collections.abc import Mapping

Hints = Mapping[str, float]

# A name in full weighs as much as stands here, as a part of a longer name three fifths of it.
PART = 0.6

HIGHLIGHT_TABLES: Hints = {
    "highlight": 5,
    "event": 4,
    "clip": 4,
    "quote": 4,
    "annotation": 4,
    "bookmark": 3,
    "excerpt": 3,
    "transcription": 3,
    "transcript": 3,
    "note": 2.5,
    "recording": 2,
    "memo": 2,
    "entry": 1,
}
PASSAGE_TABLES: Hints = {
    "chunk": 5,
    "passage": 5,
    "paragraph": 4,
    "segment": 4,
    "fragment": 4,
    "section": 3,
    "verse": 3,
    "snippet": 3,
    "document": 2,
    "node": 2,
    "page": 2,
    "text": 1,
    "content": 1,
}
BOOK_TABLES: Hints = {
    "book": 5,
    "audiobook": 5,
    "work": 3,
    "publication": 3,
    "document": 3,
    "source": 3,
    "volume": 2,
    "title": 2,
    "article": 2,
    "library": 2,
    "file": 1,
}
EMBEDDING_TABLES: Hints = {"embedding": 5, "vector": 4, "embed": 3, "emb": 3, "vec": 3}
# A table that somebody put aside.
ASIDE_TABLES: Hints = {
    "backup": 3,
    "bak": 3,
    "old": 3,
    "copy": 2,
    "tmp": 3,
    "temp": 3,
    "test": 2,
    "archive": 2,
    "staging": 2,
    "deleted": 3,
}

ID_COLUMNS: Hints = {"id": 3, "uuid": 3, "guid": 3, "key": 2, "pk": 2, "rowid": 2}
TEXT_COLUMNS: Hints = {
    "text": 4,
    "content": 4,
    "body": 4,
    "passage": 4,
    "chunk": 4,
    "highlight": 4,
    "transcription": 4,
    "transcript": 4,
    "quote": 4,
    "paragraph": 4,
    "excerpt": 3,
    "document": 3,
    "verse": 3,
    "sentence": 3,
    "words": 2,
    "message": 2,
    "note": 1,
}
VECTOR_COLUMNS: Hints = {"embedding": 4, "vector": 4, "embed": 3, "emb": 3, "vec": 3}
LABEL_COLUMNS: Hints = {
    "embedding_model": 6,
    "embed_model": 6,
    "model_name": 5,
    "model": 5,
    "embedder": 5,
    "encoder": 4,
    "model_id": 4,
    "embedding_name": 4,
    "embedding_type": 3,
    "label": 2,
}
BOOK_COLUMNS: Hints = {
    "book_id": 6,
    "book": 6,
    "audiobook": 5,
    "document_id": 5,
    "doc_id": 5,
    "work_id": 4,
    "source_id": 4,
    "isbn": 4,
    "asin": 4,
    "document": 3,
    "doc": 3,
    "source": 4,
    "title_id": 3,
    "title": 3,
    "work": 3,
    "file": 3,
    "filename": 3,
    "file_id": 3,
    "article": 2,
    "collection": 2,
    "path": 2,
    "url": 2,
}
TITLE_COLUMNS: Hints = {
    "title": 5,
    "name": 4,
    "heading": 2,
    "filename": 2,
    "source": 2,
    "file": 2,
    "path": 1,
    "url": 1,
}
AUTHOR_COLUMNS: Hints = {"author": 5, "writer": 4, "creator": 2}
CHAPTER_COLUMNS: Hints = {"chapter_number": 5, "chapter": 5, "section": 2.5}
DATE_COLUMNS: Hints = {
    "created_at": 5,
    "created": 4,
    "highlighted_at": 5,
    "occurred_at": 5,
    "recorded_at": 5,
    "captured_at": 5,
    "timestamp": 4,
    "added": 3,
    "date": 3,
    "time": 3,
    "inserted": 3,
    "updated": 1,
}
POSITION_COLUMNS: Hints = {
    "position": 5,
    "chunk_index": 5,
    "index": 4,
    "idx": 4,
    "ordinal": 4,
    "sequence": 4,
    "seq": 4,
    "order": 4,
    "ord": 4,
    "number": 3,
    "no": 3,
    "nr": 3,
    "offset": 3,
    "start": 3,
    "line": 2,
    "verse": 2,
    "page": 2,
}

# The names of models that people store vectors of, or parts of them.
MODELS = re.compile(
    r"nomic|minilm|mpnet|\bbge\b|\be5\b|\bgte\b|gemini|gecko|mxbai|jina|voyage|cohere|titan|arctic|"
    r"\bada\b|text-embedding|embedding-|-embed|sbert|sentence-t|instructor|wordllama|qwen|mistral|"
    r"openai|\bstella\b",
    re.IGNORECASE,
)


def words(name: str) -> tuple[str, ...]:
    """The words of a name in lower case, each in the singular: ("book", "id") of "BookIDs"."""
    parted = re.sub(r"([a-z0-9])([A-Z])|([A-Z]+)([A-Z][a-z])", r"\1\3 \2\4", name)
    return tuple(_singular(word) for word in re.split(r"[\W_]+", parted.lower()) if word)


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    plural = word == "ids" or (word.endswith("s") and len(word) > 3 and not word.endswith("ss"))
    return word[:-1] if plural and word != "words" else word


def is_named_after(column: str, table: str, key: str) -> bool:
    """Whether a column bears the name of a table, with or without that of its key: doc_id of
    documents(id), chunk_id of book_chunks(id), book of books(id)."""
    mine, theirs, own = words(column), words(table), words(key)
    stem = mine[: -len(own)] if own and mine[-len(own) :] == own else mine
    if not stem or len(stem) > len(theirs):
        return False
    return all(
        one == other or (len(one) >= 3 and other.startswith(one))
        for one, other in zip(stem, theirs[-len(stem) :], strict=True)
    )


def likeness(name: str, hints: Hints) -> float:
    """How much a name suggests what the hints stand for; 0 for not at all."""
    whole = words(name)
    best = 0.0
    for hint, weight in hints.items():
        wanted = tuple(hint.split("_"))
        if whole == wanted:
            best = max(best, weight)
        elif any(whole[n : n + len(wanted)] == wanted for n in range(len(whole))):
            best = max(best, PART * weight)
    return best
