"""What is wrong with the settings, said in one sentence."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import get_args, get_origin

from pydantic import BaseModel, ValidationError

from lib.errors import SettingsError
from lib.settings.model import Settings


def explain(error: ValidationError, path: Path) -> SettingsError:
    """One sentence for the first fault that pydantic found; values are never quoted."""
    faults = error.errors(include_url=False)
    # A misspelt key is both unknown and missing: the first says more.
    fault = min(faults, key=lambda found: found["type"] != "extra_forbidden")
    place = [str(part) for part in fault["loc"]]
    setting = ".".join(map(_spelled, place))
    if fault["type"] == "extra_forbidden":
        known = _keys_beside(place)
        near = difflib.get_close_matches(place[-1], known, n=1, cutoff=0.4)
        hint = f"Did you mean {near[0]}?" if near else f"Known here: {', '.join(sorted(known))}."
        if place[0] == "embedders" and isinstance(fault["input"], dict):
            # TOML takes a dot in a bare key for the beginning of a section within.
            hint = f'Write a label that holds a dot in quotes: [embedders."{".".join(place[1:])}"].'
        return SettingsError(f"Unknown setting {setting} in {path.name}.", hint)
    if fault["type"] == "missing":
        return SettingsError(f"The setting {setting} is missing in {path.name}.", "Add it.")
    reason = fault["ctx"]["error"] if fault["type"] == "value_error" else fault["msg"]
    return SettingsError(f"The setting {setting} in {path.name} is wrong: {reason}.")


def _spelled(key: str) -> str:
    """A key as TOML wants it written: in quotes where it is more than letters and digits."""
    return key if re.fullmatch(r"[\w-]+", key, re.ASCII) else f'"{key}"'


def _keys_beside(place: list[str]) -> list[str]:
    """The keys that are known where the unknown key `place[-1]` stands."""
    model: type[BaseModel] = Settings
    parts = iter(place[:-1])
    for part in parts:
        annotation = model.model_fields[part].annotation
        candidates = get_args(annotation) or (annotation,)
        model = next(c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel))
        if get_origin(annotation) is Mapping:
            next(parts)  # A label, which may be any.
    return list(model.model_fields)
