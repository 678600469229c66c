"""What books are called where one is to be chosen."""

from __future__ import annotations

import pandas as pd

from lib.names import TITLE_CHARACTERS, readable


def distinct_titles(titles: pd.DataFrame) -> dict[str, str]:
    """A title for each book (id as text), no two of them the same; `titles` as of `read_books`.

    Of books of one title each is told from the others by its id.
    """
    names = titles["title"].map(lambda title: readable(title, TITLE_CHARACTERS))
    repeated = names.duplicated(keep=False)
    ids = titles["book"].map(readable)
    return dict(zip(titles["book"], names.where(~repeated, names + " (" + ids + ")"), strict=True))
