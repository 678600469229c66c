"""Charts that were drawn before, for whoever comes next."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable
from typing import ParamSpec

import pandas as pd
import pyarrow as pa
import streamlit as st

from lib.charts import Drawing, Specification, finish
from lib.ui.asking import connection
from lib.ui.remembering import CACHE_SECONDS

Arguments = ParamSpec("Arguments")

# Of each chart there are several: one for every place of a slider.
MOST_DRAWINGS = 500
MOST_BYTES = "64MB"


def finished(
    chart: Callable[Arguments, Drawing], *arguments: Arguments.args, **keywords: Arguments.kwargs
) -> Specification:
    """What a chart of `lib.charts` makes of its arguments, remembered by what they hold.

    Nothing else of a page takes as long as building a chart, and most readers see the same ones.
    """
    name = f"{chart.__module__}.{chart.__qualname__}"
    # Streamlit would look at a sample only of a long frame: one row may be all that differs.
    content = hashlib.sha256(pickle.dumps((arguments, keywords))).hexdigest()
    return _remembered(connection().number, name, content, lambda: chart(*arguments, **keywords))


@st.cache_data(
    ttl=CACHE_SECONDS, max_entries=MOST_DRAWINGS, max_size=MOST_BYTES, show_spinner=False
)
def _remembered(
    connection_number: int, name: str, content: str, _draw: Callable[[], Drawing]
) -> Specification:
    drawing = finish(_draw())
    datasets = {name: as_arrow(frame) for name, frame in drawing["datasets"].items()}
    return {**drawing, "datasets": datasets}


def as_arrow(frame: pd.DataFrame) -> pa.Table | pd.DataFrame:
    """A frame as it is sent to a browser: making it so takes longer than drawing the chart.

    One that Arrow does not take as it is, for ids of an unusual type, is left to Streamlit.
    """
    try:
        return pa.Table.from_pandas(frame)
    except pa.ArrowException:
        return frame
