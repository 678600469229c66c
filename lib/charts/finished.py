"""Finished drawings: what a browser takes, to be kept and drawn any number of times."""

from __future__ import annotations

import hashlib
import pickle
import threading
from typing import Any

import altair as alt
import pandas as pd

from lib.charts.colours import Drawing

Specification = dict[str, Any]

TRANSFORMER = "kept_as_frames"

# Altair keeps its theme and its way with data for the whole process.
_altair = threading.Lock()


def finish(drawing: Drawing) -> Specification:
    """The Vega-Lite of a drawing, its data in `datasets` as frames by name.

    Building and checking it takes longer than all else about a chart.
    """
    datasets: dict[str, pd.DataFrame] = {}
    with (
        _altair,
        alt.theme.enable("none"),
        alt.data_transformers.enable(TRANSFORMER, datasets=datasets),
    ):
        return {**drawing.to_dict(), "datasets": datasets}


def _set_aside(frame: pd.DataFrame, datasets: dict[str, pd.DataFrame]) -> dict[str, str]:
    """Leave the name of a frame in its place; frames of one content have one name."""
    name = hashlib.sha256(pickle.dumps(frame)).hexdigest()
    datasets[name] = frame
    return {"name": name}


alt.data_transformers.register(TRANSFORMER, _set_aside)
