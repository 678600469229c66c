"""Find my tables: what the catalogues of both databases propose for `[relations]`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import streamlit as st

from lib import settings as settings_file
from lib.databases.doctor import Check
from lib.mapping import Proposal, Proposed, propose
from lib.settings import PROJECT
from lib.ui.asking import with_connection
from lib.ui.cards import escape, nothing
from lib.ui.turns import tick

# Once asked for in a session, the proposal stays.
LOOKED = "looked-for-tables"

# What comes before any table.
ENTRY = frozenset({"reach", "log in", "extensions"})

# Only this is in the document; to grant or to embed something is not.
TO_MAP = re.compile(r"\bmap (a view|what lies beyond)\b")

CONFIDENCE = {
    "sure": ":green-badge[:material/check: sure]",
    "likely": ":blue-badge[:material/thumb_up: likely]",
    "guess": ":orange-badge[:material/help: a guess]",
}


def find_tables(checks: Sequence[Check]) -> None:
    """The proposal: at once where the doctor found what it may mend, else when it is asked for."""
    failed = {check.step for check in checks if check.state == "problem"}
    if failed & ENTRY:
        nothing("Nothing was looked for", "First correct what State shows.")
        return
    if not failed and LOOKED not in st.session_state:
        st.markdown("All tables are found. Look again to see what is proposed for them, and why.")
        st.button("Look for tables", icon=":material/manage_search:", on_click=_look)
        return
    propose_tables()


def propose_tables() -> None:
    """What both catalogues propose."""
    with st.spinner("Reading both catalogues"):
        proposal = with_connection(lambda opened: opened.run_on_databases(propose, tick))
    show_proposal(proposal)


def _look() -> None:
    st.session_state[LOOKED] = True


def show_proposal(proposal: Proposal) -> None:
    """What to paste, and then each relation with its reasons and first rows."""
    for sentence in proposal.missing:
        _show_missing(sentence)
    if proposal.toml.strip():
        st.markdown(
            f"**Paste this** below the connections in `{file_name()}`, in the place of any "
            "`[relations]` that it has, and check again."
        )
        st.code(proposal.toml, language="toml", wrap_lines=True)
    for relation in proposal.relations:
        with st.container(border=True):
            _show_relation(relation)


def _show_missing(sentence: str) -> None:
    """What was not found, and what is to be done about it: a sentence of the proposal has both."""
    todo = escape(sentence)
    if TO_MAP.search(sentence):
        todo += " How to connect shows how."
    nothing("Not found", todo)


def _show_relation(relation: Proposed) -> None:
    st.markdown(
        f"**{relation.name.capitalize()}** are in **{escape(relation.table)}** of "
        f"{relation.database} {CONFIDENCE[relation.confidence]}"
    )
    st.markdown("\n".join(f"- {escape(reason)}" for reason in relation.reasons))
    for doubt in relation.doubts:
        st.markdown(f":orange[:material/warning: {escape(doubt)}]")
    mapped = pd.DataFrame(
        [
            {"key": key, "column": column, **_examples(relation, key)}
            for key, column in relation.columns.items()
        ]
        + [
            {"key": key, "column": "", "first row": f"all rows: {text}"}
            for key, text in relation.constants.items()
        ]
    )
    st.dataframe(
        mapped.fillna(""),
        hide_index=True,
        alt=f"Columns proposed for {relation.name}, with what the first rows hold",
        column_config={
            "key": st.column_config.TextColumn("Setting", pinned=True),
            "column": "Column",
            "first row": "First row",
            "second row": "Second row",
            "third row": "Third row",
        },
    )
    if relation.alternatives:
        st.caption("Otherwise: " + " ".join(escape(other) for other in relation.alternatives))


def _examples(relation: Proposed, key: str) -> dict[str, str]:
    names = ("first row", "second row", "third row")
    return {name: row.get(key, "") for name, row in zip(names, relation.preview, strict=False)}


def file_name() -> Path:
    """The settings file, short where it is where it belongs."""
    path = settings_file.secrets_path()
    return path.relative_to(PROJECT) if path.is_relative_to(PROJECT) else path
