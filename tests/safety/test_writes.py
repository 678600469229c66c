"""Writes: none. All that the app can do is done as the owner of everything, and looked at after."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest
from streamlit.testing.v1 import AppTest

from lib.databases.session import APPLICATION_NAME
from lib.demo import models
from tests.databases.endpoints import like_ollama, serve
from tests.databases.library import fetch
from tests.safety.conftest import SetUp
from tests.safety.everything import PAGES, Walk, command_lines, open_page, run_commands, starts
from tests.safety.guarded import Guarded
from tests.safety.queries import never_sent
from tests.safety.state import State, differences, observed
from tests.safety.statements import VOLATILE_SQL, Statement, judged

# So small that every figure of the pages is taken from a sample.
SAMPLED = """
[limits]
gate_rows = 1000
score_highlights = 50
score_passages = 1000
index_highlights = 20
background_passages = 100
anchor_highlights = 50
anchor_passages = 1000
alignment_rows = 1000
alignment_highlights = 300
"""
VIEWS = """
[relations.passages]
table = "shown_passages"
[relations.embeddings]
table = "shown_embeddings"
"""
MISSING = '[relations.passages]\ntable = "chunk"\n', '[relations.books]\ntitle = "titel"\n'
EMBEDDER = """
[embedders.wordllama-l2-256]
base_url = "{url}"
model = "m"
"""


# What only another library or another moment is asked.
FOR_MORE = {
    "contents.py: ESTIMATE_SQL": "more than 100,000 rows",
    "passages.py: read_letter_lengths": "a hit in a passage that is longer in lower case",
    "session.py: is_at_rest": "a connection that is silent",
    "trigrams.py: read_ids": "a book that takes long to compare",
}


@dataclass
class Deed:
    """What was done to the server: its figures before and after, and all that it was asked."""

    before: State
    after: State
    statements: list[Statement] = field(repr=False)
    visits: dict[str, int]


@pytest.fixture(scope="module")
def volatile(guarded: Guarded) -> set[str]:
    """The functions of the server that can change anything."""
    dsns = (guarded.owner.life_dashboard, guarded.owner.knowledge_base)
    return {name for dsn in dsns for (name,) in fetch(dsn, VOLATILE_SQL)}


def _no_traceback(app: AppTest) -> None:
    assert not app.exception, app.exception


@pytest.fixture
def everything(guarded: Guarded, set_up: SetUp, capsys: pytest.CaptureFixture[str]) -> Deed:
    """Everything is done."""
    highlight = fetch(guarded.owner.life_dashboard, "SELECT min(id) FROM events")
    passage = fetch(guarded.owner.knowledge_base, "SELECT min(chunk_id) FROM chunks")
    begin = starts(str(highlight[0][0]), str(passage[0][0]))
    known = len(guarded.statements())
    before = asyncio.run(observed(guarded))
    visits: dict[str, int] = {}
    answer = like_ollama(lambda texts: models.embed(models.WORDLLAMA, texts).tolist(), "m")
    with serve(answer) as served:
        set_up(guarded.owner, EMBEDDER.format(url=served.url))
        for page in PAGES:
            walk = Walk(page, begin.get(page, []), _no_traceback)
            walk.run()
            visits[page] = walk.visits
        run_commands(command_lines(), capsys)
    for settings in (SAMPLED, SAMPLED + VIEWS, *MISSING):
        set_up(guarded.owner, settings)
        for page in PAGES:
            _no_traceback(open_page(page, {}))
        _no_traceback(open_page("search", {"q": "better is little"}))
        run_commands([["doctor"], ["report"]], capsys)
    set_up(None)
    after = asyncio.run(observed(guarded))
    return Deed(before, after, guarded.statements()[known:], visits)


# It takes a minute and a half on two idle cores.
@pytest.mark.timeout(1800)
def test_nothing_is_written_whatever_is_done(everything: Deed, volatile: set[str]) -> None:
    assert differences(everything.before, everything.after) == []
    found, faults = judged(everything.statements, volatile)
    assert faults == []
    assert {one.application for one in everything.statements} == {APPLICATION_NAME}
    assert sum(everything.visits.values()) > 100
    assert found["SELECT"] > 500
    assert found["BEGIN READ ONLY"] > 500
    # Whatever the app can ask was among it: a query that nobody asked would prove nothing.
    unsent = never_sent(one.sql for one in everything.statements)
    assert {query.name for query in unsent} - set(FOR_MORE) == set()
    # What only more would ask is judged as it is written.
    assert judged([Statement("", query.example, "") for query in unsent], volatile)[1] == []
