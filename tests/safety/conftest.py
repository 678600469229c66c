"""A server that notes what it is asked, and the app on it as the owner of everything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st

from lib.connection import Connection
from lib.demo.provision import DemoAddresses
from tests.conftest import Demo
from tests.safety.guarded import Guarded, guarded_server
from tests.safety.living import living

SetUp = Callable[..., None]


@pytest.fixture(scope="session")
def guarded(demo: Demo) -> Iterator[Guarded]:
    """The server, with a part of the demo's library; it notes every statement."""
    with guarded_server(demo.owner) as running:
        yield running


@pytest.fixture
def set_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[SetUp]:
    """Connects the app anew: to these addresses, with these settings."""

    def set_up(addresses: DemoAddresses | None, settings: str = "") -> None:
        forget()
        secrets = tmp_path / "secrets.toml"
        secrets.write_text(settings, encoding="utf-8")
        monkeypatch.setenv("CONCORDANCE_SECRETS", str(secrets))
        for variable in ("LIFE_DASHBOARD", "KNOWLEDGE_BASE"):
            monkeypatch.delenv(f"{variable}_DSN", raising=False)
            if addresses is not None:
                value = getattr(addresses, variable.lower())
                monkeypatch.setenv(f"{variable}_DSN", value)

    yield set_up
    forget()


def forget() -> None:
    """Close every connection of the app and forget what it remembers."""
    st.cache_resource.clear()
    st.cache_data.clear()
    for found in living(Connection):
        assert isinstance(found, Connection)
        found.close()
