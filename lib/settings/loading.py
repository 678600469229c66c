"""From the secrets file and the environment to settings that have been checked."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from lib.errors import SettingsError
from lib.settings.explaining import explain
from lib.settings.files import read, secrets_path
from lib.settings.hosts import UnusableHosts, named_hosts
from lib.settings.model import DSN_VARIABLES, DatabaseName, Settings


def load(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Read and check the settings.

    `path` is the secrets file, which need not be there (default: `CONCORDANCE_SECRETS`, which must
    be, else the project's), `environ` the environment (default: the process's). Raises
    SettingsError with one sentence that names the setting and the fix.
    """
    environ = os.environ if environ is None else environ
    values = read(path, environ)
    path = path or secrets_path(environ)
    origins: dict[DatabaseName, str] = {}
    for database, variable in DSN_VARIABLES.items():
        origins[database] = f"connections.{database}.dsn in {path.name}"
        if environ.get(variable):
            _section(_section(values, "connections"), database)["dsn"] = environ[variable]
            origins[database] = variable
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        raise explain(error, path) from None
    _check_connections(settings, origins)
    return settings


def _section(values: dict[str, Any], key: str) -> dict[str, Any]:
    section = values.setdefault(key, {})
    if not isinstance(section, dict):
        raise SettingsError(f"{key} must be a section of the settings.", f"Write it as [{key}].")
    return section


def _check_connections(settings: Settings, origins: Mapping[DatabaseName, str]) -> None:
    configured = {name: getattr(settings.connections, name) is not None for name in DSN_VARIABLES}
    if any(configured.values()) and not all(configured.values()):
        there = next(name for name, found in configured.items() if found)
        lacking = next(name for name, found in configured.items() if not found)
        raise SettingsError(
            f"{there} is configured but {lacking} is not.",
            f"Set {DSN_VARIABLES[lacking]} or [connections.{lacking}], or remove both.",
        )
    if not settings.demo:
        for name in DSN_VARIABLES:
            _check_dsn(settings.dsn(name), origins[name])


def _check_dsn(dsn: str, origin: str) -> None:
    hint = "Write it as postgresql://user@host:5432/database."
    try:
        parts = urlsplit(dsn)
    except ValueError:
        raise SettingsError(f"{origin} is not a PostgreSQL address.", hint) from None
    if parts.scheme not in {"postgresql", "postgres"}:
        raise SettingsError(
            f"{origin} is not a PostgreSQL address: it does not begin with postgresql://.", hint
        )
    try:
        named_hosts(dsn, {})
    except UnusableHosts as error:
        raise SettingsError(f"{origin} {error}.", hint) from None
