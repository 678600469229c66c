"""The servers that an address names, read as asyncpg reads it.

asyncpg keeps its reading to itself, and takes some slips without a word that a person would want
to hear of: what is no host or no port is refused here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import parse_qs, unquote, urlsplit

DEFAULT_PORT = "5432"
BRACKETED = re.compile(r"\[([^\]]+)\](?::([0-9]+))?")


class UnusableHosts(ValueError):
    """Hosts or ports of an address that cannot be; the message goes on after the address's name."""


def named_hosts(dsn: str, environ: Mapping[str, str]) -> list[tuple[str, int]]:
    """Each server that an address names, in its order: a host or a folder of sockets, and its port.

    Empty where the address leaves both to `service`, or to asyncpg's defaults. `environ` gives
    `PGHOST` and `PGPORT` for what it does not say. Raises UnusableHosts, which quotes nothing.
    """
    try:
        parts = urlsplit(dsn)
    except ValueError:
        raise UnusableHosts("is not a PostgreSQL address") from None
    try:
        values = parse_qs(parts.query, strict_parsing=bool(parts.query))
    except ValueError:
        raise UnusableHosts("has a parameter that is not written as name=value") from None
    query = {key: given[-1] for key, given in values.items()}
    if parts.netloc.count("@") > 1:
        raise UnusableHosts("has more than one @ before its database: write @ in a password as %40")
    ports = query.get("port", "").split(",") if query.get("port") else []
    defaults = environ.get("PGPORT", "").split(",") if environ.get("PGPORT") else [DEFAULT_PORT]
    if written := parts.netloc.rpartition("@")[2]:
        # A port in the query is for hosts in the query.
        _numbers(ports)
        return _listed(written, [], defaults, unquote)
    hosts = query.get("host", "")
    if not hosts and not query.get("service"):
        hosts = environ.get("PGHOST", "")
    if not hosts:
        _numbers(ports)
        return []
    return _listed(hosts, ports, defaults, str)


def _listed(
    hosts: str, ports: list[str], defaults: list[str], plain: Callable[[str], str]
) -> list[tuple[str, int]]:
    """The hosts of a list with commas; `ports`, if there are any, count instead of its own."""
    written = [_parted(one) for one in hosts.split(",")]
    names = [plain(name) for name, _ in written]
    if not all(names):
        raise UnusableHosts("has an empty host")
    given = _numbers(ports or defaults)
    if len(given) == 1:
        given = given * len(names)
    if len(given) != len(names):
        raise UnusableHosts(f"names {len(names)} hosts but {len(given)} ports")
    if not ports:
        own = [plain(port) for _, port in written]
        given = [
            _numbers([mine])[0] if mine else default
            for mine, default in zip(own, given, strict=True)
        ]
    return list(zip(names, given, strict=True))


def _parted(host: str) -> tuple[str, str]:
    """A host and its own port, which may be empty."""
    if host.startswith("/"):
        return host, ""
    if not host.startswith("["):
        name, _, port = host.partition(":")
        return name, port
    found = BRACKETED.fullmatch(host)
    if found is None:
        raise UnusableHosts("has an IPv6 address that is not written as [::1] or [::1]:5432")
    return found[1], found[2] or ""


def _numbers(ports: list[str]) -> list[int]:
    if not all(re.fullmatch("[0-9]{1,5}", port) and 0 < int(port) < 65_536 for port in ports):
        raise UnusableHosts("has a port that is not a number up to 65535")
    return [int(port) for port in ports]
