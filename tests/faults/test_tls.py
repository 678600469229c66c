"""TLS that fails is called that, and not a wrong address or a server that is not there."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from lib.databases.pools import Database
from lib.errors import ConcordanceError, ConnectionLost, TlsFailed, Unreachable
from lib.settings import Pools
from tests.certificates import CERTIFICATE, certify
from tests.faults.ports import free_port
from tests.faults.tls import tls_port

NAME = "localhost"


@pytest.fixture
def certified(tmp_path: Path) -> Path:
    """The folder of a certificate for localhost."""
    certify(tmp_path, NAME)
    return tmp_path


@pytest.fixture
def port(certified: Path) -> Iterator[int]:
    """A server that shows that certificate."""
    with tls_port(b"S", certified) as port:
        yield port


@pytest.fixture(autouse=True)
def without_variables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No certificates but those that an address names."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("PGSSLMODE", "PGSSLROOTCERT", "PGSSLCERT", "PGSSLKEY", "PGSSLCRL"):
        monkeypatch.delenv(name, raising=False)


def _told(dsn: str) -> ConcordanceError:
    """What is said of connecting to an address."""

    async def ask() -> None:
        database = Database("knowledge_base", dsn, Pools())
        try:
            await database.ping()
        finally:
            await database.close()

    try:
        asyncio.run(ask())
    except ConcordanceError as error:
        return error
    raise AssertionError("connected")


def _dsn(port: int, mode: str, host: str = NAME, **files: Path) -> str:
    named = "".join(f"&{name}={path}" for name, path in files.items())
    return f"postgresql://reader@{host}:{port}/knowledge_base?sslmode={mode}{named}"


def test_a_certificate_that_nobody_trusts(port: int, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    certify(other, NAME)
    error = _told(_dsn(port, "verify-full", sslrootcert=other / CERTIFICATE))
    assert type(error) is TlsFailed
    assert "The certificate of the server of knowledge_base is not trusted: " in error.message
    assert "sslrootcert" in error.hint
    assert "KNOWLEDGE_BASE_DSN" in error.hint


@pytest.mark.parametrize("host", ["127.0.0.1", NAME])
def test_a_certificate_of_another_host(tmp_path: Path, host: str) -> None:
    certify(tmp_path, "db.example.org")
    with tls_port(b"S", tmp_path) as port:
        error = _told(_dsn(port, "verify-full", host, sslrootcert=tmp_path / CERTIFICATE))
    assert type(error) is TlsFailed
    assert error.message == (
        "The certificate of the server of knowledge_base is not for this host."
    )
    assert "KNOWLEDGE_BASE_DSN" in error.hint


@pytest.mark.parametrize("mode", ["require", "verify-ca", "verify-full"])
def test_a_certificate_that_is_trusted(port: int, certified: Path, mode: str) -> None:
    """The server hangs up only after TLS was agreed on."""
    error = _told(_dsn(port, mode, sslrootcert=certified / CERTIFICATE))
    assert type(error) is ConnectionLost


def test_no_tls_after_all(certified: Path) -> None:
    with tls_port(b"S") as port:
        error = _told(_dsn(port, "verify-full", sslrootcert=certified / CERTIFICATE))
    assert type(error) is TlsFailed
    assert error.message.startswith("TLS with the server of knowledge_base failed: ")


def test_a_server_that_takes_no_tls() -> None:
    with tls_port(b"N") as port:
        error = _told(_dsn(port, "require"))
    assert type(error) is TlsFailed
    assert error.message == "The server of knowledge_base takes no TLS."
    assert "sslmode" in error.hint


@pytest.mark.parametrize("parameter", ["sslrootcert", "sslcrl", "sslcert"])
def test_a_file_that_is_not_there(port: int, certified: Path, parameter: str) -> None:
    files = {"sslrootcert": certified / CERTIFICATE, parameter: certified / "none.pem"}
    error = _told(_dsn(port, "verify-full", NAME, **files))
    assert type(error) is TlsFailed
    assert error.message == (
        f"The file of {parameter}, which knowledge_base needs for TLS, cannot be read: "
        "No such file or directory."
    )


def test_a_folder_in_place_of_a_file(port: int, certified: Path) -> None:
    error = _told(_dsn(port, "verify-full", sslrootcert=certified))
    assert "The file of sslrootcert" in error.message
    assert "Is a directory" in error.message


def test_a_file_that_a_variable_names(
    port: int, certified: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGSSLROOTCERT", str(certified / "none.pem"))
    assert "The file of sslrootcert" in _told(_dsn(port, "verify-full")).message


def test_a_file_that_is_no_certificate(port: int, tmp_path: Path) -> None:
    (tmp_path / "nonsense.pem").write_text("nonsense")
    error = _told(_dsn(port, "verify-full", sslrootcert=tmp_path / "nonsense.pem"))
    assert type(error) is TlsFailed
    assert "no certificate" in error.message


def test_a_server_that_is_not_there_is_no_matter_of_tls(certified: Path) -> None:
    error = _told(_dsn(free_port(), "verify-full", sslrootcert=certified / CERTIFICATE))
    assert type(error) is Unreachable
    error = _told(f"postgresql://reader@/knowledge_base?host={certified}/none")
    assert error.message == "No server answers for knowledge_base."
