"""Answers are kept once, however many readers hold them, and none longer than somebody does."""

from __future__ import annotations

import gc
import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pandas as pd
import pytest

from lib.ui.remembering import forget, remember

SOON = 10.0


@dataclass(frozen=True)
class Found:
    """As results of queries are: frozen, with frames in it."""

    frame: pd.DataFrame


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    forget()


def _found() -> Found:
    return Found(pd.DataFrame({"passage": ["p1", "p2"]}))


def test_all_readers_hold_one_object() -> None:
    first = remember(1, "found", ("a",), {}, _found)
    second = remember(1, "found", ("a",), {}, _found)
    assert second.value is first.value
    assert second.asked_at == first.asked_at


def test_answers_of_other_connections_and_arguments_are_others() -> None:
    numbers = itertools.count()
    asked = [
        (1, "n", ("a",), {}),
        (2, "n", ("a",), {}),
        (1, "n", ("b",), {}),
        (1, "n", ("a",), {"k": 1}),
    ]
    twice = [
        [remember(*each, lambda: pd.Series([next(numbers)])).value.iat[0] for each in asked]
        for _ in range(2)
    ]
    assert twice == [[0, 1, 2, 3], [0, 1, 2, 3]]


def test_what_cannot_be_held_weakly_is_remembered_too() -> None:
    numbers = itertools.count(5)
    assert [remember(1, "count", (), {}, lambda: next(numbers)).value for _ in range(2)] == [5, 5]


def test_nobody_is_given_what_was_forgotten() -> None:
    first = remember(1, "found", ("a",), {}, _found)
    other = remember(1, "found", ("b",), {}, _found)
    forget(1, "found", ("a",), {})
    assert remember(1, "found", ("a",), {}, _found).value is not first.value
    assert remember(1, "found", ("b",), {}, _found).value is other.value


def test_an_answer_that_nobody_holds_takes_no_memory_but_its_bytes() -> None:
    def living() -> int:
        gc.collect()
        return sum(isinstance(each, Found) for each in gc.get_objects())

    held = remember(1, "found", ("a",), {}, _found)
    assert living() == 1
    del held
    assert living() == 0


def test_an_answer_that_somebody_computes_is_waited_for_and_not_computed_again() -> None:
    begun, end = threading.Event(), threading.Event()
    computed = []

    def compute() -> Found:
        computed.append(1)
        begun.set()
        assert end.wait(SOON)
        return _found()

    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(remember, 1, "slow", (), {}, compute)]
        assert begun.wait(SOON)
        asked += [pool.submit(remember, 1, "slow", (), {}, compute) for _ in range(3)]
        end.set()
        values = {id(each.result(SOON).value) for each in asked}
    assert computed == [1]
    assert len(values) == 1


def test_who_waits_for_somebody_else_can_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, end, looked = threading.Event(), threading.Event(), threading.Event()

    def compute() -> Found:
        begun.set()
        assert end.wait(SOON)
        return _found()

    def leave() -> None:
        looked.set()
        raise InterruptedError

    monkeypatch.setattr("lib.ui.remembering.tick", leave)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(remember, 1, "slow", (), {}, compute)
        assert begun.wait(SOON)
        second = pool.submit(remember, 1, "slow", (), {}, compute)
        with pytest.raises(InterruptedError):
            second.result(SOON)
        assert looked.is_set()
        assert not first.done()
        end.set()
        first.result(SOON)


def test_after_a_failure_whoever_waited_tries_for_themselves() -> None:
    begun, end = threading.Event(), threading.Event()

    def fail() -> Found:
        begun.set()
        assert end.wait(SOON)
        raise LookupError

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(remember, 1, "slow", (), {}, fail)
        assert begun.wait(SOON)
        second = pool.submit(remember, 1, "slow", (), {}, _found)
        end.set()
        with pytest.raises(LookupError):
            first.result(SOON)
        assert second.result(SOON).value.frame["passage"].tolist() == ["p1", "p2"]
