"""The machine that is measured on: what it is, how busy it is, and how much memory this process takes."""

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Final

QUIET_LOAD: Final = 0.5
"""With more other work than this, on average over a minute, figures are not to be quoted."""

_STATUS: Final = Path("/proc/self/status")
_CLEAR: Final = Path("/proc/self/clear_refs")
_PEAK_ONLY: Final = "5"


def describe_machine() -> str:
    """Processor, cores, memory and the versions that matter."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = ", ".join(f"{name} {version(name)}" for name in ("groth16py", "wasmtime", "vyper", "py-evm"))
    return f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}, {packages}"


def describe_load() -> str:
    """How much else was running in the last minute."""
    load = os.getloadavg()[0]
    return f"{'quiet' if load < QUIET_LOAD else 'BUSY'} (load {load:.1f} when it began)"


def resident_bytes() -> int:
    """What the process holds in memory; 0 where the system does not say."""
    return _read_status("VmRSS")


def peak_bytes() -> int:
    """The most it has held since `reset_peak`."""
    return _read_status("VmHWM")


def reset_peak() -> None:
    """Forget earlier peaks, where the system can."""
    try:
        _CLEAR.write_text(_PEAK_ONLY)
    except OSError:
        return


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
