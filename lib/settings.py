"""Where the two databases are, what their tables are called, and the limits every query obeys.

The connections come from the environment (`LIFE_DASHBOARD_DSN`, `KNOWLEDGE_BASE_DSN`), else from
`.streamlit/secrets.toml`; with neither, Concordance uses its own demo. Everything else comes from
the same file. `docs/connecting.md` documents every key, and a test holds it to that.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin
from urllib.parse import parse_qs, urlsplit

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
)

from lib.errors import SettingsError

PROJECT = Path(__file__).resolve().parent.parent
SECRETS = PROJECT / ".streamlit" / "secrets.toml"
DEMO = PROJECT / ".demo"

DatabaseName = Literal["life_dashboard", "knowledge_base"]
LIFE_DASHBOARD: DatabaseName = "life_dashboard"
KNOWLEDGE_BASE: DatabaseName = "knowledge_base"

DSN_VARIABLES: Mapping[DatabaseName, str] = {
    "life_dashboard": "LIFE_DASHBOARD_DSN",
    "knowledge_base": "KNOWLEDGE_BASE_DSN",
}

# Sections of secrets.toml that Streamlit reads itself.
STREAMLIT_SECTIONS = frozenset({"auth"})


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Connection(_Section):
    """One database. The DSN is secret because it may hold a password."""

    dsn: SecretStr


class Connections(_Section):
    """Both databases, or neither: then the demo is used."""

    life_dashboard: Connection | None = None
    knowledge_base: Connection | None = None


def _none_if_empty(column: object) -> object:
    return None if column == "" else column


# A column that may be missing; an empty text says that none serves, whatever its default name.
OptionalColumn = Annotated[str | None, BeforeValidator(_none_if_empty)]

# A text that all rows share. PostgreSQL holds no NUL.
Shared = Annotated[str | None, Field(min_length=1, pattern=r"^[^\x00]*$")]


class Highlights(_Section):
    """The table of highlights in life_dashboard and its columns.

    `model` is the label of all of them where no column holds one.
    """

    table: str = "events"
    id: str = "id"
    text: str = "text"
    book_id: OptionalColumn = "book_id"
    embedding: str = "embedding"
    embedding_model: OptionalColumn = "embedding_model"
    model: Shared = None
    created_at: OptionalColumn = "created_at"


class Books(_Section):
    """The table of books in knowledge_base and its columns."""

    table: str = "books"
    book_id: str = "book_id"
    title: str = "title"
    author: OptionalColumn = "author"


class Passages(_Section):
    """The table of passages in knowledge_base and its columns.

    `book` is the title of the one book that all are of where no column holds a book.
    """

    table: str = "chunks"
    chunk_id: str = "chunk_id"
    book_id: OptionalColumn = "book_id"
    book: Shared = None
    content: str = "content"
    chapter_number: OptionalColumn = "chapter_number"
    position: OptionalColumn = None


class Embeddings(_Section):
    """The table of passage embeddings in knowledge_base and its columns.

    `model` is the label of all of them where no column holds one.
    """

    table: str = "chunk_embeddings"
    chunk_id: str = "chunk_id"
    embedding_model: OptionalColumn = "embedding_model"
    model: Shared = None
    embedding: str = "embedding"


class RelationNames(_Section):
    """What the four relations are called."""

    highlights: Highlights = Highlights()
    books: Books = Books()
    passages: Passages = Passages()
    embeddings: Embeddings = Embeddings()


# PostgreSQL counts milliseconds, and takes none of them for no limit.
Seconds = Annotated[float, Field(ge=0.001, le=86_400, allow_inf_nan=False)]


class Pools(_Section):
    """Size and patience of each pool; times in seconds.

    `pooler`: "transaction" where a pooler between gives each transaction another session.
    """

    pooler: Literal["none", "transaction"] = "none"
    max_size: int = Field(4, ge=1, le=100)
    acquire_timeout: Seconds = 4.0
    connect_timeout: Seconds = 4.0
    statement_timeout: Seconds = 60.0
    lock_timeout: Seconds = 3.0
    idle_in_transaction_timeout: Seconds = 60.0


class Limits(_Section):
    """How much is read at most before a figure is taken from a sample, which the app then says."""

    batch_rows: int = Field(5_000, ge=100)
    gate_rows: int = Field(200_000, ge=1_000)
    score_highlights: int = Field(2_000, ge=50)
    score_passages: int = Field(100_000, ge=1_000)
    index_highlights: int = Field(300, ge=20)
    background_highlights: int = Field(200, ge=20)
    background_passages: int = Field(2_000, ge=100)
    anchor_highlights: int = Field(600, ge=50)
    anchors: int = Field(300, ge=5)
    anchor_passages: int = Field(40_000, ge=1_000)
    alignment_rows: int = Field(40_000, ge=1_000)
    alignment_highlights: int = Field(5_000, ge=300)
    alignment_megabytes: int = Field(256, ge=16)
    alignment_pairs: int = Field(20, ge=1)
    suspects: int = Field(5_000, ge=10)
    rows_shown: int = Field(1_000, ge=10)
    rows_downloaded: int = Field(100_000, ge=100)
    search_seconds: Seconds = 5.0


class Embedder(_Section):
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


class Access(_Section):
    """Who may see the app after logging in: these e-mails, and all at these domains.

    The domain `*` is everybody who logs in. Case counts in no ASCII letter.
    """

    emails: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()

    @field_validator("emails")
    @classmethod
    def _check_emails(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        emails = tuple(_ascii_lower(value.strip()) for value in values)
        if not all(re.fullmatch(r"[^@\s]+@[^@\s]+", email) for email in emails):
            raise ValueError("one of them is not an e-mail address such as reader@example.org")
        return emails

    @field_validator("domains")
    @classmethod
    def _check_domains(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        domains = tuple(_ascii_lower(value.strip()).removeprefix("@") for value in values)
        if not all(domain == "*" or re.fullmatch(r"[^@*\s]+", domain) for domain in domains):
            raise ValueError('one of them is neither a domain such as example.org nor "*"')
        return domains

    def admits(self, email: str) -> bool:
        """Whether the owner of an e-mail address is let in; subdomains count as other domains."""
        if not re.fullmatch(r"[^@\s]+@[^@\s]+", email):
            return False
        folded = _ascii_lower(email)
        domain = folded.partition("@")[2]
        return folded in self.emails or domain in self.domains or "*" in self.domains


def _ascii_lower(text: str) -> str:
    """Lower case for ASCII alone: elsewhere it makes one address of two, as of K and the Kelvin."""
    return re.sub("[A-Z]", lambda letter: letter[0].lower(), text)


class Settings(_Section):
    """All settings, checked as a whole. `embedders` has one for each label that has an endpoint."""

    connections: Connections = Connections()
    relations: RelationNames = RelationNames()
    pools: Pools = Pools()
    limits: Limits = Limits()
    embedders: Mapping[str, Embedder] = Field(default_factory=dict)
    require_least_privilege: bool = False
    access: Access | None = None

    @property
    def demo(self) -> bool:
        """True when no connection is configured and the demo library serves."""
        return self.connections.life_dashboard is None

    def dsn(self, database: DatabaseName) -> str:
        """The DSN of one database, password included: hand it to asyncpg and to nothing else."""
        connection: Connection | None = getattr(self.connections, database)
        if connection is None:
            raise SettingsError(
                f"No connection to {database} is configured.", f"Set {DSN_VARIABLES[database]}."
            )
        return connection.dsn.get_secret_value()

    def with_connections(self, life_dashboard: str, knowledge_base: str) -> Settings:
        """The same settings, connected to these two DSNs."""
        connections = Connections(
            life_dashboard=Connection(dsn=SecretStr(life_dashboard)),
            knowledge_base=Connection(dsn=SecretStr(knowledge_base)),
        )
        return self.model_copy(update={"connections": connections})


def load(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Read and check the settings.

    `path` is the secrets file (default: `CONCORDANCE_SECRETS`, else the project's), `environ` the
    environment (default: the process's). Raises SettingsError with one sentence that names the
    setting and the fix.
    """
    environ = os.environ if environ is None else environ
    path = path or _secrets_file(environ)
    values = _read(path)
    origins: dict[DatabaseName, str] = {}
    for database, variable in DSN_VARIABLES.items():
        origins[database] = f"connections.{database}.dsn in {path.name}"
        if environ.get(variable):
            _section(_section(values, "connections"), database)["dsn"] = environ[variable]
            origins[database] = variable
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        raise _explain(error, path) from None
    _check_connections(settings, origins)
    return settings


def asks_for_login(environ: Mapping[str, str] | None = None) -> bool:
    """Whether the secrets file configures login; if it cannot be told, it does."""
    path = _secrets_file(os.environ if environ is None else environ)
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
    except (OSError, UnicodeDecodeError):
        return True
    try:
        return not {"auth", "access"}.isdisjoint(tomllib.loads(text))
    except tomllib.TOMLDecodeError:
        return re.search(r"\b(auth|access)\b", text) is not None


def secrets_path() -> Path:
    """The file that the settings are read from, whether there is one or not."""
    return _secrets_file(os.environ)


def _secrets_file(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("CONCORDANCE_SECRETS") or SECRETS)


def demo_directory(environ: Mapping[str, str] | None = None) -> Path:
    """Where the demo keeps its server and library: `CONCORDANCE_DEMO`, else `.demo/`."""
    environ = os.environ if environ is None else environ
    return Path(environ.get("CONCORDANCE_DEMO") or DEMO)


def _section(values: dict[str, Any], key: str) -> dict[str, Any]:
    section = values.setdefault(key, {})
    if not isinstance(section, dict):
        raise SettingsError(f"{key} must be a section of the settings.", f"Write it as [{key}].")
    return section


def _read(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        # The parser's message gives line and column, never the text of the line.
        raise SettingsError(
            f"{path.name} is not valid TOML: {error}.", "Correct that line."
        ) from None
    except OSError as error:
        raise SettingsError(f"{path.name} cannot be read: {error.strerror}.") from None
    return {key: value for key, value in values.items() if key not in STREAMLIT_SECTIONS}


def _explain(error: ValidationError, path: Path) -> SettingsError:
    """One sentence for the first fault that pydantic found; values are never quoted."""
    faults = error.errors(include_url=False)
    # A misspelt key is both unknown and missing: the first says more.
    fault = min(faults, key=lambda found: found["type"] != "extra_forbidden")
    place = [str(part) for part in fault["loc"]]
    setting = ".".join(map(_spelled, place))
    if fault["type"] == "extra_forbidden":
        known = _keys_beside(place)
        near = difflib.get_close_matches(place[-1], known, n=1, cutoff=0.4)
        hint = f"Did you mean {near[0]}?" if near else f"Known here: {', '.join(sorted(known))}."
        if place[0] == "embedders" and isinstance(fault["input"], dict):
            # TOML takes a dot in a bare key for the beginning of a section within.
            hint = f'Write a label that holds a dot in quotes: [embedders."{".".join(place[1:])}"].'
        return SettingsError(f"Unknown setting {setting} in {path.name}.", hint)
    if fault["type"] == "missing":
        return SettingsError(f"The setting {setting} is missing in {path.name}.", "Add it.")
    reason = fault["ctx"]["error"] if fault["type"] == "value_error" else fault["msg"]
    return SettingsError(f"The setting {setting} in {path.name} is wrong: {reason}.")


def _spelled(key: str) -> str:
    """A key as TOML wants it written: in quotes where it is more than letters and digits."""
    return key if re.fullmatch(r"[\w-]+", key, re.ASCII) else f'"{key}"'


def _keys_beside(place: list[str]) -> list[str]:
    """The keys that are known where the unknown key `place[-1]` stands."""
    model: type[BaseModel] = Settings
    parts = iter(place[:-1])
    for part in parts:
        annotation = model.model_fields[part].annotation
        candidates = get_args(annotation) or (annotation,)
        model = next(c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel))
        if get_origin(annotation) is Mapping:
            next(parts)  # A label, which may be any.
    return list(model.model_fields)


def _check_connections(settings: Settings, origins: Mapping[DatabaseName, str]) -> None:
    configured = {name: getattr(settings.connections, name) is not None for name in DSN_VARIABLES}
    if any(configured.values()) and not all(configured.values()):
        there = next(name for name, found in configured.items() if found)
        lacking = next(name for name, found in configured.items() if not found)
        raise SettingsError(
            f"{there} is configured but {lacking} is not.",
            f"Set {DSN_VARIABLES[lacking]} or [connections.{lacking}], or remove both.",
        )
    if not settings.demo:
        for name in DSN_VARIABLES:
            _check_dsn(settings.dsn(name), origins[name])


def _check_dsn(dsn: str, origin: str) -> None:
    hint = "Write it as postgresql://user@host:5432/database."
    try:
        parts = urlsplit(dsn)
    except ValueError:
        raise SettingsError(f"{origin} is not a PostgreSQL address.", hint) from None
    if parts.scheme not in {"postgresql", "postgres"}:
        raise SettingsError(
            f"{origin} is not a PostgreSQL address: it does not begin with postgresql://.", hint
        )
    # Several hosts are written with commas between them, each with a port of its own.
    hosts = parts.netloc.rpartition("@")[2].split(",")
    ports = [host.rpartition("]")[2].partition(":")[2] for host in hosts if ":" in host]
    ports += [port for given in parse_qs(parts.query).get("port", []) for port in given.split(",")]
    if not all(port.isdecimal() and 0 < int(port) < 65_536 for port in ports if port):
        raise SettingsError(f"{origin} has a port that is not a number up to 65535.", hint)
