"""What Streamlit is told before it starts: nothing of it may be loosened by accident."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest
from streamlit import config

from lib.settings import PROJECT

CONFIG = tomllib.loads((PROJECT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
SAFE = {
    "server.address": "127.0.0.1",
    "server.allowedHosts": ["localhost", "127.0.0.1", "::1"],
    "server.enableCORS": True,
    "server.enableXsrfProtection": True,
    "server.headless": True,
    "browser.gatherUsageStats": False,
    "client.showErrorDetails": "none",
    "client.showErrorLinks": False,
    "client.toolbarMode": "viewer",
}
# Off unless somebody turns them on: doors into the app that the frame does not guard, files of a
# folder, and names that a request may give itself.
LEFT_OFF = (
    "server.enableAgentApi",
    "server.enableStaticServing",
    "server.scriptHealthCheckEnabled",
    "server.trustedUserHeaders",
    "server.corsAllowedOrigins",
)


def _given(section: dict[str, Any] = CONFIG, place: str = "") -> dict[str, object]:
    given: dict[str, object] = {}
    for key, value in section.items():
        given |= (
            _given(value, f"{place}{key}.") if isinstance(value, dict) else {place + key: value}
        )
    return given


@pytest.mark.parametrize("option", SAFE)
def test_what_is_safe_is_said_and_not_left_to_defaults(option: str) -> None:
    assert _given()[option] == SAFE[option]


@pytest.mark.parametrize("option", LEFT_OFF)
def test_what_opens_a_door_is_left_off(option: str) -> None:
    assert option not in _given()
    assert not config.get_config_options()[option].default_val


def test_streamlit_knows_every_option() -> None:
    assert set(_given()) <= set(config.get_config_options())


def test_the_makefile_binds_to_this_machine_alone() -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    assert re.findall(r"streamlit run app.py (.+)", makefile) == [
        "--server.address 127.0.0.1 --server.port $(PORT)"
    ]
