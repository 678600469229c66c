"""Use one's own databases: what is connected now, how to connect others, what figures mean."""

from dataclasses import asdict

import streamlit as st

from lib import ui

ui.ensure_frame()

state, guide, figures = st.tabs(
    ["State", "How to connect", "What the figures mean"],
    on_change="rerun",
    key="tab",
    bind="query-params",
)

if state.open:
    with state, ui.card("Both databases, step by step", "The same as python -m lib doctor."):
        checks = ui.examine()
        st.dataframe(
            [asdict(check) for check in checks],
            hide_index=True,
            alt="Checks of both databases: step, state, what was found and what to do",
            column_config={
                "database": "Database",
                "step": "Step",
                "state": "State",
                "found": st.column_config.TextColumn("Found", width="large"),
                "todo": st.column_config.TextColumn("What to do", width="large"),
            },
        )
        problems = [check for check in checks if check.state == "problem"]
        if not problems:
            st.markdown(":green-badge[:material/check: healthy] Both databases can be used.")
        st.button("Check again", icon=":material/refresh:")

if guide.open:
    guide.markdown(ui.document("connecting.md"))

if figures.open:
    figures.markdown(ui.document("metrics.md"))
