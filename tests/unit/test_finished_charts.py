"""Charts that are kept: the same as when they are drawn, with all of their data."""

from __future__ import annotations

import json

import altair as alt
import pandas as pd

from lib.charts import Drawing, distances, finish

# Beyond these Altair by itself refuses to draw.
MANY = 5_001


def _frame(rows: int) -> pd.DataFrame:
    return pd.DataFrame({"distance": [n / rows for n in range(rows)], "accepted": [True] * rows})


def _points(frame: pd.DataFrame) -> Drawing:
    points = alt.Chart(frame).mark_circle().encode(x="distance:Q", y="accepted:N")
    return alt.layer(points, points.mark_line())


def test_data_stand_aside_whole_and_once() -> None:
    frame = _frame(MANY)
    finished = finish(_points(frame))
    assert len(finished["datasets"]) == 1
    (name, kept), *_ = finished["datasets"].items()
    pd.testing.assert_frame_equal(kept, frame)
    assert finished["data"] == {"name": name}


def test_the_rest_is_what_altair_makes_of_it() -> None:
    drawing = distances(_frame(20))
    finished = finish(drawing)
    with alt.theme.enable("none"):
        altair = drawing.to_dict()
    for specification in (finished, altair):
        del specification["datasets"], specification["data"]
    assert json.loads(json.dumps(finished)) == altair


def test_a_single_other_row_makes_another_name() -> None:
    frame, other = _frame(MANY), _frame(MANY)
    other.loc[MANY // 2, "accepted"] = False
    names = {
        name for each in (frame, frame.copy(), other) for name in finish(_points(each))["datasets"]
    }
    assert len(names) == 2


def test_what_is_set_for_altair_is_set_back() -> None:
    before = alt.theme.active, alt.data_transformers.active
    finish(_points(_frame(3)))
    assert (alt.theme.active, alt.data_transformers.active) == before
