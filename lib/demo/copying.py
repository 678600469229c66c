"""Rows in PostgreSQL's binary COPY format, built by numpy: vectors as bytes, not as text."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

SIGNATURE = b"PGCOPY\n\xff\r\n\x00" + b"\x00" * 8
TRAILER = b"\xff\xff"


def embedding_rows(ids: Sequence[int], model: str, vectors: NDArray[np.float32]) -> io.BytesIO:
    """Rows (id integer, embedding_model text, embedding vector) as one binary COPY stream."""
    dimensions = vectors.shape[1]
    label = model.encode()
    row = np.dtype(
        [
            ("fields", ">i2"),
            ("id_bytes", ">i4"),
            ("id", ">i4"),
            ("label_bytes", ">i4"),
            ("label", f"S{len(label)}"),
            ("vector_bytes", ">i4"),
            ("dimensions", ">i2"),
            ("unused", ">i2"),
            ("elements", ">f4", (dimensions,)),
        ]
    )
    rows = np.zeros(len(ids), dtype=row)
    rows["fields"] = 3
    rows["id_bytes"] = 4
    rows["id"] = ids
    rows["label_bytes"] = len(label)
    rows["label"] = label
    rows["vector_bytes"] = 4 + 4 * dimensions
    rows["dimensions"] = dimensions
    rows["elements"] = vectors
    return io.BytesIO(SIGNATURE + rows.tobytes() + TRAILER)
