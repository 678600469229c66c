"""The key of an embedder is told by no failure of it, whatever its endpoint answers."""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path

import pytest

from lib.connection import Connection
from lib.errors import ConcordanceError
from lib.search.checking import check_embedder
from lib.settings import load
from tests.conftest import Demo
from tests.databases.endpoints import Answer, Handler, Request, free_port, serve
from tests.safety.canary import KEY, found_in, sent_by, told_by
from tests.safety.conftest import SetUp
from tests.safety.everything import open_page

LABEL = "wordllama-l2-256"
OTHER = "makes other vectors"


def _echo(status: int, kind: str = "application/json") -> Answer:
    """Answers with all that it was sent, the key among it, as some servers do."""

    def answer(handler: Handler, request: Request) -> None:
        said = f"Incorrect API key provided: {request.headers.get('Authorization')}"
        if kind != "application/json":
            handler.send(status, said.encode(), kind)
            return
        handler.send_json(status, {"error": {"message": said, "type": "x", "code": said}})

    return answer


def _redirect(handler: Handler, request: Request) -> None:
    handler.send_response(307)
    handler.send_header("Location", f"http://127.0.0.1:9/v1?{request.headers['Authorization']}")
    handler.send_header("Content-Length", "0")
    handler.end_headers()


def _nonsense(handler: Handler, request: Request) -> None:
    handler.send_json(200, {"data": [{"embedding": request.headers["Authorization"], "index": 0}]})


def _wrong_size(handler: Handler, request: Request) -> None:
    found = [{"embedding": [0.5] * 7, "index": n} for n, _ in enumerate(request.texts)]
    handler.send_json(200, {"data": found, "model": KEY, "object": KEY, "usage": {}})


def _hang_up(handler: Handler, request: Request) -> None:
    handler.connection.close()


def _silence(handler: Handler, request: Request) -> None:
    handler.wait_until_left()


ANSWERS: dict[str, Answer] = {
    **{f"refuses with {status}": _echo(status) for status in (400, 401, 403, 404, 429, 500, 503)},
    "refuses in HTML": _echo(401, "text/html"),
    "answers in text": _echo(200, "text/plain"),
    "redirects": _redirect,
    "answers nonsense": _nonsense,
    OTHER: _wrong_size,
    "hangs up": _hang_up,
    "is silent": _silence,
}


@pytest.mark.parametrize("name", [*ANSWERS, "is not there"])
def test_no_failure_of_an_endpoint_tells_the_key(
    name: str,
    demo: Demo,
    set_up: SetUp,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    texts: list[str] = []
    with serve(ANSWERS.get(name, _hang_up)) as served:
        port = served.port if name in ANSWERS else free_port()
        set_up(
            demo.reader,
            f"[embedders.{LABEL}]\nbase_url = 'http://127.0.0.1:{port}/v1'\nmodel = 'm'\n"
            f"api_key = '{KEY}'\ntimeout = 0.5\n",
        )
        for address in ({"q": "my shepherd"}, {"q": "my shepherd", "rank": "embedding"}):
            app = open_page("search", address)
            assert not app.exception
            texts += sent_by(app)
        connection = Connection(load())
        try:
            # Vectors of another size are noticed only beside the stored ones.
            with contextlib.nullcontext() if name == OTHER else pytest.raises(ConcordanceError):
                connection.embed(LABEL, "my shepherd")
            with pytest.raises(ConcordanceError) as failed:
                connection.run(check_embedder, connection.embedders, LABEL, total=100)
            texts += told_by(failed.value)
        finally:
            connection.close()
        if name in ANSWERS:
            # The key was sent, and could have been told.
            assert served.requests[0].headers["Authorization"] == f"Bearer {KEY}"
    printed = capfd.readouterr()
    # Asked for every detail, the HTTP client logs the headers that an endpoint answered with.
    logged = [one.getMessage() for one in caplog.records if not one.name.startswith("httpcore")]
    assert found_in([*texts, *logged, printed.out, printed.err]) == []
