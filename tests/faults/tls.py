"""A server that says it speaks TLS, and then does, or does not."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.certificates import CERTIFICATE, KEY

TLS_REQUEST_BYTES = 8
WAIT_SECONDS = 5


@contextmanager
def tls_port(answer: bytes, certified: Path | None = None) -> Iterator[int]:
    """A port that gives one `answer` to the request for TLS: b"S" is yes, b"N" is no.

    With the folder of a certificate it goes on with TLS and hangs up after it; without one it says
    what is no TLS.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if certified is not None:
        context.load_cert_chain(certified / CERTIFICATE, certified / KEY)

    def serve() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with client, suppress(OSError):
                client.settimeout(WAIT_SECONDS)
                client.recv(TLS_REQUEST_BYTES)
                client.sendall(answer)
                if certified is not None:
                    with context.wrap_socket(client, server_side=True) as encrypted:
                        encrypted.recv(1)
                else:
                    client.recv(1)
                    client.sendall(b"no TLS at all")
                    client.recv(1)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            # Closing alone does not wake who waits to accept.
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(WAIT_SECONDS)
