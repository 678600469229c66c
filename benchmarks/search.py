"""How fast and how good searches are.

    python benchmarks/search.py [times] [quality] [filters] [browser] [--sample N]

`times`: the vector index and every way on the demo. `quality`: whether the fusion of all ways finds
the passages that noisy highlights were cut from at least as often as the best way alone. `filters`:
from how many passages on the vector index costs less than comparing all. `browser`: from the press
of Enter to results, in the running app. All without arguments. Exit code 1 when a goal is missed.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import search_browser, search_filters, search_quality, search_times
from lib.settings import PROJECT

DATA = PROJECT.parent / "shared" / "data" / "peter-and-wendy"


def main() -> int:
    """Run some parts, or all, and print their figures."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("parts", nargs="*", help="times, quality, filters, browser; all without")
    parser.add_argument("--sample", type=int, help="highlights of each collection, for quality")
    parser.add_argument("--seed", type=int, default=0, help="draws and cuts are by it")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the transcripts")
    options = parser.parse_args()
    parts: dict[str, Callable[[], bool]] = {
        "times": lambda: search_times.measure(options.seed),
        "quality": lambda: search_quality.measure(options.data, options.sample, options.seed),
        "filters": lambda: search_filters.measure(options.seed),
        "browser": search_browser.measure,
    }
    unknown = set(options.parts) - set(parts)
    if unknown:
        parser.error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(parts)}")

    # Being ended ends the servers too.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    met = True
    try:
        for name in options.parts or parts:
            started = time.perf_counter()
            print(f"{name} (load average {os.getloadavg()[0]:.1f})")
            met &= parts[name]()
            print(f"{time.perf_counter() - started:.0f} s\n", flush=True)
    except KeyboardInterrupt:
        return 130
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
