"""All settings, as they are once they have been checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, SecretStr

from lib.errors import SettingsError
from lib.settings.access import Access
from lib.settings.embedders import Embedder
from lib.settings.relations import RelationNames
from lib.settings.section import Seconds, Section

DatabaseName = Literal["life_dashboard", "knowledge_base"]
LIFE_DASHBOARD: DatabaseName = "life_dashboard"
KNOWLEDGE_BASE: DatabaseName = "knowledge_base"

DSN_VARIABLES: Mapping[DatabaseName, str] = {
    "life_dashboard": "LIFE_DASHBOARD_DSN",
    "knowledge_base": "KNOWLEDGE_BASE_DSN",
}


class Connection(Section):
    """One database. The DSN is secret because it may hold a password."""

    dsn: SecretStr


class Connections(Section):
    """Both databases, or neither: then the demo is used."""

    life_dashboard: Connection | None = None
    knowledge_base: Connection | None = None


class Pools(Section):
    """Size and patience of each pool; times in seconds.

    `pooler`: "transaction" where a pooler between gives each transaction another session. Who waits
    for a connection also waits for it to be made: of `connect_timeout` no more counts than
    `acquire_timeout`.
    """

    pooler: Literal["none", "transaction"] = "none"
    max_size: int = Field(4, ge=1, le=100)
    acquire_timeout: Seconds = 4.0
    connect_timeout: Seconds = 4.0
    statement_timeout: Seconds = 60.0
    lock_timeout: Seconds = 3.0
    idle_in_transaction_timeout: Seconds = 60.0


class Limits(Section):
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


class Settings(Section):
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
