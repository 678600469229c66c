"""Models that can embed a text here and now, by the label of the vectors they make."""

from __future__ import annotations

import asyncio
import importlib.util
import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lib.databases.vectors import Matrix
from lib.demo import models
from lib.errors import EmbedderError
from lib.search.endpoint import Endpoint
from lib.search.prefixes import NONE, Prefixes, known_prefixes
from lib.settings import Settings

# Of a longer text the beginning is embedded: most models read no more than this.
MOST_CHARACTERS = 4_000
# Hugging Face's server takes no more texts in one request unless it is told to.
MOST_TEXTS = 32


class Embedders:
    """The endpoints of the settings and the demo's own models. Use it on one event loop only."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings.embedders
        self._endpoints = {
            label: Endpoint(label, embedder) for label, embedder in self._settings.items()
        }
        # The first use of a model here loads it: once, however many wait for it.
        self._working = asyncio.Lock()

    def available(self, labels: Sequence[str]) -> list[str]:
        """Those of `labels` under which a text can be embedded, in their order.

        A label whose endpoint is configured counts whether or not the endpoint answers.
        """
        return [label for label in labels if label in self._endpoints or _is_here(label)]

    def prefixes(self, label: str) -> Prefixes:
        """What is written before texts of this label: as set, else as documented, else nothing."""
        if label not in self._settings:
            return NONE
        given = self._settings[label]
        known = known_prefixes(given.model, label) or NONE
        return Prefixes(
            known.query if given.query_prefix is None else given.query_prefix,
            known.passage if given.passage_prefix is None else given.passage_prefix,
        )

    async def embed_query(self, label: str, text: str) -> NDArray[np.float32]:
        """The vector of a question, of shape (dimension,), with its prefix before the text.

        Raises EmbedderError where there is no embedder, nothing to embed, or no usable answer.
        """
        rows = await self._embed(label, [text], self.prefixes(label).query, as_passages=False)
        vector: NDArray[np.float32] = rows[0]
        return vector

    async def embed_passages(
        self, label: str, texts: Sequence[str], prefix: str | None = None
    ) -> Matrix:
        """The vectors of passages, of shape (len(texts), dimension), as they would be stored.

        `prefix` comes before each text; None stands for that of `prefixes`. Raises EmbedderError
        as `embed_query` does.
        """
        prefix = self.prefixes(label).passage if prefix is None else prefix
        return await self._embed(label, texts, prefix, as_passages=True)

    async def _embed(
        self, label: str, texts: Sequence[str], prefix: str, as_passages: bool
    ) -> Matrix:
        if not self.available([label]):
            raise EmbedderError(
                f"No embedder for {label} is at hand.",
                f'Describe one under [embedders."{label}"], or search by words.',
            )
        if not texts or not all(text.strip() for text in texts):
            raise EmbedderError("There is nothing to embed.", "Type a few words.")
        asked = [prefix + _sendable(text[:MOST_CHARACTERS]) for text in texts]
        if label not in self._endpoints:
            async with self._working:
                return await asyncio.to_thread(_embed_here, label, asked)
        given, endpoint = self._settings[label], self._endpoints[label]
        model = (given.passage_model or given.model) if as_passages else given.model
        parts = [
            await endpoint.embed(asked[start : start + MOST_TEXTS], model)
            for start in range(0, len(asked), MOST_TEXTS)
        ]
        return np.concatenate(parts)

    async def close(self) -> None:
        """Close the connections to all endpoints."""
        await asyncio.gather(*(endpoint.close() for endpoint in self._endpoints.values()))


def _is_here(label: str) -> bool:
    return label in models.MODELS and importlib.util.find_spec("wordllama") is not None


def _embed_here(label: str, texts: list[str]) -> Matrix:
    # A text without a known token is a vector of zeros, which the model's library divides by its
    # length of zero before the demo gives it a direction. It does so on threads of its own, which
    # `numpy.errstate` does not reach.
    warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"wordllama(\.|$)")
    return models.embed(label, texts)


def _sendable(text: str) -> str:
    """The text without halves of characters, which cannot be sent."""
    return text.encode("utf-8", "replace").decode("utf-8")
