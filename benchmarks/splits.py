"""Splits of one model's rows, in which neither a mismatch nor a suspect may be found."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from benchmarks.arrangements import Goals
from benchmarks.real_models import REAL, Sample
from lib.demo import models, text
from lib.similarity.anchored import no_ranks
from lib.similarity.covariance import covariance_alignment, mean_shift, null_by_books
from lib.similarity.scores import Matrix
from lib.similarity.suspects import find_foreign, find_suspects, learn_spaces
from lib.similarity.verdicts import judge

OLD_TESTAMENT = 39
HIGHLIGHTS, PASSAGES = 500, 1_500
DEMO_EVERY = 5


def measure_splits(sample: Sample, splits: int, goals: Goals) -> None:
    """Split, judge without anchors and look for suspects; print what was found by model."""
    verses = text.load().verses
    books = dict.fromkeys(REAL, sample.books)
    rows = {name: sample.vectors[name] for name in REAL}
    for name in models.MODELS:
        rows[name] = models.embed(name, [verse.content for verse in verses])
        books[name] = np.array([verse.book_id for verse in verses])
    for name, matrix in rows.items():
        before = (goals.split_mismatched, goals.split_suspects, goals.split_rows)
        # The demo's models have eight times the rows: each of their splits counts for more.
        count = splits if name in REAL else max(1, splits // DEMO_EVERY)
        verdicts: list[str] = []
        for number, inside in enumerate(_splits(books[name], count)):
            one, other = matrix[inside], matrix[~inside]
            verdicts.append(_verdict(one, other, books[name][~inside], number, goals))
            halves = {"one": one, "other": other} if number % 2 else {"one": one}
            spaces = learn_spaces(halves, number)
            found = find_suspects(
                {n: list(range(len(m))) for n, m in halves.items()}, halves, spaces
            )
            goals.split_rows += found.judged
            goals.split_suspects += len(found.rows)
            if not number % 2 and spaces.owned:
                foreign = find_foreign("one", list(range(len(other))), other, spaces)
                goals.split_rows += foreign.judged
                goals.split_suspects += len(foreign.rows)
        if name in REAL:
            heard = sample.heard[name]
            verdicts.append(_verdict(heard, matrix, books[name], 0, goals))
        counts = {verdict: verdicts.count(verdict) for verdict in sorted(set(verdicts))}
        print(
            f"{name}: {len(verdicts)} splits, verdicts {counts}, "
            f"{goals.split_suspects - before[1]} suspects in "
            f"{goals.split_rows - before[2]:,} rows",
            flush=True,
        )


def _splits(books: NDArray[np.int64], count: int) -> Iterator[NDArray[np.bool_]]:
    """The two testaments, then a random number of random books against the rest."""
    yield books <= OLD_TESTAMENT
    names = np.unique(books)
    rng = np.random.default_rng(9)
    for _ in range(count - 1):
        few = rng.permutation(names)[: rng.integers(1, len(names) // 2 + 1)]
        yield np.isin(books, few)


def _verdict(one: Matrix, other: Matrix, books: NDArray[np.int64], seed: int, goals: Goals) -> str:
    rng = np.random.default_rng(seed)
    mine = one[rng.permutation(len(one))[:HIGHLIGHTS]]
    theirs = other[rng.permutation(len(other))[:PASSAGES]]
    null = null_by_books(other, books.astype(object), len(mine), seed=seed)
    covariance = covariance_alignment(mine, theirs)
    shift = mean_shift(mine, theirs) if covariance is not None else None
    verdict = judge(no_ranks(), covariance, null, shift).verdict
    goals.split_verdicts += 1
    goals.split_mismatched += verdict == "mismatched"
    return verdict
