"""One line on every page where a role may do more than read."""

from __future__ import annotations

import time
from dataclasses import dataclass
from math import inf

import streamlit as st

from lib.databases.privileges import Privileges, find_privileges
from lib.errors import ConcordanceError
from lib.ui.asking import connection, tick
from lib.ui.cards import escape
from lib.ui.connecting.steps import link_to_role

AGAIN_SECONDS = 30.0


@dataclass
class _Known:
    """What is known of the roles of one connection: None until they could be asked for."""

    privileges: tuple[Privileges, ...] | None = None
    failed_at: float = -inf


@st.cache_resource(max_entries=8, show_spinner=False)
def _known(connection_number: int) -> _Known:
    return _Known()


def warn_of_privileges() -> None:
    """Say so, with a link to what to do about it; nothing for roles that may only read.

    Asks once per connection. Where that fails it stays silent, as the page itself says why, and
    asks no sooner than in half a minute again.
    """
    excessive = [each for each in _privileges() if each.too_powerful]
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


def _privileges() -> tuple[Privileges, ...]:
    try:
        opened = connection()
    except ConcordanceError:
        return ()
    known = _known(opened.number)
    if known.privileges is None and time.monotonic() - known.failed_at > AGAIN_SECONDS:
        try:
            known.privileges = opened.run_on_databases(find_privileges, tick)
        except ConcordanceError:
            known.failed_at = time.monotonic()
    return known.privileges or ()
