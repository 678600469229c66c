"""The command line: `python -m lib doctor | report | demo`."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from lib import settings as settings_file
from lib.connection import Connection, provisioned
from lib.databases import doctor
from lib.demo.provision import Progress, addresses, provision
from lib.demo.server import OWNER, server_in
from lib.errors import ConcordanceError, DatabaseError, SettingsError
from lib.mapping import Proposal, propose
from lib.matching.fallback import DEFAULT_OPERATOR, METHODS, OPERATORS
from lib.matching.orders import BUDGETS
from lib.matching.rates import SCOPES
from lib.matching.windows import MODES
from lib.report import checks, diagnosis
from lib.report.build import build
from lib.report.options import Options
from lib.report.render import FORMATS, render

OK, FAILED = 0, 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code. Errors are one sentence on standard error."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except ConcordanceError as error:
        if options.json:
            print(json.dumps({"healthy": False, "error": error.message, "hint": error.hint}))
        print(f"{error.message} {error.hint}".strip(), file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lib", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")

    examine = commands.add_parser("doctor", help="check both databases step by step")
    examine.add_argument("--json", action="store_true", help="print the checks as JSON")
    examine.set_defaults(command=_doctor)

    report = commands.add_parser("report", help="measure everything and write it down")
    report.add_argument("--format", choices=FORMATS, default="json")
    report.add_argument("--out", type=Path, help="write to this file instead of standard output")
    report.add_argument("--window", type=int, default=6, help="words in a window, 3 to 12")
    report.add_argument("--stride", type=int, default=1, help="words from window to window")
    report.add_argument("--mode", choices=MODES, default="ilike")
    report.add_argument("--scope", choices=SCOPES, default="book")
    report.add_argument("--fallback", choices=METHODS, default="alignment")
    report.add_argument(
        "--operator", choices=OPERATORS, default=DEFAULT_OPERATOR, help="distance of pg_trgm"
    )
    report.add_argument("--threshold", type=float, help="largest distance accepted, 0 to 1")
    report.add_argument("--budgets", type=_budgets, default=BUDGETS, help="such as 1,2,4,8")
    report.add_argument("--sample", type=int, help="only so many highlights, drawn by --seed")
    report.add_argument("--seed", type=int, default=0)
    report.add_argument("--matches", action="store_true", help="list every highlight")
    report.add_argument(
        "--fail-on",
        action="append",
        default=[],
        help="mismatch, suspects>10, or match-rate<0.4; repeatable",
    )
    report.set_defaults(command=_report, json=False)

    demo = commands.add_parser("demo", help="make the demo library and leave its server running")
    demo.add_argument("--reset", action="store_true", help="make it anew")
    demo.add_argument("--stop", action="store_true", help="stop its server")
    demo.add_argument("--json", action="store_true", help="print the DSNs as JSON")
    demo.set_defaults(command=_demo)
    return parser


def _budgets(written: str) -> tuple[int, ...]:
    try:
        budgets = tuple(sorted({int(part) for part in written.split(",")}))
    except ValueError:
        budgets = ()
    if not budgets or budgets[0] < 1:
        raise argparse.ArgumentTypeError("budgets are whole numbers from 1, such as 1,2,4,8")
    return budgets


@contextmanager
def _connected() -> Iterator[Connection]:
    """A connection by the settings, closed in the end; the demo's server as it was found."""
    configured, server = provisioned(settings_file.load(), _show_progress)
    try:
        connection = Connection(configured)
        try:
            yield connection
        finally:
            connection.close()
    finally:
        if server is not None:
            server.release()


def _doctor(options: argparse.Namespace) -> int:
    with _connected() as connection:
        found = connection.run_on_databases(doctor.examine)
        proposal = _propose(connection) if diagnosis.needs_mapping(found) else None
    if options.json:
        print(json.dumps(diagnosis.as_data(found, proposal), indent=2))
    else:
        print(diagnosis.as_text(found, proposal, str(settings_file.secrets_path())))
    return OK if diagnosis.healthy(found) else FAILED


def _propose(connection: Connection) -> Proposal | None:
    """A mapping for both databases; None, and why, where they cannot be searched for one."""
    try:
        return connection.run_on_databases(propose)
    except DatabaseError as error:
        why = f"No mapping can be proposed: {error.message} {error.hint}"
        print(why.strip(), file=sys.stderr)
        return None


def _report(options: argparse.Namespace) -> int:
    conditions = [checks.parse(written) for written in options.fail_on]
    asked = _report_options(options)
    with _connected() as connection:
        found = connection.run(build, asked)
    text = render(found, options.format)
    if options.out is None:
        print(text)
    else:
        try:
            options.out.write_text(text + "\n", encoding="utf-8")
        except OSError as error:
            raise SettingsError(f"{options.out} cannot be written: {error.strerror}.") from error
    reasons = [reason for condition in conditions if (reason := condition.reason(found))]
    for reason in reasons:
        print(reason, file=sys.stderr)
    return FAILED if reasons else OK


def _report_options(options: argparse.Namespace) -> Options:
    if not 3 <= options.window <= 12:
        raise SettingsError(f"--window {options.window} is out of range.", "Use 3 to 12 words.")
    if not 1 <= options.stride <= options.window:
        raise SettingsError(
            f"--stride {options.stride} is out of range.", f"Use 1 to {options.window}."
        )
    if options.sample is not None and options.sample < 1:
        raise SettingsError("--sample must be at least 1.")
    if options.threshold is not None and not 0 <= options.threshold <= 1:
        raise SettingsError(f"--threshold {options.threshold} is out of range.", "Use 0 to 1.")
    return Options(
        window=options.window,
        stride=options.stride,
        mode=options.mode,
        scope=options.scope,
        fallback=options.fallback,
        operator=options.operator,
        threshold=options.threshold,
        budgets=tuple(options.budgets),
        sample=options.sample,
        seed=options.seed,
        matches=options.matches,
    )


def _demo(options: argparse.Namespace) -> int:
    directory = settings_file.demo_directory()
    server = server_in(directory.resolve())
    if options.stop:
        server.keep_running(False)
        server.release()
        return OK
    # The mark goes first: between two processes the server must not stop.
    server.keep_running(True)
    provision(directory, _show_progress, reset=options.reset)
    found = addresses(server, OWNER)
    server.release()
    if options.json:
        print(json.dumps(dataclasses.asdict(found), indent=2))
        return OK
    print(f"life_dashboard  {found.life_dashboard}")
    print(f"knowledge_base  {found.knowledge_base}")
    print("The server keeps running until the app ends, or python -m lib demo --stop.")
    return OK


def _show_progress(progress: Progress) -> None:
    if not sys.stderr.isatty():
        return
    counts = f" {progress.done:,} of {progress.total:,}" if progress.total else ""
    line = f"{progress.step}/{progress.steps} {progress.what}{counts}"
    end = "\n" if progress.step == progress.steps and progress.done == progress.total else ""
    print(f"\r{line:<78}", end=end, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
