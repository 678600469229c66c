"""How well each way of searching, and the fusion of them, finds what highlights were cut from."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import numpy as np

from benchmarks import loading, transcripts
from benchmarks.demo import demo_library
from lib.connection import Connection
from lib.databases import highlights, passages, vectors
from lib.databases.pools import Databases
from lib.databases.relations import Relations
from lib.demo import models
from lib.demo.models import WORDLLAMA
from lib.matching.statistics import wilson
from lib.search.exact import read_vocabulary
from lib.search.fusion import CONSTANT, fuse
from lib.search.question import Question, clean
from lib.search.rankings import WAYS, WORDING, Way, rank
from lib.search.results import DEPTH, FUSED
from lib.settings import Settings

MOST = DEPTH
AT = (1, 10)
CONSTANTS = (1, 2, 5, 10, 20, 60)
FUSION = "fusion"
PASSAGE_WORDS = 60
COLLECTIONS = ("studio", "harsh")


@dataclass(frozen=True)
class Asked:
    """A highlight's text, and the passages that it was cut from."""

    text: str
    true: range


@dataclass(frozen=True)
class Collection:
    """What was asked of one library, and by each way the passages found for each, best first.

    `failed`: how many times each way failed.
    """

    name: str
    asked: Sequence[Asked]
    found: Mapping[Way, Sequence[Sequence[Any]]]
    failed: Mapping[Way, int]

    def recalls(self, k: int, constant: float = CONSTANT) -> dict[str, int]:
        """For how many highlights a true passage is among the first k, by way and by the fusion."""
        rows = range(len(self.asked))
        fused = [fuse((self.found[way][row] for way in FUSED), constant) for row in rows]
        everything: dict[str, Sequence[Sequence[Any]]] = dict(self.found.items()) | {FUSION: fused}
        return {
            name: sum(
                any(passage in asked.true for passage in ranked[:k])
                for asked, ranked in zip(self.asked, rankings, strict=True)
            )
            for name, rankings in everything.items()
        }


async def _rank_all(
    databases: Databases, relations: Relations, asked: Sequence[Asked]
) -> tuple[dict[Way, list[list[Any]]], dict[Way, int]]:
    total = await passages.count_passages(databases, relations)
    vocabulary = await read_vocabulary(databases, relations, total)
    texts = [clean(one.text).text for one in asked]
    found: dict[Way, list[list[Any]]] = {way: [] for way in WAYS}
    failed = dict.fromkeys(WAYS, 0)
    for text, vector in zip(texts, models.embed(WORDLLAMA, texts), strict=True):
        question = Question(text, WORDLLAMA, vector, MOST)
        rankings = await rank(databases, relations, question, vocabulary, total)
        for way in WAYS:
            ranking = rankings.get(way)
            found[way].append(ranking.passages if ranking else [])
            failed[way] += ranking is not None and ranking.failure is not None
    return found, failed


def ask_demo(sample: int | None, seed: int) -> Collection:
    """The demo's noisy highlights, all or a sample."""
    with demo_library() as demo:
        texts = demo.connection.run(highlights.read_texts).set_index("id")["text"]
        true = demo.truth.dropna().astype(int)
        asked = [
            Asked(texts[row.Index], range(row.first, row.last + 1)) for row in true.itertuples()
        ]
        asked = _sampled(asked, sample, seed)
        return Collection("demo", asked, *demo.connection.run(_rank_all, asked))


def ask_transcripts(folder: Path, sample: int | None, seed: int) -> Iterator[Collection]:
    """The two collections of real transcripts, each in a library of its own."""
    libraries = transcripts.read(folder, PASSAGE_WORDS, seed)
    with loading.own_server() as server:
        for name in COLLECTIONS:
            library = libraries[name]
            dsns = asyncio.run(loading.load(server, name, library))
            asyncio.run(_embed(dsns["KNOWLEDGE_BASE_DSN"], library.passages))
            settings = Settings().with_connections(
                dsns["LIFE_DASHBOARD_DSN"], dsns["KNOWLEDGE_BASE_DSN"]
            )
            asked = [Asked(one.text, one.true) for one in library.highlights]
            asked = _sampled(asked, sample, seed)
            with contextlib.closing(Connection(settings)) as connection:
                yield Collection(name, asked, *connection.run(_rank_all, asked))


async def _embed(dsn: str, stored: Sequence[transcripts.Passage]) -> None:
    """Put a vector of each passage into an empty table."""
    matrix = models.embed(WORDLLAMA, [one.text for one in stored])
    rows = [(one.id, vectors.to_text(row)) for one, row in zip(stored, matrix, strict=True)]
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(
            f"ALTER TABLE chunk_embeddings ALTER embedding TYPE vector({models.DIMENSIONS})"
        )
        await connection.executemany(
            f"INSERT INTO chunk_embeddings VALUES ($1, '{WORDLLAMA}', $2::text::vector)", rows
        )
        await connection.execute("VACUUM (ANALYZE) chunk_embeddings")
    finally:
        await connection.close()


def _sampled(asked: list[Asked], most: int | None, seed: int) -> list[Asked]:
    if most is None or most >= len(asked):
        return asked
    rows = np.random.default_rng(seed).choice(len(asked), most, replace=False)
    return [asked[row] for row in np.sort(rows)]


def measure(folder: Path, sample: int | None, seed: int) -> bool:
    """Print how often each way and the fusion are right; True when the fusion is never behind."""
    collections = [ask_demo(sample, seed)]
    met = _show(collections[0])
    if (folder / "sentences.jsonl").exists():
        for collection in ask_transcripts(folder, sample, seed):
            met &= _show(collection)
            collections.append(collection)
    else:
        print(f"studio and harsh are left out: there are no transcripts in {folder}.")
    _show_constants(collections)
    return met


def _show(collection: Collection) -> bool:
    """Print the recalls of one collection; True when the fusion is behind no way."""
    asked = len(collection.asked)
    failures = [f"{WORDING[way]} {count}" for way, count in collection.failed.items() if count]
    print(
        f"{collection.name}: {asked} highlights, the first {MOST} passages of each way;"
        f" failed: {', '.join(failures) or 'none'}"
    )
    recalls = {k: collection.recalls(k) for k in AT}
    names: list[tuple[str, str]] = [*WORDING.items(), (FUSION, FUSION)]
    for name, wording in names:
        shares = []
        for k in AT:
            interval = wilson(recalls[k][name], asked)
            assert interval is not None
            low, high = interval
            shares.append(f"recall@{k} {recalls[k][name] / asked:>7.2%} ({low:.2%} to {high:.2%})")
        print(f"  {wording:<14}{'   '.join(shares)}")
    met = True
    for k in AT:
        best = max(recalls[k][way] for way in WAYS)
        behind = recalls[k][FUSION] < best
        met &= not behind
        print(
            f"  at {k}: the fusion is right for {recalls[k][FUSION]}, the best way for {best}:"
            f" goal no fewer, {'MISSED' if behind else 'met'}"
        )
    return met


def _show_constants(collections: Sequence[Collection]) -> None:
    """Print how many highlights fusions with other constants put first, and among the first."""
    print(f"Highlights found with other constants of the fusion ({CONSTANT} is used):")
    heads = [f"{collection.name} at {k}" for collection in collections for k in AT]
    print("  constant" + "".join(f"{head:>14}" for head in [*heads, "in all"]))
    for constant in CONSTANTS:
        counts = [collection.recalls(k, constant)[FUSION] for collection in collections for k in AT]
        print(f"  {constant:>8}" + "".join(f"{count:>14}" for count in [*counts, sum(counts)]))
