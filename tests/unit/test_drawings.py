"""Data of charts as a browser takes it, whatever ids a database has."""

from __future__ import annotations

import ipaddress
import uuid
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from streamlit.dataframe_util import convert_anything_to_arrow_bytes

from lib.ui.drawings import as_arrow

ADDRESS = ipaddress.ip_address("::1")


@pytest.mark.parametrize(
    "ids",
    [
        [1, 2],
        ["a", None],
        [uuid.UUID(int=1), uuid.UUID(int=2)],
        [1, "a"],
        [ADDRESS] * 2,
        [Decimal(2**70)] * 2,
    ],
    ids=["numbers", "texts", "uuids", "mixed", "addresses", "decimals"],
)
def test_ids_of_any_type_can_be_sent(ids: list[Any]) -> None:
    frame = pd.DataFrame({"id": pd.Series(ids, dtype=object), "score": [0.1, 0.2]})
    sent = pa.ipc.open_stream(convert_anything_to_arrow_bytes(as_arrow(frame))).read_all()
    assert sent.num_rows == 2
    assert sent["score"].to_pylist() == [0.1, 0.2]


def test_what_arrow_takes_is_made_once() -> None:
    assert isinstance(as_arrow(pd.DataFrame({"score": [0.1]})), pa.Table)
