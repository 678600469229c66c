"""What the app does when many people use it at once.

    python benchmarks/load.py [--sessions 50] [--browsers 3] [--cycles 50] [--runs 1]

Sessions speak Streamlit's websocket protocol; browsers are real ones. All come to one page of the
demo within `--arrival` seconds, change something, go to another page, change something there, and
stay until everybody is there. Twice: to an app that nobody has used since it was started (cold),
and to one where ten others have been (warm). The warm one is then left and entered
again `--cycles` times, every second time before the page is there. Several runs give medians, and
the worst of what must never happen. Nobody else may use the demo meanwhile: connections are told
apart by the time of their start only. Exit code 1 when a goal is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.load_crowd import Crowd, Load, gather
from benchmarks.load_cycles import Leak, enter_and_leave
from benchmarks.load_figures import report
from benchmarks.load_journeys import look_around
from lib.demo.provision import addresses, provision
from lib.demo.server import OWNER
from lib.settings import demo_directory
from tests.browser.conftest import running_app
from tests.browser.footprints import kept_seconds, settle, watched


async def cold(load: Load, owner: str, folder: Path) -> Crowd:
    """A crowd comes to an app that has just been started."""
    with running_app(folder) as app:
        async with watched(app, owner) as footprints:
            return await gather(load, footprints)


async def warm(load: Load, cycles: int, owner: str, folder: Path) -> tuple[Crowd, Leak]:
    """A crowd comes to an app that has been in use, which is then entered and left."""
    with running_app(folder) as app:
        async with watched(app, owner) as footprints:
            await look_around(app.url)
            await settle(app.url, kept_seconds())
            crowd = await gather(load, footprints)
            await settle(app.url, kept_seconds())
            after = await footprints.footprint()
            leak = await enter_and_leave(footprints, cycles)
            return replace(crowd, after=after), leak


def main() -> int:
    """Measure as often as asked, and print every figure beside its goal."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--sessions", type=int, default=50, help="through the websocket protocol")
    parser.add_argument("--browsers", type=int, default=3, help="real ones, at the same time")
    parser.add_argument("--cycles", type=int, default=50, help="of entering and leaving")
    parser.add_argument("--arrival", type=float, default=10, help="seconds within which all come")
    parser.add_argument("--pause", type=float, default=5, help="seconds between what one does")
    parser.add_argument("--runs", type=int, default=1, help="fresh apps; medians are printed")
    parser.add_argument("--seed", type=int, default=0, help="what each visitor does is drawn by it")
    options = parser.parse_args()
    load = Load(options.sessions, options.browsers, options.arrival, options.pause, options.seed)

    # Being ended ends the servers too.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    server = provision(demo_directory())
    owner = addresses(server, OWNER).knowledge_base
    colds, warms, leaks = [], [], []
    try:
        with tempfile.TemporaryDirectory() as folder:
            for number in range(options.runs):
                print(f"run {number + 1} (load average {os.getloadavg()[0]:.1f})", flush=True)
                colds.append(asyncio.run(cold(load, owner, Path(folder))))
                crowd, leak = asyncio.run(warm(load, options.cycles, owner, Path(folder)))
                warms.append(crowd)
                leaks.append(leak)
    except KeyboardInterrupt:
        return 130
    finally:
        server.release()
    return 0 if report(colds, warms, leaks) else 1


if __name__ == "__main__":
    sys.exit(main())
