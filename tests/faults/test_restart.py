"""A server that is restarted while everybody asks: nobody is to notice."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

import pytest

from lib.connection import Connection
from tests.conftest import Open
from tests.faults.heartbeat import Heartbeat
from tests.faults.servers import HIGHLIGHTS, PASSAGES, Server, running
from tests.faults.timing import (
    ANSWER_SECONDS,
    MEASURED,
    RECOVERY_SECONDS,
    Outcome,
    ask,
    count_highlights,
    count_passages,
    in_background,
    sleep,
    until,
)

THREADS = 8
# For so long a server may be away without anybody noticing.
AWAY_SECONDS = 1.0
ATTEMPTS = 3


@pytest.fixture(scope="module")
def restarted(seed: Path) -> Iterator[Server]:
    """A server that only the tests here use."""
    with running(seed) as server:
        yield server


class Crowd:
    """Threads that ask all the time, each with its own mix of short and longer queries."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._ended = threading.Event()
        self.outcomes: list[tuple[float, Outcome]] = []
        self._asking: list[Future[None]] = [
            in_background(self._ask, number) for number in range(THREADS)
        ]

    def _ask(self, number: int) -> None:
        turn = number
        while not self._ended.is_set():
            turn += 1
            if turn % 5 == 0:
                outcome, right = ask(self._connection, sleep, 0.1), 42
            elif turn % 2:
                outcome, right = ask(self._connection, count_passages), PASSAGES
            else:
                outcome, right = ask(self._connection, count_highlights), HIGHLIGHTS
            assert outcome.error is not None or outcome.value == right
            self.outcomes.append((time.monotonic(), outcome))
            time.sleep(0.005)

    def warm_up(self) -> None:
        """Wait until everybody has been answered several times."""
        until(lambda: len(self.outcomes) > 100, 10)

    def end(self) -> None:
        self._ended.set()
        for one in self._asking:
            one.result(20)

    @property
    def errors(self) -> list[str]:
        return [str(outcome.error) for _, outcome in self.outcomes if outcome.error]

    def first_answer_after(self, moment: float) -> float:
        """Seconds from a moment to the first answer of a question that came after it."""
        answered = [ended for ended, outcome in self.outcomes if not outcome.error]
        return min(ended - moment for ended in answered if ended > moment)


@contextmanager
def crowd(connection: Connection) -> Iterator[Crowd]:
    asking = Crowd(connection)
    try:
        yield asking
    finally:
        asking.end()


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_restarted_under_load(restarted: Server, open_connection: Open, mode: str) -> None:
    connection = open_connection(restarted.settings())
    for _ in range(ATTEMPTS):
        with Heartbeat(restarted.port) as heartbeat, crowd(connection) as asking:
            asking.warm_up()
            restarted.restart(mode)
            heartbeat.wait_for_return(10)
            time.sleep(1.5)
        recovered = asking.first_answer_after(heartbeat.returned_at)
        slowest = max((outcome for _, outcome in asking.outcomes), key=lambda one: one.seconds)
        assert recovered <= RECOVERY_SECONDS
        assert slowest.seconds <= ANSWER_SECONDS
        if heartbeat.away_seconds <= AWAY_SECONDS:
            break
    else:
        pytest.fail(f"no restart took {AWAY_SECONDS} s or less: this machine is too busy")
    fault = f"restarted under load ({mode}), away for {heartbeat.away_seconds:.2f} s"
    slowest.noted(f"{fault}: slowest of {len(asking.outcomes)}")
    MEASURED.append((f"{fault}: first answer after its return", recovered, "answer"))
    assert asking.errors == []


def test_stopped_for_longer_and_started(restarted: Server, open_connection: Open) -> None:
    """Errors then, each in time, and answers as soon as it is back."""
    connection = open_connection(restarted.settings())
    ask(connection, count_passages).answered()
    restarted.stop()
    try:
        down = [ask(connection, count_passages) for _ in range(2)]
    finally:
        restarted.start()
    back = ask(connection, count_passages).noted("stopped: started again")
    assert back.within(RECOVERY_SECONDS).answered() == PASSAGES
    slowest = max(down, key=lambda outcome: outcome.seconds).noted("stopped: slowest action")
    slowest.within(ANSWER_SECONDS)
    assert {outcome.refused().database for outcome in down} == {"knowledge_base"}
