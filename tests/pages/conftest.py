"""The pages run by Streamlit's own test runner against real databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).parents[2]
TIMEOUT = 60

OpenPage = Callable[..., AppTest]


@pytest.fixture(autouse=True)
def fresh_caches() -> Iterator[None]:
    """Every test connects by its own settings."""
    st.cache_data.clear()
    st.cache_resource.clear()
    yield
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture
def open_page() -> OpenPage:
    """Opens a page as a browser with these query parameters would."""

    def opened(name: str, **parameters: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=TIMEOUT)
        for key, value in parameters.items():
            app.query_params[key] = value
        app.run()
        if name != "library":
            app.switch_page(f"pages/{name}.py").run()
        return app

    return opened


def texts(app: AppTest) -> str:
    """All that a page says, in one text."""
    parts = [element.value for kind in ("title", "subheader", "markdown", "caption") for element in app.get(kind)]
    parts += [f"{box.value}" for kind in ("error", "info", "warning") for box in app.get(kind)]
    return "\n".join(str(part) for part in parts)
