"""Watches a connection in use: nobody waits for a server that is gone, nor for a lost answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from lib.databases.faults import FAULTS
from lib.databases.reader import Reader
from lib.databases.silence import Silence
from lib.errors import ConcordanceError

AFTER_SECONDS = 0.7
EVERY_SECONDS = 0.5
# A server is silent if it answers no look of so many.
LOOKS = 2
LEAST_SECONDS = 0.5
# So long after a statement was sent, the server is asked whether it is at work on it.
DOUBT_SECONDS = 2.0


class Watch:
    """Breaks a connection in use whose server has fallen silent, so that nobody waits for it."""

    def __init__(
        self,
        connection: Reader,
        silence: Silence,
        is_at_rest: Callable[[Reader], Awaitable[bool]],
    ) -> None:
        """`is_at_rest`: whether the server has had nothing to do on a connection for a while."""
        self.address = connection.address
        self._connection = connection
        self._silence = silence
        self._is_at_rest = is_at_rest
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[None] | None = None
        self._timer = self._loop.call_later(AFTER_SECONDS, self._start)
        self._word: asyncio.TimerHandle | None = None
        self._unanswered = False
        # The server did not greet, or did, but said nothing on this connection.
        self.silent = False
        self.stale = False

    def _start(self) -> None:
        self._task = self._loop.create_task(self._look_on())

    async def _look_on(self) -> None:
        while True:
            for _ in range(LOOKS):
                self._unanswered = not await self._silence.look(self.address)
                if not self._unanswered:
                    break
            else:
                self._give_up()
                return
            if await self._is_forgotten():
                self._give_up()
                return
            await asyncio.sleep(EVERY_SECONDS)

    async def _is_forgotten(self) -> bool:
        """Whether we await an answer that the server does not owe: it went, or came, astray."""
        since = self._connection.waiting_since
        if since is None or time.monotonic() - since < DOUBT_SECONDS:
            return False
        try:
            at_rest = await self._is_at_rest(self._connection)
        except (*FAULTS, ConcordanceError):
            return False
        return at_rest and self._connection.waiting_since == since

    def expect_word(self, seconds: float) -> None:
        """Break the connection unless `heard` is called within so many seconds."""
        self._word = self._loop.call_later(max(seconds, LEAST_SECONDS), self._give_up)

    def _give_up(self) -> None:
        self.silent = self._unanswered
        self.stale = not self._unanswered
        self._connection.terminate()

    def heard(self) -> None:
        """The server has answered what every server answers at once."""
        if self._word is not None:
            self._word.cancel()

    def end(self) -> None:
        """Look no longer."""
        self.heard()
        self._timer.cancel()
        if self._task is not None:
            self._task.cancel()
