"""Connecting: to one server, or to the first of several that answers and is what was asked for.

asyncpg tries the hosts of an address one after the other too, but within one time limit for all of
them, so that a first host that swallows the connection keeps the second from ever being tried.
"""

from __future__ import annotations

import asyncio
import os
import random
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg

from lib.databases.certificates import of_a_file
from lib.databases.reader import Reader
from lib.databases.silence import GLANCE_SECONDS, Address, Silence
from lib.settings import UnusableHosts, named_hosts

PAUSE_SECONDS = (0.05, 0.15)

# Our sessions are read-only by their own setting, so what asyncpg makes of these two says nothing
# about the server.
SESSION_ATTRIBUTES = {"read-write": "primary", "read-only": "prefer-standby"}

# What a server that is on its way up or down answers; another host, or a moment, may help.
PASSING = (OSError, TimeoutError, asyncpg.CannotConnectNowError, asyncpg.PostgresConnectionError)


@dataclass(frozen=True)
class Host:
    """One server of an address: a host name or a folder of Unix sockets, and a port."""

    name: str
    port: int

    @property
    def address(self) -> Address:
        """What a socket connects to."""
        if self.name.startswith("/"):
            if ".s.PGSQL." in self.name:
                return self.name
            return f"{self.name.rstrip('/')}/.s.PGSQL.{self.port}"
        return self.name, self.port


def hosts_of(dsn: str) -> list[Host]:
    """The servers that an address names, in its order; none where it leaves them to asyncpg."""
    try:
        return [Host(name, port) for name, port in named_hosts(dsn, os.environ)]
    except UnusableHosts:
        # Connecting will say what is wrong.
        return []


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
            except (TimeoutError, ssl.SSLError):
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
            return await self._open(self._attribute, self._timeout, *self.hosts)
        passes = ["standby", "any"] if self._attribute == "prefer-standby" else [self._attribute]
        fault: BaseException = TimeoutError()
        shunned = [host for host in self.hosts if self._silence.lately(host.address)]
        for group in ([host for host in self.hosts if host not in shunned], shunned):
            hosts = await self._answering(group)
            for attribute in passes:
                for host in hosts:
                    try:
                        return await self._open(attribute, self._timeout / len(hosts), host)
                    except (*PASSING, asyncpg.TargetServerAttributeNotMatched) as found:
                        fault = found
        raise fault

    async def _answering(self, hosts: Sequence[Host]) -> list[Host]:
        """Those of some hosts that answer at all; all are looked at together."""
        looks = (self._silence.look(host.address, GLANCE_SECONDS) for host in hosts)
        answers = dict(zip(hosts, await asyncio.gather(*looks), strict=True))
        for host in hosts:
            if not answers[host]:
                self._silence.notice(host.address)
        return [host for host in hosts if answers[host]]

    async def _open(self, attribute: str, seconds: float, host: Host | None = None) -> Reader:
        # The only host is left to asyncpg, which knows all ways of writing it.
        one_of_many = {"host": host.name, "port": host.port} if len(self.hosts) > 1 and host else {}
        try:
            connection: Reader = await asyncpg.connect(
                self._dsn,
                timeout=seconds,
                target_session_attrs=attribute,
                connection_class=Reader,
                **self._options,
                **one_of_many,
            )
        except TimeoutError:
            if host is not None:
                self._silence.notice(host.address)
            raise
        except OSError as fault:
            raise of_a_file(self._dsn, fault) from None
        self._silence.heard(connection.address)
        return connection
