"""The demo library is what it is said to be, and nothing can leave half of it behind."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import asyncpg
import numpy as np
import psutil
import pytest

from lib.demo import models
from lib.demo.models import RANDOM_INDEXING, WORDLLAMA
from lib.demo.provision import recipe
from lib.demo.server import OWNER, DemoServer, server_in
from lib.settings import KNOWLEDGE_BASE, LIFE_DASHBOARD, PROJECT
from tests.databases.library import execute, fetch

if TYPE_CHECKING:
    from tests.conftest import Demo

BOOKS, PASSAGES, HIGHLIGHTS = 66, 31_102, 1_408


def _whole(life_dashboard: str, knowledge_base: str) -> None:
    """Every table is full and every index is there."""
    assert fetch(life_dashboard, "SELECT count(*) FROM events") == [(HIGHLIGHTS,)]
    assert fetch(knowledge_base, "SELECT count(*) FROM books") == [(BOOKS,)]
    assert fetch(
        knowledge_base, "SELECT count(*), count(DISTINCT book_id), min(chunk_id) FROM chunks"
    ) == [(PASSAGES, BOOKS, 1)]
    assert fetch(
        knowledge_base,
        "SELECT embedding_model, count(DISTINCT chunk_id), count(*), min(vector_dims(embedding)),"
        " max(vector_dims(embedding)) FROM chunk_embeddings GROUP BY 1 ORDER BY 1",
    ) == [(model, PASSAGES, PASSAGES, 256, 256) for model in (RANDOM_INDEXING, WORDLLAMA)]
    indexes = fetch(
        knowledge_base,
        "SELECT am.amname, i.indisvalid, coalesce(pg_get_expr(i.indpred, i.indrelid), '')"
        " FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am am ON am.oid = c.relam"
        " WHERE i.indrelid IN ('chunks'::regclass, 'chunk_embeddings'::regclass)",
    )
    assert all(valid for _, valid, _ in indexes)
    assert [method for method, _, _ in indexes].count("gin") == 1
    partial = sorted(predicate for method, _, predicate in indexes if method == "hnsw")
    assert [RANDOM_INDEXING in partial[0], WORDLLAMA in partial[1], len(partial)] == [True, True, 2]


# What is in it


def test_the_library_is_whole(demo: Demo) -> None:
    _whole(demo.owner.life_dashboard, demo.owner.knowledge_base)


def test_the_text_is_clean(demo: Demo) -> None:
    odd = r"content ~ '[\[\]<>{}|]|  |^ | $|\d' OR content = ''"
    assert fetch(demo.owner.knowledge_base, f"SELECT content FROM chunks WHERE {odd}") == []
    first = "In the beginning God created the heaven and the earth."
    assert fetch(
        demo.owner.knowledge_base,
        "SELECT title, chapter_number, content FROM chunks JOIN books USING (book_id)"
        " WHERE chunk_id = 1",
    ) == [("Genesis", 1, first)]


def test_reading_order_is_the_order_of_ids(demo: Demo) -> None:
    assert fetch(
        demo.owner.knowledge_base,
        "SELECT count(*) FROM (SELECT book_id, chapter_number, lag((book_id, chapter_number))"
        " OVER (ORDER BY chunk_id) AS before FROM chunks) AS t"
        " WHERE before > (book_id, chapter_number)",
    ) == [(0,)]


def test_the_highlights_are_of_the_kinds_that_were_asked_for(demo: Demo) -> None:
    dsn = demo.owner.life_dashboard
    kinds: dict[Any, Any] = dict(fetch(dsn, "SELECT kind, count(*) FROM demo_planted GROUP BY 1"))
    assert (kinds["unlabelled"], kinds["mislabelled"]) == (60, 30)
    assert kinds["outside"] == pytest.approx(0.10 * HIGHLIGHTS, abs=1)
    assert kinds["outside"] + kinds["span"] == HIGHLIGHTS
    labels = "SELECT embedding_model, count(*) FROM events GROUP BY 1 ORDER BY 1"
    assert fetch(dsn, labels) == [(WORDLLAMA, HIGHLIGHTS - 60), (None, 60)]
    [(shortest, longest)] = fetch(
        dsn,
        "SELECT percentile_cont(0.02) WITHIN GROUP (ORDER BY n),"
        " percentile_cont(0.98) WITHIN GROUP (ORDER BY n) FROM (SELECT"
        " cardinality(regexp_split_to_array(text, '\\s+')) AS n FROM events) AS t",
    )
    assert 16 <= shortest < longest <= 64


def test_highlights_from_outside_are_in_no_book(demo: Demo) -> None:
    rows = fetch(
        demo.owner.life_dashboard,
        "SELECT DISTINCT book_id FROM events JOIN demo_planted USING (id) WHERE kind = 'outside'",
    )
    known = fetch(demo.owner.knowledge_base, "SELECT book_id FROM books")
    assert not set(rows) & set(known)


def test_spans_are_where_they_are_said_to_be(demo: Demo) -> None:
    """The words of a highlight are mostly those of its passages, and of its own book."""
    spans = fetch(
        demo.owner.life_dashboard,
        "SELECT text, book_id, first_chunk, last_chunk FROM events JOIN demo_planted USING (id)"
        " WHERE kind = 'span' AND book_id IS NOT NULL ORDER BY id LIMIT 200",
    )
    shares = []
    for text, book, first, last in spans:
        rows = fetch(
            demo.owner.knowledge_base,
            "SELECT book_id, content FROM chunks WHERE chunk_id BETWEEN $1 AND $2",
            first,
            last,
        )
        assert {row[0] for row in rows} == {book}
        there = set(re.findall(r"\w+", " ".join(row[1] for row in rows).lower()))
        said = re.findall(r"\w+", text.lower())
        shares.append(sum(word in there for word in said) / len(said))
    assert np.mean(shares) > 0.75
    # It is heard, not copied.
    assert np.mean(shares) < 0.98


def _cosine_to(model: str, rows: list[tuple[Any, ...]]) -> np.ndarray[Any, Any]:
    """Of each (text, vector): the cosine of the vector and of the text under the model."""
    stored = np.array([vector for _, vector in rows], dtype=np.float64)
    made = models.embed(model, [text for text, _ in rows]).astype(np.float64)
    norms = np.linalg.norm(stored, axis=1) * np.linalg.norm(made, axis=1)
    return np.asarray((stored * made).sum(axis=1) / norms)


def test_mislabelled_highlights_are_of_the_other_model(demo: Demo) -> None:
    query = "SELECT text, embedding::real[] FROM events WHERE embedding_model IS NOT NULL AND id"
    planted = "(SELECT id FROM demo_planted WHERE kind = 'mislabelled')"
    lying = fetch(demo.owner.life_dashboard, f"{query} IN {planted}")
    honest = fetch(demo.owner.life_dashboard, f"{query} NOT IN {planted} AND id % 9 = 0")
    assert len(lying) == 30
    assert _cosine_to(RANDOM_INDEXING, lying).min() > 0.999
    assert _cosine_to(WORDLLAMA, honest).min() > 0.999
    assert _cosine_to(WORDLLAMA, lying).max() < 0.7


def test_swapped_passages_stand_under_each_other_s_label(demo: Demo) -> None:
    dsn = demo.owner.knowledge_base
    swapped = fetch(
        dsn, "SELECT label, count(*), count(DISTINCT id) FROM demo_planted GROUP BY 1 ORDER BY 1"
    )
    assert swapped == [(model, 156, 156) for model in (RANDOM_INDEXING, WORDLLAMA)]
    assert round(0.005 * PASSAGES) == 156
    query = (
        "SELECT content, embedding::real[] FROM chunks JOIN chunk_embeddings USING (chunk_id)"
        " WHERE embedding_model = $1 AND chunk_id"
    )
    planted = "(SELECT id FROM demo_planted)"
    for label, other in ((WORDLLAMA, RANDOM_INDEXING), (RANDOM_INDEXING, WORDLLAMA)):
        lying = fetch(dsn, f"{query} IN {planted}", label)
        assert _cosine_to(other, lying).min() > 0.999
        honest = fetch(dsn, f"{query} NOT IN {planted} AND chunk_id % 61 = 0", label)
        assert _cosine_to(label, honest).min() > 0.999


def test_the_reader_cannot_see_what_was_planted_nor_write(demo: Demo) -> None:
    for dsn, table in (
        (demo.reader.life_dashboard, "events"),
        (demo.reader.knowledge_base, "chunks"),
    ):
        assert fetch(dsn, f"SELECT count(*) > 0 FROM {table}") == [(True,)]
        for statement in (
            "SELECT * FROM demo_planted",
            f"DELETE FROM {table}",
            f"DROP TABLE {table}",
            "CREATE TABLE public.mine (n integer)",
        ):
            with pytest.raises(asyncpg.PostgresError, match=r"permission denied|must be owner"):
                execute(dsn, statement)


def test_both_databases_carry_the_mark_of_the_recipe(demo: Demo) -> None:
    assert _marks(demo.owner.knowledge_base) == {
        LIFE_DASHBOARD: recipe(),
        KNOWLEDGE_BASE: recipe(),
    }
    assert re.fullmatch(r"Concordance demo [0-9a-f]{16}", recipe())


def _marks(dsn: str) -> dict[Any, Any]:
    """The databases of the server that are not PostgreSQL's own, and their comments."""
    return dict(
        fetch(
            dsn,
            "SELECT datname::text, shobj_description(oid, 'pg_database') FROM pg_database"
            " WHERE datname NOT IN ('postgres', 'template0', 'template1')",
        )
    )


# How it is made: in a folder of its own, killed three times, then by two processes at once

PROVISION = """
import sys
from pathlib import Path
from lib.demo.provision import provision

def report(progress):
    print(f"{progress.what}|{progress.done}", flush=True)

server = provision(Path(sys.argv[1]), report, reset="reset" in sys.argv)
print("whole", flush=True)
sys.stdin.read()
server.release()
"""


class Provisioning:
    """A process that provisions, then holds its lease until it is let go."""

    def __init__(self, directory: Path, *options: str) -> None:
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROVISION, str(directory), *options],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        output: IO[str] | None = self.process.stdout
        assert output is not None
        for line in output:
            self.lines.append(line.strip())

    def wait_for(self, pattern: str, seconds: float = 120) -> None:
        """Wait for a line of its output."""
        deadline = time.monotonic() + seconds
        while not any(re.search(pattern, line) for line in list(self.lines)):
            assert self.process.poll() is None, "\n".join(self.lines)
            assert time.monotonic() < deadline, "\n".join(self.lines)
            time.sleep(0.01)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self._close()

    def let_go(self) -> int:
        """Give the lease back and end; returns the exit code."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        code = self.process.wait(30)
        self._close()
        return code

    def _close(self) -> None:
        self._reader.join(5)
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None and not stream.closed:
                stream.close()


@dataclass
class History:
    """What was seen while the library was made."""

    server: DemoServer
    after_kill: dict[str, dict[Any, Any]] = field(default_factory=dict)
    output: list[list[str]] = field(default_factory=list)
    exit_codes: list[int] = field(default_factory=list)
    running: list[bool] = field(default_factory=list)


KILLS = {
    "while the server is set up": "Start PostgreSQL",
    "while the tables are filled": r"Copy books, passages and embeddings\|[1-9]",
    "while an index is built": r"Build the index for .*\|[1-9]",
}


@pytest.fixture(scope="module")
def history() -> Iterator[History]:
    directory = Path(tempfile.mkdtemp(prefix="cc-"))
    history = History(server_in(directory))
    try:
        for moment, pattern in KILLS.items():
            doomed = Provisioning(directory)
            doomed.wait_for(pattern)
            time.sleep(0.3)
            doomed.kill()
            if history.server.running():
                history.after_kill[moment] = _marks(history.server.dsn("postgres", OWNER))
        both = [Provisioning(directory), Provisioning(directory)]
        for one in both:
            one.wait_for("^whole$")
        history.output = [list(one.lines) for one in both]
        for one in both:
            history.running.append(history.server.running())
            history.exit_codes.append(one.let_go())
        history.running.append(history.server.running())
        yield history
    finally:
        history.server.keep_running(False)
        history.server.release()
        shutil.rmtree(directory)


@pytest.fixture
def made(history: History) -> Iterator[DemoServer]:
    """The server of the finished library, running for one test."""
    history.server.start()
    yield history.server
    history.server.release()


@pytest.mark.timeout(400)
def test_a_killed_provisioning_leaves_no_half_library(history: History) -> None:
    kept = {moment: set(found) for moment, found in history.after_kill.items()}
    for databases in kept.values():
        assert not databases & {LIFE_DASHBOARD, KNOWLEDGE_BASE}
    # It was indeed at work.
    for moment in ("while the tables are filled", "while an index is built"):
        assert kept[moment] == {"life_dashboard_fresh", "knowledge_base_fresh"}


@pytest.mark.timeout(400)
def test_two_processes_at_once_end_with_one_whole_library(
    history: History, made: DemoServer
) -> None:
    assert history.exit_codes == [0, 0]
    for lines in history.output:
        # One builds, the other waits and shows the same progress.
        assert any(line.startswith("Build the index for") for line in lines)
    _whole(made.dsn(LIFE_DASHBOARD, OWNER), made.dsn(KNOWLEDGE_BASE, OWNER))
    assert _marks(made.dsn("postgres", OWNER)) == {
        LIFE_DASHBOARD: recipe(),
        KNOWLEDGE_BASE: recipe(),
    }


@pytest.mark.timeout(400)
def test_the_last_one_to_leave_stops_the_server(history: History) -> None:
    assert history.running == [True, True, False]


@pytest.mark.timeout(400)
def test_a_whole_library_is_not_made_again(history: History) -> None:
    again = Provisioning(history.server.directory)
    again.wait_for("^whole$", 20)
    assert again.lines == ["Start PostgreSQL|0", "whole"]
    assert again.let_go() == 0


@pytest.mark.timeout(400)
def test_a_killed_reset_leaves_the_old_library(history: History) -> None:
    doomed = Provisioning(history.server.directory, "reset")
    doomed.wait_for(r"Copy books, passages and embeddings\|[1-9]")
    doomed.kill()
    server = history.server
    _whole(server.dsn(LIFE_DASHBOARD, OWNER), server.dsn(KNOWLEDGE_BASE, OWNER))
    again = Provisioning(server.directory)
    again.wait_for("^whole$", 20)
    assert again.lines == ["Start PostgreSQL|0", "whole"]
    assert again.let_go() == 0
    assert not server.running()


def _demo_command(directory: Path, *options: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "lib", "demo", *options],
        cwd=PROJECT,
        env=os.environ | {"CONCORDANCE_DEMO": str(directory)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.timeout(400)
def test_the_demo_command_leaves_the_server_running_until_it_is_stopped(history: History) -> None:
    server = history.server
    assert not server.running()
    dsns = json.loads(_demo_command(server.directory, "--json"))
    assert set(dsns) == {LIFE_DASHBOARD, KNOWLEDGE_BASE}
    assert fetch(dsns[LIFE_DASHBOARD], "SELECT count(*) FROM events") == [(HIGHLIGHTS,)]
    assert fetch(dsns[KNOWLEDGE_BASE], "SELECT count(*) FROM chunks") == [(PASSAGES,)]
    # Somebody who comes and goes does not stop it.
    visitor = Provisioning(server.directory)
    visitor.wait_for("^whole$", 20)
    assert visitor.let_go() == 0
    assert server.running()
    shown = _demo_command(server.directory)
    assert dsns[LIFE_DASHBOARD] in shown
    assert dsns[KNOWLEDGE_BASE] in shown
    _demo_command(server.directory, "--stop")
    assert not server.running()


@pytest.mark.timeout(400)
def test_stop_does_not_take_the_server_from_those_who_use_it(history: History) -> None:
    user = Provisioning(history.server.directory)
    user.wait_for("^whole$", 20)
    _demo_command(history.server.directory, "--stop")
    assert history.server.running()
    assert user.let_go() == 0
    assert not history.server.running()


@pytest.mark.timeout(400)
def test_a_process_that_is_killed_loses_its_lease(history: History) -> None:
    killed, other = (Provisioning(history.server.directory) for _ in range(2))
    for one in (killed, other):
        one.wait_for("^whole$", 20)
    killed.kill()
    assert history.server.running()
    assert other.let_go() == 0
    assert not history.server.running()


@pytest.mark.timeout(400)
def test_a_killed_server_is_started_again(history: History) -> None:
    server = history.server
    server.start()
    postmaster = int((server.data / "postmaster.pid").read_text().splitlines()[0])
    process = psutil.Process(postmaster)
    assert process.name().startswith("postgres")
    assert str(server.data) in process.cmdline()
    process.kill()
    psutil.wait_procs([process, *process.children()] if process.is_running() else [process], 10)
    assert (server.data / "postmaster.pid").exists()
    assert not server.running()
    try:
        server.start()
        _whole(server.dsn(LIFE_DASHBOARD, OWNER), server.dsn(KNOWLEDGE_BASE, OWNER))
    finally:
        # One lease for each start: before and after the server was killed.
        server.release()
        server.release()


@pytest.mark.timeout(400)
@pytest.mark.parametrize("whose", ["of another program", "of nobody", "empty"])
def test_a_stale_pid_file_does_not_keep_the_server_from_starting(
    history: History, whose: str
) -> None:
    server = history.server
    assert not server.running()
    number = os.getpid() if whose == "of another program" else 4_194_000
    lines = [number, server.data, 1_700_000_000, 5432, server.data, "", "1 2", "ready"]
    pid_file = server.data / "postmaster.pid"
    pid_file.write_text("" if whose == "empty" else "\n".join(map(str, lines)))
    try:
        assert not server.running()
        server.start()
        assert fetch(server.dsn(KNOWLEDGE_BASE, OWNER), "SELECT count(*) FROM books") == [(BOOKS,)]
    finally:
        if not server.running():
            pid_file.unlink(missing_ok=True)
        server.release()
    assert not server.running()


START = """
import sys
from pathlib import Path
from lib.demo.server import server_in

server_in(Path(sys.argv[1])).start()
"""


@pytest.mark.parametrize(
    "landmark", [".", "PG_VERSION", "base/1/PG_VERSION", "global/pg_filenode.map"]
)
def test_a_server_whose_making_was_killed_is_made_by_the_next_one(landmark: str) -> None:
    """The program that fills the folder outlives the process that was killed."""
    directory = Path(tempfile.mkdtemp(prefix="cc-"))
    doomed = subprocess.Popen([sys.executable, "-c", START, str(directory)], cwd=PROJECT)
    while not any((new / landmark).exists() for new in directory.glob("postgres.new-*")):
        assert doomed.poll() is None
        time.sleep(0.001)
    doomed.kill()
    doomed.wait()
    server = server_in(directory)
    try:
        server.start()
        assert fetch(server.dsn("postgres", OWNER), "SELECT 1") == [(1,)]
    finally:
        server.release()
        time.sleep(2 if (directory / "postgres.new").exists() else 0)
        shutil.rmtree(directory, ignore_errors=True)
