"""Use one's own databases: what is connected now, how to connect others, what figures mean."""

import streamlit as st

from lib import ui

ui.ensure_frame()

state, tables, role, guide, figures = st.tabs(
    ["State", "Find my tables", ui.ROLE_TAB, "How to connect", "What the figures mean"],
    on_change="rerun",
    key="tab",
    bind="query-params",
)

if state.open:
    with state:
        ui.show_state()

if tables.open:
    with tables, ui.card("Find my tables", "What both databases hold that can serve, and why."):
        ui.find_tables(ui.examine())

if role.open:
    with (
        role,
        ui.card(
            "A role that may only read",
            "What the roles of both connections may do, and a safer one.",
        ),
    ):
        ui.show_role()

if guide.open:
    guide.markdown(ui.document("connecting.md"))

if figures.open:
    figures.markdown(ui.document("metrics.md"))
