"""The part of the report about matching."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from lib.matching import landings, rates
from lib.matching.breakdown import BYS, break_down, group_names
from lib.matching.fallback import Fallen
from lib.matching.first_hits import FOUND, first_hits, title_books
from lib.matching.orders import ORDERS
from lib.matching.scan import Scan
from lib.matching.study import Study
from lib.report.options import Options
from lib.report.values import Values, as_list, interval, number, plain, rate


def windows(options: Options, read: Study) -> Values:
    """What the windows found: the report's `matching` without its fallback."""
    table = read.by_budget
    return {
        "window": options.window,
        "stride": options.stride,
        "mode": options.mode,
        "scope": options.scope,
        "highlights": read.highlights,
        "too_short": int(read.too_short.sum()),
        "eligible": read.eligible,
        "any_window": {
            **rate(int(read.matched.sum()), read.eligible),
            "ci95_by_book": as_list(read.any_window_by_books),
        },
        "orders": {
            order: {
                "by_budget": [
                    {
                        "budget": int(row.budget),
                        **rate(int(row.matched), read.eligible),
                        "ci95_by_book": interval(row.book_low, row.book_high),
                    }
                    for row in table[table["order"] == order].itertuples()
                ],
                "median_attempts": rates.median_attempts(read.attempts[order]),
                **landings.count_landings(read.landings, order),
            }
            for order in ORDERS
        },
        "random_order": [
            {"budget": int(row.budget), "rate": number(row.rate)}
            for row in read.random_order.itertuples()
        ],
        "comparisons": [
            {
                "a": row.a,
                "b": row.b,
                "budget": int(row.budget),
                "only_a": int(row.only_a),
                "only_b": int(row.only_b),
                "difference": number(row.difference),
                "ci95": interval(row.low, row.high),
                "ci95_by_book": interval(row.book_low, row.book_high),
                "p_value": number(row.p_value),
                "p_holm": number(row.p_holm),
            }
            for row in read.comparisons.itertuples()
        ],
        "attempts": [
            {
                "a": row.a,
                "b": row.b,
                "both": int(row.both),
                "median_a": number(row.median_a),
                "median_b": number(row.median_b),
                "faster_a": int(row.faster_a),
                "faster_b": int(row.faster_b),
                "p_value": number(row.p_value),
                "p_holm": number(row.p_holm),
            }
            for row in read.attempts_compared.itertuples()
        ],
        "edge_drift": {
            "windows": read.drift.windows,
            "clusters": read.drift.clusters,
            "clustered_by": read.drift.clustered_by,
            "odds_ratio": number(read.drift.odds_ratio),
            "ci95": as_list((read.drift.low, read.drift.high)),
            "p_value": number(read.drift.p_value),
            "middle_rate": number(read.drift.middle_rate),
            "edge_rate": number(read.drift.edge_rate),
        },
        "by_position": [
            {
                "position": round(row.position, 4),
                "windows": int(row.windows),
                "hits": int(row.hits),
                "rate": number(row.rate),
                "ci95": interval(row.low, row.high),
            }
            for row in read.by_position.itertuples()
        ],
    }


def with_fallback(
    options: Options, found: Scan, read: Study, fallen: Fallen, titles: pd.DataFrame
) -> Values:
    """What the fallback adds, and the rates of everything by book, month and length."""
    accepted = len(fallen.accepted(options.accepted_distance))
    matched = int(read.matched.sum()) + accepted
    return {
        "fallback": {
            "method": options.fallback,
            "operator": fallen.operator,
            "threshold": options.accepted_distance,
            "attempted": len(fallen.places),
            "matched": accepted,
        },
        "matched_total": rate(matched, read.eligible),
        "breakdown": _breakdown(options, found, read, fallen, titles),
    }


def _breakdown(
    options: Options, found: Scan, read: Study, fallen: Fallen, titles: pd.DataFrame
) -> Values:
    table = first_hits(found, read, "spread", None, fallen, options.accepted_distance)
    table = table.assign(own_title=title_books(table["book"], titles))
    eligible = table["state"] != "too short"
    matched = table["state"].isin(FOUND)
    return {
        by: [
            {
                "group": row.group,
                "eligible": int(row.eligible),
                **rate(int(row.matched), int(row.eligible)),
                "against": row.against,
            }
            for row in break_down(group_names(table, by), eligible, matched).itertuples()
        ]
        for by in BYS
    }


def matches(options: Options, found: Scan, read: Study, fallen: Fallen) -> list[Values]:
    """Every highlight: where it is, and where in that passage its windows stand."""
    landed = read.landings
    passage_of = dict(zip(landed["highlight"], landed["passage"], strict=True))
    fallback_of = {row.highlight: row for row in fallen.places.itertuples()}
    accepted = set(fallen.accepted(options.accepted_distance)["highlight"])
    ids = found.passages["passage"]
    marks = _marks(found, passage_of)
    rows = []
    for row, identifier in enumerate(found.highlights["id"]):
        method, passage, distance = "none", None, None
        if row in passage_of:
            method, passage = "exact", ids.iat[passage_of[row]]
        elif row in fallback_of:
            distance = number(fallback_of[row].distance)
            if row in accepted:
                method, passage = "fallback", fallback_of[row].passage
        rows.append(
            {
                "highlight": plain(identifier),
                "method": method,
                "passage": plain(passage),
                "attempts": {
                    order: int(first[row]) if math.isfinite(first[row]) else None
                    for order, first in read.attempts.items()
                },
                "distance": distance,
                "marks": marks.get(row, []),
            }
        )
    return rows


def _marks(found: Scan, passage_of: dict[int, int]) -> dict[int, list[list[int]]]:
    """By highlight the character ranges of its windows within its passage, joined where they touch.

    A window that straddles into the next passage is marked up to the end of this one, which is
    None: [12, null]. One that began in the passage before is marked from 0.
    """
    highlight = found.windows.highlight[found.hit_window]
    passage = pd.Series(highlight).map(passage_of).to_numpy(dtype=float)
    starts = np.where(found.hit_passage < passage, 0, found.hit_start)
    mine = (found.hit_passage <= passage) & (passage <= found.hit_last)
    marks: dict[int, list[list[Any]]] = {}
    order = np.lexsort((starts, highlight))
    for k in order[mine[order]]:
        start = int(starts[k])
        stop = None if found.hit_last[k] > passage[k] else int(found.hit_stop[k])
        its = marks.setdefault(int(highlight[k]), [])
        if its and (its[-1][1] is None or start <= its[-1][1]):
            its[-1][1] = None if None in (stop, its[-1][1]) else max(its[-1][1], stop)
        else:
            its.append([start, stop])
    return marks
