"""One highlight explained: what was heard beside what is written, and which windows hit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import pandas as pd
import streamlit as st

from lib import charts, markup
from lib.markup import name
from lib.matching.explanation import Explanation
from lib.matching.word_alignment import Part, WordAlignment
from lib.names import EMPTY, readable
from lib.ui.cards import escape
from lib.ui.drawings import finished
from lib.ui.tables import table as show_table

HIT: Final = "green"
OTHER: Final = "orange"
HEARD_ONLY: Final = "violet"
WRITTEN_ONLY: Final = "blue"
COLOURS = {"substitution": OTHER, "insertion": HEARD_ONLY, "deletion": WRITTEN_ONLY}
LEGEND = (
    f":{HIT}-background[in a window that hits] "
    f":{OTHER}-background[another word] "
    f":{HEARD_ONLY}-background[only heard] "
    f":{WRITTEN_ONLY}-background[only in the book]"
)
# Characters of a passage before and after the stretch: neighbours of a verse or a paragraph.
MOST_OUTSIDE = 2_000
ICONS = {"found": ":material/check_circle:", "too short": ":material/short_text:"}


def show_explanation(identifier: str, explanation: Explanation, titles: dict[str, str]) -> None:
    """Everything that is known of one highlight; `titles` by book id as text."""
    st.markdown(
        f"{ICONS.get(explanation.reason, ':material/help:')} **Highlight {name(identifier)}: "
        f"{explanation.reason}.** {escape(explanation.sentence)}"
    )
    left, right = st.columns(2)
    with left, st.container(border=True):
        st.markdown("**Heard**")
        st.markdown(markup.highlight(_coloured(_shortened(explanation.heard), "")) or EMPTY)
    with right, st.container(border=True):
        if explanation.passages.empty:
            st.markdown("**Written**")
            st.caption("There is no passage to put beside it.")
        above = None
        for passage in explanation.passages.itertuples():
            chapter = ""
            if isinstance(passage.chapter, str):
                chapter = f", chapter {readable(passage.chapter)}"
            heading = f"{titles.get(passage.book, 'unknown book')}{chapter}"
            if heading != above:
                st.markdown(f"**Written** in {escape(heading)}")
            above = heading
            st.markdown(markup.highlight(_coloured(_shortened(passage.parts), "grey")) or EMPTY)
    st.caption(LEGEND)
    if explanation.truncated:
        st.caption("A very long text is compared and shown in part.")
    if explanation.alignment is not None:
        _show_errors(explanation.alignment)
    if len(explanation.windows):
        st.vega_lite_chart(
            finished(charts.window_strip, explanation.windows),
            width="stretch",
            alt="Strip of the windows of the highlight, coloured by whether they hit.",
            key="chart-windows",
        )


def _shortened(parts: Sequence[Part]) -> list[Part]:
    """Parts of which what lies outside of the stretch is cut where it is long."""
    last = len(parts) - 1
    shown = []
    for number, part in enumerate(parts):
        text = part.text
        if part.kind == "outside" and len(text) > MOST_OUTSIDE:
            before = text[:MOST_OUTSIDE] if number or not last else ""
            after = text[-MOST_OUTSIDE:] if number < last else ""
            text = f"{before} … {after}" if len(before) + len(after) < len(text) else text
        shown.append(replace(part, text=text))
    return shown


def _coloured(parts: Sequence[Part], outside: str) -> list[tuple[str, str]]:
    """Each part with its colour; what is around the stretch in the colour `outside`."""
    return [
        (
            part.text,
            outside if part.kind == "outside" else COLOURS.get(part.kind, HIT if part.hit else ""),
        )
        for part in parts
    ]


def _show_errors(alignment: WordAlignment) -> None:
    """Counts of the errors, and on demand each of them."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(f"word error rate {alignment.word_error_rate:.0%}", color="gray")
        st.badge(f"{alignment.equal:,} right", color="green")
        st.badge(f"{alignment.substitutions:,} substituted", color=OTHER)
        st.badge(f"{alignment.insertions:,} inserted", color=HEARD_ONLY)
        st.badge(f"{alignment.deletions:,} deleted", color=WRITTEN_ONLY)
        st.badge(f"longest run {alignment.longest_run:,} words", color="gray")
    if alignment.differences:
        with st.expander("Word by word"):
            table = pd.DataFrame(
                [(one.heard, one.written, one.kind) for one in alignment.differences],
                columns=["heard", "written", "error"],
            )
            show_table(
                table,
                "Each error: the word heard, the word written, and its kind",
                "word-errors",
                column_config={"heard": "Heard", "written": "Written", "error": "Error"},
            )
