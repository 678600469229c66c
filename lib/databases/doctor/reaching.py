"""Reach: whether anybody takes connections at an address, before anything is said."""

from __future__ import annotations

import asyncio
import socket
import time
from dataclasses import dataclass

from lib.databases.doctor.checks import Check
from lib.databases.hosts import Host
from lib.settings import DSN_VARIABLES, DatabaseName


@dataclass(frozen=True)
class Knock:
    """What one server did when a connection was asked for; `seconds` None where it took none."""

    where: str
    seconds: float | None
    refusal: str = ""

    @property
    def sentence(self) -> str:
        """What it did, after its address."""
        if self.seconds is None:
            return f"{self.where} {self.refusal}"
        return f"{self.where} takes connections, in {self.seconds * 1000:.1f} ms"


async def knock(hosts: list[Host], patience: float) -> list[Knock]:
    """Ask every server of an address for a connection, all at once."""
    return list(await asyncio.gather(*(_knock(host, patience) for host in hosts)))


async def _knock(host: Host, patience: float) -> Knock:
    address = host.address
    where = address if isinstance(address, str) else f"{_bracketed(host.name)}:{host.port}"
    started = time.perf_counter()
    try:
        if isinstance(address, str):
            opening = asyncio.open_unix_connection(address)
        else:
            opening = asyncio.open_connection(*address)
        _, writer = await asyncio.wait_for(opening, patience)
        seconds = time.perf_counter() - started
        writer.transport.abort()
    except TimeoutError:
        return Knock(where, None, f"takes no connection within {patience:.0f} s")
    except (socket.gaierror, UnicodeError):
        # The second is of a name that cannot be, such as one with two full stops together.
        return Knock(where, None, "is no host that anybody knows")
    except FileNotFoundError:
        return Knock(where, None, "is not there: no server listens on that socket")
    except PermissionError:
        return Knock(where, None, "may not be opened by this user")
    except ConnectionError:
        return Knock(where, None, "refuses: no server listens there")
    except OSError as error:
        return Knock(where, None, f"cannot be reached: {error.strerror or 'no way there'}")
    return Knock(where, seconds)


def _bracketed(name: str) -> str:
    return f"[{name}]" if ":" in name else name


def reached(database: DatabaseName, knocks: list[Knock], server: str = "") -> Check:
    """The step: one server that takes connections is enough. `server` is what the one is that a
    session was begun with; without knocks its address was left to the driver."""
    found = (
        "; ".join(each.sentence for each in knocks) or "The driver's own address takes connections"
    )
    if not knocks or any(each.seconds is not None for each in knocks):
        told = f"{found}. {server}." if server else f"{found}."
        return Check(database, "reach", "ok", told)
    return Check(
        database,
        "reach",
        "problem",
        f"No server answers for {database}: {found}.",
        f"Check that the server runs and that {DSN_VARIABLES[database]} names its host and port.",
    )
