"""Objects that are alive in this process, whoever holds them."""

from __future__ import annotations

import gc


def living(*kinds: type) -> list[object]:
    """Every object of these kinds. An object that stands in for one that is gone is none."""
    return [one for one in gc.get_objects() if issubclass(type(one), kinds)]
