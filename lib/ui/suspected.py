"""Sections of the Alignment page: rows whose label lies, and highlights without one."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from lib.databases.highlights import UNLABELLED
from lib.markup import name
from lib.names import readable
from lib.similarity.audit import Audit
from lib.similarity.selecting import NO_MODEL, read_words, write_selections
from lib.ui.asking import ask, limits
from lib.ui.cards import download, escape, nothing
from lib.ui.tables import table

ALL = "all rows"
MOST_SHOWN = 200
MOST_STATED = 50
MOST_NOTES = 6
MOST_BADGES = 12
RELATIONS = {"highlights": "highlights", "embeddings": "passages' vectors"}


def show_suspects(found: Audit, key: tuple[object, ...]) -> None:
    """Rows under suspicion with their words, and the SQL that selects them.

    `key` names what was measured.
    """
    for note in found.labels.notes[:MOST_NOTES]:
        st.warning(escape(note), icon=":material/call_split:")
    suspects = found.labels.suspects
    if found.labels.judged == 0:
        nothing(
            "There are too few vectors to judge rows by.",
            "A model of passages needs 300 vectors before its space can be told from others.",
        )
        return
    if suspects.empty:
        st.markdown(
            ":green-badge[:material/check: none] Every one of "
            f"{found.labels.judged:,} judged rows fits its label."
        )
        return
    with st.container(horizontal=True):
        for relation, count in suspects["relation"].value_counts().items():
            st.badge(f"{count:,} {RELATIONS[relation]}", icon=":material/flag:", color="orange")
    if found.suspected > len(suspects):
        st.caption(f"The {len(suspects):,} clearest of {found.suspected:,} are listed.")
    st.markdown(_how_sure(found))
    group, chosen = _choose(suspects)
    key = (*key, group)
    shown = ask(read_words, chosen, MOST_SHOWN, key=(*key, "words", *chosen["id"].head(MOST_SHOWN)))
    table(
        shown.assign(looks_like=shown["looks_like"].fillna(NO_MODEL)),
        "Suspect rows: relation, id, label, what they look like, how clearly, and their words",
        height=320,
        column_order=("relation", "id", "label", "looks_like", "score", "words"),
        column_config={
            "relation": "Relation",
            "id": "Id",
            "label": "Label",
            "looks_like": "Looks like",
            "score": st.column_config.NumberColumn(
                "How clearly", format="%.2f", help="Nats per dimension in favour of the other."
            ),
            "words": st.column_config.TextColumn("Words", width="large"),
        },
    )
    if len(chosen) > len(shown):
        st.caption(f"The first {len(shown):,} of {len(chosen):,} rows; the file holds all.")
    download(chosen, "suspects")
    _state(chosen, key)


def _how_sure(found: Audit) -> str:
    expected = found.labels.false_alarms
    alarms = "less than one" if expected < 0.95 else f"about {expected:,.0f}"
    return (
        f"Of {found.labels.judged:,} rows judged, **{found.suspected:,}** are under suspicion; "
        f"by the scores of the others, **{alarms}** of these may be an honest row."
    )


def _choose(suspects: pd.DataFrame) -> tuple[str, pd.DataFrame]:
    """The suspects of one label and likeness, or all, and what they are called."""
    read_as = {
        name: readable(name) for name in {*suspects["label"], *suspects["looks_like"]} if name
    }
    likeness = suspects["looks_like"].map(read_as).fillna(NO_MODEL)
    named = suspects["label"].map(read_as) + " that look like " + likeness
    groups = named.value_counts()
    if len(groups) < 2:
        return ALL, suspects
    chosen = st.selectbox(
        "Show",
        [ALL, *groups.index[: limits().rows_shown]],
        key="suspects",
        bind="query-params",
    )
    if chosen == ALL:
        return ALL, suspects
    return chosen, suspects[named == chosen].reset_index(drop=True)


def _state(chosen: pd.DataFrame, key: tuple[object, ...]) -> None:
    """The SQL that selects the rows, for whoever may write."""
    first = chosen.head(MOST_STATED)
    with st.expander("SQL that selects these rows", icon=":material/database:"):
        st.caption(
            "Concordance only reads. Run this yourself, look at the rows, and embed them again "
            "with the model that their label names."
        )
        shown = ask(write_selections, first, key=(*key, "stated", *first["id"]))
        st.code(shown, language="sql", wrap_lines=True)
        if len(chosen) > len(first):
            st.caption(f"The first {len(first):,} of {len(chosen):,} rows; the file holds all.")
            every = ask(write_selections, chosen, key=(*key, "stated in all", *chosen["id"]))
            st.download_button(
                "All as SQL",
                every,
                file_name="concordance-suspects.sql",
                mime="application/sql",
                icon=":material/download:",
                type="tertiary",
                on_click="ignore",
            )


def show_unlabelled(found: Audit, key: tuple[object, ...]) -> None:
    """Which model the highlights without a label fit, and the SQL that selects each part."""
    looks = found.labels.unlabelled.assign(
        relation="highlights",
        label=UNLABELLED,
        looks_like=found.labels.unlabelled["looks_like"].fillna(NO_MODEL),
    )
    with st.container(horizontal=True):
        for label, count in looks["looks_like"].value_counts().head(MOST_BADGES).items():
            sure = label != NO_MODEL
            st.badge(
                f"{count:,} fit {name(label)}" if sure else f"{count:,} fit {NO_MODEL}",
                icon=":material/label:" if sure else ":material/help:",
                color="green" if sure else "orange",
            )
    with st.expander("SQL that selects them by model", icon=":material/database:"):
        shown = ask(write_selections, looks.head(MOST_STATED), key=(*key, "unlabelled"))
        st.code(shown, language="sql", wrap_lines=True)
        if len(looks) > MOST_STATED:
            st.caption(f"The first {MOST_STATED} of {len(looks):,} rows; the file holds all.")
    download(looks[["id", "looks_like"]], "unlabelled")
