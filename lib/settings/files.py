"""Where the secrets file and the demo are, and what the file says."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lib.errors import SettingsError

PROJECT = Path(__file__).resolve().parents[2]
SECRETS = PROJECT / ".streamlit" / "secrets.toml"
DEMO = PROJECT / ".demo"

# Sections of secrets.toml that Streamlit reads itself.
STREAMLIT_SECTIONS = frozenset({"auth"})


def secrets_path(environ: Mapping[str, str] | None = None) -> Path:
    """The file that the settings are read from, whether there is one or not."""
    environ = os.environ if environ is None else environ
    return Path(environ.get("CONCORDANCE_SECRETS") or SECRETS)


def demo_directory(environ: Mapping[str, str] | None = None) -> Path:
    """Where the demo keeps its server and library: `CONCORDANCE_DEMO`, else `.demo/`."""
    environ = os.environ if environ is None else environ
    return Path(environ.get("CONCORDANCE_DEMO") or DEMO)


def read(path: Path | None, environ: Mapping[str, str]) -> dict[str, Any]:
    """The sections of the secrets file that are Concordance's, before they are checked.

    `path` of None is the file of the environment. Raises SettingsError for a file that cannot be
    read, and for one that `CONCORDANCE_SECRETS` names and that is not there.
    """
    named = path is None and bool(environ.get("CONCORDANCE_SECRETS"))
    path = path or secrets_path(environ)
    try:
        values = tomllib.loads(_text(path, named))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        # The parser's message gives line and column, never the text of the line.
        raise SettingsError(
            f"{path.name} is not valid TOML: {error}.", "Correct that line."
        ) from None
    except FileNotFoundError:
        raise SettingsError(
            f"{path.name}, which CONCORDANCE_SECRETS names, is not there.",
            "Make that file, or correct or unset the variable.",
        ) from None
    except OSError as error:
        raise SettingsError(
            f"{path.name} cannot be read: {error.strerror}.",
            "It has to be a file that whoever runs Concordance may read.",
        ) from None
    return {key: value for key, value in values.items() if key not in STREAMLIT_SECTIONS}


def asks_for_login(environ: Mapping[str, str] | None = None) -> bool:
    """Whether the secrets file configures login; if it cannot be told, it does."""
    environ = os.environ if environ is None else environ
    try:
        text = _text(secrets_path(environ), bool(environ.get("CONCORDANCE_SECRETS")))
    except (OSError, UnicodeDecodeError):
        return True
    try:
        return not {"auth", "access"}.isdisjoint(tomllib.loads(text))
    except tomllib.TOMLDecodeError:
        return re.search(r"\b(auth|access)\b", text) is not None


def _text(path: Path, named: bool) -> str:
    """What the file holds; nothing, if there is none and nobody `named` it."""
    # Asking first whether it exists would take one that cannot be reached for one that is not.
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        if named:
            raise
        return ""
