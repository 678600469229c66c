"""A password that must be found nowhere, and where to look for it."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Iterator
from urllib.parse import quote

from streamlit.testing.v1 import AppTest

from tests.safety.living import living

# With characters that addresses, TOML and JSON write differently: the letters alone are looked for.
LETTERS = "canary5f2b9d"
PASSWORD = f"p@s/{LETTERS}:#%"
KEY = f"sk-{LETTERS}"
IN_ADDRESS = quote(PASSWORD, safe="")


def found_in(texts: Iterable[str]) -> list[str]:
    """What surrounds the canary wherever these texts hold it."""
    return [
        text[max(0, place - 150) : place + 60]
        for text in texts
        for place in [text.lower().find(LETTERS)]
        if place >= 0
    ]


def sent_by(app: AppTest) -> Iterator[str]:
    """Everything that a page sends to the browser, and what it keeps of it."""
    for block in (app.main, app.sidebar):
        for element in block:
            yield str(getattr(element, "proto", ""))
    yield repr(app.session_state)
    yield repr(dict(app.query_params))


def told_by(error: BaseException) -> Iterator[str]:
    """All that an exception says of itself and of what caused it, as a log would."""
    yield str(error)
    yield repr(error)
    yield repr(error.args)
    yield "".join(traceback.format_exception(error))


def said_of_themselves(*kinds: type) -> Iterator[str]:
    """What living objects of these kinds say of themselves where somebody prints them."""
    for one in living(*kinds):
        yield repr(one)
        yield str(one)
