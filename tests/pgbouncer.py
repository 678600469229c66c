"""A real PgBouncer; in transaction mode each transaction gets whatever session is free."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from lib.demo.server import OWNER, READER

START_SECONDS = 10
STOP_SECONDS = 5
# Fewer sessions than the two pools of an app may use: transactions change from one to another.
SESSIONS = 3
POOLED = '[pools]\npooler = "transaction"\n'

CONFIGURATION = """
[databases]
* = host={host} port={port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
unix_socket_dir =
auth_type = trust
auth_file = {users}
pool_mode = {mode}
default_pool_size = {sessions}
{options}
"""


@dataclass(frozen=True)
class PgBouncer:
    """A running PgBouncer that passes everything on to one server."""

    port: int

    def dsn(self, direct: str) -> str:
        """The address of the same database for the same role, through the pooler."""
        parts = urlsplit(direct)
        database = parts.path.lstrip("/")
        return f"postgresql://{parts.username}@127.0.0.1:{self.port}/{database}"


def _program() -> str:
    found = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin:/usr/local/sbin")
    if found is None:
        pytest.fail("No pgbouncer: run make test, which gets it, or install it.")
    return found


@contextmanager
def pgbouncer_before(
    direct: str, options: str = "", mode: str = "transaction"
) -> Iterator[PgBouncer]:
    """PgBouncer before the server that the address `direct`, of a Unix socket, leads to.

    `options`: more lines for its configuration; `mode`: what has a session to itself.
    """
    query = parse_qs(urlsplit(direct).query)
    socket_folder, port = query["host"][0], query["port"][0]
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listen = listening.getsockname()[1]
    folder = Path(tempfile.mkdtemp(prefix="pgbouncer-"))
    configuration = folder / "pgbouncer.ini"
    users = folder / "users.txt"
    users.write_text("".join(f'"{role}" ""\n' for role in (OWNER, READER)))
    configuration.write_text(
        CONFIGURATION.format(
            host=socket_folder,
            port=port,
            listen=listen,
            users=users,
            mode=mode,
            sessions=SESSIONS,
            options=options,
        )
    )
    command = [_program(), "-q", str(configuration)]
    if os.geteuid() == 0:
        # PgBouncer does not run as root; whom the server runs as may open its socket.
        owner = pwd.getpwuid(Path(socket_folder).stat().st_uid).pw_name
        shutil.chown(folder, owner)
        command[1:1] = ["-u", owner]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_until_listening(process, listen)
        yield PgBouncer(listen)
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)
        shutil.rmtree(folder)


def _wait_until_listening(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), 1):
                return
        except OSError:
            if time.monotonic() > deadline or process.poll() is not None:
                raise
            time.sleep(0.05)
