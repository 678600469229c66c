"""Where the settings come from, and what is said of those that are wrong."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from lib.errors import SettingsError
from lib.settings import PROJECT, Limits, Pools, Settings, load

CANARY = "hunter2-canary"
LIFE = "postgresql://reader@localhost:5432/life"
KNOWLEDGE = "postgresql://reader@localhost:5432/knowledge"
BOTH = f"""
[connections.life_dashboard]
dsn = "{LIFE}"
[connections.knowledge_base]
dsn = "{KNOWLEDGE}"
"""
ENVIRONMENT = {"LIFE_DASHBOARD_DSN": LIFE, "KNOWLEDGE_BASE_DSN": KNOWLEDGE}
ENDPOINT = 'base_url = "http://localhost:11434/v1"\nmodel = "m"'
CONNECTING = Path(__file__).parents[2] / "docs" / "connecting.md"


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    return tmp_path / "secrets.toml"


def _refusal(secrets: Path, toml: str, environ: dict[str, str] | None = None) -> SettingsError:
    secrets.write_text(toml, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load(secrets, environ or {})
    return caught.value


def test_nothing_configured_means_the_demo(secrets: Path) -> None:
    settings = load(secrets, {})
    assert settings.demo
    with pytest.raises(SettingsError, match="KNOWLEDGE_BASE_DSN"):
        settings.dsn("knowledge_base")


def test_the_file_gives_both_addresses(secrets: Path) -> None:
    secrets.write_text(BOTH)
    settings = load(secrets, {})
    assert not settings.demo
    assert settings.dsn("life_dashboard") == LIFE
    assert settings.dsn("knowledge_base") == KNOWLEDGE


def test_the_environment_wins_over_the_file_one_by_one(secrets: Path) -> None:
    secrets.write_text(BOTH)
    settings = load(secrets, {"LIFE_DASHBOARD_DSN": "postgresql://other/life"})
    assert settings.dsn("life_dashboard") == "postgresql://other/life"
    assert settings.dsn("knowledge_base") == KNOWLEDGE


def test_the_environment_alone_is_enough(secrets: Path) -> None:
    settings = load(secrets, ENVIRONMENT)
    assert (settings.dsn("life_dashboard"), settings.dsn("knowledge_base")) == (LIFE, KNOWLEDGE)


def test_an_empty_variable_counts_as_unset(secrets: Path) -> None:
    assert load(secrets, {"LIFE_DASHBOARD_DSN": "", "KNOWLEDGE_BASE_DSN": ""}).demo


def test_the_secrets_file_can_be_named_in_the_environment(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.toml"
    elsewhere.write_text("[pools]\nmax_size = 9")
    assert load(environ={"CONCORDANCE_SECRETS": str(elsewhere)}).pools.max_size == 9


@pytest.mark.parametrize(
    ("given", "lacking", "variable"),
    [
        ("life_dashboard", "knowledge_base", "KNOWLEDGE_BASE_DSN"),
        ("knowledge_base", "life_dashboard", "LIFE_DASHBOARD_DSN"),
    ],
)
def test_one_address_without_the_other_names_the_other(
    secrets: Path, given: str, lacking: str, variable: str
) -> None:
    in_file = _refusal(secrets, f'[connections.{given}]\ndsn = "{LIFE}"')
    in_environment = _refusal(secrets, "", {f"{given.upper()}_DSN": LIFE})
    for error in (in_file, in_environment):
        assert f"{given} is configured but {lacking} is not" in error.message
        assert variable in error.hint


@pytest.mark.parametrize(
    ("toml", "setting", "nearest"),
    [
        ("[pool]\nmax_size = 3", "pool", "pools"),
        ("[pools]\nmax_siz = 3", "pools.max_siz", "max_size"),
        ("[limits]\nanchor = 9", "limits.anchor", "anchors"),
        ("[relations.passage]\n", "relations.passage", "passages"),
        ('[relations.highlights]\nbok_id = "x"', "relations.highlights.bok_id", "book_id"),
        (
            '[relations.embeddings]\nembeding_model = "x"',
            "relations.embeddings.embeding_model",
            "embedding_model",
        ),
        (
            f'[connections.life_dashbord]\ndsn = "{LIFE}"',
            "connections.life_dashbord",
            "life_dashboard",
        ),
        (
            f'[connections.life_dashboard]\ndsn = "{LIFE}"\ndns = "{LIFE}"',
            "connections.life_dashboard.dns",
            "dsn",
        ),
        ("[embedder.x]\n", "embedder", "embedders"),
        (f"[embedders.x]\nurl = 1\n{ENDPOINT}", "embedders.x.url", "base_url"),
        (
            f'[embedders."x y.z"]\nquery_prefx = ""\n{ENDPOINT}',
            'embedders."x y.z".query_prefx',
            "query_prefix",
        ),
    ],
)
def test_an_unknown_key_names_the_nearest_known_one(
    secrets: Path, toml: str, setting: str, nearest: str
) -> None:
    error = _refusal(secrets, toml)
    assert f"Unknown setting {setting} in secrets.toml" in error.message
    assert error.hint == f"Did you mean {nearest}?"


def test_a_misspelt_required_key_is_called_unknown_not_missing(secrets: Path) -> None:
    error = _refusal(secrets, f'[connections.life_dashboard]\ndns = "{LIFE}"')
    assert "connections.life_dashboard.dns" in str(error)


def test_an_unknown_key_like_no_other_lists_the_known_ones(secrets: Path) -> None:
    error = _refusal(secrets, '[relations.books]\nzzzz = "x"')
    assert "author, book_id, table, title" in error.hint


@pytest.mark.parametrize(
    "dsn",
    [
        "localhost:5432/life",
        "mysql://reader@localhost/life",
        "host=localhost dbname=life",
        "postgresql://reader@localhost:port/life",
        "postgresql://reader@[::1/life",
    ],
)
def test_what_is_no_postgresql_address_is_refused_by_its_origin(secrets: Path, dsn: str) -> None:
    in_file = _refusal(secrets, BOTH.replace(LIFE, dsn))
    assert in_file.message.startswith("connections.life_dashboard.dsn in secrets.toml ")
    assert "postgresql://user@host:5432/database" in in_file.hint
    in_environment = _refusal(secrets, BOTH, {"KNOWLEDGE_BASE_DSN": dsn})
    assert in_environment.message.startswith("KNOWLEDGE_BASE_DSN ")


@pytest.mark.parametrize(
    "dsn",
    [
        "postgres://reader@localhost/life",
        "postgresql:///life?host=/var/run/postgresql",
        "postgresql://reader@[::1]:5432/life",
        "postgresql://reader@first:5432,second:5433/life",
        "postgresql://reader@first:5432,second/life",
        "postgresql://reader:p%40ss@first/life?host=ignored",
        "postgresql://reader@/life?host=first:5432,second:5433",
    ],
)
def test_every_form_of_address_that_asyncpg_takes_is_accepted(secrets: Path, dsn: str) -> None:
    secrets.write_text(BOTH.replace(LIFE, dsn))
    assert load(secrets, {}).dsn("life_dashboard") == dsn


@pytest.mark.parametrize(
    ("dsn", "told"),
    [
        ("postgresql://reader@127.0.0.1,/life", "has an empty host"),
        ("postgresql://reader@,127.0.0.1/life", "has an empty host"),
        ("postgresql://reader@:5432/life", "has an empty host"),
        ("postgresql://reader@/life?host=first,", "has an empty host"),
        (f"postgresql://reader:{CANARY}@x@localhost/life", "write @ in a password as %40"),
        ("postgresql://reader@localhost:0/life", "a number up to 65535"),
        ("postgresql://reader@first,second:65536/life", "a number up to 65535"),
        ("postgresql://reader@/life?port=+5432", "a number up to 65535"),
        ("postgresql://reader@/life?host=a,b,c&port=1,2", "names 3 hosts but 2 ports"),
        ("postgresql://reader@localhost/life?sslmode", "name=value"),
        ("postgresql://reader@/life?host=[::1", "IPv6"),
    ],
)
def test_hosts_and_ports_that_cannot_be_are_told(secrets: Path, dsn: str, told: str) -> None:
    error = _refusal(secrets, BOTH, {"LIFE_DASHBOARD_DSN": dsn})
    assert error.message.startswith("LIFE_DASHBOARD_DSN ")
    assert told in error.message
    assert CANARY not in str(error)


def test_invalid_toml_is_told_by_line(secrets: Path) -> None:
    error = _refusal(secrets, "[pools]\nmax_size =\nlock_timeout = 1")
    assert "secrets.toml is not valid TOML" in error.message
    assert "line 2" in error.message


def test_a_file_that_is_not_text_is_refused(secrets: Path) -> None:
    secrets.write_bytes(b"[pools]\n# \xff\xfe")
    with pytest.raises(SettingsError, match=r"secrets\.toml"):
        load(secrets, {})


def test_a_directory_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load(tmp_path, {})


def test_a_file_that_cannot_be_reached_is_not_taken_for_none(secrets: Path) -> None:
    secrets.symlink_to(secrets)
    with pytest.raises(SettingsError, match=r"secrets\.toml cannot be read"):
        load(secrets, {})
    with pytest.raises(SettingsError, match=r"within\.toml cannot be read"):
        load(Path(__file__) / "within.toml", {})


def test_a_file_that_the_environment_names_must_be_there(secrets: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load(environ={"CONCORDANCE_SECRETS": str(secrets), **ENVIRONMENT})
    assert "secrets.toml, which CONCORDANCE_SECRETS names, is not there" in caught.value.message
    assert "correct or unset the variable" in caught.value.hint


@pytest.mark.parametrize(
    ("toml", "setting"),
    [
        ('[pools]\nmax_size = "many"', "pools.max_size"),
        ("[pools]\nmax_size = 0", "pools.max_size"),
        ("[pools]\nlock_timeout = -1", "pools.lock_timeout"),
        ("[relations.books]\ntitle = 5", "relations.books.title"),
        ("pools = 5", "pools"),
        ("connections = 5", "connections"),
        ("[connections]\nlife_dashboard = 5", "connections.life_dashboard"),
        ("[connections.life_dashboard]\ndsn = 5", "connections.life_dashboard.dsn"),
        ("[connections.life_dashboard]\n", "connections.life_dashboard.dsn"),
        ("embedders = 5", "embedders"),
        (f"[embedders]\n{ENDPOINT}", "embedders.base_url"),
        ('[embedders.x]\nmodel = "m"', "embedders.x.base_url"),
        ('[embedders."x 1.5"]\nbase_url = "http://h"', 'embedders."x 1.5".model'),
        (f'[embedders.x]\n{ENDPOINT}\npassage_model = ""', "embedders.x.passage_model"),
        (f"[embedders.x]\n{ENDPOINT}\ndimensions = 0", "embedders.x.dimensions"),
        (f"[embedders.x]\n{ENDPOINT}\ntimeout = inf", "embedders.x.timeout"),
        (f'[embedders.x]\n{ENDPOINT}\napi_key = "a b"', "embedders.x.api_key"),
        (f'[embedders.x]\n{ENDPOINT}\napi_key = "\N{POUND SIGN}"', "embedders.x.api_key"),
    ],
)
def test_a_value_of_the_wrong_kind_names_its_setting(
    secrets: Path, toml: str, setting: str
) -> None:
    error = _refusal(secrets, toml)
    assert f"The setting {setting} " in error.message
    assert "secrets.toml" in error.message


@pytest.mark.parametrize(
    "name",
    ["statement_timeout", "lock_timeout", "idle_in_transaction_timeout", "acquire_timeout"],
)
@pytest.mark.parametrize("seconds", ["inf", "nan", "0"])
def test_a_timeout_is_a_finite_positive_number(secrets: Path, name: str, seconds: str) -> None:
    assert f"pools.{name}" in _refusal(secrets, f"[pools]\n{name} = {seconds}").message


@pytest.mark.parametrize(
    "name", ["statement_timeout", "lock_timeout", "idle_in_transaction_timeout"]
)
def test_a_timeout_below_a_millisecond_is_refused(secrets: Path, name: str) -> None:
    # PostgreSQL counts in milliseconds, and takes 0 for "no limit at all".
    assert f"pools.{name}" in _refusal(secrets, f"[pools]\n{name} = 0.0004").message


def test_a_section_that_is_no_section_is_told_even_under_the_environment(secrets: Path) -> None:
    error = _refusal(secrets, 'connections = "x"', ENVIRONMENT)
    assert "connections must be a section" in error.message


def test_the_sections_that_streamlit_reads_are_let_be(secrets: Path) -> None:
    secrets.write_text('[auth]\nredirect_uri = "x"\n[auth.google]\nclient_id = "y"\n' + BOTH)
    assert load(secrets, {}).dsn("life_dashboard") == LIFE


def test_relations_are_mapped_column_by_column(secrets: Path) -> None:
    secrets.write_text('[relations.passages]\ntable = "v.chunks"\nposition = "n"')
    passages = load(secrets, {}).relations.passages
    assert (passages.table, passages.position, passages.content) == ("v.chunks", "n", "content")


def test_each_label_may_have_an_embedder(secrets: Path) -> None:
    secrets.write_text(
        f"""
        [embedders.nomic-embed-text]
        {ENDPOINT}
        [embedders."a model, v1.5"]
        base_url = "https://example.org:8443/v1/"
        model = "m"
        api_key = "{CANARY}"
        query_prefix = ""
        dimensions = 256
        """
    )
    embedders = load(secrets, {}).embedders
    assert list(embedders) == ["nomic-embed-text", "a model, v1.5"]
    first, second = embedders.values()
    assert first.model_dump() == {
        "base_url": "http://localhost:11434/v1",
        "model": "m",
        "passage_model": None,
        "api_key": None,
        "query_prefix": None,
        "passage_prefix": None,
        "dimensions": None,
        "timeout": 10.0,
    }
    assert second.base_url == "https://example.org:8443/v1"
    assert (second.query_prefix, second.passage_prefix, second.dimensions) == ("", None, 256)
    assert second.api_key is not None
    assert second.api_key.get_secret_value() == CANARY
    assert CANARY not in repr(embedders) + load(secrets, {}).model_dump_json()
    assert load(secrets, {}).with_connections(LIFE, KNOWLEDGE).embedders == embedders


def test_there_is_no_embedder_by_default_and_an_empty_key_is_none(secrets: Path) -> None:
    assert load(secrets, {}).embedders == {}
    secrets.write_text(f'[embedders.x]\n{ENDPOINT}\napi_key = ""')
    assert load(secrets, {}).embedders["x"].api_key is None


def test_a_label_with_a_dot_is_to_be_written_in_quotes(secrets: Path) -> None:
    error = _refusal(secrets, f"[embedders.nomic-embed-text-v1.5]\n{ENDPOINT}")
    assert "Unknown setting embedders.nomic-embed-text-v1.5 " in error.message
    assert '[embedders."nomic-embed-text-v1.5"]' in error.hint


@pytest.mark.parametrize(
    "url",
    [
        "localhost:11434",
        "localhost:11434/v1",
        "ftp://localhost/v1",
        "http://",
        "http:///v1",
        "http://localhost:port/v1",
        "http://localhost:99999/v1",
        "http://[::1/v1",
        "http://a..b/v1",
        "http://a b/v1",
    ],
)
def test_what_is_no_web_address_is_refused(secrets: Path, url: str) -> None:
    error = _refusal(secrets, f'[embedders.x]\nmodel = "m"\nbase_url = "{url}"')
    assert error.message == (
        "The setting embedders.x.base_url in secrets.toml is wrong: it is not an address such as "
        "http://localhost:11434/v1."
    )


@pytest.mark.parametrize("rest", ["/v1?key=x", "/v1#x"])
def test_an_address_holds_neither_a_key_nor_a_user(secrets: Path, rest: str) -> None:
    for url in (f"http://localhost{rest}", "http://user:pass@localhost/v1", "http://u@localhost"):
        error = _refusal(secrets, f'[embedders.x]\nmodel = "m"\nbase_url = "{url}"')
        assert "it holds more than host, port and path; a key belongs in api_key" in error.message


def test_defaults_are_the_tables_of_the_design(secrets: Path) -> None:
    relations = load(secrets, {}).relations
    assert relations.model_dump() == {
        "highlights": {
            "table": "events",
            "id": "id",
            "text": "text",
            "book_id": "book_id",
            "embedding": "embedding",
            "embedding_model": "embedding_model",
            "model": None,
            "created_at": "created_at",
        },
        "books": {"table": "books", "book_id": "book_id", "title": "title", "author": "author"},
        "passages": {
            "table": "chunks",
            "chunk_id": "chunk_id",
            "book_id": "book_id",
            "book": None,
            "content": "content",
            "chapter_number": "chapter_number",
            "position": None,
        },
        "embeddings": {
            "table": "chunk_embeddings",
            "chunk_id": "chunk_id",
            "embedding_model": "embedding_model",
            "model": None,
            "embedding": "embedding",
        },
    }


def test_settings_do_not_change_after_they_are_read(secrets: Path) -> None:
    settings = load(secrets, {})
    with pytest.raises(ValidationError):
        settings.pools.max_size = 50  # type: ignore[misc]


def test_a_password_is_in_the_address_and_nowhere_else(secrets: Path) -> None:
    dsn = f"postgresql://reader:{CANARY}@localhost/life"
    settings = load(secrets, {"LIFE_DASHBOARD_DSN": dsn, "KNOWLEDGE_BASE_DSN": dsn})
    again = Settings().with_connections(dsn, dsn)
    for shown in (settings, again):
        assert CANARY in shown.dsn("knowledge_base")
        for text in (str(shown), repr(shown), str(shown.model_dump()), shown.model_dump_json()):
            assert CANARY not in text


WITH_PASSWORD = f"postgresql://reader:{CANARY}@localhost/life"


@pytest.mark.parametrize(
    ("toml", "environ"),
    [
        ("", {"LIFE_DASHBOARD_DSN": WITH_PASSWORD}),
        ("", {"LIFE_DASHBOARD_DSN": WITH_PASSWORD, "KNOWLEDGE_BASE_DSN": f"x{WITH_PASSWORD}"}),
        ("", {**ENVIRONMENT, "KNOWLEDGE_BASE_DSN": f"postgresql://reader:{CANARY}@[::1/life"}),
        ("", {**ENVIRONMENT, "KNOWLEDGE_BASE_DSN": f"postgresql://localhost:{CANARY}/life"}),
        (f'connections = "{WITH_PASSWORD}"', {}),
        (f'[connections]\nlife_dashboard = "{WITH_PASSWORD}"', {}),
        (f'[connections.life_dashboard]\ndns = "{WITH_PASSWORD}"', {}),
        (f'[connections.life_dashboard]\ndsn = ["{WITH_PASSWORD}"]', {}),
        (f'[connections.life_dashboard]\ndsn = "{WITH_PASSWORD}', {}),
        (f"[connections.life_dashboard]\ndsn = {WITH_PASSWORD}", {}),
        (f'[pools]\nmax_size = "{CANARY}"', {}),
        (f'[embedders.x]\nmodel = "m"\nbase_url = "http://u:{CANARY}@h/v1"', {}),
        (f'[embedders.x]\nmodel = "m"\nbase_url = "http://h/v1?key={CANARY}"', {}),
        (f'[embedders.x]\nmodel = "m"\nbase_url = "http://{CANARY}@[::1"', {}),
        (f'[embedders.x]\n{ENDPOINT}\napi_key = "{CANARY} {CANARY}"', {}),
        (f'[embedders.x]\n{ENDPOINT}\napikey = "{CANARY}"', {}),
        (f'[embedders.x]\n{ENDPOINT}\napi_key = ["{CANARY}"]', {}),
        (f'[embedders]\nx = "{CANARY}"', {}),
    ],
)
def test_no_refusal_holds_a_password(secrets: Path, toml: str, environ: dict[str, str]) -> None:
    error = _refusal(secrets, toml, environ)
    told = [str(error), repr(error), error.message, error.hint, *traceback.format_exception(error)]
    assert CANARY not in "".join(told)


def _fields(model: type[BaseModel], place: str = "") -> Iterator[str]:
    """Every setting, as `section.key`."""
    for name, field in model.model_fields.items():
        kinds = getattr(field.annotation, "__args__", (field.annotation,))
        sections = [k for k in kinds if isinstance(k, type) and issubclass(k, BaseModel)]
        if sections:
            yield from _fields(sections[0], f"{place}{name}.")
        else:
            yield f"{place}{name}"


def _documented(markdown: str) -> set[str]:
    """The words in backticks, and the keys and section names of the fenced blocks."""
    blocks = re.findall(r"```.*?\n(.*?)```", markdown, flags=re.DOTALL)
    inline = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", markdown, flags=re.DOTALL))
    keys = re.findall(r"^[#\s]*([\w.]+)\s*=", "\n".join(blocks), flags=re.MULTILINE)
    headers = re.findall(r"^[#\s]*\[([\w.]+)\]", "\n".join(blocks), flags=re.MULTILINE)
    return {word for text in [*inline, *keys, *headers] for word in re.findall(r"\w+", text)}


@pytest.mark.parametrize("setting", sorted(_fields(Settings)))
def test_every_setting_is_documented(setting: str) -> None:
    documented = _documented(CONNECTING.read_text(encoding="utf-8"))
    assert set(setting.split(".")) <= documented


@pytest.mark.parametrize(
    "variable",
    ["LIFE_DASHBOARD_DSN", "KNOWLEDGE_BASE_DSN", "CONCORDANCE_SECRETS", "CONCORDANCE_DEMO"],
)
def test_every_variable_is_documented(variable: str) -> None:
    assert variable in CONNECTING.read_text(encoding="utf-8")


def test_the_example_shows_the_defaults(tmp_path: Path) -> None:
    example = (PROJECT / ".streamlit" / "secrets.toml.example").read_text(encoding="utf-8")
    # What is commented out is a setting or a section; the rest are sentences.
    uncommented = re.sub(r"^# (?=\[|\w+ = )", "", example, flags=re.MULTILINE)
    path = tmp_path / "secrets.toml"
    path.write_text(uncommented.replace('"…"', '"key"'), encoding="utf-8")
    shown = load(path, {})
    assert shown.limits == Limits()
    assert shown.pools == Pools()
    assert set(shown.embedders) == {"nomic-embed-text"}
    limits = re.search(r"^# \[limits\]\n((?:# .+\n)+)", example, re.MULTILINE)
    assert limits is not None
    assert re.findall(r"^# (\w+)", limits[1], re.MULTILINE) == list(Limits.model_fields)
