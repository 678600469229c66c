"""Where the two databases are, what their tables are called, and the limits every query obeys.

The connections come from the environment (`LIFE_DASHBOARD_DSN`, `KNOWLEDGE_BASE_DSN`), else from
`.streamlit/secrets.toml`; with neither, Concordance uses its own demo. Everything else comes from
the same file. `docs/connecting.md` documents every key, and a test holds it to that.

`model` has the settings, and `relations`, `embedders` and `access` sections of them; `files` reads
the secrets file, `loading` checks what it says, `hosts` what addresses name, and `explaining` says
what is wrong.
"""

from lib.settings.access import Access
from lib.settings.embedders import Embedder
from lib.settings.files import DEMO, PROJECT, SECRETS, asks_for_login, demo_directory, secrets_path
from lib.settings.hosts import UnusableHosts, named_hosts
from lib.settings.loading import load
from lib.settings.model import (
    DSN_VARIABLES,
    KNOWLEDGE_BASE,
    LIFE_DASHBOARD,
    Connection,
    Connections,
    DatabaseName,
    Limits,
    Pools,
    Settings,
)
from lib.settings.relations import Books, Embeddings, Highlights, Passages, RelationNames

__all__ = [
    "DEMO",
    "DSN_VARIABLES",
    "KNOWLEDGE_BASE",
    "LIFE_DASHBOARD",
    "PROJECT",
    "SECRETS",
    "Access",
    "Books",
    "Connection",
    "Connections",
    "DatabaseName",
    "Embedder",
    "Embeddings",
    "Highlights",
    "Limits",
    "Passages",
    "Pools",
    "RelationNames",
    "Settings",
    "UnusableHosts",
    "asks_for_login",
    "demo_directory",
    "load",
    "named_hosts",
    "secrets_path",
]
