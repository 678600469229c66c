"""Every page on libraries that nobody made on purpose: an answer in bounded time and size."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from lib.demo.server import DemoServer
from tests.databases.hostile import MAKERS, MARK, hostile_library
from tests.pages.conftest import OpenPage, said

# A page of the demo sends a few hundred kilobytes.
MOST_BYTES = 3_000_000
# On two cores, with others at work on them.
MOST_SECONDS = 60.0

PAGES: dict[str, dict[str, str]] = {
    "library": {},
    "scores": {},
    "alignment": {},
    "matches": {"highlight": "7"},
    "search": {"q": "an old sailor counted stars7 above"},
}


@pytest.fixture(scope="module", params=MAKERS)
def hostile(request: pytest.FixtureRequest, server: DemoServer) -> Iterator[str]:
    """The name of a hostile library that the app is connected to."""
    patch = pytest.MonkeyPatch()
    with hostile_library(server, request.param) as dsn:
        for name in ("LIFE_DASHBOARD_DSN", "KNOWLEDGE_BASE_DSN"):
            patch.setenv(name, dsn)
        st.cache_resource.clear()
        st.cache_data.clear()
        yield request.param
        st.cache_resource.clear()
        patch.undo()


@pytest.fixture(scope="module", autouse=True)
def way(hostile: str) -> None:
    """One way is enough: these servers are reached directly."""


@pytest.fixture(autouse=True)
def own_settings(hostile: str) -> None:
    """The addresses of the hostile library stay set."""


def nodes(app: AppTest) -> Iterator[Any]:
    """Everything that a page sends, element by element."""
    for node in app._tree:
        if getattr(node, "proto", None) is not None:
            yield node


def sent_bytes(app: AppTest) -> int:
    """How much the browser is sent."""
    return sum(node.proto.ByteSize() for node in nodes(app) if hasattr(node.proto, "ByteSize"))


# What a page must say of a library, where something is left out or missing.
SAYS = {
    ("many_books", "library"): "Drawn are 100 of 2,500 books",
    ("many_books", "alignment"): "pairs of a label and a model 20 were judged",
    ("many_books", "search"): "None of the passages",
    ("many_labels", "library"): "The 1,000 largest of 30,000 labels of passages",
    ("many_labels", "alignment"): "of 1,000,000 pairs",
    ("nothing", "library"): "There are no passages",
    ("no_highlights", "scores"): "There is nothing to compare",
    ("no_embeddings", "alignment"): "There is nothing to compare",
    ("long_texts", "matches"): "A very long text is compared and shown in part",
    ("strange_text", "library"): r"\(empty\)",
}


def interpreted(app: AppTest) -> Iterator[str]:
    """Every text of a page that the browser takes for Markdown."""
    for node in nodes(app):
        for field in ("body", "title", "label", "help"):
            text = getattr(node.proto, field, None)
            # An element that shows text as it stands says so.
            if isinstance(text, str) and type(node.proto).__name__ != "Code":
                yield text


# Markup that touches the mark: escaped, it has a backslash before each of its characters.
INTERPRETED = re.compile(
    rf"[<\[*`~$#|{{]{MARK}|{MARK}[>\]*`~$|}}]|:{MARK}:|/{MARK}:|://{MARK}|\({MARK}|\*\*\*\*"
)
TURNING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066\u2067]")


@pytest.mark.parametrize("page", PAGES)
def test_a_page_answers(open_page: OpenPage, hostile: str, page: str) -> None:
    started = time.monotonic()
    app = open_page(page, **PAGES[page])
    seconds = time.monotonic() - started
    assert [e.value for e in app.exception] == []
    assert sent_bytes(app) < MOST_BYTES
    assert seconds < MOST_SECONDS
    text = said(app)
    assert "Traceback" not in text
    for shown in interpreted(app):
        # Empty bold text would show its own asterisks.
        assert not TURNING.search(shown)
        bare = re.sub(r"\\[!-/:-@\[-`{-~]", "", shown)
        assert not INTERPRETED.search(bare), shown[:500]
    assert SAYS.get((hostile, page), "").casefold() in text.casefold()
