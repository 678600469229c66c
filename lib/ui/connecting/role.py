"""A role that may only read: what the present one may do, and the statements that make another."""

from __future__ import annotations

import streamlit as st

from lib.databases.granting import grants, reader_for
from lib.databases.privileges import Privileges
from lib.databases.wording import enumerated
from lib.ui.asking import connection
from lib.ui.cards import escape
from lib.ui.connecting.privileges import fresh_privileges, known_privileges


def show_role() -> None:
    """Both roles, asked for anew, and the GRANTs with the names of these databases."""
    known, found = known_privileges(), fresh_privileges()
    if _excessive(known) != _excessive(found):
        # The line above every page tells what was known before.
        st.rerun()
    for each in found:
        if each.too_powerful:
            st.warning(
                "Concordance only reads. A role that cannot write is safe even from its mistakes.",
                title=escape(f"{each.database}: {each.sentence}"),
                icon=":material/key:",
            )
            continue
        st.markdown(f":green-badge[:material/check: {each.database}] {escape(_harmless(each))}")
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


def _harmless(found: Privileges) -> str:
    """What a role may do that is not too powerful."""
    if not found.advice:
        return found.sentence
    return (
        f"The role {found.role} may change nothing that Concordance reads, but "
        f"{enumerated(found.advice)}."
    )


def _excessive(found: tuple[Privileges, ...]) -> set[tuple[str, str]]:
    return {(each.database, each.role) for each in found if each.too_powerful}
