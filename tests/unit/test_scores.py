"""Cosine scores, nearest passages and histograms, against scipy, full sorts and counting."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from scipy import spatial

from lib.similarity.scores import (
    NearestPassages,
    histogram,
    summarise,
    unit,
)

Floats = NDArray[np.float32]


def test_unit_rows_have_length_one_and_keep_their_direction() -> None:
    rows = np.random.default_rng(0).normal(size=(40, 16)).astype(np.float32)
    expected = 1 - spatial.distance.cdist(rows, rows, "cosine")
    assert unit(rows) @ unit(rows).T == pytest.approx(expected, abs=1e-5)
    assert unit(rows).dtype == np.float32


def test_unit_leaves_zero_rows_zero() -> None:
    scaled = unit(np.array([[0, 0], [3, 4]], dtype=np.float32))
    assert scaled.tolist() == [[0, 0], pytest.approx([0.6, 0.8])]
    assert unit(np.empty((0, 3), np.float32)).shape == (0, 3)


def test_summarise_gives_the_figures_of_a_known_sample() -> None:
    summary = summarise(np.arange(101, dtype=np.float32) / 100)
    assert summary.n == 101
    assert summary.mean == pytest.approx(0.5)
    assert summary.sd == pytest.approx(math.sqrt(101 * 102 / 12) / 100)
    assert (summary.p50, summary.p95, summary.p99) == pytest.approx((0.5, 0.95, 0.99))


def test_summarise_says_none_for_what_it_cannot_know() -> None:
    one = summarise(np.array([0.5]))
    assert (one.n, one.mean, one.sd, one.p99) == (1, 0.5, None, 0.5)
    none = summarise(np.empty(0))
    assert (none.n, none.mean, none.sd, none.p50, none.p95, none.p99) == (0,) + (None,) * 5


def test_the_mean_of_many_float32_scores_does_not_drift() -> None:
    scores = np.full(1_000_000, 0.1, dtype=np.float32)
    assert summarise(scores).mean == pytest.approx(float(np.float32(0.1)), rel=1e-12)


@given(
    st.integers(0, 4),
    st.integers(1, 5),
    st.lists(st.integers(0, 7), max_size=5),
    st.booleans(),
    st.integers(0, 2**32 - 1),
)
def test_nearest_passages_are_those_of_a_full_sort(
    queries: int, k: int, sizes: list[int], rounded: bool, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    batches = [rng.uniform(-1, 1, (queries, size)).astype(np.float32) for size in sizes]
    if rounded:
        batches = [batch.round(1) for batch in batches]
    nearest = NearestPassages(np.zeros((queries, 2), np.float32), k)
    for number, batch in enumerate(batches):
        nearest.add([f"{number} {column}" for column in range(batch.shape[1])], batch)
    everything = np.concatenate([np.empty((queries, 0), np.float32), *batches], axis=1)
    filled = min(k, everything.shape[1])
    expected = -np.sort(-everything, axis=1)[:, :filled]
    assert nearest.scores.shape == nearest.ids.shape == (queries, k)
    assert (nearest.scores[:, :filled] == expected).all()
    assert (nearest.scores[:, filled:] == -np.inf).all()
    for query in range(queries):
        ids = nearest.ids[query].tolist()
        assert ids[filled:] == [None] * (k - filled)
        assert len(set(ids[:filled])) == filled
        for place, identifier in enumerate(ids[:filled]):
            number, column = map(int, identifier.split())
            assert batches[number][query, column] == nearest.scores[query, place]


BINS = arrays.arrays(np.float32, st.integers(1, 30), elements=st.floats(-1, 1, width=32))


@given(BINS, BINS, st.integers(1, 20))
def test_histograms_share_their_bins_and_integrate_to_one(
    first: Floats, second: Floats, bins: int
) -> None:
    table = histogram({"first": first, "second": second}, bins)
    mine, other = (table[table["series"] == name] for name in ("first", "second"))
    assert mine["left"].tolist() == other["left"].tolist()
    assert mine["right"].tolist() == other["right"].tolist()
    assert mine["left"].tolist()[1:] == mine["right"].tolist()[:-1]
    assert (mine["middle"] * 2).tolist() == pytest.approx((mine["left"] + mine["right"]).tolist())
    for scores, frame in ((first, mine), (second, other)):
        assert len(frame) == bins
        assert (frame["density"] * (frame["right"] - frame["left"])).sum() == pytest.approx(1)
        assert frame["share"].sum() == pytest.approx(1)
        lefts, rights = frame["left"].to_numpy(), frame["right"].to_numpy()
        inside = (scores[:, None] >= lefts) & (scores[:, None] < rights)
        inside[:, -1] |= scores == rights[-1]
        assert frame["share"].to_numpy() == pytest.approx(inside.sum(axis=0) / len(scores))


def test_a_series_without_scores_is_left_out_of_the_histogram() -> None:
    table = histogram({"none": np.empty(0), "some": np.array([0.1, 0.2])}, 4)
    assert set(table["series"]) == {"some"}
    empty = histogram({"none": np.empty(0)})
    assert len(empty) == 0
    assert empty.columns.tolist() == table.columns.tolist()
