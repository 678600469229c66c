"""State: what the doctor found in each database, and the one thing to do next."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import streamlit as st

from lib import settings as settings_file
from lib.databases.doctor import STEPS, Check, State
from lib.errors import ConcordanceError
from lib.report.diagnosis import needs_mapping
from lib.settings import DSN_VARIABLES, DatabaseName
from lib.ui.asking import connection
from lib.ui.cards import escape
from lib.ui.connecting.privileges import forget_privileges

ICONS = {
    "ok": ("green", "check"),
    "advice": ("orange", "lightbulb"),
    "problem": ("red", "error"),
    "skipped": ("gray", "remove"),
}

# What a mapping can mend.
MAPPED = ("tables", "columns", "types")

ROLE_TAB = "A role that may only read"


def show_steps(checks: Sequence[Check]) -> None:
    """Both databases side by side, one below the other where there is little room."""
    for column, name in zip(st.columns(2), DSN_VARIABLES, strict=True):
        with column.container(border=True):
            of_database = [check for check in checks if check.database == name]
            _show_database(name, of_database, needs_mapping(checks))


def check_again() -> None:
    """A button that reads the settings anew and asks both databases."""
    st.button(
        "Check again",
        icon=":material/refresh:",
        on_click=take_up_settings,
        help="Reads the settings anew and asks both databases.",
    )


def _show_database(name: DatabaseName, checks: Sequence[Check], proposed: bool) -> None:
    problems = [check for check in checks if check.state == "problem"]
    advice = sum(check.state == "advice" for check in checks)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"#### {name}", width="content")
        if problems:
            many = f"{len(problems)} problem{'s' if len(problems) != 1 else ''}"
            st.badge(many, icon=":material/error:", color="red")
        else:
            st.badge("healthy", icon=":material/check:", color="green")
            if advice:
                st.badge(f"{advice} to improve", icon=":material/lightbulb:", color="orange")
    if problems:
        _show_next(problems[0], proposed)
    left_out = [check for check in checks if check.state == "skipped"]
    for step in STEPS:
        of_step = [check for check in checks if check.step == step and check not in left_out]
        _show_step(step, of_step, problems[:1])
    for why, steps in itertools.groupby(left_out, key=lambda check: check.found):
        badges = dict.fromkeys(_badge(check.step, "skipped") for check in steps)
        st.markdown(f"{' '.join(badges)} {escape(why)}")


def _show_next(problem: Check, proposed: bool) -> None:
    sentence, statements = _split(problem.todo)
    if proposed and problem.step in MAPPED:
        sentence = f"Paste the mapping that is proposed below. By hand: {sentence}"
    st.error(escape(sentence or "Correct this and check again."), title="Do this next")
    if statements:
        st.code(statements, language="sql", wrap_lines=True)


def _show_step(step: str, checks: Sequence[Check], told: Sequence[Check]) -> None:
    fine = [check.found for check in checks if check.state == "ok"]
    if fine:
        st.markdown(f"{_badge(step, 'ok')} {escape(' '.join(fine))}")
    for check in checks:
        if check.state == "ok":
            continue
        st.markdown(f"{_badge(step, check.state)} {escape(check.found)}")
        if check in told or not check.todo:
            continue
        sentence, statements = _split(check.todo)
        st.caption(escape(sentence))
        if statements and step == "permissions" and check.state == "advice":
            link_to_role()
        elif statements:
            st.code(statements, language="sql", wrap_lines=True)


def _badge(step: str, state: State) -> str:
    colour, icon = ICONS[state]
    return f":{colour}-badge[:material/{icon}: {step.capitalize()}]"


def link_to_role() -> None:
    """To the statements that make a role which may only read."""
    st.page_link(
        "pages/connect.py",
        label=ROLE_TAB,
        icon=":material/key:",
        query_params={"tab": ROLE_TAB},
    )


def _split(todo: str) -> tuple[str, str]:
    """What to do as a sentence, and the statements to paste."""
    sentence, _, statements = todo.partition("\n")
    return sentence, statements


def take_up_settings() -> None:
    """Connect anew where the settings file has changed since the connection was made.

    What the roles may do is asked anew in any case: that changes in the databases alone.
    """
    forget_privileges()
    try:
        fresh, opened = settings_file.load(), connection()
    except ConcordanceError:
        # The page that is drawn next says what is wrong.
        return
    current = opened.settings
    elsewhere = fresh.demo != opened.is_demo
    if fresh.demo:
        fresh = fresh.with_connections(current.dsn("life_dashboard"), current.dsn("knowledge_base"))
    if elsewhere or fresh != current:
        st.cache_resource.clear()
