"""The hosts of an address are those that asyncpg makes of it."""

from __future__ import annotations

from typing import Any

import pytest
from asyncpg import ClientConfigurationError, connect_utils

from lib.databases.hosts import hosts_of
from lib.databases.silence import Address

NAMED = [
    "postgresql://u@a/db",
    "postgres://u:p%40ss@a:6000/db",
    "postgresql://a",
    "postgresql://u@a:6000,b/db",
    "postgresql://u@a,b:6000/db",
    "postgresql://u@a:6000,b,c:7000/db",
    "postgresql://u@a,b/db?port=6000",
    "postgresql://u@a:/db",
    "postgresql://u@[::1]/db",
    "postgresql://u@[::1]:6000,[2001:db8::2]/db",
    "postgresql://u@[fe80::1%25eth0]:6000/db",
    "postgresql://u@%61.example:60%30%30/db",
    "postgresql://u@%2Ftmp/db",
    "postgresql://u@%2Ftmp:6000,b/db",
    "postgresql://u@/db?host=/tmp",
    "postgresql://u@/db?host=/tmp/&port=6000",
    "postgresql://u@/db?host=%2Ftmp%2Fa%20b,c&port=6000,7000",
    "postgresql://u@/db?host=/tmp/.s.PGSQL.6000",
    "postgresql://u@/db?host=a:1,b:2",
    "postgresql://u@/db?host=a:1,b",
    "postgresql://u@/db?host=a:1,b:2&port=6000",
    "postgresql://u@/db?host=a:1,b:2&port=6000,7000",
    "postgresql://u@/db?host=a&host=b&port=1&port=2",
    "postgresql://u@/db?host=[::1]:6000,a",
    "postgresql://u@a/db?host=b",
    "postgresql://u@a/db?host=&port=",
    "postgresql://u@a/db?sslmode=require&target_session_attrs=any",
]
REFUSED = [
    "postgresql://u@a,/db",
    "postgresql://u@,a/db",
    "postgresql://u@/db?host=a,",
    "postgresql://u@/db?host=a,b,c&port=1,2",
    "postgresql://u@/db?host=a&port=1,2",
    "postgresql://u@a:x/db",
    "postgresql://u@::1/db",
    "postgresql://u@[::1/db",
    "postgresql://u@/db?host=[::1",
    "postgresql://u@a/db?sslmode",
    "postgresql://u@/db?port=x",
]
# The variables that asyncpg reads hosts and ports from.
ENVIRONMENTS: list[dict[str, str]] = [
    {},
    {"PGPORT": "6001"},
    {"PGPORT": "6001,6002"},
    {"PGPORT": "x"},
    {"PGHOST": "c:8000,d", "PGPORT": "6001"},
]


@pytest.fixture(params=ENVIRONMENTS, ids=str)
def environment(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PGHOST", "PGPORT", "PGSSLMODE", "PGSERVICEFILE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in request.param.items():
        monkeypatch.setenv(name, value)


def _read_by_asyncpg(dsn: str) -> list[Address]:
    """What asyncpg connects to, in its order."""
    others = (
        "host port user password passfile database ssl service servicefile direct_tls"
        " server_settings target_session_attrs krbsrvname gsslib"
    )
    given: dict[str, Any] = dict.fromkeys(others.split())
    addresses, _ = connect_utils._parse_connect_dsn_and_args(dsn=dsn, **given)
    return list(addresses)


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("dsn", NAMED)
def test_hosts_are_those_of_asyncpg(dsn: str) -> None:
    try:
        expected = _read_by_asyncpg(dsn)
    except (ValueError, ClientConfigurationError):
        expected = []
    assert [host.address for host in hosts_of(dsn)] == expected


@pytest.mark.parametrize("dsn", NAMED)
def test_asyncpg_takes_all_that_are_compared(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PGHOST", "PGPORT", "PGSSLMODE", "PGSERVICEFILE"):
        monkeypatch.delenv(name, raising=False)
    assert _read_by_asyncpg(dsn)


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("dsn", REFUSED)
def test_what_asyncpg_refuses_names_no_hosts(dsn: str) -> None:
    with pytest.raises((ValueError, IndexError, ClientConfigurationError)):
        _read_by_asyncpg(dsn)
    assert hosts_of(dsn) == []


@pytest.mark.parametrize("dsn", ["postgresql://u@/db", "postgresql:///db?port=6000"])
def test_hosts_that_are_not_named_are_those_of_the_environment(
    dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PGHOST", raising=False)
    monkeypatch.delenv("PGPORT", raising=False)
    assert hosts_of(dsn) == []
    monkeypatch.setenv("PGHOST", "c:8000,d,/tmp")
    assert [host.address for host in hosts_of(dsn)] == _read_by_asyncpg(dsn)


def test_a_service_may_name_the_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "c")
    assert hosts_of("postgresql:///db?service=library") == []
