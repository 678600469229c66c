"""What the pages say when something is wrong: a sentence, what to do, never a secret."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import ROOT, TIMEOUT, said

CANARY = "canary-5f2b"


@pytest.fixture
def app(fresh_connection: None) -> AppTest:
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=TIMEOUT)


def test_an_unknown_setting_is_named(app: AppTest, tmp_path: Path) -> None:
    (tmp_path / "secrets.toml").write_text("[pools]\nmax_sise = 3\n")
    text = said(app.run())
    assert "pools" in text
    assert "max\\_sise" in text
    assert "Did you mean max\\_size" in text
    assert not app.exception


def test_an_unreachable_server_is_named_without_its_password(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LIFE_DASHBOARD", "KNOWLEDGE_BASE"):
        monkeypatch.setenv(
            f"{name}_DSN", f"postgresql://reader:{CANARY}@127.0.0.1:9/{name.lower()}"
        )
    text = said(app.run())
    assert "No server answers for life\\_dashboard" in text
    assert "LIFE\\_DASHBOARD\\_DSN" in text
    assert CANARY not in text
    assert not app.exception


def test_a_bad_address_is_refused_before_it_is_used(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIFE_DASHBOARD_DSN", f"mysql://reader:{CANARY}@127.0.0.1/x")
    monkeypatch.setenv("KNOWLEDGE_BASE_DSN", "postgresql://127.0.0.1/x")
    text = said(app.run())
    assert "LIFE\\_DASHBOARD\\_DSN is not a PostgreSQL address" in text
    assert CANARY not in text
