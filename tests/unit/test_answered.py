"""What a page says of the time that its answers took."""

from __future__ import annotations

import pytest

from lib.ui.answered import describe
from lib.ui.remembering import Answer


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([Answer(None, 0.25, 1000.0)], "1 question, answered in 0.2 s in all."),
        (
            [Answer(None, 0.5, 1000.0), Answer(None, 1.0, 940.0)],
            "2 questions, answered in 1.5 s in all, the oldest 1 minute ago.",
        ),
        (
            [Answer(None, 3.0, 1000.0 - 63), Answer(None, 1.0, 1000.0 - 600)],
            "2 questions, answered in 4.0 s in all, the oldest 10 minutes ago.",
        ),
    ],
)
def test_time_and_age_are_told(answers: list[Answer], expected: str) -> None:
    assert describe(answers, now=1001.0 + 9) == expected


def test_answers_of_this_moment_have_no_age() -> None:
    assert describe([Answer(None, 2.0, 100.0)], now=102.1).endswith("in all.")


def test_an_answer_that_is_used_twice_counts_once() -> None:
    answer = Answer("the same", 2.0, 100.0)
    assert describe([answer, answer], now=102.1) == describe([answer], now=102.1)
