"""No secret leaves the running app: its log, its pages and all that its socket sends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from tests.browser.conftest import App, running_app
from tests.safety.canary import IN_ADDRESS, LETTERS, found_in
from tests.safety.guarded import Guarded
from tests.safety.listeners import listening, say_nothing

RUN_SECONDS = 60
PAGES = ("", "scores", "alignment", "matches", "search", "connect")
ADDRESSES = {
    "nobody listens": f"postgresql://reader:{IN_ADDRESS}@127.0.0.1:9/{{}}",
    "silent": f"postgresql://reader:{IN_ADDRESS}@127.0.0.1:{{port}}/{{}}",
    "no such role": f"postgresql://nobody_here:{IN_ADDRESS}@/{{}}?{{there}}",
    "no address": f"postgresql//reader:{IN_ADDRESS}@h/{{}}",
    "nothing is wrong": f"postgresql://postgres:{IN_ADDRESS}@/{{}}?{{there}}",
}
# Python and asyncio say all they can, and so does every logger.
TALKATIVE = """
import logging, sys
logging.basicConfig(level=logging.DEBUG)
from lib.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def silent() -> Iterator[int]:
    with listening(say_nothing) as port:
        yield port


def environment(guarded: Guarded, port: int, name: str) -> dict[str, str]:
    """Both addresses of a case, as environment variables."""
    there = guarded.owner.life_dashboard.partition("?")[2]
    return {
        f"{database.upper()}_DSN": ADDRESSES[name].format(database, port=port, there=there)
        for database in ("life_dashboard", "knowledge_base")
    }


def everything_sent(app: App, page: str) -> bytes:
    """All that the socket sends until the script of the page has run to its end."""
    sent = b""
    url = f"{app.url.replace('http', 'ws')}/_stcore/stream"
    protocols = [Subprotocol("streamlit")]
    with connect(url, origin=Origin(app.url), subprotocols=protocols, max_size=None) as socket:
        asked = BackMsg()
        asked.rerun_script.page_name = page
        asked.rerun_script.query_string = "q=the+fear+of+the+lord&tab=State"
        socket.send(asked.SerializeToString())
        while True:
            data = socket.recv(RUN_SECONDS)
            assert isinstance(data, bytes)
            sent += data
            message = ForwardMsg.FromString(data)
            if (
                message.WhichOneof("type") == "script_finished"
                and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
            ):
                return sent


@pytest.mark.parametrize("name", ADDRESSES)
def test_the_app_as_a_process_tells_no_password(
    guarded: Guarded, silent: int, tmp_path: Path, name: str
) -> None:
    settings = "[pools]\nconnect_timeout = 0.5\nacquire_timeout = 0.5\n"
    (tmp_path / "secrets.toml").write_text(settings, encoding="utf-8")
    talkative = {"STREAMLIT_LOGGER_LEVEL": "debug", "PYTHONASYNCIODEBUG": "1", "PYTHONDEVMODE": "1"}
    with running_app(tmp_path, **talkative, **environment(guarded, silent, name)) as app:
        sent = [everything_sent(app, page).decode(errors="replace") for page in PAGES]
        for path in ("/", "/_stcore/health", "/_stcore/host-config", "/_stcore/metrics"):
            with urllib.request.urlopen(app.url + path, timeout=10) as answer:
                sent.append(answer.read().decode(errors="replace"))
        app.interrupt()
        log = app.log.read_text(encoding="utf-8", errors="replace")
    assert "life" in "".join(sent).lower()
    assert found_in([*sent, log]) == []


@pytest.mark.parametrize("name", ADDRESSES)
@pytest.mark.parametrize("command", [["doctor"], ["doctor", "--json"], ["report"]])
def test_the_command_line_as_a_process_tells_no_password(
    guarded: Guarded, silent: int, tmp_path: Path, name: str, command: list[str]
) -> None:
    said = subprocess.run(
        [sys.executable, "-X", "dev", "-c", TALKATIVE, *command],
        env={
            **os.environ,
            **environment(guarded, silent, name),
            "CONCORDANCE_SECRETS": os.devnull,
            "PYTHONASYNCIODEBUG": "1",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert said.returncode in {0, 1}, said.stderr
    assert "DEBUG:asyncio" in said.stderr or name == "no address"
    assert found_in([said.stdout, said.stderr]) == []
    if command == ["doctor", "--json"]:
        assert isinstance(json.loads(said.stdout)["healthy"], bool)


def test_a_process_that_tells_is_caught(tmp_path: Path) -> None:
    said = subprocess.run(
        [sys.executable, "-c", f"import sys; print({LETTERS!r}, file=sys.stderr)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert found_in([said.stdout, said.stderr])
