"""What is known of the roles of a connection, so that not every page has to ask."""

from __future__ import annotations

import time
from dataclasses import dataclass
from math import inf

import streamlit as st

from lib.connection import Connection
from lib.databases.privileges import Privileges, find_privileges
from lib.errors import ConcordanceError
from lib.ui.asking import connection, with_connection
from lib.ui.turns import tick

# Somebody may grant or revoke something at any time.
KEPT_SECONDS = 300.0
AGAIN_SECONDS = 30.0


@dataclass
class _Known:
    """What is known of the roles of one connection: None until they could be asked for."""

    privileges: tuple[Privileges, ...] | None = None
    found_at: float = -inf
    failed_at: float = -inf


@st.cache_resource(max_entries=8, show_spinner=False)
def _known(connection_number: int) -> _Known:
    return _Known()


def known_privileges() -> tuple[Privileges, ...]:
    """Of both roles, at most some minutes old; nothing where they cannot be asked for.

    After that failed, it is tried no sooner than in half a minute again.
    """
    try:
        opened = connection()
    except ConcordanceError:
        return ()
    known, now = _known(opened.number), time.monotonic()
    if now - known.found_at > KEPT_SECONDS and now - known.failed_at > AGAIN_SECONDS:
        try:
            _ask(opened)
        except ConcordanceError:
            known.failed_at = now
    return known.privileges or ()


def fresh_privileges() -> tuple[Privileges, ...]:
    """Of both roles, asked for anew, and known from now on; raises a ConcordanceError."""
    return with_connection(_ask)


def forget_privileges() -> None:
    """Ask anew before anything is said of a role."""
    _known.clear()


def _ask(opened: Connection) -> tuple[Privileges, ...]:
    found = opened.run_on_databases(find_privileges, tick)
    known = _known(opened.number)
    known.privileges, known.found_at = found, time.monotonic()
    return found
