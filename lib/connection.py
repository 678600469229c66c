"""One way from the settings to two open databases, for the app, the command line and tests."""

from __future__ import annotations

import asyncio
import atexit
import gc
import itertools
import logging
import sys
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any, TypeVar

import scipy.linalg  # noqa: F401  (The limit below reaches only libraries that are loaded.)
from threadpoolctl import threadpool_limits

from lib import settings as settings_file
from lib.databases.loop import EventLoop
from lib.databases.pools import Databases
from lib.databases.privileges import refuse_if_too_powerful
from lib.databases.relations import Relations
from lib.databases.resolving import resolve_reachable
from lib.databases.vectors import Matrix
from lib.demo.provision import Progress, Reporter, addresses, provision
from lib.demo.server import DemoServer
from lib.errors import ConcordanceError, ConnectionClosed, ConnectionLost, RelationError
from lib.search.embedders import Embedders
from lib.settings import Settings, demo_directory

Result = TypeVar("Result")
OnWait = Callable[[], object]

SWITCH_SECONDS = 0.001

logger = logging.getLogger(__name__)


class Connection:
    """Both databases of some settings and their embedders, on a loop of their own.

    Any thread may use it; the embedders themselves only a coroutine on its loop. `is_demo`: the
    databases are those of the demo.
    """

    _numbers = itertools.count(1)

    def __init__(self, settings: Settings, is_demo: bool = False) -> None:
        self.settings = settings
        self.is_demo = is_demo
        # What is remembered of one connection must never serve another.
        self.number = next(self._numbers)
        self.databases = Databases(settings)
        self.embedders = Embedders(settings)
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

        The relations are looked up on first use, and again after a query found them changed. A
        query whose connection breaks is run once more, from its beginning, on another one.
        """
        relations = self.relations(on_wait)
        try:
            return self._run(
                lambda: query(self.databases, relations, *arguments, **keywords), on_wait
            )
        except RelationError:
            self._relations = None
            raise

    def run_on_databases(
        self,
        query: Callable[[Databases], Coroutine[Any, Any, Result]],
        on_wait: OnWait | None = None,
    ) -> Result:
        """Run what needs no relations: a ping, or the doctor."""
        return self._run(lambda: query(self.databases), on_wait)

    def relations(self, on_wait: OnWait | None = None) -> Relations:
        """The four relations as they stand; raises what is wrong with them, or with the role.

        Those of one database that is out of reach raise its error only when they are used.
        """
        if self._relations is None or not self._relations.complete:
            self._relations = self._run(self._resolve, on_wait)
        return self._relations

    async def _resolve(self) -> Relations:
        relations = await resolve_reachable(self.databases, self._relations)
        if self.settings.require_least_privilege:
            await refuse_if_too_powerful(self.databases, relations)
        return relations

    def embed(self, label: str, text: str, on_wait: OnWait | None = None) -> Matrix:
        """The vector of a question under a label, of shape (1, dimension); see `Embedders`."""
        embed = self.embedders.embed_query
        return self._run(lambda: embed(label, text), on_wait).reshape(1, -1)

    def _run(
        self, begin: Callable[[], Coroutine[Any, Any, Result]], on_wait: OnWait | None
    ) -> Result:
        try:
            if self._closed:
                raise CancelledError
            try:
                return self._loop.run(begin(), on_wait)
            except ConnectionLost:
                if self._closed:
                    raise CancelledError from None
                # Nothing but reading, so nothing is done twice. Not after a timeout: a server that
                # is too slow for one would only get two to do.
                return self._loop.run(begin(), on_wait)
        except CancelledError as error:
            if self._closed:
                raise ConnectionClosed("The connection was closed.", "Try again.") from error
            raise

    def close(self) -> None:
        """Close the pools and the embedders and end the loop's thread; twice is harmless."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
        self._loop.cancel_all()
        try:
            self._loop.run(self._close_all())
        finally:
            self._loop.stop()

    async def _close_all(self) -> None:
        await asyncio.gather(self.databases.close(), self.embedders.close())


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


class Setup:
    """The one connection of the process, set up on a thread that outlives any browser."""

    def __init__(self) -> None:
        self.progress: Progress | None = None
        self.error: ConcordanceError | None = None
        self.connection: Connection | None = None
        self.server: DemoServer | None = None
        self._retired = False
        self.thread = threading.Thread(target=self._run, name="concordance-setup", daemon=True)
        self.thread.start()
        atexit.register(self.close)

    def _run(self) -> None:
        def report(progress: Progress) -> None:
            self.progress = progress

        # Many people may ask at once: one core for each question, not all for the first.
        threadpool_limits(1, user_api="blas")
        # And who only passes on messages is not to wait five milliseconds, Python's default, for
        # each of those that compute.
        sys.setswitchinterval(SWITCH_SECONDS)
        try:
            settings, self.server = provisioned(settings_file.load(), report)
            if self.server is not None:
                # Started by hand or not: with the last app its server ends.
                self.server.keep_running(False)
            self.connection = Connection(settings, is_demo=self.server is not None)
            _set_apart()
        except ConcordanceError as error:
            self.error = error
        except Exception:
            logger.exception("Concordance could not start")
            self.error = ConcordanceError(
                "Concordance could not start.", "Its log tells what happened; then try again."
            )
        if self._retired:
            self.retire()

    def retire(self) -> None:
        """Close the connection because another one takes its place; the demo's server stays."""
        self._retired = True
        if self.server is None:
            # Nothing is left for the end of the process.
            atexit.unregister(self.close)
        if self.connection is not None:
            self.connection.close()

    def close(self) -> None:
        """End what was begun, at the end of the process."""
        self.retire()
        if self.server is not None:
            self.server.release()


def _set_apart() -> None:
    """Spare the collector what was loaded and stays: Streamlit collects after each run of a page,
    and looking at every module each time takes longer than many a page does."""
    gc.collect()
    gc.freeze()
