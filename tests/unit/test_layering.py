"""The architecture of the design, read off the sources."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LIB = sorted((ROOT / "lib").rglob("*.py"))
PAGES = sorted((ROOT / "pages").glob("*.py"))
SHOWN = [*sorted(ROOT.glob("app.py")), *PAGES]

# Dependencies point from a higher number to a lower or the same one.
LAYERS = {
    "lib.errors": 0,
    "lib.settings": 0,
    "lib.names": 0,
    "lib.demo": 1,
    "lib.databases": 1,
    "lib.connection": 2,
    "lib.mapping": 2,
    "lib.matching": 2,
    "lib.similarity": 2,
    "lib.search": 2,
    "lib.report": 3,
    "lib.ui": 4,
    "lib.charts": 4,
    "lib.markup": 4,
    "lib.__main__": 5,
}
NOT_FOR_PAGES = {"altair", "asyncpg", "numpy", "scipy", "ahocorasick_rs", "rapidfuzz"}
SQL = re.compile(
    r"\b(SELECT\b.+\bFROM|INSERT INTO|UPDATE .+ SET|DELETE FROM|GROUP BY|ORDER BY|"
    r"CREATE (UNIQUE )?INDEX|CREATE (TABLE|VIEW)|WHERE)\b",
    re.DOTALL,
)


def _name(path: Path) -> str:
    """A source file of the project, as a test's id."""
    return str(path.relative_to(ROOT))


def _module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _imports(path: Path) -> Iterator[str]:
    """The full names of all that a file imports, wherever in it."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = parts[: -node.level] if node.level else ()
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _layer(module: str) -> int | None:
    return next(
        (n for name, n in LAYERS.items() if module == name or module.startswith(f"{name}.")), None
    )


def _strings(path: Path) -> Iterator[str]:
    """Every string that a file writes, f-strings included, docstrings excluded."""
    documented = {
        id(node.body[0].value)
        for node in ast.walk(_tree(path))
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.JoinedStr):
            yield "".join(
                part.value
                if isinstance(part, ast.Constant) and isinstance(part.value, str)
                else " x "
                for part in node.values
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from [] if id(node) in documented else [node.value]


def test_the_sources_are_found() -> None:
    assert len(LIB) > 20
    assert SHOWN


def test_every_module_of_lib_has_its_layer() -> None:
    assert [_name(p) for p in LIB if _module(p) != "lib" and _layer(_module(p)) is None] == []


@pytest.mark.parametrize("path", LIB, ids=_name)
def test_only_ui_imports_streamlit(path: Path) -> None:
    if not f"{_module(path)}.".startswith("lib.ui."):
        assert not [name for name in _imports(path) if name.split(".")[0] == "streamlit"]


@pytest.mark.parametrize("path", LIB, ids=_name)
def test_dependencies_point_one_way(path: Path) -> None:
    mine = _layer(_module(path)) or 0
    higher = [name for name in _imports(path) if (_layer(name) or 0) > mine]
    assert higher == []


@pytest.mark.parametrize(
    "path", [p for p in LIB if _module(p).startswith("lib.databases")], ids=_name
)
def test_databases_know_nothing_of_what_is_made_of_them(path: Path) -> None:
    above = ("lib.matching", "lib.similarity", "lib.search", "lib.report", "lib.demo")
    assert not [name for name in _imports(path) if name.startswith(above)]


@pytest.mark.parametrize("path", LIB, ids=_name)
def test_lib_never_imports_pages(path: Path) -> None:
    assert not [name for name in _imports(path) if name.split(".")[0] in {"pages", "app", "tests"}]


@pytest.mark.parametrize("path", LIB, ids=_name)
def test_only_databases_and_the_demo_speak_to_a_server(path: Path) -> None:
    if not _module(path).startswith(("lib.databases", "lib.demo")):
        assert not [name for name in _imports(path) if name.split(".")[0] == "asyncpg"]
        assert not [text for text in _strings(path) if SQL.search(text)]


@pytest.mark.parametrize("path", SHOWN, ids=_name)
def test_a_page_is_widgets_and_calls(path: Path) -> None:
    packages = {name.split(".")[0] for name in _imports(path)}
    assert not packages & NOT_FOR_PAGES
    foreign = packages - {"streamlit", "lib"} - set(sys.stdlib_module_names)
    assert foreign == set()


@pytest.mark.parametrize("path", SHOWN, ids=_name)
def test_a_page_has_no_sql(path: Path) -> None:
    assert not [text for text in _strings(path) if SQL.search(text)]


@pytest.mark.parametrize("path", [*SHOWN, *LIB], ids=_name)
def test_text_is_never_html_and_nothing_deprecated_is_used(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert "unsafe_allow_html" not in source
    assert "use_container_width" not in source


@pytest.mark.parametrize("path", [*SHOWN, *LIB], ids=_name)
def test_no_fragment_runs_without_asking_who_looks(path: Path) -> None:
    if _module(path) != "lib.ui.login":
        used = {
            ast.unparse(node) for node in ast.walk(_tree(path)) if isinstance(node, ast.Attribute)
        }
        assert not {"st.fragment", "st.dialog"} & used
        assert not {"streamlit.fragment", "streamlit.dialog"} & set(_imports(path))


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT id FROM events",
        "SELECT count(*)\nFROM x",
        "DELETE FROM x",
        "CREATE INDEX CONCURRENTLY ON x",
        "x WHERE y",
    ],
)
def test_sql_is_recognised(statement: str) -> None:
    assert SQL.search(statement)
    assert not SQL.search("Select a highlight from the list, where it is shown.")
