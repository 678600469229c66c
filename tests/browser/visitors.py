"""A visitor without a browser: speaks Streamlit's websocket protocol, and draws nothing.

It does to the server what a browser does: opens a page, changes a widget, goes to another page,
leaves. Like a browser it remembers large messages for two runs and says so, and the server sends
them no more. It fetches no scripts, no styles and no fonts.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode

from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

RUN_SECONDS = 60.0
REMEMBERED_RUNS = 2
WIDGETS = ("slider", "button_group", "selectbox", "text_input", "text_area")


@dataclass(frozen=True)
class Run:
    """One run of a page's script, from asking for it to its end.

    `seconds` until the script ended, `problems` in words (none: it was served), `received` bytes.
    """

    page: str
    seconds: float
    problems: tuple[str, ...]
    received: int


@dataclass
class Visitor:
    """One session. Use it in `async with`, which connects and leaves.

    `elements` are those that are on the page, by their place.
    """

    address: str
    elements: dict[tuple[int, ...], Element] = field(default_factory=dict)
    _socket: ClientConnection | None = None
    _connected: float = 0.0
    _opened: bool = False
    _page: str = ""
    _pages: dict[str, str] = field(default_factory=dict)
    _query: dict[str, str] = field(default_factory=dict)
    _states: dict[str, WidgetState] = field(default_factory=dict)
    _remembered: dict[str, tuple[int, ForwardMsg]] = field(default_factory=dict)
    _runs: int = 0
    _drawn: dict[tuple[int, ...], Element] = field(default_factory=dict)

    async def __aenter__(self) -> Self:
        self._connected = time.perf_counter()
        self._socket = await connect(
            self.address.replace("http", "ws", 1) + "/_stcore/stream",
            origin=self.address,  # type: ignore[arg-type]
            subprotocols=["streamlit"],  # type: ignore[list-item]
            max_size=None,
            open_timeout=RUN_SECONDS,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._socket is not None
        await self._socket.close()

    async def open(self, page: str, query: str = "") -> Run:
        """Come by an address: the path of a page ("" for the first one) and its query string.

        The first run of a session counts from before it connected.
        """
        self._page, self._query = page, dict(parse_qsl(query))
        started = time.perf_counter() if self._opened else self._connected
        self._opened = True
        return await self._run(started, page_name=page)

    async def go(self, page: str) -> Run:
        """Follow the link to another page."""
        self._page, self._query = page, {}
        return await self._run(time.perf_counter(), page_hash=self._pages[page])

    async def change(self, label: str, value: Any) -> Run:
        """Set the widget with this label. Of several values a widget takes the `value`-th.

        A text is set as it is, a slider to the number.
        """
        kind, widget = self._widget(label)
        state = WidgetState(id=widget.id)
        if kind in ("text_input", "text_area"):
            state.string_value = value
        elif kind == "selectbox":
            value = widget.options[value % len(widget.options)]
            state.string_value = value
        elif kind == "button_group":
            value = widget.options[value % len(widget.options)].content
            state.string_array_value.data.append(value)
        elif widget.options:
            value = widget.options[value % len(widget.options)]
            state.string_array_value.data.append(value)
        else:
            state.double_array_value.data.append(value)
        self._states[widget.id] = state
        if widget.query_param_key:
            self._query[widget.query_param_key] = str(value)
        return await self._run(time.perf_counter())

    async def ask(self, page: str, query: str = "") -> None:
        """Ask for a page and wait for nothing."""
        self._page, self._query = page, dict(parse_qsl(query))
        await self._send("", page)

    def labels(self) -> list[str]:
        """The labels of all widgets that `change` can set."""
        return [widget.label for _, widget in self._widgets()]

    def _widgets(self) -> Iterator[tuple[str, Any]]:
        for element in self.elements.values():
            kind = element.WhichOneof("type")
            if kind in WIDGETS:
                yield kind, getattr(element, kind)

    def _widget(self, label: str) -> tuple[str, Any]:
        for kind, widget in self._widgets():
            if widget.label == label:
                return kind, widget
        raise LookupError(f"There is no {label!r} on {self._page!r}, but {self.labels()}.")

    async def _send(self, page_hash: str, page_name: str) -> None:
        assert self._socket is not None
        message = BackMsg()
        rerun = message.rerun_script
        rerun.query_string = urlencode(self._query)
        rerun.page_script_hash, rerun.page_name = page_hash, page_name
        rerun.widget_states.widgets.extend(self._states.values())
        rerun.cached_message_hashes.extend(self._remembered)
        rerun.context_info.timezone, rerun.context_info.locale = "Europe/Berlin", "en-GB"
        rerun.context_info.url = f"{self.address}/{self._page}"
        await self._socket.send(message.SerializeToString())

    async def _run(self, started: float, page_hash: str = "", page_name: str = "") -> Run:
        """Ask for a run and read up to its end, through any run that it asks for itself."""
        problems: list[str] = []
        received = 0
        try:
            async with asyncio.timeout(RUN_SECONDS):
                await self._send(page_hash or self._pages.get(self._page, ""), page_name)
                async for size, message in self._messages():
                    received += size
                    problems += self._take(message)
                    if self._ended(message):
                        break
                else:
                    problems.append("the server hung up early")
        except ConnectionClosed:
            problems.append("the server hung up")
        except TimeoutError:
            problems.append(f"no end within {RUN_SECONDS:.0f} s")
        seconds = time.perf_counter() - started
        self._finish()
        return Run(self._page, seconds, (*problems, *self._missing()), received)

    async def _messages(self) -> Any:
        assert self._socket is not None
        async for data in self._socket:
            message = ForwardMsg.FromString(data)
            if message.WhichOneof("type") == "ref_hash":
                whole = ForwardMsg()
                whole.CopyFrom(self._remembered[message.ref_hash][1])
                whole.metadata.CopyFrom(message.metadata)
                self._remembered[message.ref_hash] = (self._runs, whole)
                message = whole
            elif message.metadata.cacheable:
                self._remembered[message.hash] = (self._runs, message)
            yield len(data), message

    def _take(self, message: ForwardMsg) -> list[str]:
        """Keep what a message says; returns what is wrong with it."""
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self._drawn = {}
        elif kind == "navigation":
            self._pages = {p.url_pathname: p.page_script_hash for p in message.navigation.app_pages}
            firsts = (page for page in message.navigation.app_pages if page.is_default)
            self._pages[""] = next(firsts).page_script_hash
        elif kind == "page_info_changed":
            self._query = dict(parse_qsl(message.page_info_changed.query_string))
        elif kind == "page_not_found":
            return [f"no page {message.page_not_found.page_name!r}"]
        elif kind == "session_event" and message.session_event.HasField(
            "script_compilation_exception"
        ):
            return ["the script does not compile"]
        elif kind == "delta" and message.delta.HasField("new_element"):
            return self._draw(tuple(message.metadata.delta_path), message.delta.new_element)
        return []

    def _draw(self, place: tuple[int, ...], element: Element) -> list[str]:
        self._drawn[place] = element
        if element.HasField("exception"):
            return [f"{element.exception.type}: {element.exception.message}"]
        if element.HasField("alert") and element.alert.format == Alert.ERROR:
            return [f"{element.alert.title} {element.alert.body}"]
        return []

    @staticmethod
    def _ended(message: ForwardMsg) -> bool:
        if message.WhichOneof("type") != "script_finished":
            return False
        return message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN

    def _finish(self) -> None:
        """The run is over: forget what it did not draw, and messages of long ago."""
        self.elements = self._drawn
        self._runs += 1
        self._remembered = {
            key: kept
            for key, kept in self._remembered.items()
            if self._runs - kept[0] < REMEMBERED_RUNS
        }
        present = {widget.id for _, widget in self._widgets()}
        self._states = {key: state for key, state in self._states.items() if key in present}

    def _missing(self) -> list[str]:
        """A page without its title was not served, whatever its script says."""
        wanted = (self._page or "library").capitalize()
        titles = [
            element.heading.body
            for element in self.elements.values()
            if element.HasField("heading") and element.heading.tag == "h1"
        ]
        return [] if wanted in titles else [f"the page has the title {titles}, not {wanted}"]
