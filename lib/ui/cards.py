"""Cards, charts, errors and empty states."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import pandas as pd
import streamlit as st

from lib import markup
from lib.charts import Specification
from lib.errors import ConcordanceError
from lib.names import slug
from lib.settings import PROJECT
from lib.ui.asking import limits


@contextmanager
def card(title: str, explanation: str = "") -> Iterator[None]:
    """A titled part of a page; an error in it leaves the rest of the page alive."""
    with st.container(border=True):
        st.subheader(title)
        if explanation:
            st.caption(explanation)
        try:
            with st.skeleton(height=220):
                yield
        except ConcordanceError as error:
            show_error(error)


def figure(label: str, count: Callable[[], int]) -> int | None:
    """A number in a frame; where it cannot be had, a dash that tells why, and None."""
    try:
        number = count()
    except ConcordanceError as error:
        st.metric(label, "–", border=True, help=markup.escape(f"{error.message} {error.hint}"))
        return None
    st.metric(label, f"{number:,}", border=True)
    return number


def show_error(error: ConcordanceError) -> None:
    """One sentence on what is wrong, one on what to do; text of a database is never markup."""
    st.error(markup.escape(error.hint or "Try again."), title=markup.escape(error.message))


def nothing(why: str, what_next: str) -> None:
    """An empty state: why there is nothing here, and what to do about it."""
    st.info(what_next, title=why, icon=":material/inbox:")


def chart(
    drawing: Specification,
    data: pd.DataFrame,
    alternative: str,
    name: str,
) -> None:
    """A chart with its text alternative and a download of its data as `<name>-<time>.csv`.

    `drawing` as of `lib.ui.drawings.finished`.
    """
    st.vega_lite_chart(drawing, width="stretch", alt=alternative, key=f"chart-{name}")
    download(data, name)


def choosing_chart(
    drawing: Specification,
    data: pd.DataFrame,
    alternative: str,
    name: str,
    field: str,
    widget: str,
) -> None:
    """A chart of which a click puts the names of the chosen marks into the widget of key `widget`.

    The drawing has a selection named `field` over the field of that name.
    """
    drawn = st.session_state.get(f"drawn-{name}", 0)
    key = f"chart-{name}-{drawn}"

    def clicked() -> list[str]:
        chosen = st.session_state[key].selection.get(field, []) if key in st.session_state else []
        return [mark[field] for mark in chosen if field in mark]

    if clicked() and clicked() != st.session_state.get(widget):
        # The choice was changed elsewhere. A new chart has none, so that the same click counts.
        st.session_state[f"drawn-{name}"] = drawn + 1
        key = f"chart-{name}-{drawn + 1}"

    def take() -> None:
        st.session_state[widget] = clicked()

    st.vega_lite_chart(
        drawing, width="stretch", alt=alternative, key=key, on_select=take, selection_mode=field
    )
    download(data, name)


def download(data: pd.DataFrame, name: str, label: str = "Data as CSV") -> None:
    """A button that downloads a frame: its first `limits.rows_downloaded` rows."""
    most = limits().rows_downloaded
    stamp = dt.datetime.now().strftime("%Y-%m-%d-%H%M")
    st.download_button(
        label,
        data=lambda: data.head(most).to_csv(index=False).encode("utf-8", "replace"),
        file_name=f"concordance-{slug(name)}-{stamp}.csv",
        mime="text/csv",
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
        key=f"download-{name}",
    )


def document(name: str) -> str:
    """The Markdown of a file in docs/, without its title."""
    text = (PROJECT / "docs" / name).read_text(encoding="utf-8")
    return text.partition("\n")[2] if text.startswith("# ") else text


def escape(text: str) -> str:
    """Text of a database as Markdown that shows it literally."""
    return markup.escape(text)


def model_order(models: Iterable[str], labels: Iterable[str] = ()) -> list[str]:
    """All labels in the order that decides their colours: those of passages first."""
    return list(dict.fromkeys([*models, *labels]))


def state_badge(present: bool) -> str:
    """A badge, as Markdown, that says whether something is there."""
    if present:
        return ":green-badge[:material/check: present]"
    return ":orange-badge[:material/warning: missing]"
