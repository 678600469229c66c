"""What model families want written before a query and before a passage.

A model trained with prefixes finds less without them, and nothing says so: the vectors look well
either way. Each prefix below is as its model card gives it, by the name that most servers give the
model; the cards are on huggingface.co under the names in the comments.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Prefixes:
    """What comes before a query and before a passage; "" where nothing does."""

    query: str
    passage: str


NONE = Prefixes("", "")
_SENTENCE = Prefixes("Represent this sentence for searching relevant passages: ", "")

# The first pattern that is found in a name in lower case decides. A name begins at its start, or
# after what is no letter or digit: a publisher, or what a server puts before it.
_FAMILIES: tuple[tuple[str, Prefixes], ...] = (
    # nomic-ai/nomic-embed-text-v1, -v1.5 and -v2-moe.
    (r"nomic-embed-text", Prefixes("search_query: ", "search_document: ")),
    # intfloat/e5-mistral-7b-instruct and multilingual-e5-large-instruct: queries take a
    # description of the task, which is for the user to write, and passages nothing.
    (r"e5-.*(mistral|instruct)", NONE),
    # nvidia/nv-embedqa-e5-v5: its server writes the prefixes.
    (r"embedqa-e5-", NONE),
    # intfloat/e5-small, -base and -large, their v2, e5-base-4k, and multilingual-e5-*.
    (r"e5-(small|base|large)", Prefixes("query: ", "passage: ")),
    # mixedbread-ai/mxbai-embed-large-v1.
    (r"mxbai-embed-large", _SENTENCE),
    # BAAI/bge-small-en, -base-en and -large-en, and their v1.5.
    (r"bge-(small|base|large)-en", _SENTENCE),
    # Snowflake/snowflake-arctic-embed-m-v2.0 and -l-v2.0; snowflake-arctic-embed2 in Ollama.
    (r"snowflake-arctic-embed(2|-[ml]-v2)", Prefixes("query: ", "")),
    # Snowflake/snowflake-arctic-embed-xs to -l, and -m-v1.5.
    (r"snowflake-arctic-embed", _SENTENCE),
    # google/embeddinggemma-300m, whose passages may also be given their titles.
    (r"embeddinggemma", Prefixes("task: search result | query: ", "title: none | text: ")),
)


def known_prefixes(*names: str) -> Prefixes | None:
    """The documented prefixes of the first name whose family is known; None if none is."""
    for name in names:
        for pattern, prefixes in _FAMILIES:
            if re.search(rf"(?<![a-z0-9]){pattern}", name.lower()):
                return prefixes
    return None


def documented_passage_prefixes() -> list[str]:
    """Every prefix that a passage may have been given: first none, and queries' own last.

    Of queries' prefixes only those count whose passages have one too: the others are instructions,
    and nobody embeds passages with them.
    """
    prefixes = [family for _, family in _FAMILIES]
    passages = [family.passage for family in prefixes]
    queries = [family.query for family in prefixes if family.passage]
    return list(dict.fromkeys(["", *passages, *queries]))
