"""The frame of every page: login, navigation, the state of both connections, the demo notice."""

from __future__ import annotations

from contextvars import ContextVar

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from lib import settings as settings_file
from lib.connection import Connection
from lib.errors import ConcordanceError, DatabaseError
from lib.settings import PROJECT, DatabaseName
from lib.ui.answered import show_answers
from lib.ui.asking import connection, note_answers, reconnecting, with_connection
from lib.ui.cards import show_error
from lib.ui.connecting.failing import show_connecting
from lib.ui.connecting.warning import warn_of_privileges
from lib.ui.login import Standing, show_log_out, show_login, standing
from lib.ui.turns import tick

PING_SECONDS = 20
CONNECT = "connect"
ICON = PROJECT / "docs" / "images" / "icon.svg"

DEMO_NOTICE = (
    "**This is the demo.** The books are the King James Bible, one passage per verse. The "
    "highlights are simulated: spans of that text with the errors of a speech recogniser, one in "
    "ten from text that is in no book, some without a label, some with a wrong one."
)

_in_frame: ContextVar[bool] = ContextVar("in_frame", default=False)


def navigation() -> StreamlitPage:
    """Declare all pages; returns the one that was asked for.

    Whoever is not logged in sees none of them, but all are declared: else Streamlit would look for
    scripts in pages/ by itself and run them without the frame.
    """
    return st.navigation(
        [
            st.Page(
                "pages/library.py",
                title="Library",
                icon=":material/library_books:",
                default=True,
                url_path="home",
                help="What both databases hold, and what they lack.",
            ),
            st.Page(
                "pages/scores.py",
                title="Scores",
                icon=":material/ssid_chart:",
                help="Are my similarity scores believable?",
            ),
            st.Page(
                "pages/alignment.py",
                title="Alignment",
                icon=":material/join_inner:",
                help="Are my vectors from the model I think they are?",
            ),
            st.Page(
                "pages/matches.py",
                title="Matches",
                icon=":material/rule:",
                help="How well are my highlights found in my books?",
            ),
            st.Page(
                "pages/search.py",
                title="Search",
                icon=":material/search:",
                help="Passages similar to a highlight or a text.",
            ),
            st.Page(
                "pages/connect.py",
                title="Connect",
                icon=":material/cable:",
                help="Use your own databases; what every figure means.",
            ),
            # The default page lives at the root: this answers whoever asks for it by name.
            st.Page("pages/library.py", title="Library", url_path="library", visibility="hidden"),
        ],
        position="top" if standing().admitted else "hidden",
    )


def run_page(page: StreamlitPage) -> None:
    """Draw the frame and the page in it; for who is not let in, the login and nothing else."""
    visitor = standing()
    if not visitor.admitted:
        show_login(visitor)
        return
    token = _in_frame.set(True)
    try:
        _draw(page, visitor)
    finally:
        _in_frame.reset(token)


def _draw(page: StreamlitPage, visitor: Standing) -> None:
    heading = st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    )
    heading.title(page.title, width="content")
    failure = _connect()
    with heading.container(
        horizontal=True, width="content", gap="small", vertical_alignment="center"
    ):
        _show_connections(failure)
        show_log_out(visitor)
    if failure is not None and page.url_path != CONNECT:
        show_connecting(failure)
        return
    if failure is None:
        warn_of_privileges()
    if failure is None and connection().is_demo:
        st.caption(DEMO_NOTICE)
        st.page_link(
            "pages/connect.py",
            label="Connect your own databases",
            icon=":material/cable:",
            query_params={"tab": "How to connect"},
        )
    answers = note_answers()
    try:
        page.run()
    except ConcordanceError as error:
        show_error(error)
    show_answers(answers)


def ensure_frame() -> None:
    """First line of every page: a cold deep link may have run it without the frame."""
    if not _in_frame.get():
        navigation()
        st.rerun()


def _connect() -> ConcordanceError | None:
    """Wait for the connection, and return what keeps it from being made."""
    try:
        # Also looks for the tables; one database that is out of reach leaves the other's pages.
        with_connection(lambda opened: opened.relations(tick))
        # What was mistyped since then is said too, not only at the next start.
        settings_file.load()
    except ConcordanceError as error:
        return error
    return None


def _show_connections(failure: ConcordanceError | None) -> None:
    """State and latency of both connections."""
    if failure is not None:
        st.badge("Not connected", icon=":material/error:", color="red")
        return
    number = connection().number
    found = _ping(number)
    if any(isinstance(one, DatabaseError) for one in found.values()):
        # The next run asks again: it may be back.
        _ping.clear(number)
    for name, one in found.items():
        if isinstance(one, DatabaseError):
            st.badge(f"{name} fails", icon=":material/error:", color="red", help=one.message)
        else:
            state = f"{name} {one * 1000:.1f} ms"
            st.badge(state, icon=":material/check_circle:", color="green")


@st.cache_data(ttl=PING_SECONDS, max_entries=8, show_spinner=False)
def _ping(connection_number: int) -> dict[DatabaseName, float | DatabaseError]:
    def ping(opened: Connection) -> dict[DatabaseName, float | DatabaseError]:
        return opened.run_on_databases(lambda databases: databases.ping(), tick)

    return reconnecting(ping)
