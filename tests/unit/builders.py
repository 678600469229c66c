"""Small scans, hits and reports made by hand, and the orders written out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import pandas as pd

from lib.matching.orders import Order
from lib.matching.rates import Hits, within
from lib.matching.scan import Scan
from lib.matching.windows import Windows

# A hit as (highlight, window, row of the passage).
Hit = tuple[int, int, int]

# What each order tries, for W = 1 to 6: worked out on paper from the definitions of the design.
SEQUENCES: dict[Order, dict[int, tuple[int, ...]]] = {
    "middle_out": {
        1: (0,),
        2: (0, 1),
        3: (1, 2, 0),
        4: (1, 2, 0, 3),
        5: (2, 3, 1, 4, 0),
        6: (2, 3, 1, 4, 0, 5),
    },
    "edge_first": {
        1: (0,),
        2: (0, 1),
        3: (0, 2, 1),
        4: (0, 3, 1, 2),
        5: (0, 4, 1, 3, 2),
        6: (0, 5, 1, 4, 2, 3),
    },
    "sequential": {
        1: (0,),
        2: (0, 1),
        3: (0, 1, 2),
        4: (0, 1, 2, 3),
        5: (0, 1, 2, 3, 4),
        6: (0, 1, 2, 3, 4, 5),
    },
    "spread": {
        1: (0,),
        2: (0, 1),
        3: (1, 0, 2),
        4: (1, 0, 2, 3),
        5: (2, 0, 3, 1, 4),
        6: (2, 0, 4, 1, 3, 5),
    },
}


def make_scan(
    counts: Sequence[int],
    hits: Sequence[Hit],
    books: Sequence[str] = ("A",) * 8,
    elsewhere: Collection[Hit] = (),
    size: int = 6,
    stride: int = 1,
) -> Scan:
    """A scan of highlights with so many windows; passage row i is in `books[i]`.

    The hits of `elsewhere` are in a book that is not the highlight's.
    """
    first = np.concatenate([[0], np.cumsum(counts)])
    passages = pd.DataFrame({"passage": [f"p{row}" for row in range(len(books))], "book": books})
    passages["position"] = [list(books[:row]).count(book) for row, book in enumerate(books)]
    return Scan(
        highlights=pd.DataFrame(
            {
                "id": [100 + row for row in range(len(counts))],
                "model": [f"model-{row}" for row in range(len(counts))],
                "text": "",
                "book": None,
            }
        ),
        passages=passages,
        windows=Windows(
            size=size,
            stride=stride,
            mode="ilike",
            highlight=np.repeat(np.arange(len(counts)), counts).astype(np.int32),
            index=np.array([i for count in counts for i in range(count)], dtype=np.int32),
            text=[f"{row} {i}" for row, count in enumerate(counts) for i in range(count)],
            counts=np.array(counts, dtype=np.int32),
        ),
        hit_window=np.array([first[row] + window for row, window, _ in hits], dtype=np.int32),
        hit_passage=np.array([passage for _, _, passage in hits], dtype=np.int32),
        hit_start=np.zeros(len(hits), dtype=np.int32),
        hit_last=np.array([passage for _, _, passage in hits], dtype=np.int32),
        hit_stop=np.ones(len(hits), dtype=np.int32),
        hit_own_book=np.array([hit not in elsewhere for hit in hits], dtype=bool),
    )


def make_hits(counts: Sequence[int], hits: Sequence[Hit], size: int = 6, stride: int = 1) -> Hits:
    """The hits of `make_scan` in scope `library`."""
    return within(make_scan(counts, hits, size=size, stride=stride), "library")


def make_report(label: str = "nomic", verdict: str = "aligned", rate: float | None = 0.75) -> Any:
    """A report as `lib.report.build` makes it, small; `label` is the one model of both sides."""
    summary = {"n": 9, "mean": 0.5, "sd": 0.1, "p50": 0.512, "p95": 0.7, "p99": 0.8}
    order = {
        "by_budget": [
            {"budget": 1, "matched": 30, "rate": 0.375, "ci95": [0.277, 0.484]},
            {"budget": 2, "matched": 40, "rate": 0.5, "ci95": [0.393, 0.607]},
        ],
        "median_attempts": 1.0,
        "confirmed": 31,
        "contradicted": 2,
        "unverified": 7,
    }
    return {
        "version": 1,
        "generated_at": "2026-01-02T03:04:05+00:00",
        "elapsed_seconds": {"matching": 0.5},
        "sources": {
            "life_dashboard": {"highlights": 82, "embedded": 82, "by_model": {label: 82}},
            "knowledge_base": {
                "books": 3,
                "passages": 4321,
                "embeddings_by_model": {label: 4321},
            },
        },
        "matching": {
            "window": 6,
            "stride": 1,
            "mode": "ilike",
            "scope": "book",
            "highlights": 82,
            "too_short": 2,
            "eligible": 80,
            "any_window": {"matched": 40, "rate": 0.5, "ci95": [0.393, 0.607]},
            "orders": dict.fromkeys(SEQUENCES, order),
            "comparisons": [],
            "by_position": [],
            "fallback": {
                "method": "alignment",
                "operator": None,
                "threshold": 0.35,
                "attempted": 40,
                "matched": 20,
            },
            "matched_total": {"matched": 60, "rate": rate, "ci95": [0.645, 0.832]},
        },
        "similarity": {
            "pairs": [
                {
                    "highlight_model": label,
                    "passage_model": label,
                    "highlights": 82,
                    "background": summary,
                    "top1": {**summary, "p50": 0.876},
                    "separation_auc": 0.991,
                    "separation_ci95": [0.987, 0.994],
                    "overlap": 0.104,
                    "passages": 400,
                    "way": "exact",
                    "measured": f"All 82 highlights under {label} were compared.",
                    "top10": {**summary, "p50": 0.511},
                    "calibrated": [
                        {
                            "quantile": 0.5,
                            "score": 0.876,
                            "percentile": 99.9,
                            "expected": 0.077,
                            "at_floor": True,
                            "chance": "less than 1 search in 13",
                        }
                    ],
                    "expected_below_1": {
                        "highlights": 61,
                        "rate": rate,
                        "ci95": [0.645, 0.832],
                        "rate_by_chance": 0.632,
                    },
                    "threshold_e1": 0.655,
                    "seed": 0,
                }
            ]
        },
        "alignment": {
            "verdicts": [
                {
                    "highlight_model": label,
                    "passage_model": label,
                    "verdict": verdict,
                    "note": f"A note on {label}.",
                    "anchors": 12,
                    "recall_at_1": 0.5,
                    "recall_at_10": 0.917,
                    "ci95": [0.6, 0.99],
                    "covariance_alignment": 0.97,
                    "chance_at_10": 0.002,
                    "shuffled_at_10": 0.083,
                    "standing": 6.8,
                    "excess_alignment": 0.94,
                    "null": [0.52, 0.98],
                    "null_below": 0.9,
                }
            ],
            "suspects": [
                {
                    "relation": "highlights",
                    "id": 7,
                    "label": label,
                    "looks_like": "other",
                    "score": 0.25,
                }
            ],
            "suspected": 1,
            "judged": 4403,
            "false_alarms_expected": 0.04,
            "unlabelled": {"by_looks": {label: 3}, "like_none": 2},
            "notes": [f"{label} holds two spaces."],
            "read": [{"relation": "highlights", "label": label, "rows": 82, "total": 82}],
            "anchors": {"found": 12, "highlights": 82, "passages": 4321, "passages_total": 4321},
            "coverage": [
                {"book": "b", "title": label, "passages": 4321, "embedded": {label: 4321}}
            ],
            "unanswerable": [
                {
                    "highlight_model": label,
                    "reason": "its book has no passages here",
                    "book": label,
                    "highlights": 5,
                }
            ],
            "duplicates": {"passages": 6, "first": [{"id": 8, "label": label, "rows": 2}]},
        },
    }
