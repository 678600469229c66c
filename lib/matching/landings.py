"""Where a first hit lands, and whether the rest of the highlight agrees."""

from __future__ import annotations

from collections import Counter
from typing import Literal

import numpy as np
import pandas as pd

from lib.matching.orders import ORDERS, Order, attempt_numbers
from lib.matching.rates import Hits
from lib.matching.scan import Scan

Landing = Literal["confirmed", "contradicted", "unverified"]
LANDINGS: tuple[Landing, ...] = ("confirmed", "contradicted", "unverified")


def land(scan: Scan, hits: Hits) -> pd.DataFrame:
    """For each matched highlight, by row: where it is, and where each order lands first.

    Columns `highlight` (row), `passage` (row of the passage that most of its windows hit, the
    first of equals), `agreeing` (how many do), `sure` (whether two of its windows without a
    common word hit that passage), and for each order `attempts_<order>`,
    `first_<order>` (row of the passage it lands in) and `landing_<order>`: `confirmed` when
    another, non-overlapping window hits the same passage or a neighbour of it; else `contradicted`
    when the passage with the most hitting windows is elsewhere; else `unverified`. A window that
    hits several passages lands in the first of them.
    """
    book = pd.factorize(scan.passages["book"])[0]
    position = scan.passages["position"].to_numpy()
    apart = -(-hits.size // hits.stride)
    sorted_hits = np.lexsort((hits.passage, hits.window, hits.highlight))
    highlight = hits.highlight[sorted_hits]
    borders = np.flatnonzero(np.diff(highlight, prepend=-1))
    rows = []
    ends = [*borders[1:], len(highlight)] if len(borders) else []
    for start, end in zip(borders, ends, strict=True):
        mine = sorted_hits[start:end]
        windows, passages = hits.window[mine], hits.passage[mine]
        votes = Counter(passages.tolist())
        winner, agreeing = min(votes.items(), key=lambda item: (-item[1], item[0]))
        row = int(highlight[start])
        voters = windows[passages == winner]
        values: list[object] = [row, winner, agreeing, bool(np.ptp(voters) >= apart)]
        for order in ORDERS:
            tried = attempt_numbers(order, int(hits.counts[row]))[windows]
            first = int(np.argmin(tried))
            landed = passages[first]
            near = (book[passages] == book[landed]) & (
                np.abs(position[passages] - position[landed]) <= 1
            )
            far_window = np.abs(windows - windows[first]) >= apart
            verdict: Landing = "unverified"
            if bool((near & far_window).any()):
                verdict = "confirmed"
            elif agreeing > votes[int(landed)] and not bool(near[passages == winner].any()):
                verdict = "contradicted"
            values += [int(tried[first]), int(landed), verdict]
        rows.append(tuple(values))
    columns = ["highlight", "passage", "agreeing", "sure"]
    for order in ORDERS:
        columns += [attempts_column(order), first_column(order), landing_column(order)]
    return pd.DataFrame(rows, columns=columns)


def attempts_column(order: Order) -> str:
    """The column of `land` that holds the attempts of an order."""
    return f"attempts_{order}"


def first_column(order: Order) -> str:
    """The column of `land` that holds the passage an order lands in first."""
    return f"first_{order}"


def landing_column(order: Order) -> str:
    """The column of `land` that holds the verdict on an order's first hit."""
    return f"landing_{order}"


def count_landings(landings: pd.DataFrame, order: Order) -> dict[Landing, int]:
    """How many first hits of an order got each verdict."""
    counts = landings[landing_column(order)].value_counts()
    return {landing: int(counts.get(landing, 0)) for landing in LANDINGS}
