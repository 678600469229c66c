"""Embedding texts by endpoints and here: what is sent, what is accepted, what is said of faults."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
import traceback
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from lib.connection import Connection
from lib.databases.loop import EventLoop
from lib.databases.vectors import Matrix
from lib.demo.models import RANDOM_INDEXING, WORDLLAMA
from lib.errors import EmbedderError
from lib.search.embedders import MOST_CHARACTERS, MOST_TEXTS, Embedders
from lib.settings import Settings
from tests.databases.endpoints import (
    Answer,
    Handler,
    Request,
    Served,
    embedding_list,
    free_port,
    like_ollama,
    serve,
)

if TYPE_CHECKING:
    from tests.conftest import Demo, Open

LABEL = "a label, 1.5"
CANARY = "sk-hunter2-canary"


def settings_of(base_url: str, label: str = LABEL, **keys: Any) -> Settings:
    keys = {"base_url": base_url, "model": "m", "timeout": 5.0, **keys}
    return Settings.model_validate({"embedders": {label: keys}})


def embed(settings: Settings, *texts: str, label: str = LABEL) -> Matrix:
    """Passages, embedded by an endpoint that is closed after it."""

    async def run() -> Matrix:
        embedders = Embedders(settings)
        try:
            return await embedders.embed_passages(label, texts or ("a text",))
        finally:
            await embedders.close()

    return asyncio.run(run())


def embed_query(settings: Settings, text: str, label: str = LABEL) -> Matrix:
    async def run() -> Matrix:
        embedders = Embedders(settings)
        try:
            return await embedders.embed_query(label, text)
        finally:
            await embedders.close()

    return asyncio.run(run())


def refusal(answer: Answer, *texts: str, **keys: Any) -> EmbedderError:
    """What is said of an endpoint that answers so; it always names the label and the address."""
    with serve(answer) as served, pytest.raises(EmbedderError) as caught:
        embed(settings_of(served.url, **keys), *texts)
    assert LABEL in caught.value.message
    assert f"127.0.0.1:{served.port}" in caught.value.message
    assert caught.value.message.count(". ") == 0
    assert caught.value.hint
    return caught.value


def says(status: int, content: object) -> Answer:
    """Always the same answer, in JSON."""
    return lambda handler, _: handler.send_json(status, content)


def lengths(texts: list[str]) -> list[list[float]]:
    """Vectors that tell how long their texts are."""
    return [[1.0, float(len(text))] for text in texts]


def rows(*vectors: Any) -> dict[str, Any]:
    return embedding_list(vectors)


# What is sent


def test_a_text_goes_to_the_endpoint_as_ollama_wants_it() -> None:
    with serve(like_ollama(lengths, "nomic-embed-text")) as served:
        settings = settings_of(served.url + "/", model="nomic-embed-text")
        assert embed_query(settings, "why").tolist() == [1, len("search_query: why")]
        assert embed(settings, "one", "three").tolist() == [[1, 20], [1, 22]]
    query, stored = served.requests
    assert query.path == "/v1/embeddings"
    assert query.body == {
        "input": ["search_query: why"],
        "model": "nomic-embed-text",
        "encoding_format": "float",
    }
    assert stored.texts == ["search_document: one", "search_document: three"]


def test_what_is_set_wins_over_what_is_documented() -> None:
    with serve(like_ollama(lengths, "e5-base")) as served:
        keys = {"model": "e5-base", "query_prefix": "", "passage_prefix": "text: "}
        embed_query(settings_of(served.url, **keys), "why")
        embed(settings_of(served.url, **keys), "why")
        keys = {"model": "e5-base"}
        embed_query(settings_of(served.url, **keys), "why")
    assert [one.texts for one in served.requests] == [["why"], ["text: why"], ["query: why"]]


def test_passages_may_have_a_model_name_of_their_own() -> None:
    with serve(like_ollama(lengths, "q", "p")) as served:
        settings = settings_of(served.url, model="q", passage_model="p")
        embed_query(settings, "why")
        embed(settings, "why")
    assert [one.body["model"] for one in served.requests] == ["q", "p"]


def test_dimensions_are_asked_for_and_held_to() -> None:
    with serve(like_ollama(lengths, "m")) as served:
        assert embed(settings_of(served.url, dimensions=2)).shape == (1, 2)
    assert served.requests[0].body["dimensions"] == 2
    error = refusal(like_ollama(lengths, "m"), dimensions=3)
    assert "returned vectors of 2 dimensions where 3 were asked for" in error.message


def test_long_texts_are_cut_and_many_are_sent_in_parts() -> None:
    with serve(like_ollama(lengths, "m")) as served:
        settings = settings_of(served.url, passage_prefix="p: ")
        found = embed(settings, "x" * (MOST_CHARACTERS + 1), *("y" * n for n in range(1, 70)))
    assert found[:, 1].tolist() == [MOST_CHARACTERS + 3, *range(4, 73)]
    assert [len(one.texts) for one in served.requests] == [MOST_TEXTS, MOST_TEXTS, 6]


def test_half_a_character_is_sent_as_something() -> None:
    with serve(like_ollama(lengths, "m")) as served:
        assert embed(settings_of(served.url), "a\ud83d!").shape == (1, 2)


def test_nothing_of_the_environment_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    for name in ("API_KEY", "ADMIN_KEY", "ORG_ID", "PROJECT_ID", "WEBHOOK_SECRET"):
        monkeypatch.setenv(f"OPENAI_{name}", CANARY)
    monkeypatch.setenv("OPENAI_BASE_URL", nowhere)
    headers = f"Authorization: Basic {CANARY}\nX-Canary: {CANARY}\nHost: {CANARY}"
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", headers)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, nowhere)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with serve(like_ollama(lengths, "m")) as served:
        embed(settings_of(served.url))
        embed(settings_of(served.url, api_key="mine"))
    without, with_key = (one.headers for one in served.requests)
    assert CANARY not in str(without) + str(with_key)
    assert without == {
        "Host": f"127.0.0.1:{served.port}",
        "Accept": "application/json",
        "Content-Type": "application/json",
        "Content-Length": without["Content-Length"],
        "User-Agent": "concordance",
    }
    assert with_key == {**without, "Authorization": "Bearer mine"}


def test_one_client_keeps_its_connection() -> None:
    ports: set[int] = set()

    def answer(handler: Handler, request: Request) -> None:
        ports.add(handler.client_address[1])
        handler.send_json(200, embedding_list(lengths(request.texts)))

    async def run(settings: Settings) -> None:
        embedders = Embedders(settings)
        for _ in range(3):
            await embedders.embed_query(LABEL, "why")
        await embedders.close()
        # What is closed opens again when it is asked.
        await embedders.embed_query(LABEL, "why")
        await embedders.close()

    with serve(answer) as served:
        asyncio.run(run(settings_of(served.url)))
    assert len(ports) == 2


# What is accepted


def test_rows_are_put_in_the_order_of_their_texts() -> None:
    def shuffled(handler: Handler, request: Request) -> None:
        found = embedding_list(lengths(request.texts))
        found["data"].reverse()
        handler.send_json(200, found)

    with serve(shuffled) as served:
        found = embed(settings_of(served.url), "a", "bb", "ccc")
    assert found[:, 1].tolist() == [1, 2, 3]


@pytest.mark.parametrize("left_out", [[0], [0, 1, 2]])
def test_a_missing_index_is_a_zero_or_there_are_none(left_out: list[int]) -> None:
    found = rows([1, 1], [1, 2], [1, 3])
    for place in left_out:
        del found["data"][place]["index"]
    with serve(says(200, found)) as served:
        assert embed(settings_of(served.url), "a", "b", "c")[:, 1].tolist() == [1, 2, 3]


def test_indexes_that_name_no_order_are_refused() -> None:
    for indexes in ([0, 0], [1, 2], ["a", "b"], [[0], [1]]):
        found = rows([1, 1], [1, 2])
        for row, index in zip(found["data"], indexes, strict=True):
            row["index"] = index
        error = refusal(says(200, found), "a", "b")
        assert "does not say which vector is of which text" in error.message


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (rows([1, 2], [3, 4]), "returned 2 vectors for 1 texts"),
        (rows(), "returned 0 vectors for 1 texts"),
        (rows([0.0, 0.0]), "a vector of zeros"),
        (rows([1, float("nan")]), "values that are no numbers"),
        (rows([1, 1e300]), "values that are no numbers"),
        (rows([1, None]), "values that are no numbers"),
        (rows([]), "does not speak the OpenAI API"),
        (rows([[1], [2]]), "does not speak the OpenAI API"),
        (rows([1, "x"]), "does not speak the OpenAI API"),
        ({"data": [{"embedding": "AAAA"}]}, "does not speak the OpenAI API"),
        ({"data": [None]}, "does not speak the OpenAI API"),
        ({"data": {"a": 1}}, "does not speak the OpenAI API"),
        ({"embedding": [1, 2]}, "does not speak the OpenAI API"),
        ([[1, 2]], "does not speak the OpenAI API"),
        ("text", "does not speak the OpenAI API"),
        (None, "does not speak the OpenAI API"),
    ],
)
def test_answers_that_cannot_be_used_are_refused(content: object, said: str) -> None:
    assert said in refusal(says(200, content)).message


def test_vectors_of_different_lengths_are_refused() -> None:
    error = refusal(says(200, rows([1, 2], [1, 2, 3])), "a", "b")
    assert "vectors of different lengths" in error.message


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"<html><body>Welcome</body></html>", "text/html"),
        (b"<html><body>Welcome</body></html>", "application/json"),
        (b'{"data": [', "application/json"),
        (b"\xff\xfe\x00", "application/json"),
        (b"[" * 100_000, "application/json"),
        (b"", "application/json"),
        (b"", "text/plain"),
    ],
)
def test_what_is_no_json_does_not_speak_the_api(content: bytes, kind: str) -> None:
    error = refusal(lambda handler, _: handler.send(200, content, kind))
    assert "does not speak the OpenAI API" in error.message
    assert "/v1" in error.hint


# What goes wrong on the way


def test_no_server_and_no_host() -> None:
    port = free_port()
    for url, said in (
        (f"http://127.0.0.1:{port}/v1", f"at 127.0.0.1:{port} cannot be reached."),
        ("http://nowhere.invalid/v1", "at nowhere.invalid:80 cannot be reached: no host "),
    ):
        with pytest.raises(EmbedderError) as caught:
            embed(settings_of(url))
        assert said in caught.value.message
        assert f'[embedders."{LABEL}"]' in caught.value.hint


def test_tls_where_there_is_none() -> None:
    with serve(says(200, {})) as served, pytest.raises(EmbedderError, match="TLS") as caught:
        embed(settings_of(served.url.replace("http:", "https:")))
    assert "http://" in caught.value.hint


def hang(handler: Handler, _: Request) -> None:
    handler.wait_until_left()


def drip(handler: Handler, _: Request) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", "1000000")
    handler.end_headers()
    while not handler.served.stopping.wait(0.02):
        handler.wfile.write(b" ")


@pytest.mark.parametrize("answer", [hang, drip])
def test_a_slow_answer_is_given_up_in_time(answer: Answer) -> None:
    # The library is imported first, which no limit holds for.
    refusal(says(500, {}))
    started = time.monotonic()
    error = refusal(answer, timeout=0.4)
    assert 0.4 <= time.monotonic() - started < 4
    assert "did not answer within 0.4 s." in error.message
    assert "timeout" in error.hint


def test_an_answer_that_breaks_off() -> None:
    def answer(handler: Handler, _: Request) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b'{"data": [')
        handler.close_connection = True

    assert "broke off the connection" in refusal(answer).message

    def nothing(handler: Handler, _: Request) -> None:
        handler.close_connection = True

    assert "broke off the connection" in refusal(nothing).message


def test_a_redirect_is_not_followed() -> None:
    with serve(like_ollama(lengths, "m")) as other:

        def answer(handler: Handler, _: Request) -> None:
            handler.send_response(308)
            handler.send_header("Location", f"{other.url}/embeddings")
            handler.send_header("Content-Length", "0")
            handler.end_headers()

        error = refusal(answer, api_key=CANARY)
    assert "redirects to another address" in error.message
    assert str(other.port) not in str(error)
    assert other.requests == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"error": {"message": "out of memory", "type": "api_error"}}, ": out of memory."),
        ({"error": "out of\n memory!"}, ": out of memory!"),
        ({"detail": [{"msg": "out of memory"}]}, ": out of memory."),
        ([{"error": {"message": "out of memory"}}], ": out of memory."),
        ({"message": "out of memory " * 100}, "…"),
        ({"strange": 1}, "(status 500)."),
        (7, "(status 500)."),
    ],
)
def test_a_failing_server_is_quoted_on_one_short_line(content: object, said: str) -> None:
    error = refusal(says(500, content))
    assert "failed (status 500)" in error.message
    assert error.message.endswith(said)
    assert "\n" not in error.message
    assert len(error.message) < 320


def test_a_page_of_html_is_not_quoted() -> None:
    error = refusal(lambda handler, _: handler.send(502, b"<html>Bad Gateway</html>", "text/html"))
    assert error.message.endswith("failed (status 502).")


def test_other_refusals_are_quoted_and_busy_servers_are_waited_for() -> None:
    error = refusal(says(400, {"error": {"message": "input is too long"}}))
    assert error.message.endswith("refuses the request (status 400): input is too long.")
    error = refusal(says(429, {"error": {"message": "slow down"}}))
    assert "takes no more requests for now (status 429)" in error.message
    assert "Wait" in error.hint


def test_an_unknown_model_is_named_with_the_way_to_get_it() -> None:
    error = refusal(like_ollama(lengths, "another"), model="nomic")
    assert error.message.endswith("has no model nomic.")
    assert "ollama pull nomic" in error.hint
    with serve(like_ollama(lengths, "m")) as served, pytest.raises(EmbedderError) as caught:
        embed(settings_of(served.url.removesuffix("/v1")))
    assert "has no embeddings at its base_url, or no model m" in caught.value.message
    assert "/v1" in caught.value.hint
    assert "ollama pull m" in caught.value.hint


def _told(error: BaseException | None) -> str:
    """All that an error could show, with what led to it."""
    told = ""
    while error is not None:
        told += str(error) + repr(error) + "".join(traceback.format_exception(error))
        error = error.__cause__ or error.__context__
    return told


@pytest.mark.parametrize("status", [400, 401, 403, 404, 418, 422, 429, 500])
@pytest.mark.parametrize("before", ["key is wrong: ", "word " * 38])
def test_a_key_is_never_quoted(status: int, before: str) -> None:
    def answer(handler: Handler, request: Request) -> None:
        said = f"{before}{request.headers['Authorization']} and {CANARY}"
        handler.send_json(status, {"error": {"message": said, "code": CANARY}})

    error = refusal(answer, api_key=CANARY)
    assert CANARY not in _told(error) + str(vars(error))
    assert "hunter2" not in str(error)
    if status in {401, 403}:
        assert f"refuses the key (status {status})" in error.message


def test_a_key_is_never_quoted_from_where_nothing_answers() -> None:
    url = f"http://127.0.0.1:{free_port()}/v1"
    with pytest.raises(EmbedderError) as caught:
        embed(settings_of(url, api_key=CANARY))
    assert CANARY not in _told(caught.value)
    assert CANARY not in repr(Embedders(settings_of(url, api_key=CANARY)).__dict__)


def test_a_key_that_is_asked_for() -> None:
    error = refusal(says(401, {"error": {"message": "no key"}}))
    assert "asks for a key (status 401)" in error.message
    assert "Set api_key" in error.hint


# Leaving


def test_leaving_ends_the_request() -> None:
    class Left(Exception):
        pass

    with serve(hang) as served:
        loop = EventLoop()
        embedders = Embedders(settings_of(served.url))

        def on_wait() -> None:
            if served.asked.is_set():
                raise Left

        with pytest.raises(Left):
            loop.run(embedders.embed_query(LABEL, "why"), on_wait)
        assert served.left.wait(2)
        loop.run(embedders.close())
        loop.stop()


def test_a_cancelled_task_is_cancelled_and_no_error() -> None:
    async def run(served: Served) -> None:
        embedders = Embedders(settings_of(served.url))
        task = asyncio.create_task(embedders.embed_query(LABEL, "why"))
        assert await asyncio.to_thread(served.asked.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(served.left.wait, 2)
        await embedders.close()

    with serve(hang) as served:
        asyncio.run(run(served))


# Here, and what is at hand


def test_what_is_available_is_in_the_order_asked_for() -> None:
    settings = settings_of("http://localhost/v1", "z")
    labels = ["z", "another", RANDOM_INDEXING, WORDLLAMA]
    assert Embedders(settings).available(labels) == ["z", RANDOM_INDEXING, WORDLLAMA]
    assert Embedders(Settings()).available(["z", "another"]) == []


def test_a_label_without_an_embedder_and_an_empty_text() -> None:
    with pytest.raises(EmbedderError, match="No embedder for another is at hand"):
        embed(Settings(), label="another")
    for text in ("", " \n"):
        with pytest.raises(EmbedderError, match="nothing to embed"):
            embed_query(settings_of("http://localhost/v1"), text)


def test_a_configured_endpoint_wins_over_the_model_here() -> None:
    with serve(like_ollama(lengths, "m")) as served:
        found = embed_query(settings_of(served.url, WORDLLAMA), "why", WORDLLAMA)
    assert found.tolist() == [1, 3]


def test_the_connection_embeds_and_closes_what_it_opened(demo: Demo, open_connection: Open) -> None:
    with serve(like_ollama(lengths, "m")) as served:
        described = settings_of(served.url).embedders
        connection: Connection = open_connection(
            demo.settings.model_copy(update={"embedders": described})
        )
        assert connection.embed(LABEL, "why").tolist() == [[1, 3]]
        here = connection.embed(WORDLLAMA, "the valley of the shadow of death")
        assert here.shape == (1, 256)
        assert np.linalg.norm(here) == pytest.approx(1, abs=1e-5)
        with pytest.raises(EmbedderError):
            connection.embed("another", "why")
        connection.close()
        connection.close()


def test_the_library_is_imported_only_for_an_endpoint() -> None:
    code = (
        "import sys, lib.connection\n"
        "from lib.search.embedders import Embedders\n"
        "from lib.settings import Settings\n"
        "given = {'embedders': {'a': {'base_url': 'http://localhost/v1', 'model': 'm'}}}\n"
        "Embedders(Settings.model_validate(given)).available(['a'])\n"
        "print([name for name in ('openai', 'httpx2', 'wordllama') if name in sys.modules])\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert json.loads(found.stdout.replace("'", '"')) == []
