"""The machine of a measurement: its parts, its load, and the memory of this process."""

import os
import platform
import time
from importlib.metadata import version
from pathlib import Path
from typing import Final

QUIET_CORES: Final = 0.2
"""With more other work than this share, figures must not be quoted."""

WATCHED_SECONDS: Final = 3.0

_STAT: Final = Path("/proc/stat")
_STATUS: Final = Path("/proc/self/status")
_CLEAR: Final = Path("/proc/self/clear_refs")
_PEAK_ONLY: Final = "5"


def describe_machine() -> str:
    """Processor, cores, memory and the versions that matter."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = ", ".join(f"{name} {version(name)}" for name in ("groth16py", "wasmtime", "vyper", "py-evm"))
    return f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}, {packages}"


def describe_hardware() -> str:
    """Processor, cores and memory: what a machine is known by."""
    return describe_machine().split(", Python")[0]


def describe_load() -> str:
    """The load of other processes, watched for a few seconds; earlier load does not count."""
    before = _read_ticks()
    time.sleep(WATCHED_SECONDS)
    idle, total = (now - then for now, then in zip(_read_ticks(), before, strict=True))
    if not total:
        return "load not known"
    busy = (1 - idle / total) * (os.cpu_count() or 1)
    return f"{'quiet' if busy < QUIET_CORES else 'BUSY'} ({busy:.1f} cores in use before it began)"


def resident_bytes() -> int:
    """Bytes that the process holds in memory; 0 if the system does not tell."""
    return _read_status("VmRSS")


def peak_bytes() -> int:
    """The most bytes that the process has held since `reset_peak`."""
    return _read_status("VmHWM")


def reset_peak() -> None:
    """Forget earlier peaks, where the system can."""
    try:
        _CLEAR.write_text(_PEAK_ONLY)
    except OSError:
        return


def _read_ticks() -> tuple[int, int]:
    """Idle ticks of the processors, and all ticks; zeros if the system does not tell."""
    if not _STAT.is_file():
        return 0, 0
    ticks = [int(value) for value in _STAT.read_text().splitlines()[0].split()[1:9]]
    return ticks[3] + ticks[4], sum(ticks)  # idle and waiting for a disk


def _read_status(name: str) -> int:
    if not _STATUS.is_file():
        return 0
    line = next(line for line in _STATUS.read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) * 1024


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.is_file():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
