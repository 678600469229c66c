"""Listeners on loopback that are no PostgreSQL, each wrong in its own way."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Answer = Callable[[socket.socket], object]


def refuse_encryption(client: socket.socket) -> None:
    """A server without TLS."""
    client.recv(64)
    client.sendall(b"N")


def break_encryption(client: socket.socket) -> None:
    """A server that offers TLS and then speaks something else."""
    client.recv(64)
    client.sendall(b"S")
    client.recv(4096)
    client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def hang_up(client: socket.socket) -> None:
    """A server that closes at once."""
    client.close()


def say_nothing(client: socket.socket) -> None:
    """A server that takes what it is sent, and never answers."""
    while client.recv(4096):
        pass


def speak_http(client: socket.socket) -> None:
    """Another service on the port."""
    client.recv(4096)
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


@contextmanager
def listening(answer: Answer) -> Iterator[int]:
    """The port on which each client is answered so."""
    server = socket.create_server(("127.0.0.1", 0))
    clients: list[socket.socket] = []

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = server.accept()
                clients.append(client)
                threading.Thread(target=_answered, args=(answer, client), daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield int(server.getsockname()[1])
    finally:
        # Closing alone does not wake who waits for the next client.
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        server.close()
        for client in clients:
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
            client.close()
        thread.join()


def _answered(answer: Answer, client: socket.socket) -> None:
    with contextlib.suppress(OSError):
        answer(client)
    with contextlib.suppress(OSError):
        client.close()
