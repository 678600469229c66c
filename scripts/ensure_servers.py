"""Find nginx and PgBouncer for the tests, or get them; says what to install when that fails.

In this order: `$NGINX` and `$PGBOUNCER`, what is on PATH or in `/usr/sbin`, and for root
`apt-get install`.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

# The program, and the Debian package that has it.
PACKAGES = {"nginx": "nginx-light", "pgbouncer": "pgbouncer"}
INSTALL_SECONDS = 300


def installed(program: str) -> str | None:
    """The path of a server's program that is there already."""
    named = os.environ.get(program.upper())
    if named:
        return named if Path(named).exists() else None
    return shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin")


def obtain() -> list[str]:
    """The programs that are lacking after trying to get them."""
    lacking = [program for program in PACKAGES if installed(program) is None]
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    if not lacking or not is_root or not shutil.which("apt-get"):
        return lacking
    packages = [PACKAGES[program] for program in lacking]
    # In runlevel 1 Debian does not start a service that it installs.
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    for command in (["apt-get", "update"], ["apt-get", "install", "--yes", *packages]):
        print("Looking for servers:", " ".join(command), flush=True)
        try:
            subprocess.run(command, check=False, timeout=INSTALL_SECONDS, env=quiet)
        except (OSError, subprocess.TimeoutExpired):
            continue
    return [program for program in lacking if installed(program) is None]


if __name__ == "__main__":
    lacking = obtain()
    if lacking:
        names = " and ".join(lacking)
        sys.exit(f"No {names} for the tests: install {names}, or set {lacking[0].upper()} to it.")
    print(f"Servers: {', '.join(PACKAGES)}")
