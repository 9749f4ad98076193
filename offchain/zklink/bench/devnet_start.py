"""How long people wait for a devnet: each command is run as they run it, in a process of its own.

Takes nothing; gives figures. Cold is a cache without a saved network, with everything else (circuits, keys, contracts)
in it. Seconds are the clock's, from the start of the command; beside them stands the processor time of the command with
its chains, which other work on the machine hardly changes.
"""

import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from zklink.protocol.errors import ToolFailed
from zklink.prover.cache import cache_directory
from zklink.prover.progress import SILENT, Progress

PROGRAM: Final = Path(sys.executable).with_name("zklink")
NETWORKS: Final = "devnet"
"""The folder of saved networks in the cache."""


START: Final = ("devnet", "--json", "--port", "0")
WAITED_FOR: Final = (
    ("`zklink devnet` is ready, first start", '"ready_seconds"', START),
    ("`zklink devnet` is ready, further starts", '"ready_seconds"', START),
    ("`zklink demo` sends its first swap, further starts", ": sent", ("demo",)),
)
"""What people wait for, the mark of its line in the output, and the command."""


@dataclass(frozen=True, slots=True)
class StartFigures:
    """One command: `seconds` until what people wait for, `processor_seconds` of the whole run up to its end."""

    what: str
    seconds: float
    processor_seconds: float


def measure_devnet(progress: Progress = SILENT) -> list[StartFigures]:
    """A cold start, a warm one, and the demo's first swap on a warm one."""
    with tempfile.TemporaryDirectory(prefix="zklink-bench-") as folder:
        for entry in cache_directory().iterdir():
            if entry.name != NETWORKS:
                (Path(folder) / entry.name).symlink_to(entry.resolve())
        environment = {**os.environ, "ZKLINK_CACHE": folder}
        figures = []
        with progress.step("starting a devnet and the demo", len(WAITED_FOR)) as step:
            for what, mark, command in WAITED_FOR:
                figures.append(_measure(what, mark, environment, *command))
                step.advance()
    return figures


def _measure(what: str, mark: str, environment: Mapping[str, str], *command: str) -> StartFigures:
    """Run a command until a line of its output has `mark`, then let it end in order."""
    start, used, seconds = time.perf_counter(), _processor_seconds(), 0.0
    with subprocess.Popen(
        [str(PROGRAM), *command],
        env=dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if mark in line and not seconds:
                seconds = time.perf_counter() - start
                process.send_signal(signal.SIGINT)
    if not seconds:
        raise ToolFailed(" ".join(command), f"ended with {process.returncode} before {mark!r}")
    return StartFigures(what, seconds, _processor_seconds() - used)


def _processor_seconds() -> float:
    """Of all processes that this one has started and that have ended, with theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
