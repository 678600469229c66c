"""Work that is done at once: siblings that end together, and cores that are given back."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pytest

from lib.demo.models import WORDLLAMA
from lib.errors import QuestionError
from lib.search.embedders import Embedders
from lib.search.together import together
from lib.settings import Settings
from lib.similarity.scores import unit

ROOT = Path(__file__).parents[2]


def test_results_come_in_the_order_of_the_queries() -> None:
    async def after(seconds: float, result: int) -> int:
        await asyncio.sleep(seconds)
        return result

    assert asyncio.run(together(after(0.02 * (3 - n), n) for n in range(3))) == [0, 1, 2]


def test_one_that_fails_ends_the_others() -> None:
    ended: list[str] = []

    async def waits() -> None:
        try:
            await asyncio.sleep(30)
        finally:
            ended.append("cancelled")

    async def fails() -> None:
        await asyncio.sleep(0.01)
        raise QuestionError("wrong", "mend it")

    started = time.monotonic()
    with pytest.raises(QuestionError, match="wrong"):
        asyncio.run(together([waits(), fails(), waits()]))
    assert ended == ["cancelled"] * 2
    assert time.monotonic() - started < 5


TWO_AT_ONCE = """
import threading, time
import numpy
from threadpoolctl import threadpool_info
from lib.similarity.side_by_side import side_by_side

inside = threading.Barrier(2, timeout=20)

def cores():
    return {one["num_threads"] for one in threadpool_info()}

def work(item):
    if item == 0:
        inside.wait()
    time.sleep(0.05 * item)
    return cores()

before, found = cores(), []
# The one that comes first leaves first.
threads = [
    threading.Thread(target=lambda last=last: found.extend(side_by_side(work, [0, last])))
    for last in (1, 6)
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert found == [{1}] * 4, found
assert cores() == before, (before, cores())
"""


def test_cores_are_as_before_after_two_at_once() -> None:
    # A process of its own: what the main thread of this one has set holds for others too.
    done = subprocess.run(
        [sys.executable, "-c", TWO_AT_ONCE], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_text_without_a_known_token_is_embedded_without_a_word() -> None:
    async def embed() -> np.ndarray:
        embedders = Embedders(Settings())
        return await embedders.embed_query(WORDLLAMA, "\u200b\ufffe")

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        vector = asyncio.run(embed())
    assert np.linalg.norm(vector) == pytest.approx(1)


def test_a_vector_of_any_length_has_a_direction() -> None:
    rows = np.array([[3e38, 3e38], [1e-38, 0], [0, 0], [3, 4]], dtype=np.float32)
    scaled = unit(rows)
    assert scaled.dtype == np.float32
    assert np.linalg.norm(scaled, axis=1) == pytest.approx([1, 1, 0, 1])
