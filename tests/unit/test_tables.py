"""What stands in the cells of a table: on one line, no longer than can be read there."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from lib.ui.tables import MOST_CHARACTERS, shortened

LONG = "word " * 1_000


@pytest.mark.parametrize("dtype", ["str", "object"])
def test_texts_are_cut_and_brought_on_one_line_whatever_holds_them(dtype: str) -> None:
    texts = [LONG, "two\nlines", "  around  ", "a\u202eb", "plain", "", "Zoë"]
    cells = shortened(pd.DataFrame({"text": pd.Series(texts, dtype=dtype)}))["text"].tolist()
    assert len(cells[0]) <= MOST_CHARACTERS
    assert cells[0].endswith("…")
    assert cells[1:] == ["two lines", "around", "a b", "plain", "", "Zoë"]


def test_what_is_no_text_stays_as_it_is() -> None:
    frame = pd.DataFrame(
        {
            "mixed": pd.Series(["a\nb", None, 3, np.nan], dtype=object),
            "number": [1.5, 2.5, np.nan, 4.0],
        }
    )
    frame.index = pd.Index([7, 3, 3, 1])
    shown = shortened(frame)
    assert shown["mixed"].tolist()[:3] == ["a b", None, 3]
    assert shown["number"].equals(frame["number"])
    assert shown.index.tolist() == [7, 3, 3, 1]


def test_a_frame_with_nothing_to_cut_is_the_same_frame() -> None:
    frame = pd.DataFrame({"text": ["plain", "and short"], "rows": [1, 2]})
    assert shortened(frame) is frame


def test_the_frame_that_is_shown_is_not_changed() -> None:
    frame = pd.DataFrame({"text": [LONG]})
    shortened(frame)
    assert frame["text"].tolist() == [LONG]
