"""Asking `lib`: one connection for the process, results remembered, waits that can be left."""

from __future__ import annotations

import contextvars
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

import streamlit as st

from lib.connection import Connection, Setup
from lib.databases import doctor
from lib.databases.doctor import Check
from lib.demo.provision import Progress
from lib.errors import ConnectionClosed
from lib.settings import Limits
from lib.similarity.scores import Matrix
from lib.ui.remembering import Answer, forget, remember
from lib.ui.turns import go_on, tick

Result = TypeVar("Result")

WAIT_SECONDS = 0.1
# A bar that is gone again at once only flickers.
BAR_AFTER_SECONDS = 0.5


@st.cache_resource(show_spinner=False, on_release=Setup.retire)
def _setup() -> Setup:
    return Setup()


def connection() -> Connection:
    """The open connection; waits for the demo to be made, and shows how far it is."""
    setup = _setup()
    if type(setup) is not Setup:
        # The code was changed: errors of the old classes would pass by whoever catches ours.
        _setup.clear()
        setup = _setup()
    started = time.monotonic()
    slot = None
    while setup.thread.is_alive():
        setup.thread.join(WAIT_SECONDS)
        if time.monotonic() - started > BAR_AFTER_SECONDS:
            slot = slot or st.empty()
            _show_provisioning(slot.container(), setup.progress)
        tick()
    if slot is not None:
        slot.empty()
        st.rerun()
    if setup.error is not None:
        _setup.clear()
        raise setup.error
    assert setup.connection is not None
    return setup.connection


def _show_provisioning(slot: Any, progress: Progress | None) -> None:
    if progress is None:
        return
    counts = f": {progress.done:,} of {progress.total:,}" if progress.total else ""
    slot.progress(
        progress.share,
        text=f"Making the demo library, step {progress.step} of {progress.steps}. "
        f"{progress.what}{counts}",
    )
    slot.caption("This happens once and takes about half a minute.")


def with_connection(use: Callable[[Connection], Result]) -> Result:
    """What `use` makes of the open connection; of the next one, if it is closed meanwhile."""
    result = reconnecting(use)
    go_on()
    return result


def reconnecting(use: Callable[[Connection], Result]) -> Result:
    """The same within a cached function, which others may wait for in their turn."""
    try:
        return use(connection())
    except ConnectionClosed:
        return use(connection())


def limits() -> Limits:
    """How much is read at most."""
    return connection().settings.limits


def examine() -> list[Check]:
    """The doctor's checks, made anew at every call."""
    return with_connection(lambda opened: opened.run_on_databases(doctor.examine, tick))


@dataclass(frozen=True)
class Counted:
    """A query that counts as it goes: its callback's name, what it counts, and up to what.

    `stop`: a button ends it by setting the widget of this key to "none".
    """

    keyword: str
    what: str
    total: int
    stop: str | None = None


def ask(
    query: Callable[..., Coroutine[Any, Any, Result]],
    *arguments: Any,
    counted: Counted | None = None,
    key: tuple[Any, ...] | None = None,
    stale: Callable[[Result], bool] = lambda result: False,
    **keywords: Any,
) -> Result:
    """The result of a query of `lib`, remembered for a quarter of an hour.

    Interruptible: a browser that reruns or leaves cancels the statement on the server. With
    `counted`, a bar shows how far it is. With `key`, the result is remembered by that instead of
    by the arguments, which it must name: large ones take long to tell apart. A remembered result
    that is `stale` is asked for again.
    """
    seen, shown = [0], [-1]
    outside = contextvars.copy_context()
    slot = st.empty() if counted else None
    started = time.monotonic()
    bar: list[Any] = []

    def on_wait() -> None:
        tick()
        if counted and slot is not None and time.monotonic() - started > BAR_AFTER_SECONDS:
            # Outside of the cached function, which would keep and replay what it draws.
            if not bar:
                bar.append(outside.run(_draw_bar, slot, counted))
            # The browser draws each message anew, also one that says the same.
            if seen[0] != shown[0]:
                shown[0] = seen[0]
                share = min(1.0, seen[0] / max(counted.total, 1))
                text = f"{counted.what}: {seen[0]:,} of {counted.total:,}"
                outside.run(bar[0].progress, share, text)

    extra = {counted.keyword: lambda done: seen.__setitem__(0, done)} if counted else {}
    name = f"{query.__module__}.{query.__qualname__}"
    named = arguments if key is None else key

    def remembered(opened: Connection) -> Answer:
        def compute() -> Result:
            return opened.run(query, *arguments, on_wait=on_wait, **keywords, **extra)

        answer = remember(opened.number, name, named, keywords, compute)
        if stale(answer.value):
            forget(opened.number, name, named, keywords)
            answer = remember(opened.number, name, named, keywords, compute)
        return answer

    try:
        result: Result = _noted(with_connection(remembered))
        return result
    finally:
        if slot is not None:
            slot.empty()


def _draw_bar(slot: Any, counted: Counted) -> Any:
    """A place for the bar, beside a button that stops what is counted."""
    row = slot.container(horizontal=True, vertical_alignment="center")
    bar = row.empty()
    if counted.stop is not None:

        def stop(widget: str = counted.stop) -> None:
            st.session_state[widget] = "none"

        row.button(
            "Stop comparing",
            icon=":material/stop_circle:",
            key=f"stop-{counted.what}",
            on_click=stop,
        )
    return bar


# What one run of a page has asked for.
_answers: contextvars.ContextVar[list[Answer] | None] = contextvars.ContextVar(
    "answers", default=None
)


def note_answers() -> list[Answer]:
    """From now on, in this run, answers are noted in the list that is returned."""
    answers: list[Answer] = []
    _answers.set(answers)
    return answers


def _noted(answer: Answer) -> Any:
    answers = _answers.get()
    if answers is not None:
        answers.append(answer)
    return answer.value


def ask_again() -> None:
    """Forget every remembered answer."""
    forget()


def derive(function: Callable[..., Result], key: tuple[Any, ...], *arguments: Any) -> Result:
    """The result of a pure function, remembered by `key`, which must name its arguments."""
    name = f"{function.__module__}.{function.__qualname__}"
    answer = remember(connection().number, name, key, {}, lambda: function(*arguments))
    go_on()
    result: Result = _noted(answer)
    return result


def embed(model: str, text: str) -> Matrix:
    """The vector of a question under a model, of shape (1, dimension), remembered like a query."""

    def remembered(opened: Connection) -> Answer:
        return remember(
            opened.number, "embed", (model, text), {}, lambda: opened.embed(model, text, tick)
        )

    vector: Matrix = _noted(with_connection(remembered))
    return vector
