"""Files of certificates that an address names and that cannot be read."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

# Parameters of an address, each with the variable that asyncpg reads where there is none.
FILES = {
    "sslrootcert": "PGSSLROOTCERT",
    "sslcrl": "PGSSLCRL",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
}


class CertificateUnreadable(Exception):
    """A file that `parameter` names cannot be read; `reason` in the system's words.

    No OSError, because it says nothing about a server: nothing is gained by trying again.
    """

    def __init__(self, parameter: str, reason: str) -> None:
        super().__init__(parameter, reason)
        self.parameter = parameter
        self.reason = reason


def of_a_file(dsn: str, fault: OSError) -> OSError | CertificateUnreadable:
    """What connecting raised, or which file of the address it is about.

    asyncpg raises the same for a file that is not there as for a socket that is not, and names
    neither.
    """
    query = parse_qs(urlsplit(dsn).query)
    if fault.errno is None:
        return fault
    for parameter, variable in FILES.items():
        path = query.get(parameter, [os.environ.get(variable, "")])[-1]
        if path and _failure(path) == fault.errno:
            return CertificateUnreadable(parameter, os.strerror(fault.errno))
    return fault


def _failure(path: str) -> int | None:
    """The number of the error that reading a file raises."""
    try:
        with Path(path).open("rb") as file:
            file.read(1)
    except OSError as error:
        return error.errno
    return None
