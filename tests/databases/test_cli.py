"""The command line as a program: exit codes, streams, and the JSON contract of the report."""

from __future__ import annotations

import copy
import datetime as dt
import itertools
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from lib.__main__ import main
from lib.databases.doctor import STEPS
from lib.demo.models import RANDOM_INDEXING, WORDLLAMA
from lib.matching.fallback import OPERATORS, Operator, default_threshold
from lib.settings import PROJECT
from tests.databases.library import TABLES, execute, fetch, insert
from tests.databases.roles import READ_ALL, MakeRole, as_role, made_roles
from tests.pgbouncer import POOLED, pgbouncer_before

if TYPE_CHECKING:
    from lib.demo.server import DemoServer
    from tests.conftest import Demo, MakeDatabase

CANARY = "hunter2-canary"
ORDERS = ("middle_out", "edge_first", "sequential", "spread")
BUDGETS = [1, 2, 3, 4, 6, 8, 12, 16]


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


def run(
    *arguments: str, environment: Mapping[str, str] | None = None, secrets: Path | None = None
) -> Done:
    """Run `python -m lib` with these settings and no others."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in {"LIFE_DASHBOARD_DSN", "KNOWLEDGE_BASE_DSN"}
    }
    given = {"CONCORDANCE_SECRETS": str(secrets or os.devnull)}
    done = subprocess.run(
        [sys.executable, "-m", "lib", *arguments],
        cwd=PROJECT,
        env=inherited | given | dict(environment or {}),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "Traceback" not in done.stdout + done.stderr
    return Done(done.returncode, done.stdout, done.stderr)


class Call(Protocol):
    """What `run` does, in this process: an exception that nobody catches fails the test."""

    def __call__(
        self,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        secrets: Path | None = None,
    ) -> Done: ...


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Calls the command line in this process, where many calls take little time."""

    def call_once(
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        secrets: Path | None = None,
    ) -> Done:
        for name in ("LIFE_DASHBOARD_DSN", "KNOWLEDGE_BASE_DSN"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("CONCORDANCE_SECRETS", str(secrets or os.devnull))
        for name, value in (environment or {}).items():
            monkeypatch.setenv(name, value)
        code = main(arguments)
        return Done(code, *capsys.readouterr())

    return call_once


def _dsns(life_dashboard: str, knowledge_base: str | None = None) -> dict[str, str]:
    return {
        "LIFE_DASHBOARD_DSN": life_dashboard,
        "KNOWLEDGE_BASE_DSN": knowledge_base or life_dashboard,
    }


def _of_demo(demo: Demo) -> dict[str, str]:
    return _dsns(demo.reader.life_dashboard, demo.reader.knowledge_base)


# Doctor


def test_doctor_finds_the_configured_demo_healthy(demo: Demo) -> None:
    done = run("doctor", environment=_of_demo(demo))
    assert (done.code, done.err) == (0, "")
    assert "31,102 passages" in done.out
    assert "1,408 highlights" in done.out
    assert "PROBLEM" not in done.out


def test_doctor_uses_the_demo_without_any_setting(demo: Demo) -> None:
    done = run("doctor", "--json")
    assert done.code == 0
    found = json.loads(done.out)
    assert found["healthy"] is True
    assert found["proposal"] is None
    assert {check["state"] for check in found["checks"]} == {"ok"}
    assert all(
        set(check) == {"database", "step", "state", "found", "todo"} for check in found["checks"]
    )
    steps = [(check["database"], check["step"]) for check in found["checks"]]
    assert list(dict.fromkeys(steps)) == [
        (database, step) for database in ("life_dashboard", "knowledge_base") for step in STEPS
    ]
    # The lease of this session: the command did not take the server with it.
    assert fetch(demo.owner.life_dashboard, "SELECT 1") == [(1,)]


@pytest.fixture
def small(make_database: MakeDatabase) -> str:
    """A database with all tables and a row in each."""
    dsn = make_database("vector")
    execute(
        dsn,
        TABLES,
        "INSERT INTO events VALUES (1, 'a b c d e f g', 1, '[1,2]', 'm')",
        "INSERT INTO books VALUES (1, 'Emma')",
        "INSERT INTO chunks VALUES (1, 1, 1, 'x a b c d e f y')",
        "INSERT INTO chunk_embeddings VALUES (1, 'm', '[1,2]')",
    )
    return dsn


def test_doctor_gives_advice_and_stays_healthy(call: Call, small: str) -> None:
    done = call("doctor", environment=_dsns(small))
    assert (done.code, done.err) == (0, "")
    assert "CREATE EXTENSION pg_trgm" in done.out
    assert "CREATE INDEX CONCURRENTLY" in done.out


PROBLEMS = {
    "missing table": ("ALTER TABLE books RENAME TO book", ["relations.books.table", "(book?)"]),
    "missing column": (
        "ALTER TABLE chunks RENAME content TO contents",
        ["relations.passages.content", "(contents?)"],
    ),
    "wrong column type": (
        "ALTER TABLE chunk_embeddings ALTER embedding TYPE text",
        ["relations.embeddings.embedding", "of type text"],
    ),
    "no vector extension": (
        "DROP EXTENSION vector CASCADE",
        ["no vector extension", "CREATE EXTENSION vector;"],
    ),
    "empty table": ("TRUNCATE chunks", ["holds no passages"]),
}


@pytest.mark.parametrize(("statement", "said"), PROBLEMS.values(), ids=PROBLEMS.keys())
def test_doctor_names_the_problem_and_the_fix(
    call: Call, small: str, statement: str, said: list[str]
) -> None:
    execute(small, statement)
    done = call("doctor", environment=_dsns(small))
    assert (done.code, done.err) == (1, "")
    problems = [line for line in done.out.splitlines() if line.startswith("PROBLEM")]
    # Without the extension both databases lack it, and here both are one.
    assert len(problems) == (2 if "EXTENSION" in statement else 1)
    for words in said:
        assert words in done.out
    found = json.loads(call("doctor", "--json", environment=_dsns(small)).out)
    assert found["healthy"] is False


@pytest.fixture
def make_role(server: DemoServer) -> Iterator[MakeRole]:
    # Asked for before any database, and so ended after it.
    with made_roles(server) as make:
        yield make


def test_doctor_says_why_it_proposes_no_mapping(
    make_role: MakeRole, make_database: MakeDatabase, call: Call
) -> None:
    role, dsn = make_role(), make_database("vector")
    execute(
        dsn,
        TABLES,
        "ALTER TABLE books RENAME TO tomes",
        READ_ALL.format(role=role),
        # What refers to what is asked by the proposal alone.
        "REVOKE SELECT ON pg_constraint FROM PUBLIC",
    )
    environment = _dsns(as_role(dsn, role))
    done = call("doctor", environment=environment)
    assert done.code == 1
    assert "relations.books.table" in done.out
    assert done.err.startswith("No mapping can be proposed: ")
    assert "pg_constraint" in done.err
    done = call("doctor", "--json", environment=environment)
    assert json.loads(done.out)["proposal"] is None
    assert "pg_constraint" in done.err


def test_a_problem_is_an_exit_code(small: str, tmp_path: Path) -> None:
    """Of a process, with nothing on the wrong stream."""
    execute(small, "ALTER TABLE books RENAME TO book")
    done = run("doctor", environment=_dsns(small))
    assert (done.code, done.err) == (1, "")
    (tmp_path / "secrets.toml").write_text("[poools]")
    done = run("doctor", secrets=tmp_path / "secrets.toml")
    assert (done.code, done.out) == (1, "")
    assert done.err == "Unknown setting poools in secrets.toml. Did you mean pools?\n"


FAULTS: dict[str, tuple[str, dict[str, str], list[str]]] = {
    "unknown key": (
        '[relations.books]\ntitel = "x"',
        {},
        ["relations.books.titel", "Did you mean title?"],
    ),
    "unknown section": ("[relation.books]", {}, ["Unknown setting relation", "relations?"]),
    "not TOML": ("[relations\n", {}, ["secrets.toml is not valid TOML", "line 1"]),
    "wrong value": ("[pools]\nmax_size = 0", {}, ["pools.max_size"]),
    "not an address": (
        "",
        _dsns(f"mysql://u:{CANARY}@localhost/x"),
        ["LIFE_DASHBOARD_DSN", "postgresql://"],
    ),
    "port that is no number": (
        "",
        _dsns(f"postgresql://u:{CANARY}@localhost:54x2/x"),
        ["LIFE_DASHBOARD_DSN", "port"],
    ),
    "one address only": (
        "",
        {"KNOWLEDGE_BASE_DSN": f"postgresql://u:{CANARY}@localhost/x"},
        ["life_dashboard", "LIFE_DASHBOARD_DSN"],
    ),
}


@pytest.mark.parametrize(("text", "environment", "said"), FAULTS.values(), ids=FAULTS.keys())
def test_malformed_settings_are_one_sentence(
    call: Call, tmp_path: Path, text: str, environment: dict[str, str], said: list[str]
) -> None:
    secrets = tmp_path / "secrets.toml"
    secrets.write_text(text)
    done = call("doctor", environment=environment, secrets=secrets)
    assert (done.code, done.out) == (1, "")
    assert len(done.err.splitlines()) == 1
    for words in said:
        assert words in done.err
    assert CANARY not in done.err
    if not environment:
        found = json.loads(call("doctor", "--json", secrets=secrets).out)
        assert found["healthy"] is False


@pytest.mark.parametrize(
    "tail",
    [
        "@127.0.0.1:1/x",
        "@127.0.0.1:99999/x",
        "@/x?host=/tmp&port=abc",
        "@127.0.0.1:1/x?sslmode=nonsense",
        "@/x?host=/nonexistent",
    ],
)
def test_an_address_where_nobody_answers_is_a_problem_not_a_crash(call: Call, tail: str) -> None:
    done = call("doctor", environment=_dsns(f"postgresql://u:{CANARY}{tail}"))
    assert done.code == 1
    assert "LIFE_DASHBOARD_DSN" in done.out + done.err
    assert CANARY not in done.out + done.err


# The report


@dataclass(frozen=True)
class Maybe:
    """A value that may be null."""

    spec: Any


@dataclass(frozen=True)
class Each:
    """An object with any keys, all of whose values are alike."""

    spec: Any


@dataclass(frozen=True)
class Some:
    """A list, perhaps empty, of lists whose items are as said, one by one."""

    specs: list[Any]


@dataclass(frozen=True)
class OneOf:
    values: tuple[Any, ...]


INTERVAL = (float, float)
RATE = {"matched": int, "rate": Maybe(float), "ci95": Maybe(INTERVAL)}
BY_BOOK = {"ci95_by_book": Maybe(INTERVAL)}
SUMMARY = {
    "n": int,
    **dict.fromkeys(("mean", "sd", "p50", "p95", "p99"), Maybe(float)),
}
ID = (int, str)

# As the design has it. A tuple of two floats is an interval; `ID` is a number or a string.
CONTRACT: dict[str, Any] = {
    "version": OneOf((1,)),
    "generated_at": str,
    "elapsed_seconds": Each(float),
    "sources": {
        "life_dashboard": {"highlights": int, "embedded": int, "by_model": Each(int)},
        "knowledge_base": {"books": int, "passages": int, "embeddings_by_model": Each(int)},
    },
    "matching": {
        "window": int,
        "stride": int,
        "mode": OneOf(("ilike", "words")),
        "scope": OneOf(("book", "library")),
        "highlights": int,
        "too_short": int,
        "eligible": int,
        "any_window": {**RATE, **BY_BOOK},
        "orders": {
            order: {
                "by_budget": [{"budget": int, **RATE, **BY_BOOK}],
                "median_attempts": Maybe(float),
                "confirmed": int,
                "contradicted": int,
                "unverified": int,
            }
            for order in ORDERS
        },
        "comparisons": [
            {
                "a": OneOf(ORDERS),
                "b": OneOf(ORDERS),
                "budget": int,
                "only_a": int,
                "only_b": int,
                "difference": float,
                "ci95": INTERVAL,
                **BY_BOOK,
                "p_value": float,
                "p_holm": float,
            }
        ],
        "random_order": [{"budget": int, "rate": Maybe(float)}],
        "attempts": [
            {
                "a": OneOf(ORDERS),
                "b": OneOf(ORDERS),
                "both": int,
                "median_a": Maybe(float),
                "median_b": Maybe(float),
                "faster_a": int,
                "faster_b": int,
                "p_value": Maybe(float),
                "p_holm": Maybe(float),
            }
        ],
        "edge_drift": {
            "windows": int,
            "clusters": int,
            "clustered_by": OneOf(("book", "highlight")),
            "odds_ratio": Maybe(float),
            "ci95": Maybe(INTERVAL),
            "p_value": Maybe(float),
            "middle_rate": Maybe(float),
            "edge_rate": Maybe(float),
        },
        "by_position": [
            {
                "position": float,
                "windows": int,
                "hits": int,
                "rate": Maybe(float),
                "ci95": Maybe(INTERVAL),
            }
        ],
        "fallback": {
            "method": OneOf(("alignment", "pg_trgm", "none")),
            "operator": OneOf((None, "<->", "<<->", "<<<->")),
            "threshold": float,
            "attempted": int,
            "matched": int,
        },
        "matched_total": RATE,
        "breakdown": {
            by: [
                {
                    "group": str,
                    "eligible": int,
                    **RATE,
                    "against": OneOf(("below the rest", "as the rest", "above the rest")),
                }
            ]
            for by in ("book", "month", "length")
        },
        "matches": [
            {
                "highlight": ID,
                "method": OneOf(("exact", "fallback", "none")),
                "passage": Maybe(ID),
                "attempts": {order: Maybe(int) for order in ORDERS},
                "distance": Maybe(float),
                "marks": Some([int, Maybe(int)]),
            }
        ],
    },
    "similarity": {
        "pairs": [
            {
                "highlight_model": str,
                "passage_model": str,
                "highlights": int,
                "background": SUMMARY,
                "top1": SUMMARY,
                "top10": SUMMARY,
                "passages": int,
                "way": OneOf(("exact", "index", "sample")),
                "measured": str,
                "separation_auc": Maybe(float),
                "separation_ci95": Maybe(INTERVAL),
                "overlap": Maybe(float),
                "calibrated": [
                    {
                        "quantile": float,
                        "score": float,
                        "percentile": Maybe(float),
                        "expected": Maybe(float),
                        "at_floor": OneOf((True, False)),
                        "chance": str,
                    }
                ],
                "expected_below_1": {
                    "highlights": int,
                    "rate": Maybe(float),
                    "ci95": Maybe(INTERVAL),
                    "rate_by_chance": float,
                },
                "threshold_e1": Maybe(float),
                "seed": int,
            }
        ]
    },
    "alignment": {
        "verdicts": [
            {
                "highlight_model": str,
                "passage_model": str,
                "verdict": OneOf(("aligned", "mismatched", "inconclusive")),
                "note": str,
                "anchors": int,
                "recall_at_1": Maybe(float),
                "recall_at_10": Maybe(float),
                "ci95": Maybe(INTERVAL),
                "covariance_alignment": Maybe(float),
            }
        ],
        "suspects": [
            {
                "relation": OneOf(("highlights", "embeddings")),
                "id": ID,
                "label": str,
                "looks_like": Maybe(str),
                "score": float,
            }
        ],
        "coverage": [{"book": ID, "title": str, "passages": int, "embedded": Each(int)}],
    },
}


def faults_of(value: Any, spec: Any, place: str = "report") -> list[str]:
    """Where `value` is not as `spec` says; keys that `spec` does not know are welcome."""
    match spec:
        case Maybe(inner):
            return [] if value is None else faults_of(value, inner, place)
        case OneOf(values):
            return [] if value in values else [f"{place} is {value!r}"]
        case Some(specs):
            items = value if isinstance(value, list) else [value]
            if not all(isinstance(item, list) and len(item) == len(specs) for item in items):
                return [f"{place} is {value!r}"]
            pairs = [pair for item in items for pair in zip(item, specs, strict=True)]
            return [f for inner, spec in pairs for f in faults_of(inner, spec, place)]
        case Each(inner):
            if not isinstance(value, dict) or not value:
                return [f"{place} is no object with keys"]
            return [f for key, v in value.items() for f in faults_of(v, inner, f"{place}.{key}")]
        case dict():
            if not isinstance(value, dict):
                return [f"{place} is no object"]
            missing = [f"{place}.{key} is missing" for key in spec if key not in value]
            there = [key for key in spec if key in value]
            return missing + [
                f for key in there for f in faults_of(value[key], spec[key], f"{place}.{key}")
            ]
        case [inner]:
            if not isinstance(value, list) or not value:
                return [f"{place} is no list with items"]
            return [f for n, v in enumerate(value) for f in faults_of(v, inner, f"{place}[{n}]")]
        case _ if spec == INTERVAL:
            pair = isinstance(value, list) and len(value) == 2
            fits = pair and not faults_of(value[0], float) + faults_of(value[1], float)
            return [] if fits and value[0] <= value[1] else [f"{place} is no interval: {value}"]
        case _:
            allowed = (int, float) if spec is float else spec
            fits = isinstance(value, allowed) and not isinstance(value, bool)
            return [] if fits else [f"{place} is {value!r}"]


@dataclass(frozen=True)
class Written:
    """A report that was written to a file, and what else the command said."""

    done: Done
    report: dict[str, Any]


@pytest.fixture(scope="module", params=["direct", "pgbouncer"])
def written(
    request: pytest.FixtureRequest, demo: Demo, tmp_path_factory: pytest.TempPathFactory
) -> Written:
    folder = tmp_path_factory.mktemp("report")
    out, secrets = folder / "report.json", folder / "secrets.toml"
    asked = ["report", "--matches", "--out", str(out)]
    asked += ["--fail-on", "match-rate<0.01", "--fail-on", "mismatch"]
    if request.param == "direct":
        done = run(*asked, environment=_of_demo(demo))
    else:
        secrets.write_text(POOLED)
        with pgbouncer_before(demo.reader.life_dashboard) as pooler:
            through = map(pooler.dsn, (demo.reader.life_dashboard, demo.reader.knowledge_base))
            done = run(*asked, environment=_dsns(*through), secrets=secrets)

    def refuse(constant: str) -> float:
        raise AssertionError(f"{constant} is not JSON")

    return Written(done, json.loads(out.read_text(encoding="utf-8"), parse_constant=refuse))


def test_a_report_that_meets_no_condition_succeeds_in_silence(written: Written) -> None:
    assert written.done == Done(0, "", "")


def test_the_report_keeps_the_contract(written: Written) -> None:
    assert faults_of(written.report, CONTRACT) == []
    generated = dt.datetime.fromisoformat(written.report["generated_at"])
    assert generated.tzinfo is not None
    assert abs(dt.datetime.now(dt.UTC) - generated) < dt.timedelta(minutes=10)
    assert set(written.report["matching"]["orders"]) == set(ORDERS)


def test_the_check_of_the_contract_finds_what_is_broken(written: Written) -> None:
    """Each key taken away is missed, each value replaced is seen."""
    report = copy.deepcopy(written.report)
    report["matching"]["matches"] = report["matching"]["matches"][:9]
    changed = 0

    def change(value: Any, spec: Any) -> None:
        nonlocal changed
        if isinstance(spec, dict):
            for key, inner in spec.items():
                kept = value.pop(key)
                assert len(faults_of(report, CONTRACT)) > 0, key
                value[key] = object()
                assert len(faults_of(report, CONTRACT)) > 0, key
                value[key] = kept
                changed += 1
                if changed < 60:
                    change(kept, inner)
        elif isinstance(spec, list):
            change(value[0], spec[0])

    change(report, CONTRACT)
    assert changed >= 60
    assert faults_of(report, CONTRACT) == []


def test_sources_are_counted_right(demo: Demo, written: Written) -> None:
    assert written.report["sources"] == {
        "life_dashboard": {
            "highlights": 1_408,
            "embedded": 1_408,
            "by_model": {WORDLLAMA: 1_348, "unlabelled": 60},
        },
        "knowledge_base": {
            "books": 66,
            "passages": 31_102,
            "embeddings_by_model": {RANDOM_INDEXING: 31_102, WORDLLAMA: 31_102},
            "embeddings": 62_204,
        },
    }
    coverage = written.report["alignment"]["coverage"]
    counted = fetch(demo.owner.knowledge_base, "SELECT book_id, count(*) FROM chunks GROUP BY 1")
    assert {int(row["book"]): row["passages"] for row in coverage} == dict(counted)
    for row in coverage:
        assert row["embedded"] == dict.fromkeys((RANDOM_INDEXING, WORDLLAMA), row["passages"])


def test_figures_agree_with_each_other(written: Written) -> None:
    matching = written.report["matching"]
    any_window = matching["any_window"]["matched"]
    assert matching["highlights"] == 1_408
    assert matching["highlights"] - matching["too_short"] == matching["eligible"]
    assert matching["any_window"]["rate"] == pytest.approx(any_window / matching["eligible"])
    for name, order in matching["orders"].items():
        assert [row["budget"] for row in order["by_budget"]] == BUDGETS
        matched = [row["matched"] for row in order["by_budget"]]
        assert matched == sorted(matched), name
        assert matched[-1] <= any_window
        assert order["confirmed"] + order["contradicted"] + order["unverified"] == any_window
        for row in order["by_budget"]:
            low, high = row["ci95"]
            assert low < row["rate"] < high
            assert row["rate"] == pytest.approx(row["matched"] / matching["eligible"])
    assert matching["fallback"]["attempted"] == matching["eligible"] - any_window
    total = any_window + matching["fallback"]["matched"]
    assert matching["matched_total"]["matched"] == total >= any_window
    positions = matching["by_position"]
    assert [row["position"] for row in positions] == pytest.approx(
        [0.05 + 0.1 * n for n in range(10)]
    )


def test_comparisons_agree_with_the_rates(written: Written) -> None:
    matching = written.report["matching"]
    matched = {
        (name, row["budget"]): row["matched"]
        for name, order in matching["orders"].items()
        for row in order["by_budget"]
    }
    rows = matching["comparisons"]
    assert len({(row["a"], row["b"], row["budget"]) for row in rows}) == 6 * len(BUDGETS)
    for row in rows:
        gap = matched[row["a"], row["budget"]] - matched[row["b"], row["budget"]]
        assert row["only_a"] - row["only_b"] == gap
        assert row["difference"] == pytest.approx(gap / matching["eligible"])
        assert 0 <= row["p_value"] <= row["p_holm"] <= 1


def test_matches_agree_with_the_figures(written: Written) -> None:
    matching = written.report["matching"]
    matches = matching["matches"]
    assert [row["highlight"] for row in matches] == list(range(1, 1_409))
    methods = [row["method"] for row in matches]
    assert methods.count("exact") == matching["any_window"]["matched"]
    assert methods.count("fallback") == matching["fallback"]["matched"]
    for row in matches:
        hit = row["method"] == "exact"
        assert all((row["attempts"][order] is not None) == hit for order in ORDERS)
        assert (row["passage"] is not None) == (row["method"] != "none")
        if row["method"] == "fallback":
            assert 0 <= row["distance"] <= matching["fallback"]["threshold"]
    for name, order in matching["orders"].items():
        tried = [row["attempts"][name] for row in matches if row["method"] == "exact"]
        for row in order["by_budget"]:
            assert row["matched"] == sum(attempts <= row["budget"] for attempts in tried)


def test_passages_have_the_ids_of_the_database(demo: Demo, written: Written) -> None:
    """However they were found: numbers here, so numbers there."""
    known = {row[0] for row in fetch(demo.owner.knowledge_base, "SELECT chunk_id FROM chunks")}
    for method in ("exact", "fallback"):
        mine = [r for r in written.report["matching"]["matches"] if r["method"] == method]
        assert {row["passage"] for row in mine} <= known, method


def test_an_exact_match_stands_in_its_passage(demo: Demo, written: Written) -> None:
    """For every one: six words in a row of the highlight, in the very passage."""
    texts: dict[Any, Any] = dict(fetch(demo.owner.life_dashboard, "SELECT id, text FROM events"))
    contents: dict[Any, Any] = dict(
        fetch(demo.owner.knowledge_base, "SELECT chunk_id, lower(content) FROM chunks")
    )
    for row in written.report["matching"]["matches"]:
        if row["method"] == "exact":
            words = texts[row["highlight"]].lower().split()
            windows = [" ".join(words[i : i + 6]) for i in range(len(words) - 5)]
            assert any(window in contents[row["passage"]] for window in windows)


def test_marks_hold_the_words_of_windows_in_their_passage(demo: Demo, written: Written) -> None:
    """Each mark begins and ends with a window, and every window of the passage is in a mark."""
    texts: dict[Any, Any] = dict(fetch(demo.owner.life_dashboard, "SELECT id, text FROM events"))
    contents: dict[Any, Any] = dict(
        fetch(demo.owner.knowledge_base, "SELECT chunk_id, content FROM chunks")
    )
    for row in written.report["matching"]["matches"]:
        if row["method"] != "exact":
            assert row["marks"] == []
            continue
        content = contents[row["passage"]].lower()
        words = texts[row["highlight"]].lower().split()
        windows = [" ".join(words[i : i + 6]) for i in range(len(words) - 5)]
        marked = [content[start:stop] for start, stop in row["marks"]]
        assert marked
        for text, (start, stop) in zip(marked, row["marks"], strict=True):
            assert 0 <= start < stop <= len(content)
            assert any(text.startswith(window) for window in windows)
            assert any(text.endswith(window) for window in windows)
        for before, after in itertools.pairwise(row["marks"]):
            assert before[1] < after[0]
        for window in windows:
            assert (window in content) == any(window in text for text in marked)


def test_groups_add_up_to_all(written: Written) -> None:
    matching = written.report["matching"]
    for by, groups in matching["breakdown"].items():
        names = [group["group"] for group in groups]
        assert len(set(names)) == len(names) > 3, by
        assert sum(group["eligible"] for group in groups) == matching["eligible"]
        assert sum(group["matched"] for group in groups) == matching["matched_total"]["matched"]
    assert "Genesis" in [group["group"] for group in matching["breakdown"]["book"]]
    # Those of no book look in all of them and are found as the others are.
    no_book = next(g for g in matching["breakdown"]["book"] if g["group"] == "no book")
    assert no_book["eligible"] == 70
    assert no_book["rate"] > 0.5


def test_attempts_are_compared_where_both_orders_hit(written: Written) -> None:
    matching = written.report["matching"]
    hit = [row["attempts"] for row in matching["matches"] if row["method"] == "exact"]
    assert len({(row["a"], row["b"]) for row in matching["attempts"]}) == 6
    for row in matching["attempts"]:
        a, b = ([tried[row[side]] for tried in hit] for side in ("a", "b"))
        assert row["both"] == len(hit)
        assert row["faster_a"] == sum(x < y for x, y in zip(a, b, strict=True))
        assert row["faster_b"] == sum(x > y for x, y in zip(a, b, strict=True))
        assert row["median_a"] == statistics.median(a)
        assert row["median_b"] == statistics.median(b)


def test_drift_and_random_order_are_rates(written: Written) -> None:
    matching = written.report["matching"]
    drift = matching["edge_drift"]
    assert drift["windows"] == sum(row["windows"] for row in matching["by_position"])
    assert 0 < drift["edge_rate"] < 1
    assert (drift["odds_ratio"] < 1) == (drift["edge_rate"] < drift["middle_rate"])
    expected = [row["rate"] for row in matching["random_order"]]
    assert [row["budget"] for row in matching["random_order"]] == BUDGETS
    assert expected == sorted(expected)
    assert expected[-1] <= matching["any_window"]["rate"]


def test_most_matches_are_right(demo: Demo, written: Written) -> None:
    spans = {
        identifier: range(first, last + 1)
        for identifier, first, last in fetch(
            demo.owner.life_dashboard,
            "SELECT id, first_chunk, last_chunk FROM demo_planted WHERE kind = 'span'",
        )
    }
    for method, least in (("exact", 0.95), ("fallback", 0.95)):
        mine = [r for r in written.report["matching"]["matches"] if r["method"] == method]
        right = sum(row["passage"] in spans.get(row["highlight"], ()) for row in mine)
        assert right / len(mine) > least, method


def test_the_report_tells_the_spaces_apart(written: Written) -> None:
    pairs = {
        (row["highlight_model"], row["passage_model"]): row
        for row in written.report["similarity"]["pairs"]
    }
    labels = [
        (label, model)
        for label in (WORDLLAMA, "unlabelled")
        for model in (RANDOM_INDEXING, WORDLLAMA)
    ]
    assert sorted(pairs) == sorted(labels)
    assert pairs[WORDLLAMA, WORDLLAMA]["separation_auc"] > 0.95
    assert pairs[WORDLLAMA, WORDLLAMA]["highlights"] == 1_348
    verdicts = {
        (row["highlight_model"], row["passage_model"]): row["verdict"]
        for row in written.report["alignment"]["verdicts"]
    }
    assert sorted(verdicts) == sorted(labels)
    assert verdicts[WORDLLAMA, WORDLLAMA] == "aligned"
    assert verdicts[WORDLLAMA, RANDOM_INDEXING] == "mismatched"


def test_a_report_that_meets_a_condition_is_still_written(demo: Demo) -> None:
    done = run(
        "report",
        *(
            "--format",
            "md",
            "--sample",
            "200",
            "--fail-on",
            "match-rate<0.99",
            "--fail-on",
            "mismatch",
        ),
        environment=_of_demo(demo),
    )
    assert done.code == 1
    assert len(done.err.splitlines()) == 1
    assert "0.99" in done.err
    assert done.out.startswith("# Concordance report\n")
    rows = [line for line in done.out.splitlines() if line.startswith("|")]
    assert any("31102" in row for row in rows)
    for order in ORDERS:
        assert any(row.startswith(f"| {order} |") for row in rows)


# Markup in a title, in a label and in a text, and a label that a Markdown table would break on.
HOSTILE = "<script>alert(1)</script> | *b*"


@pytest.fixture
def hostile(make_database: MakeDatabase) -> str:
    dsn = make_database("vector", "pg_trgm")
    execute(dsn, TABLES)
    insert(dsn, "books", ["book_id", "title"], [(1, HOSTILE)])
    contents = [(n, 1, f"passage {n} says a b c d e f {n}") for n in range(1, 40)]
    insert(dsn, "chunks", ["chunk_id", "book_id", "content"], contents)
    vectors = [(n, HOSTILE, f"[{n},1]") for n in range(1, 40)]
    insert(dsn, "chunk_embeddings", ["chunk_id", "embedding_model", "embedding"], vectors)
    events = [
        (1, f"{HOSTILE} a b c d e f g", 1, "[1,2]", HOSTILE),
        (2, "too short", 1, "[1,2]", HOSTILE),
        (3, "pasage 7 sayz a bee see dee e f 7", 1, None, None),
    ]
    insert(dsn, "events", ["id", "text", "book_id", "embedding", "embedding_model"], events)
    return dsn


class Tags(HTMLParser):
    """The tags of a page, each of which must be closed."""

    VOID = frozenset({"meta", "br", "link"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.seen.add(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_html_is_well_formed_and_holds_no_markup_of_the_database(call: Call, hostile: str) -> None:
    done = call("report", "--format", "html", environment=_dsns(hostile))
    assert (done.code, done.err) == (0, "")
    page = Tags()
    page.feed(done.out)
    assert page.open == []
    assert {"html", "h1", "table"} <= page.seen
    assert "script" not in page.seen
    assert "&lt;script&gt;" in done.out


def test_markdown_keeps_its_columns_whatever_a_label_holds(call: Call, hostile: str) -> None:
    done = call("report", "--format", "md", environment=_dsns(hostile))
    assert (done.code, done.err) == (0, "")
    assert "<script>" not in done.out
    lines = [line.replace("\\|", "") for line in done.out.splitlines()]
    tables = [list(rows) for is_row, rows in groupby(lines, lambda line: line[:1] == "|") if is_row]
    assert any("alert" in row for table in tables for row in table)
    for table in tables:
        assert len({row.count("|") for row in table}) == 1, table


def test_the_options_of_the_report_are_obeyed(call: Call, hostile: str) -> None:
    done = call(
        "report",
        *("--window", "4", "--stride", "2", "--mode", "words", "--scope", "library"),
        *("--fallback", "pg_trgm", "--threshold", "1", "--budgets", "5,2,2", "--matches"),
        environment=_dsns(hostile),
    )
    assert done.code == 0
    matching = json.loads(done.out)["matching"]
    assert [matching[key] for key in ("window", "stride", "mode", "scope")] == [
        4,
        2,
        "words",
        "library",
    ]
    assert (matching["highlights"], matching["too_short"], matching["eligible"]) == (3, 1, 2)
    assert [row["budget"] for row in matching["orders"]["spread"]["by_budget"]] == [2, 5]
    assert matching["fallback"]["method"] == "pg_trgm"
    assert matching["fallback"]["operator"] == "<<->"
    assert [row["method"] for row in matching["matches"]] == [
        "exact",
        "none",
        "fallback",
    ]
    assert matching["matches"][2]["passage"] == 7


@pytest.mark.parametrize("operator", OPERATORS)
def test_the_operator_and_its_threshold_are_obeyed(
    call: Call, hostile: str, operator: Operator
) -> None:
    def fallback(*options: str) -> dict[str, Any]:
        done = call(
            *("report", "--fallback", "pg_trgm", "--operator", operator, *options),
            environment=_dsns(hostile),
        )
        assert (done.code, done.err) == (0, "")
        found: dict[str, Any] = json.loads(done.out)["matching"]["fallback"]
        assert (found["method"], found["operator"]) == ("pg_trgm", operator)
        return found

    assert fallback()["threshold"] == default_threshold("pg_trgm", operator)
    given = fallback("--threshold", "0")
    assert (given["threshold"], given["matched"]) == (0, 0)
    assert fallback("--threshold", "1")["matched"] == given["attempted"] == 1


def test_marks_over_a_border_have_an_open_end(call: Call, make_database: MakeDatabase) -> None:
    dsn = make_database("vector")
    execute(dsn, TABLES)
    passages = [(1, 1, "One two, three: four!"), (2, 1, "five six? — SEVEN eight nine ten eleven")]
    insert(dsn, "chunks", ["chunk_id", "book_id", "content"], passages)
    said = [(1, 1, "one two three four five six"), (2, 1, "three four five six seven eight nine")]
    insert(dsn, "events", ["id", "book_id", "text"], said)
    done = call(
        *("report", "--mode", "words", "--window", "4", "--matches", "--fallback", "none"),
        environment=_dsns(dsn),
    )
    first, second = json.loads(done.out)["matching"]["matches"]
    assert (first["passage"], first["marks"]) == (1, [[0, None]])
    # Both passages hold two windows each that begin there: of equals it is the first.
    assert (second["passage"], second["marks"]) == (1, [[9, None]])


def test_a_sample_is_the_same_for_the_same_seed(call: Call, hostile: str) -> None:
    def highlights(seed: int) -> list[int]:
        done = call(
            *("report", "--sample", "2", "--seed", str(seed), "--matches", "--fallback", "none"),
            environment=_dsns(hostile),
        )
        matching = json.loads(done.out)["matching"]
        assert matching["highlights"] == 2
        assert matching["fallback"]["method"] == "none"
        return [row["highlight"] for row in matching["matches"]]

    first = highlights(1)
    assert first == highlights(1)
    assert first == sorted(first)


BAD_OPTIONS: dict[str, Callable[[Path], list[str]]] = {
    "condition": lambda path: ["--fail-on", "rate<2"],
    "share": lambda path: ["--fail-on", "match-rate<1.5"],
    "window": lambda path: ["--window", "99"],
    "stride": lambda path: ["--stride", "7"],
    "sample": lambda path: ["--sample", "0"],
    "threshold above": lambda path: ["--threshold", "1.01"],
    "threshold below": lambda path: ["--threshold", "-0.01"],
    "threshold of nothing": lambda path: ["--threshold", "nan"],
    "out": lambda path: ["--out", str(path / "no" / "folder" / "report.json")],
}


@pytest.mark.parametrize("options", BAD_OPTIONS.values(), ids=BAD_OPTIONS.keys())
def test_a_bad_option_is_one_sentence(
    call: Call, small: str, tmp_path: Path, options: Callable[[Path], list[str]]
) -> None:
    done = call("report", *options(tmp_path), environment=_dsns(small))
    assert (done.code, done.out) == (1, "")
    assert len(done.err.splitlines()) == 1
    assert options(tmp_path)[0] in done.err or options(tmp_path)[1] in done.err


def test_the_report_names_what_is_wrong_with_the_tables(call: Call, small: str) -> None:
    execute(small, "ALTER TABLE events RENAME text TO words")
    done = call("report", environment=_dsns(small))
    assert (done.code, done.out) == (1, "")
    assert len(done.err.splitlines()) == 1
    assert "relations.highlights.text" in done.err
