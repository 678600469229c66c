"""The endpoints that embed a question."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from lib.settings.section import Seconds, Section


class Embedder(Section):
    """An endpoint that embeds texts under one label, and how it is asked; `timeout` in seconds.

    It speaks the OpenAI API for embeddings. A prefix of None is the one documented for the model,
    if `lib.search.prefixes` knows it; `passage_model` of None is `model`.
    """

    base_url: str
    model: str = Field(min_length=1)
    passage_model: str | None = Field(None, min_length=1)
    api_key: SecretStr | None = None
    query_prefix: str | None = None
    passage_prefix: str | None = None
    dimensions: int | None = Field(None, ge=1, le=16_000)
    timeout: Seconds = 10.0

    @field_validator("base_url")
    @classmethod
    def _check_base_url(cls, value: str) -> str:
        # The messages never quote the address: a mistaken one may hold a password.
        try:
            parts = urlsplit(value.strip())
            host = (parts.hostname or "").encode("idna")
            usable = parts.scheme in {"http", "https"} and host and parts.port != 0
        except ValueError:
            usable = False
        if not usable or re.search(r"\s", parts.netloc):
            raise ValueError("it is not an address such as http://localhost:11434/v1")
        if "@" in parts.netloc or parts.query or parts.fragment:
            raise ValueError("it holds more than host, port and path; a key belongs in api_key")
        return parts.geturl().rstrip("/")

    @field_validator("api_key")
    @classmethod
    def _check_api_key(cls, value: SecretStr | None) -> SecretStr | None:
        key = value.get_secret_value() if value else ""
        if not all("!" <= letter <= "~" for letter in key):
            raise ValueError("it holds a character that no key has, such as a space")
        return value if key else None
