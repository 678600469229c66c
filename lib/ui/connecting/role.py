"""A role that may only read: what the present one may do, and the statements that make another."""

from __future__ import annotations

import streamlit as st

from lib.databases.granting import grants, reader_for
from lib.databases.privileges import find_privileges
from lib.databases.wording import enumerated
from lib.ui.asking import connection, tick, with_connection
from lib.ui.cards import escape


def show_role() -> None:
    """Both roles, asked for anew, and the GRANTs with the names of these databases."""
    found = with_connection(lambda opened: opened.run_on_databases(find_privileges, tick))
    for each in found:
        if each.too_powerful:
            st.warning(
                "Concordance only reads. A role that cannot write is safe even from its mistakes.",
                title=escape(f"{each.database}: {each.sentence}"),
                icon=":material/key:",
            )
            continue
        advice = f" It {enumerated(each.advice)}." if each.advice else ""
        st.markdown(
            f":green-badge[:material/check: {each.database}] {escape(each.sentence + advice)}"
        )
    if any(each.too_powerful for each in found):
        st.markdown("Make another role, in each database with its own statements:")
    else:
        st.markdown("To make such a role again, or on another server:")
    for name, sql in grants(found, connection().settings.pools).items():
        st.caption(name)
        st.code(sql, language="sql", wrap_lines=True)
    st.markdown(
        f"Then give it a password (`\\password {reader_for(found)}` in psql), write it into both "
        "addresses in the place of the present role, and check again. "
        "`require_least_privilege = true`, above all sections of the settings, makes Concordance "
        "refuse any role that may do more."
    )
