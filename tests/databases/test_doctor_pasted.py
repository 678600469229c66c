"""What `python -m lib doctor` prints for a newcomer's tables connects them, pasted unchanged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lib.report.diagnosis import BEGIN, END
from tests.conftest import MakeDatabase
from tests.databases import newcomers
from tests.databases.library import execute
from tests.databases.newcomers import TITLES, each, fill
from tests.databases.test_cli import CANARY, run


@pytest.fixture
def secrets(make_database: MakeDatabase, tmp_path: Path) -> Path:
    """A secrets file with two addresses, of databases that call everything otherwise."""
    life, knowledge = make_database("vector"), make_database("vector", "pg_trgm")
    execute(
        life,
        "CREATE SCHEMA listening",
        "CREATE TABLE listening.clips (clip_id int PRIMARY KEY, transcript text, volume int,"
        " nomic vector(12))",
    )
    heard = list(each(newcomers.highlights(), "number", "text", "book", "vector"))
    fill(life, "listening.clips", heard, "int", "text", "int", "vector")
    execute(
        knowledge,
        'CREATE TABLE "Volumes" ("Id" int PRIMARY KEY, "Name" text)',
        'CREATE TABLE "Paragraphs" ("Id" int PRIMARY KEY, "VolumeId" int REFERENCES "Volumes",'
        ' "Body" text)',
        'CREATE TABLE "Vectors" ("ParagraphId" int REFERENCES "Paragraphs", "Model" text,'
        ' "Vector" vector(12))',
    )
    fill(knowledge, '"Volumes"', [[n, t] for n, t in enumerate(TITLES, start=1)], "int", "text")
    written = newcomers.passages()
    fill(knowledge, '"Paragraphs"', list(each(written, "number", "book", "text")), *_PARAGRAPH)
    fill(knowledge, '"Vectors"', list(each(written, "number", "nomic", "vector")), *_VECTOR)
    path = tmp_path / "secrets.toml"
    addresses = [dsn.replace("@/", f":{CANARY}@/") for dsn in (life, knowledge)]
    path.write_text(
        f'[connections.life_dashboard]\ndsn = "{addresses[0]}"\n\n'
        f'[connections.knowledge_base]\ndsn = "{addresses[1]}"\n'
    )
    return path


_PARAGRAPH = ("int", "int", "text")
_VECTOR = ("int", "text", "vector")


def test_pasted_from_the_json(secrets: Path) -> None:
    done = run("doctor", "--json", secrets=secrets)
    assert (done.code, done.err) == (1, "")
    found = json.loads(done.out)
    assert found["healthy"] is False
    proposal = found["proposal"]
    assert proposal["complete"] is True
    assert [relation["name"] for relation in proposal["relations"]] == [
        "highlights",
        "books",
        "passages",
        "embeddings",
    ]
    assert all(relation["reasons"] for relation in proposal["relations"])
    with secrets.open("a") as file:
        file.write(proposal["toml"])
    done = run("doctor", "--json", secrets=secrets)
    assert (done.code, done.err) == (0, "")
    found = json.loads(done.out)
    assert (found["healthy"], found["proposal"]) == (True, None)


@pytest.mark.parametrize("with_marks", [True, False], ids=["with the marks", "without"])
def test_pasted_from_the_text(secrets: Path, with_marks: bool) -> None:
    done = run("doctor", secrets=secrets)
    assert (done.code, done.err) == (1, "")
    assert str(secrets) in done.out
    assert CANARY not in done.out
    lines = done.out.splitlines()
    first, last = lines.index(BEGIN), lines.index(END)
    pasted = lines[first : last + 1] if with_marks else lines[first + 1 : last]
    assert any(line.startswith("    | ") and "Emma" in line for line in lines[:first])
    with secrets.open("a") as file:
        file.write("\n".join(["", *pasted, ""]))
    done = run("doctor", secrets=secrets)
    assert (done.code, done.err) == (0, "")
    assert BEGIN not in done.out
    assert "PROBLEM" not in done.out
    assert f"{len(newcomers.passages())} passages." in done.out


def test_there_is_no_mapping_where_nobody_can_look_for_one() -> None:
    gone = f"postgresql://u:{CANARY}@127.0.0.1:9/x"
    environment = {"LIFE_DASHBOARD_DSN": gone, "KNOWLEDGE_BASE_DSN": gone}
    found = json.loads(run("doctor", "--json", environment=environment).out)
    assert found["proposal"] is None
    done = run("doctor", environment=environment)
    assert (done.code, BEGIN in done.out) == (1, False)
    assert "skipped  knowledge_base  permissions" in done.out
