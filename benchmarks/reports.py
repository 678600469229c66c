"""Reports on several libraries, asked of the command line as anybody asks for them."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lib.settings import PROJECT

AT_ONCE = 2  # each is busy on one core

Report = dict[str, Any]


class ReportFailed(Exception):
    """The command line gave no report; the message says why."""


@dataclass
class Reports:
    """Runs the command line on databases, a few at a time.

    `variables`: by name of a library what makes Concordance read it. `folder`: the server's.
    """

    variables: Mapping[str, Mapping[str, str]]
    folder: Path
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def run(self, name: str, **options: object) -> Report:
        """The section `matching` of the report on one library; raises ReportFailed."""
        asked = [part for key, value in options.items() for part in (f"--{key}", str(value))]
        # No secrets.toml of the project's owner may rename tables here.
        settings = {"CONCORDANCE_SECRETS": os.devnull}
        async with self.turns:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "lib", "report", "--format", "json", "--matches", *asked),
                cwd=PROJECT,
                env=os.environ | self.variables[name] | settings,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            try:
                written, complaints = await process.communicate()
            finally:
                if process.returncode is None:
                    process.terminate()
                    await process.wait()
        if process.returncode != 0:
            raise ReportFailed(f"No report on {name} {options}: {complaints.decode().strip()}")
        found: Report = json.loads(written)["matching"]
        return found
