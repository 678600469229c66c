"""The report as data: the public JSON contract, key by key. Keys may be added, none renamed."""

from __future__ import annotations

import asyncio
import datetime as dt
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from lib.databases import books, embeddings, highlights, passages
from lib.databases.highlights import UNLABELLED
from lib.databases.pools import Databases
from lib.databases.relations import Relations
from lib.matching import fallback, landings, rates
from lib.matching.anchors import find_anchors
from lib.matching.fallback import DEFAULT_OPERATOR, Fallen, Method, Operator
from lib.matching.orders import BUDGETS, ORDERS
from lib.matching.rates import Scope
from lib.matching.scan import Scan, scan
from lib.matching.statistics import wilson
from lib.matching.study import Study, study
from lib.matching.windows import Mode
from lib.similarity import measure
from lib.similarity.coverage import by_book_and_model
from lib.similarity.scores import separation, summarise

VERSION = 1

Values = dict[str, Any]
OnStage = Callable[[str], object]


@dataclass(frozen=True)
class Options:
    """What the report is asked for; the defaults are the command line's."""

    window: int = 6
    stride: int = 1
    mode: Mode = "ilike"
    scope: Scope = "book"
    fallback: Method = "alignment"
    operator: Operator = DEFAULT_OPERATOR
    threshold: float | None = None
    budgets: tuple[int, ...] = BUDGETS
    sample: int | None = None
    seed: int = 0
    matches: bool = False

    @property
    def accepted_distance(self) -> float:
        """The largest distance at which the fallback accepts."""
        if self.threshold is not None:
            return self.threshold
        return fallback.default_threshold(self.fallback, self.operator)


@dataclass
class _Clock:
    """Seconds that each stage took."""

    on_stage: OnStage
    elapsed: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        self.on_stage(name)
        started = time.perf_counter()
        yield
        self.elapsed[name] = round(time.perf_counter() - started, 3)


async def build(
    databases: Databases,
    relations: Relations,
    options: Options,
    on_stage: OnStage = lambda name: None,
) -> Values:
    """Measure everything the report says. Raises the errors of the queries it runs."""
    clock = _Clock(on_stage)
    with clock.stage("sources"):
        sources = await _sources(databases, relations)
        texts = await highlights.read_texts(databases, relations)
        if options.sample is not None and options.sample < len(texts):
            texts = texts.sample(options.sample, random_state=options.seed).sort_index()
            texts = texts.reset_index(drop=True)
    with clock.stage("matching"):
        found = await scan(
            databases, relations, texts, options.window, options.stride, options.mode
        )
        read = await asyncio.to_thread(study, found, options.scope, options.budgets)
        matching = _matching(options, read)
    with clock.stage("fallback"):
        fallen = await fallback.find_places(
            databases,
            relations,
            texts,
            read.unmatched,
            options.fallback,
            options.scope,
            options.operator,
        )
        matching |= _with_fallback(options, read, fallen)
        if options.matches:
            matching["matches"] = _matches(options, found, read, fallen)
    labels = list(sources["life_dashboard"]["by_model"])
    models = list(sources["knowledge_base"]["embeddings_by_model"])
    with clock.stage("similarity"):
        similarity = await _similarity(databases, relations, sources, labels, models, options.seed)
    with clock.stage("alignment"):
        alignment = await _alignment(
            databases, relations, find_anchors(found, read.landings), labels, models, options.seed
        )
    return {
        "version": VERSION,
        "generated_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "elapsed_seconds": clock.elapsed,
        "sources": sources,
        "matching": matching,
        "similarity": similarity,
        "alignment": alignment,
    }


async def _sources(databases: Databases, relations: Relations) -> Values:
    by_label = await highlights.count_by_model(databases, relations)
    by_model = await embeddings.count_by_model(databases, relations)
    titles = await books.read_books(databases, relations)
    return {
        "life_dashboard": {
            "highlights": int(by_label["highlights"].sum()),
            "embedded": int(by_label["embedded"].sum()),
            "by_model": _counts(by_label, "model", "highlights"),
        },
        "knowledge_base": {
            "books": len(titles),
            "passages": await passages.count_passages(databases, relations),
            "embeddings_by_model": _counts(by_model, "model", "embeddings"),
        },
    }


def _counts(frame: pd.DataFrame, key: str, value: str) -> dict[str, int]:
    return {str(k): int(v) for k, v in zip(frame[key], frame[value], strict=True)}


def _matching(options: Options, read: Study) -> Values:
    table = read.by_budget
    return {
        "window": options.window,
        "stride": options.stride,
        "mode": options.mode,
        "scope": options.scope,
        "highlights": read.highlights,
        "too_short": int(read.too_short.sum()),
        "eligible": read.eligible,
        "any_window": _rate(int(read.matched.sum()), read.eligible),
        "orders": {
            order: {
                "by_budget": [
                    {"budget": int(row.budget), **_rate(int(row.matched), read.eligible)}
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
                "ci95": _interval(row.low, row.high),
                "p_value": number(row.p_value),
                "p_holm": number(row.p_holm),
            }
            for row in read.comparisons.itertuples()
        ],
        "by_position": [
            {
                "position": round(row.position, 4),
                "windows": int(row.windows),
                "hits": int(row.hits),
                "rate": number(row.rate),
                "ci95": _interval(row.low, row.high),
            }
            for row in read.by_position.itertuples()
        ],
    }


def _with_fallback(options: Options, read: Study, fallen: Fallen) -> Values:
    accepted = len(fallen.accepted(options.accepted_distance))
    return {
        "fallback": {
            "method": options.fallback,
            "operator": fallen.operator,
            "threshold": options.accepted_distance,
            "attempted": len(fallen.places),
            "matched": accepted,
        },
        "matched_total": _rate(int(read.matched.sum()) + accepted, read.eligible),
    }


def _matches(options: Options, found: Scan, read: Study, fallen: Fallen) -> list[Values]:
    landed = read.landings
    passage_of = dict(zip(landed["highlight"], landed["passage"], strict=True))
    fallback_of = {row.highlight: row for row in fallen.places.itertuples()}
    ids = found.passages["passage"]
    rows = []
    for row, identifier in enumerate(found.highlights["id"]):
        method, passage, distance = "none", None, None
        if row in passage_of:
            method, passage = "exact", ids.iat[passage_of[row]]
        elif row in fallback_of:
            distance = number(fallback_of[row].distance)
            if distance is not None and distance <= options.accepted_distance:
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
            }
        )
    return rows


async def _similarity(
    databases: Databases,
    relations: Relations,
    sources: Values,
    labels: list[str],
    models: list[str],
    seed: int,
) -> Values:
    pairs = []
    for label in labels:
        for model in models:
            total = sources["life_dashboard"]["by_model"][label]
            pair = await measure.measure_pair(databases, relations, label, model, total, seed)
            top1 = pair.scores[:, 0][np.isfinite(pair.scores[:, 0])]
            pairs.append(
                {
                    "highlight_model": label,
                    "passage_model": model,
                    "highlights": len(pair.highlight_ids),
                    "background": asdict(summarise(pair.background.scores)),
                    "top1": asdict(summarise(top1)),
                    "separation_auc": separation(top1, pair.background.scores),
                    "seed": seed,
                }
            )
    return {"pairs": pairs}


async def _alignment(
    databases: Databases,
    relations: Relations,
    anchors: pd.DataFrame,
    labels: list[str],
    models: list[str],
    seed: int,
) -> Values:
    judged = await measure.measure_alignment(databases, relations, anchors, labels, models, seed)
    named = [label for label in labels if label != UNLABELLED]
    suspects = await measure.measure_suspects(databases, relations, named, models, seed)
    covered = await embeddings.read_coverage(databases, relations)
    titles = await books.read_books(databases, relations)
    return {
        "verdicts": [
            {
                "highlight_model": pair.highlight_model,
                "passage_model": pair.passage_model,
                **asdict(pair.judgement),
            }
            for pair in judged
        ],
        "suspects": [
            {
                "relation": row.relation,
                "id": plain(row.id),
                "label": row.label,
                "looks_like": row.looks_like,
                "score": number(row.score),
            }
            for row in suspects.itertuples()
        ],
        "coverage": _coverage(covered, titles, models),
    }


def _coverage(covered: pd.DataFrame, titles: pd.DataFrame, models: list[str]) -> list[Values]:
    per_book: dict[str, Values] = {}
    for row in by_book_and_model(covered, titles, models).itertuples():
        entry = per_book.setdefault(
            row.book,
            {"book": row.book, "title": row.title, "passages": row.passages, "embedded": {}},
        )
        entry["embedded"][row.model] = row.embedded
    return list(per_book.values())


def _rate(matched: int, eligible: int) -> Values:
    interval = wilson(matched, eligible)
    return {
        "matched": matched,
        "rate": matched / eligible if eligible else None,
        "ci95": list(interval) if interval else None,
    }


def _interval(low: float, high: float) -> list[float] | None:
    return None if math.isnan(low) or math.isnan(high) else [float(low), float(high)]


def number(value: Any) -> float | None:
    """A float that JSON can hold: None for what is not a finite number."""
    return float(value) if value is not None and math.isfinite(value) else None


def plain(identifier: Any) -> Any:
    """An id as JSON holds it: numbers and text as they are, other types as text."""
    if identifier is None or isinstance(identifier, (str, int)):
        return identifier
    return int(identifier) if isinstance(identifier, np.integer) else str(identifier)
