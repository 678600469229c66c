"""One way from the settings to two open databases, for the app, the command line and tests."""

from __future__ import annotations

import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from lib.databases.loop import EventLoop
from lib.databases.pools import Databases
from lib.databases.relations import Relations, resolve
from lib.demo.provision import Reporter, addresses, provision
from lib.demo.server import DemoServer
from lib.settings import Settings, demo_directory

Result = TypeVar("Result")
OnWait = Callable[[], object]


class Connection:
    """Both databases of some settings, on a loop of their own. Any thread may use it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.databases = Databases(settings)
        self._loop = EventLoop()
        self._relations: Relations | None = None
        self._closing = threading.Lock()
        self._closed = False

    def run(
        self,
        query: Callable[..., Coroutine[Any, Any, Result]],
        *arguments: Any,
        on_wait: OnWait | None = None,
        **keywords: Any,
    ) -> Result:
        """Run `query(databases, relations, *arguments)` on the loop.

        The relations are looked up on first use, and again after a failure.
        """
        relations = self.relations(on_wait)
        coroutine = query(self.databases, relations, *arguments, **keywords)
        return self._loop.run(coroutine, on_wait)

    def run_on_databases(
        self,
        query: Callable[[Databases], Coroutine[Any, Any, Result]],
        on_wait: OnWait | None = None,
    ) -> Result:
        """Run what needs no relations: a ping, or the doctor."""
        return self._loop.run(query(self.databases), on_wait)

    def relations(self, on_wait: OnWait | None = None) -> Relations:
        """The four relations as they stand; raises what is wrong with them."""
        if self._relations is None:
            self._relations = self._loop.run(resolve(self.databases), on_wait)
        return self._relations

    def close(self) -> None:
        """Close the pools and end the loop's thread; calling it twice is harmless."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
        try:
            self._loop.run(self.databases.close())
        finally:
            self._loop.stop()


def provisioned(
    settings: Settings,
    report: Reporter = lambda progress: None,
    directory: Path | None = None,
) -> tuple[Settings, DemoServer | None]:
    """The settings with addresses in them: as configured, or of the demo, made if need be.

    The caller releases the server that comes with the demo.
    """
    if not settings.demo:
        return settings, None
    server = provision(directory or demo_directory(), report)
    found = addresses(server)
    return settings.with_connections(found.life_dashboard, found.knowledge_base), server
