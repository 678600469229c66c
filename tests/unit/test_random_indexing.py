"""Random indexing: unit vectors that are alike when, and only when, texts share their words."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.demo import text
from lib.demo.noise import HARSH, Hearing
from lib.demo.random_indexing import (
    DIMENSIONS,
    NONZEROS,
    SIGNS,
    RandomIndexing,
    index_dimensions,
    words,
)

ROOT = Path(__file__).parents[2]
CORPUS = ["the king of the north", "the sea and the ship", "a king and a ship"]


@pytest.fixture(scope="module")
def verses() -> list[str]:
    return [verse.content for verse in text.load().verses][:6_000]


@pytest.fixture(scope="module")
def model(verses: list[str]) -> RandomIndexing:
    return RandomIndexing.fit(verses)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("And the LORD said,", ["and", "the", "lord", "said"]),
        (
            "the king\N{RIGHT SINGLE QUOTATION MARK}s 'two' ships'",
            ["the", "king's", "two", "ships"],
        ),
        ("Beth-el 1,260 Cæsar", ["beth", "el", "1", "260", "cæsar"]),
        ("_?!", []),
    ],
)
def test_words(written: str, expected: list[str]) -> None:
    assert words(written) == expected


def test_vectors_are_normalised_float32(model: RandomIndexing, verses: list[str]) -> None:
    vectors = model.embed(verses)
    assert vectors.shape == (len(verses), DIMENSIONS)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_a_vector_does_not_depend_on_its_company(model: RandomIndexing, verses: list[str]) -> None:
    together = model.embed(verses[:50])
    alone = np.concatenate([model.embed([verse]) for verse in verses[:50]])
    np.testing.assert_array_equal(together, alone)


def test_index_vectors_are_sparse_balanced_and_distinct(model: RandomIndexing) -> None:
    found = {word: index_dimensions(word) for word in model.document_frequency}
    assert all(len(set(dimensions)) == NONZEROS for dimensions in found.values())
    assert len(set(found.values())) == len(found)
    assert SIGNS.sum() == 0
    spread = np.bincount(np.array(list(found.values())).ravel(), minlength=DIMENSIONS)
    assert spread.min() > 0.5 * spread.mean()


def test_the_text_vector_is_the_weighted_sum_of_index_vectors() -> None:
    model = RandomIndexing.fit(CORPUS)
    expected = np.zeros(DIMENSIONS)
    # 'the' stands in two of three texts and twice in this one, 'sea' in one of three.
    for word, weight in (
        ("the", (np.log(4 / 3) + 1) * (1 + np.log(2))),
        ("sea", np.log(4 / 2) + 1),
        ("unheard", np.log(4 / 2) + 1),
    ):
        expected[list(index_dimensions(word))] += weight * SIGNS
    (vector,) = model.embed(["The sea, the unheard"])
    np.testing.assert_allclose(vector, expected / np.linalg.norm(expected), atol=1e-6)


def test_rare_words_weigh_more() -> None:
    model = RandomIndexing.fit(CORPUS)
    assert model.idf("the") < model.idf("sea")
    assert model.idf("never-seen") == model.idf("sea")
    assert model.idf("the") > 0


def test_noisy_spans_are_nearest_to_their_own_verses(
    model: RandomIndexing, verses: list[str]
) -> None:
    rng = np.random.default_rng(0)
    hearing = Hearing(verses)
    long = [number for number, verse in enumerate(verses) if len(verse.split()) >= 20]
    chosen = rng.choice(long, 200, replace=False)
    heard = model.embed([hearing.hear(verses[number].split(), rng, HARSH) for number in chosen])
    scores = heard @ model.embed(verses).T
    own = scores[np.arange(200), chosen]
    assert own.mean() > np.median(scores, axis=1).mean() + 0.3
    assert (own > np.median(scores, axis=1)).all()
    assert (scores.argmax(axis=1) == chosen).mean() > 0.9


@pytest.mark.parametrize("wordless", ["", "   ", "?!", "\N{EM DASH}"])
def test_texts_without_words_get_one_fixed_direction(model: RandomIndexing, wordless: str) -> None:
    vectors = model.embed([wordless, "the king", ""])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    np.testing.assert_array_equal(vectors[0], vectors[2])
    assert abs(float(vectors[0] @ vectors[1])) < 0.5


def test_no_texts_and_an_unfitted_model() -> None:
    empty = RandomIndexing.fit([])
    assert empty.embed([]).shape == (0, DIMENSIONS)
    np.testing.assert_allclose(np.linalg.norm(empty.embed(["word", ""]), axis=1), 1, atol=1e-6)


def test_vectors_are_the_same_in_every_process() -> None:
    program = (
        "from lib.demo.random_indexing import RandomIndexing\n"
        f"model = RandomIndexing.fit({CORPUS!r})\n"
        f"print(model.embed({CORPUS!r}).tobytes().hex())"
    )
    prints = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert prints == {RandomIndexing.fit(CORPUS).embed(CORPUS).tobytes().hex()}


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(max_size=40), max_size=5))
def test_every_text_has_a_finite_unit_vector(texts: list[str]) -> None:
    vectors = RandomIndexing.fit(CORPUS).embed(texts)
    assert vectors.shape == (len(texts), DIMENSIONS)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
