"""What the sections of the Matches page share: one scan, and what it says within a scope."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from lib.matching.rates import Scope
from lib.matching.scan import Scan
from lib.matching.study import Study
from lib.similarity.coverage import titles_of


@dataclass(frozen=True)
class Matched:
    """A scan and its study; `key` names them, `titles` as of `read_books`, `passages` counted."""

    key: tuple[Any, ...]
    scan: Scan
    study: Study
    scope: Scope
    titles: pd.DataFrame
    passages: int

    @property
    def title_of(self) -> dict[str, str]:
        """The title of each book, as people read it, by its id as text."""
        return titles_of(self.titles)
