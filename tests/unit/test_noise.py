"""The noise model: repeatable, and as wrong, in the same places, as real transcripts are."""

from __future__ import annotations

import random
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ahocorasick_rs import AhoCorasick
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from lib.demo import noise, text
from lib.demo.noise import HARSH, STUDIO, Hearing, Profile

SPANS = 600
ROOT = Path(__file__).parents[2]
# Of the transcripts of Peter and Wendy; see the docstring of lib.demo.noise.
MEASURED_STUDIO = (0.126, 0.030, 0.026, 0.038, 0.038, 0.034, 0.039, 0.036, 0.034, 0.057)
MEASURED_HARSH = (0.369, 0.313, 0.313, 0.324, 0.312, 0.329, 0.310, 0.325, 0.338, 0.410)
FAULTLESS = Profile(
    substitute=0,
    delete=0,
    insert=0,
    join=0,
    split=0,
    first_rise=0,
    last_rise=0,
    clip_first=0,
    clip_last=0,
    name_capital=1,
    marks={mark: ((mark, 1.0),) for mark in STUDIO.marks},
)


@pytest.fixture(scope="module")
def verses() -> list[str]:
    return [verse.content for verse in text.load().verses]


@pytest.fixture(scope="module")
def hearing(verses: list[str]) -> Hearing:
    return Hearing(verses)


@pytest.fixture(scope="module")
def spans(verses: list[str]) -> list[list[str]]:
    words = " ".join(verses).split()
    rng = np.random.default_rng(1)
    starts = rng.integers(0, len(words) - 60, SPANS)
    return [words[start : start + rng.integers(20, 61)] for start in starts]


def _errors_by_tenth(span: list[str], transcript: str) -> NDArray[np.int64]:
    """Count the words of each tenth and those of them heard wrongly: shape (2, 10)."""

    def heard(words: list[str]) -> list[str]:
        return [re.sub(r"\W", "", word.lower()) for word in words]

    counts = np.zeros((2, 10), dtype=np.int64)
    for part in Levenshtein.opcodes(heard(span), heard(transcript.split())):
        for word in range(part.src_start, part.src_end):
            tenth = 10 * word // len(span)
            counts[0, tenth] += 1
            counts[1, tenth] += part.tag != "equal"
    return counts


def _rates(hearing: Hearing, spans: list[list[str]], profile: Profile) -> NDArray[np.float64]:
    rng = np.random.default_rng(2)
    counts = sum(
        (_errors_by_tenth(span, hearing.hear(span, rng, profile)) for span in spans),
        start=np.zeros((2, 10), dtype=np.int64),
    )
    return np.asarray(counts[1] / counts[0])


def _hear(hearing: Hearing, phrase: str, profile: Profile, seed: int = 0) -> str:
    return hearing.hear(phrase.split(), np.random.default_rng(seed), profile)


def _hear_often(hearing: Hearing, phrase: str, profile: Profile, times: int = 100) -> list[str]:
    return [_hear(hearing, phrase, profile, seed) for seed in range(times)]


# Some 2,400 words per tenth: two standard errors are .008 in the studio and .019 in harsh clips,
# and the measured rates have errors of their own.
@pytest.mark.parametrize(
    ("profile", "measured", "tolerance", "overall"),
    [
        (STUDIO, MEASURED_STUDIO, 0.02, (0.04, 0.06)),
        (HARSH, MEASURED_HARSH, 0.04, (0.30, 0.36)),
    ],
    ids=["studio", "harsh"],
)
def test_error_rates_by_position_are_the_measured_ones(
    hearing: Hearing,
    spans: list[list[str]],
    profile: Profile,
    measured: tuple[float, ...],
    tolerance: float,
    overall: tuple[float, float],
) -> None:
    rates = _rates(hearing, spans, profile)
    np.testing.assert_allclose(rates, measured, atol=tolerance)
    middle = rates[2:8].mean()
    assert rates[0] > 1.05 * middle
    assert rates[9] > 1.05 * middle
    assert overall[0] < rates.mean() < overall[1]


def test_highlights_of_the_demo_keep_a_window_as_often_as_real_ones(
    hearing: Hearing, spans: list[list[str]], verses: list[str]
) -> None:
    rng = np.random.default_rng(3)
    windows: list[str] = []
    highlight_of_window: list[int] = []
    for number, span in enumerate(spans[:300]):
        profile = HARSH if rng.random() < noise.HARSH_SHARE else STUDIO
        words = hearing.hear(span, rng, profile).lower().split()
        found = [" ".join(words[start : start + 6]) for start in range(len(words) - 5)]
        windows += found
        highlight_of_window += [number] * len(found)
    hits = AhoCorasick(windows).find_matches_as_indexes("\n".join(verses).lower(), overlapping=True)
    matched = {highlight_of_window[window] for window, _, _ in hits}
    assert 0.40 < len(matched) / 300 < 0.75


def test_one_seed_gives_one_transcript(hearing: Hearing, spans: list[list[str]]) -> None:
    def transcripts(seed: int) -> list[str]:
        rng = np.random.default_rng(seed)
        return [hearing.hear(span, rng, HARSH) for span in spans[:50]]

    first = transcripts(5)
    # Global chance must not matter.
    random.seed(1)
    np.random.seed(1)
    assert transcripts(5) == first
    assert transcripts(6) != first


def test_transcripts_do_not_depend_on_the_order_of_sets(verses: list[str]) -> None:
    program = (
        "import sys, numpy as np\n"
        "from lib.demo.noise import HARSH, Hearing\n"
        "texts = sys.stdin.read().splitlines()\n"
        "rng = np.random.default_rng(9)\n"
        "print([Hearing(texts).hear(text.split(), rng, HARSH) for text in texts[:20]])"
    )
    transcripts = {
        subprocess.run(
            [sys.executable, "-c", program],
            input="\n".join(verses[:300]),
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"},
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(transcripts) == 1


def test_a_perfect_ear_changes_only_the_writing(hearing: Hearing) -> None:
    heard = _hear(
        hearing, "and the LORD said unto him, Go: king\N{RIGHT SINGLE QUOTATION MARK}s O", FAULTLESS
    )
    assert heard == "And the Lord said unto him, go: king's o"
    assert _hear(hearing, "then Margaret came, and I wept.", FAULTLESS) == (
        "Then Margaret came, and I wept."
    )


def test_numbers_turn_into_digits(hearing: Hearing) -> None:
    heard = _hear_often(hearing, "the days were nine hundred and thirty years: and", FAULTLESS)
    written = sum("were 930 years:" in transcript for transcript in heard)
    assert 60 <= written <= 95
    thousands = _hear_often(hearing, "threescore and fourteen thousand and six hundred", FAULTLESS)
    assert "74,600" in thousands
    ones = _hear_often(hearing, "there was one man", FAULTLESS)
    assert sum("1" in transcript for transcript in ones) <= 5
    # A mark ends a number: these are two.
    assert "20, four" in _hear_often(hearing, "twenty, four", FAULTLESS)


def test_words_join_and_split(hearing: Hearing) -> None:
    assert any(
        "forever" in heard for heard in _hear_often(hearing, "his mercy for ever", FAULTLESS)
    )
    joining = replace(FAULTLESS, join=1.0)
    assert _hear(hearing, "he went in to them", joining) == "He went into them"
    assert _hear(hearing, "he went in, to them", joining) == "He went in, to them"
    splitting = replace(FAULTLESS, split=1.0)
    assert _hear(hearing, "therefore he sat upon it", splitting) == "There for he sat up on it"


def test_substitutes_sound_alike(hearing: Hearing) -> None:
    mishearing = replace(FAULTLESS, substitute=1.0)

    def taken_for(word: str) -> set[str]:
        return {heard.lower() for heard in _hear_often(hearing, word, mishearing)}

    assert "the" in taken_for("thee")
    assert "onto" in taken_for("unto")
    assert "profit" in taken_for("prophet")
    for word in ("mercy", "Jerusalem", "heir", "candlestick", "Habakkuk", "of", "x"):
        heard = taken_for(word)
        assert heard
        assert word.lower() not in heard


def test_function_words_are_dropped_more_often(hearing: Hearing) -> None:
    dropping = replace(FAULTLESS, delete=0.2)
    transcripts = _hear_often(hearing, "and water of mercy the altar", dropping, 400)
    heard = " ".join(transcripts).lower().split()
    small = sum(heard.count(word) for word in ("and", "of", "the"))
    large = sum(heard.count(word) for word in ("water", "mercy", "altar"))
    assert large > 1.2 * small


def test_clips_cut_the_first_and_the_last_word(hearing: Hearing) -> None:
    clipped = replace(FAULTLESS, clip_first=1.0, clip_last=1.0)
    heard = set(_hear_often(hearing, "beginning of righteousness", clipped))
    assert heard == {"Of", "Of righte", "Nning of", "Nning of righte"}


def test_punctuation_comes_by_ear(hearing: Hearing, spans: list[list[str]]) -> None:
    rng = np.random.default_rng(4)
    transcript = " ".join(hearing.hear(span, rng, STUDIO) for span in spans[:200])
    source = " ".join(" ".join(span) for span in spans[:200])
    assert not set(";:()[]\N{RIGHT SINGLE QUOTATION MARK}") & set(transcript)
    assert 0.5 < transcript.count(",") / source.count(",") < 1.5
    assert transcript.count(".") > source.count(".")


@pytest.mark.parametrize("words", [[], ["(", "--"], ["Amen."], ["a"]])
def test_very_short_spans_are_heard_without_failure(hearing: Hearing, words: list[str]) -> None:
    for seed in range(50):
        heard = hearing.hear(words, np.random.default_rng(seed), HARSH)
        assert heard == heard.strip()


def test_edge_factor_rises_towards_both_ends() -> None:
    assert noise.edge_factor(0.5, STUDIO) == 1.0
    factors = [noise.edge_factor(position, STUDIO) for position in (0.0, 0.05, 0.1, 0.2)]
    assert factors == sorted(factors, reverse=True)
    assert factors[0] == 1 + STUDIO.first_rise
    assert noise.edge_factor(1.0, STUDIO) == 1 + STUDIO.last_rise
