"""Connecting: to one server, or to the first of several that answers and is what was asked for.

asyncpg tries the hosts of an address one after the other too, but within one time limit for all of
them, so that a first host that swallows the connection keeps the second from ever being tried.
"""

from __future__ import annotations

import asyncio
import random
import re
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import asyncpg

from lib.databases.silence import Address, Silence

DEFAULT_PORT = 5432
PAUSE_SECONDS = (0.05, 0.15)

# A network that drops packets without a word is noticed by the kernel within these seconds.
KEEPALIVE = {"TCP_KEEPIDLE": 2, "TCP_KEEPINTVL": 1, "TCP_KEEPCNT": 3}
USER_TIMEOUT_MILLISECONDS = 5_000

# Our sessions are read-only by their own setting, so what asyncpg makes of these two says nothing
# about the server.
SESSION_ATTRIBUTES = {"read-write": "primary", "read-only": "prefer-standby"}

# What a server that is on its way up or down answers; another host, or a moment, may help.
PASSING = (OSError, TimeoutError, asyncpg.CannotConnectNowError, asyncpg.PostgresConnectionError)

HOST = re.compile(r"(\[[^]]*\]|[^:]*)(?::(\d*))?")


@dataclass(frozen=True)
class Host:
    """One server of an address: a host name or a folder of Unix sockets, and a port."""

    name: str
    port: int

    @property
    def address(self) -> Address:
        """What a socket connects to."""
        if self.name.startswith("/"):
            return f"{self.name.rstrip('/')}/.s.PGSQL.{self.port}"
        return self.name, self.port


class Reader(asyncpg.Connection):  # type: ignore[misc]
    """asyncpg's connection, which also knows where it leads and since when it awaits an answer."""

    __slots__ = ("address", "waiting_since")

    def __init__(
        self, protocol: Any, transport: Any, loop: Any, addr: Address, config: Any, params: Any
    ) -> None:
        super().__init__(protocol, transport, loop, addr, config, params)
        self.address = addr
        self.waiting_since: float | None = None
        _keep_alive(transport.get_extra_info("socket"))

    @property
    def itself(self) -> Reader:
        """This, also where a pool's stand-in for it is asked, which forgets it once it breaks."""
        return self

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """While a statement of this connection is with the server."""
        self.waiting_since = time.monotonic()
        try:
            yield
        finally:
            self.waiting_since = None


def _keep_alive(connected: socket.socket | None) -> None:
    if connected is None or connected.family not in {socket.AF_INET, socket.AF_INET6}:
        return
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in KEEPALIVE.items():
        if hasattr(socket, name):
            connected.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT_MILLISECONDS)


def hosts_of(dsn: str) -> list[Host]:
    """The servers that an address names, in its order; none where it leaves them to asyncpg."""
    parts = urlsplit(dsn)
    query = parse_qs(parts.query)
    written = parts.netloc.rpartition("@")[2].split(",")
    split = [found.groups() for one in written if (found := HOST.fullmatch(one))]
    names = [unquote(name.strip("[]")) for name, _ in split if name]
    names = names or [name for given in query.get("host", []) for name in given.split(",") if name]
    ports = [port for _, port in split if port]
    ports = ports or [port for given in query.get("port", []) for port in given.split(",")]
    if len(ports) < 2:
        ports = (ports or [str(DEFAULT_PORT)]) * len(names)
    if len(ports) != len(names) or not all(port.isdecimal() for port in ports):
        return []
    return [Host(name, int(port)) for name, port in zip(names, ports, strict=True)]


def wanted_attribute(dsn: str) -> str:
    """The `target_session_attrs` of an address, "any" without one."""
    asked = parse_qs(urlsplit(dsn).query).get("target_session_attrs", ["any"])[-1]
    return SESSION_ATTRIBUTES.get(asked, asked)


class Connector:
    """Connects to one address again and again, and remembers which of its hosts were silent."""

    def __init__(
        self, dsn: str, timeout: float, options: Mapping[str, Any], silence: Silence
    ) -> None:
        """`timeout`: seconds for all hosts together; `options`: asyncpg's, besides the address."""
        self._dsn = dsn
        self._timeout = timeout
        self._options = options
        self._silence = silence
        self.hosts = hosts_of(dsn)
        self._attribute = wanted_attribute(dsn)
        self._met = False

    async def connect(self, patience: float = 0.0) -> Reader:
        """A new connection.

        A server that was there the last time, and now refuses, may be about to return: it is tried
        again for `patience` seconds. Raises what asyncpg raises.
        """
        deadline = time.monotonic() + (patience if self._met else 0.0)
        while True:
            try:
                connection = await self._connect_once()
            except TimeoutError:
                raise
            except PASSING:
                if time.monotonic() > deadline:
                    # Whoever asks next does not wait for it as long again.
                    self._met = False
                    raise
                await asyncio.sleep(random.uniform(*PAUSE_SECONDS))
            else:
                self._met = True
                return connection

    async def _connect_once(self) -> Reader:
        if len(self.hosts) < 2:
            return await self._open(self._attribute, self._timeout)
        passes = ["standby", "any"] if self._attribute == "prefer-standby" else [self._attribute]
        fault: BaseException | None = None
        share = self._timeout / len(self.hosts)
        for attribute in passes:
            # Those lately silent last, otherwise as written.
            for host in sorted(self.hosts, key=lambda host: self._silence.lately(host.address)):
                try:
                    return await self._open(attribute, share, host=host.name, port=host.port)
                except (*PASSING, asyncpg.TargetServerAttributeNotMatched) as found:
                    if isinstance(found, TimeoutError):
                        self._silence.notice(host.address)
                    fault = found
        assert fault is not None
        raise fault

    async def _open(self, attribute: str, seconds: float, **host: Any) -> Reader:
        connection: Reader = await asyncpg.connect(
            self._dsn,
            timeout=seconds,
            target_session_attrs=attribute,
            connection_class=Reader,
            **self._options,
            **host,
        )
        return connection
