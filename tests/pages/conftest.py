"""The pages, run by Streamlit's own test runner against the demo's real databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

import lib.connection
from lib.demo.provision import DemoAddresses
from tests.conftest import Demo
from tests.pgbouncer import POOLED, PgBouncer, pgbouncer_before

ROOT = Path(__file__).parents[2]
TIMEOUT = 90

OpenPage = Callable[..., AppTest]


@pytest.fixture(scope="package", autouse=True, params=["direct", "pgbouncer"])
def way(request: pytest.FixtureRequest, demo: Demo) -> Iterator[PgBouncer | None]:
    """How the demo's server is reached: every test of a page runs both ways."""
    st.cache_resource.clear()
    st.cache_data.clear()
    if request.param == "direct":
        yield None
        return
    with pgbouncer_before(demo.reader.life_dashboard) as pooler:
        yield pooler
        st.cache_resource.clear()


@pytest.fixture(autouse=True)
def own_settings(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, demo: Demo, way: PgBouncer | None
) -> None:
    """No setting of whoever runs the tests: the demo, unless a test says otherwise."""
    for variable in ("LIFE_DASHBOARD_DSN", "KNOWLEDGE_BASE_DSN"):
        monkeypatch.delenv(variable, raising=False)
    secrets = tmp_path / "secrets.toml"
    secrets.write_text("" if way is None else POOLED, encoding="utf-8")
    monkeypatch.setenv("CONCORDANCE_SECRETS", str(secrets))
    if way is not None:
        through = DemoAddresses(
            way.dsn(demo.reader.life_dashboard), way.dsn(demo.reader.knowledge_base)
        )
        monkeypatch.setattr(lib.connection, "addresses", lambda server: through)


@pytest.fixture
def fresh_connection() -> Iterator[None]:
    """The test connects anew, and so does the next one."""
    st.cache_resource.clear()
    st.cache_data.clear()
    yield
    st.cache_resource.clear()


@pytest.fixture
def open_page() -> OpenPage:
    """Opens a page by name, with query parameters as keywords."""

    def opened(name: str, **parameters: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=TIMEOUT)
        app.run()
        if name != "library":
            for key, value in parameters.items():
                app.query_params[key] = value
            app.switch_page(f"pages/{name}.py").run()
        return app

    return opened


def said(app: AppTest) -> str:
    """All that a page says, titles of alerts included, in one text."""
    kinds = ("title", "subheader", "markdown", "caption", "error", "info", "warning")
    elements: list[Any] = [element for kind in kinds for element in app.get(kind)]
    return "\n".join(f"{getattr(e.proto, 'title', '')} {e.value}" for e in elements)
