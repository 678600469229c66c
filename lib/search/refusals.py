"""What goes wrong with an endpoint that embeds texts, in sentences: what, where, and what to do.

Nothing here quotes a key: what a server says is quoted only after the key is taken out of it, and
not at all where it refuses the key.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from http import HTTPStatus
from urllib.parse import urlsplit

from lib.errors import EmbedderError
from lib.settings import Embedder

MOST_QUOTED = 200
_SPEAKS = (
    "base_url is the address of an OpenAI-compatible API without the /embeddings at its end, and "
    "usually ends in /v1."
)
_FOR_UNKNOWN_MODELS = frozenset(
    {HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY}
)
_UNKNOWN_MODEL = re.compile(
    r"model.*(not found|not exist|unknown)|(unknown|no such).*model",
    re.IGNORECASE | re.DOTALL,
)


class Refusals:
    """The errors of one label's endpoint."""

    def __init__(self, label: str, settings: Embedder) -> None:
        self._label = label
        self._settings = settings
        self._key = settings.api_key.get_secret_value() if settings.api_key else None
        self._who = f"The embedder of {label} at {address(settings.base_url)}"
        self._section = section(label)

    def explain(self, fault: Exception, model: str) -> EmbedderError | None:
        """The error for what the client raised; None for what it never raises by itself."""
        import httpx2
        import openai

        if isinstance(fault, TimeoutError | openai.APITimeoutError):
            return self._slow()
        if isinstance(fault, openai.APIStatusError):
            return self._status(fault.status_code, _said(fault.body), model)
        if isinstance(fault, openai.APIConnectionError):
            return self._connection(fault)
        if isinstance(fault, openai.OpenAIError | httpx2.InvalidURL | RecursionError | ValueError):
            # A ValueError is text that is no JSON, or bytes that are no text.
            return self.foreign()
        return None

    def answer(self, what: str) -> EmbedderError:
        """An answer that is well-formed and cannot be used."""
        hint = f"Look at its log, and at model and dimensions under {self._section}."
        return EmbedderError(f"{self._who} {what}.", hint)

    def foreign(self) -> EmbedderError:
        """An answer that is none of the OpenAI API."""
        where = address(self._settings.base_url)
        return EmbedderError(
            f"What answers for {self._label} at {where} does not speak the OpenAI API.", _SPEAKS
        )

    def _slow(self) -> EmbedderError:
        return EmbedderError(
            f"{self._who} did not answer within {self._settings.timeout:g} s.",
            "Try again, as a model that is being loaded takes longer; or raise timeout under "
            f"{self._section}.",
        )

    def _status(self, status: int, said: str, model: str) -> EmbedderError:
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            return self._key_refused(status)
        if status in _FOR_UNKNOWN_MODELS and _UNKNOWN_MODEL.search(said):
            return EmbedderError(
                f"{self._who} has no model {model}.",
                f"Correct model under {self._section}; with Ollama, run: ollama pull {model}",
            )
        if status == HTTPStatus.NOT_FOUND:
            return EmbedderError(
                f"{self._who} has no embeddings at its base_url, or no model {model} (status 404).",
                f"{_SPEAKS} With Ollama, run: ollama pull {model}",
            )
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            return EmbedderError(
                f"{self._who} takes no more requests for now (status 429).",
                "Wait a moment. A hosted model may have a quota that is used up.",
            )
        if status < HTTPStatus.BAD_REQUEST:
            return EmbedderError(
                f"{self._who} redirects to another address, which is not followed "
                f"(status {status}).",
                f"Write the final address as base_url under {self._section}.",
            )
        quoted = f": {self._quoted(said)}" if said else "."
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return EmbedderError(
                f"{self._who} failed (status {status}){quoted}", "Look at the log of that server."
            )
        return EmbedderError(
            f"{self._who} refuses the request (status {status}){quoted}",
            f"Look at model and dimensions under {self._section}.",
        )

    def _key_refused(self, status: int) -> EmbedderError:
        if self._key is None:
            return EmbedderError(
                f"{self._who} asks for a key (status {status}).",
                f"Set api_key under {self._section}.",
            )
        return EmbedderError(
            f"{self._who} refuses the key (status {status}).",
            f"Correct api_key under {self._section}; the key may lack the right to embed.",
        )

    def _connection(self, fault: Exception) -> EmbedderError:
        import httpx2

        causes = list(_causes(fault))
        host = urlsplit(self._settings.base_url).hostname
        if any(isinstance(cause, ssl.SSLError) for cause in causes):
            return EmbedderError(
                f"{self._who} does not speak TLS that can be trusted.",
                "Write http:// if it has no certificate; else let this machine trust its issuer.",
            )
        if any(isinstance(cause, socket.gaierror) for cause in causes):
            return EmbedderError(
                f"{self._who} cannot be reached: no host {host} is known.",
                f"Correct base_url under {self._section}.",
            )
        if any(isinstance(cause, httpx2.ConnectError | httpx2.ProxyError) for cause in causes):
            return EmbedderError(
                f"{self._who} cannot be reached.",
                f"Start that server, or correct base_url under {self._section}.",
            )
        return EmbedderError(
            f"{self._who} broke off the connection before its answer was complete.",
            "Try again, and look at the log of that server.",
        )

    def _quoted(self, said: str) -> str:
        """What a server said: without the key, on one line, not too long, ending as a sentence."""
        said = said.replace(self._key, "…") if self._key else said
        line = " ".join("".join(c if c.isprintable() else " " for c in said).split())
        if len(line) > MOST_QUOTED:
            return line[: MOST_QUOTED - 1] + "…"
        return line if line.endswith((".", "!", "?")) else f"{line}."


def address(base_url: str) -> str:
    """Host and port of an address."""
    parts = urlsplit(base_url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{host}:{parts.port or (443 if parts.scheme == 'https' else 80)}"


def section(label: str) -> str:
    """The section of the settings that describes a label's endpoint."""
    return f'[embedders."{label}"]'


def _said(body: object) -> str:
    """The message in the body of an error; "" where it has none.

    OpenAI and Ollama send {"error": {"message": …}}, of which the library hands on the inner part;
    others send the message as `error`, `detail` or `message`, Google a list of one such object.
    """
    for _ in range(4):
        if isinstance(body, list) and body:
            body = body[0]
        elif isinstance(body, dict):
            body = next((body[k] for k in ("error", "message", "detail", "msg") if k in body), None)
    text = body.strip() if isinstance(body, str) else ""
    return "" if text.startswith("<") else text


def _causes(fault: BaseException | None) -> Iterator[BaseException]:
    """The fault, and all that led to it."""
    seen: set[int] = set()
    while fault is not None and id(fault) not in seen:
        seen.add(id(fault))
        yield fault
        fault = fault.__cause__ or fault.__context__
