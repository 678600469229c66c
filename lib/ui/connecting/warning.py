"""One line on every page where a role may do more than read."""

from __future__ import annotations

import streamlit as st

from lib.ui.cards import escape
from lib.ui.connecting.privileges import known_privileges
from lib.ui.connecting.steps import link_to_role


def warn_of_privileges() -> None:
    """Say so, with a link to what to do about it; nothing for roles that may only read.

    Silent where the roles cannot be asked for, as the page itself says why.
    """
    excessive = [each for each in known_privileges() if each.too_powerful]
    if not excessive:
        return
    roles = dict.fromkeys(each.role for each in excessive)
    named = " and ".join(escape(role) for role in roles)
    where = " and ".join(each.database for each in excessive)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f":orange-badge[:material/key: too powerful] The role {named} may do more than read in "
            f"{escape(where)}.",
            width="content",
        )
        link_to_role()
