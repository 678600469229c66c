"""One endpoint that embeds texts over HTTP, in the way of the OpenAI API."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np

from lib.databases.vectors import Matrix
from lib.errors import EmbedderError
from lib.search.refusals import Refusals
from lib.settings import Embedder

if TYPE_CHECKING:
    import openai

# The library wants a key and would otherwise take one from the environment; it is never sent.
NO_KEY = "none"


class Endpoint:
    """The endpoint of one label. Use it on one event loop only.

    Its client is made when it is first asked, because the library takes most of a second to
    import, and is then kept open.
    """

    def __init__(self, label: str, settings: Embedder) -> None:
        self._settings = settings
        self._refusals = Refusals(label, settings)
        self._client: openai.AsyncOpenAI | None = None
        self._opening = asyncio.Lock()

    async def embed(self, texts: Sequence[str], model: str) -> Matrix:
        """The vectors of texts, of shape (len(texts), dimension), in one request.

        Raises EmbedderError for whatever goes wrong.
        """
        client = await self._open()
        refusal: EmbedderError
        try:
            async with asyncio.timeout(self._settings.timeout):
                answer = await self._ask(client, list(texts), model)
            return self._vectors(answer, len(texts))
        except EmbedderError:
            raise
        except Exception as fault:
            explained = self._refusals.explain(fault, model)
            if explained is None:
                raise
            refusal = explained
        # Outside of the handler: what the library raised may quote the key, and is not kept.
        raise refusal

    async def _open(self) -> openai.AsyncOpenAI:
        async with self._opening:
            if self._client is None:
                self._client = await asyncio.to_thread(_connect, self._settings)
        return self._client

    async def _ask(self, client: openai.AsyncOpenAI, texts: list[str], model: str) -> object:
        asked: dict[str, Any] = {}
        if self._settings.dimensions is not None:
            asked["dimensions"] = self._settings.dimensions
        return await client.embeddings.create(
            input=texts, model=model, encoding_format="float", **asked
        )

    def _vectors(self, answer: object, asked: int) -> Matrix:
        """What was answered, as a matrix, in the order of the texts; the library checks nothing."""
        rows = getattr(answer, "data", None)
        if not isinstance(rows, list):
            raise self._refusals.foreign()
        if len(rows) != asked:
            raise self._refusals.answer(f"returned {len(rows)} vectors for {asked} texts")
        lists = [getattr(row, "embedding", None) for row in rows]
        if not all(isinstance(one, list) and one for one in lists):
            raise self._refusals.foreign()
        if len({len(one) for one in lists if one}) != 1:
            raise self._refusals.answer("returned vectors of different lengths")
        try:
            # A number too large for 32 bits becomes infinite, and is refused below.
            with np.errstate(over="ignore"):
                vectors: Matrix = np.array(lists, dtype=np.float32)
        except (TypeError, ValueError):
            raise self._refusals.foreign() from None
        if vectors.ndim != 2:
            raise self._refusals.foreign()
        order = self._order([getattr(row, "index", None) for row in rows])
        return self._usable(vectors[order])

    def _order(self, indexes: list[Any]) -> list[int]:
        """The places of the rows in the order of their texts."""
        if all(index is None for index in indexes):
            return list(range(len(indexes)))
        # Some servers leave out what is zero.
        places = [0 if index is None else index for index in indexes]
        if not all(isinstance(place, int) for place in places) or set(places) != set(
            range(len(places))
        ):
            raise self._refusals.answer("does not say which vector is of which text")
        return [places.index(place) for place in range(len(places))]

    def _usable(self, vectors: Matrix) -> Matrix:
        wanted, given = self._settings.dimensions, vectors.shape[1]
        if wanted is not None and given != wanted:
            raise self._refusals.answer(
                f"returned vectors of {given} dimensions where {wanted} were asked for"
            )
        if not np.isfinite(vectors).all():
            raise self._refusals.answer("returned a vector with values that are no numbers")
        if not vectors.any(axis=1).all():
            raise self._refusals.answer("returned a vector of zeros, which has no direction")
        return vectors

    async def close(self) -> None:
        """Close the connections that are kept open; the next request opens others."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()


def _connect(settings: Embedder) -> openai.AsyncOpenAI:
    """A client that sends what is written here and nothing from the environment.

    The library would add a key, an organisation, a project and any header from variables that
    begin with OPENAI_, whatever the host; and it would follow a redirect to another host.
    """
    import openai

    key = settings.api_key.get_secret_value() if settings.api_key else None

    async def write_headers(request: Any) -> None:
        headers = {
            "Host": request.url.netloc.decode("ascii"),
            "Accept": "application/json",
            "Content-Type": "application/json",
            "Content-Length": request.headers["Content-Length"],
            "User-Agent": "concordance",
        }
        if key is not None:
            headers["Authorization"] = f"Bearer {key}"
        request.headers = type(request.headers)(headers)

    client = openai.AsyncOpenAI(
        base_url=settings.base_url,
        api_key=key or NO_KEY,
        max_retries=0,
        # One clock for the whole request instead of one for each read.
        timeout=None,
        http_client=openai.DefaultAsyncHttpxClient(
            timeout=None,
            follow_redirects=False,
            # A proxy of the environment serves other hosts; this machine is reached without.
            trust_env=not _is_here(settings.base_url),
            event_hooks={"request": [write_headers]},
        ),
    )
    # Imported by the library on first use: here it does not hold up the event loop.
    assert client.embeddings
    return client


def _is_here(base_url: str) -> bool:
    host = urlsplit(base_url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
