"""State: what each step finds, also where nothing can be connected; in the place of a page too."""

from __future__ import annotations

import streamlit as st

from lib import settings as settings_file
from lib.errors import ConcordanceError, DatabaseError, RoleTooPowerful
from lib.report.diagnosis import needs_mapping
from lib.ui.asking import examine
from lib.ui.cards import card, show_error
from lib.ui.connecting.finding import file_name, propose_tables
from lib.ui.connecting.steps import check_again, link_to_role, show_steps


def show_connecting(failure: ConcordanceError) -> None:
    """In the place of a page: why it cannot be shown, what each step finds, and what to do."""
    show_error(failure)
    if isinstance(failure, RoleTooPowerful):
        link_to_role()
    if isinstance(failure, DatabaseError):
        show_state()
    else:
        _show_ways_on()


def show_state() -> None:
    """Both databases step by step, and a mapping where tables or columns are missing."""
    with card("Both databases, step by step", "The same as make doctor."):
        try:
            # What was mistyped since the connection was made is to be seen here too.
            settings_file.load()
            checks = examine()
        except ConcordanceError as error:
            show_error(error)
            _show_ways_on()
            return
        show_steps(checks)
        check_again()
        if needs_mapping(checks):
            st.subheader("Find my tables")
            propose_tables()


def _show_ways_on() -> None:
    st.markdown(f"The settings are read from `{file_name()}`.")
    with st.container(horizontal=True, vertical_alignment="center"):
        check_again()
        st.page_link(
            "pages/connect.py",
            label="How to connect",
            icon=":material/cable:",
            query_params={"tab": "How to connect"},
        )
