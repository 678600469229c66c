"""Tables, boxes to choose from and lists, none of which sends a browser more than it can bear."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st
from pandas.api.types import is_object_dtype, is_string_dtype

from lib.names import cut, distinct, visible
from lib.ui.asking import limits
from lib.ui.cards import download

# Of a longer text in a cell the beginning is shown: nobody reads a page in a cell.
MOST_CHARACTERS = 1_000


def table(
    frame: pd.DataFrame,
    alternative: str,
    name: str | None = None,
    *,
    total: int | None = None,
    hidden: Sequence[str] = (),
    **options: Any,
) -> None:
    """A table of the first `limits.rows_shown` rows, and what it leaves out.

    `alternative` says what it shows to those who do not see it. With `name` a button downloads the
    rows as `<name>-<time>.csv`. `total`: rows that there are in all, where the frame holds only the
    first of them. `hidden` columns, which `column_order` leaves out, are not downloaded. `options`
    are those of `st.dataframe`.
    """
    shown = shortened(frame.head(limits().rows_shown))
    st.dataframe(shown, hide_index=True, alt=alternative, **options)
    said = left_out(len(shown), max(total or 0, len(frame)), len(frame), name is not None)
    if said:
        st.caption(said)
    if name is not None:
        download(frame.drop(columns=list(hidden)), name)


def left_out(shown: int, total: int, held: int, downloadable: bool) -> str:
    """One sentence on the rows that a table does not show; "" where it shows all.

    `held` rows of the `total` are here to be downloaded.
    """
    if shown >= total:
        return ""
    first = f"The first {shown:,} of {total:,} rows"
    if not downloadable:
        return f"{first}."
    loaded = min(held, limits().rows_downloaded)
    return f"{first}; the download has {'them all' if loaded >= total else f'{loaded:,}'}."


def shortened(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with the texts in its cells on one line and cut to what can be read there."""
    changed = {}
    for name in frame.columns:
        column = frame[name]
        if is_object_dtype(column.dtype) or is_string_dtype(column.dtype):
            values = column.tolist()
            cells = [_cell(value) for value in values]
            # Making a column anew takes longer than looking at it, and few need it.
            if any(cell is not value for cell, value in zip(cells, values, strict=True)):
                changed[name] = pd.Series(cells, index=frame.index, dtype=object)
    return frame.assign(**changed) if changed else frame


def _cell(value: Any) -> Any:
    if not isinstance(value, str) or _is_plain(value):
        return value
    return cut(visible(value[: 2 * MOST_CHARACTERS]), MOST_CHARACTERS)


def _is_plain(text: str) -> bool:
    """Whether a text can be shown as it is: what is asked here is soon answered, and enough."""
    return (
        len(text) <= MOST_CHARACTERS
        and text.isascii()
        and text.isprintable()
        and "  " not in text
        and text == text.strip()
    )


def choose(
    label: str, names: Sequence[str], key: str, default: str | None = None, **options: Any
) -> str:
    """A box to choose one of some names of the database in, at most `limits.rows_shown` of them.

    What stands in the box, and in the address, is each name as people read it.
    """
    offered = list(names)[: limits().rows_shown]
    shown = distinct(offered)
    chosen: str = st.selectbox(
        label,
        offered,
        index=offered.index(default) if default in offered else 0,
        format_func=shown.__getitem__,
        key=key,
        bind="query-params",
        **options,
    )
    return chosen


def offered(names: Sequence[str], key: str) -> list[str]:
    """Of many names the first `limits.rows_shown`, and those chosen in the widget of this key.

    What stands in the address of the page is among them, so that the widget takes it.
    """
    most = limits().rows_shown
    if len(names) <= most:
        return list(names)
    chosen = [*st.session_state.get(key, []), *st.query_params.get_all(key)]
    known = set(names)
    return list(dict.fromkeys([*names[:most], *(name for name in chosen if name in known)]))


def listed(parts: Sequence[str], most: int, between: str = ", ") -> str:
    """Parts of a sentence, the first few of many: "a, b, c and 37 others"."""
    rest = len(parts) - most
    if rest <= 0:
        return between.join(parts)
    return f"{between.join(parts[:most])} and {rest:,} other{'s' if rest > 1 else ''}"
