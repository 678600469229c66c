"""The report as data: the public JSON contract, key by key. Keys may be added, none renamed."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pandas as pd

from lib.databases import books, embeddings, highlights, passages
from lib.databases.limited import in_all
from lib.databases.pools import Databases
from lib.databases.relations import Relations
from lib.matching import fallback
from lib.matching.scan import scan
from lib.matching.study import study
from lib.report import alignment, matching, similarity
from lib.report.options import Options
from lib.report.values import Values

VERSION = 1

OnStage = Callable[[str], object]


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
        result = matching.windows(options, read)
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
        titles = await books.read_books(databases, relations)
        result |= matching.with_fallback(options, found, read, fallen, titles)
        if options.matches:
            result["matches"] = matching.matches(options, found, read, fallen)
    labels = list(sources["life_dashboard"]["by_model"])
    models = list(sources["knowledge_base"]["embeddings_by_model"])
    with clock.stage("similarity"):
        scores = await similarity.similarity(
            databases, relations, sources, labels, models, options.seed
        )
    with clock.stage("alignment"):
        judged = await alignment.alignment(
            databases,
            relations,
            sources["knowledge_base"]["embeddings_by_model"],
            options.seed,
        )
    return {
        "version": VERSION,
        "generated_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "elapsed_seconds": clock.elapsed,
        "sources": sources,
        "matching": result,
        "similarity": scores,
        "alignment": judged,
    }


async def _sources(databases: Databases, relations: Relations) -> Values:
    by_label = await highlights.count_by_model(databases, relations)
    by_model = await embeddings.count_by_model(databases, relations)
    titles = await books.read_books(databases, relations)
    return {
        "life_dashboard": {
            "highlights": in_all(by_label),
            "embedded": int(by_label["embedded"].sum()),
            "by_model": _counts(by_label, "model", "highlights"),
        },
        "knowledge_base": {
            "books": len(titles),
            "passages": await passages.count_passages(databases, relations),
            "embeddings_by_model": _counts(by_model, "model", "embeddings"),
            "embeddings": in_all(by_model),
        },
    }


def _counts(frame: pd.DataFrame, key: str, value: str) -> dict[str, int]:
    return {str(k): int(v) for k, v in zip(frame[key], frame[value], strict=True)}
