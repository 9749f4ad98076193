"""anvil processes: starts one per chain, and is the `anvil` command of the environment (ape looks for it on PATH)."""

import atexit
import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from zklink.devnet.accounts import ACCOUNT_COUNT, BALANCE_ETHER, MNEMONIC
from zklink.protocol.errors import AnvilFailed
from zklink.prover.tools import ensure_tools, find_anvil

_READY: Final = "Listening on"
_PR_SET_PDEATHSIG: Final = 1
HARDFORK: Final = "cancun"
"""What all four chains support; the contracts are compiled for it."""


@dataclass(slots=True)
class AnvilProcess:
    """A running anvil. It dies with this process."""

    name: str
    url: str
    process: subprocess.Popen[str]

    def stop(self) -> None:
        """End the process and wait for it."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def anvil_path() -> Path:
    """The binary, installed at the first use."""
    return find_anvil() or ensure_tools().anvil


def start_anvil(name: str, evm_chain_id: int, *options: str) -> AnvilProcess:
    """Start a chain on a free port; it mines each transaction at once. Raises AnvilFailed."""
    command = [
        str(anvil_path()),
        *("--port", "0", "--chain-id", str(evm_chain_id), "--hardfork", HARDFORK),
        *("--mnemonic", MNEMONIC, "--accounts", str(ACCOUNT_COUNT), "--balance", str(BALANCE_ETHER)),
        *options,
    ]
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=_die_with_parent if _can_die_with_parent() else None,
    )
    output = process.stdout
    assert output is not None
    seen: list[str] = []
    for line in output:
        seen.append(line.strip())
        if line.startswith(_READY):
            anvil = AnvilProcess(name, f"http://{line.split()[-1]}", process)
            atexit.register(anvil.stop)
            # A full pipe would block anvil: read on, keep nothing.
            threading.Thread(target=_drain, args=(output,), name=f"anvil-{name}", daemon=True).start()
            return anvil
    process.wait()
    raise AnvilFailed(name, " / ".join(text for text in seen if text)[-500:] or f"exit code {process.returncode}")


def put_on_path() -> None:
    """Make ape-foundry find the binary, also when the environment is not activated."""
    folder = str(anvil_path().parent)
    if folder not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = folder + os.pathsep + os.environ.get("PATH", "")


def main() -> None:
    """The `anvil` command: runs the installed binary with the same arguments."""
    path = find_anvil()
    if path is None:
        sys.exit("anvil is not installed: run `zklink setup`")
    os.execv(path, [str(path), *sys.argv[1:]])


def _drain(output: object) -> None:
    with contextlib.suppress(ValueError, OSError):
        for _ in output:  # type: ignore[attr-defined]
            pass


def _can_die_with_parent() -> bool:
    """Linux ties the child to the *thread* that started it, so only the main thread may."""
    return sys.platform == "linux" and threading.current_thread() is threading.main_thread()


def _die_with_parent() -> None:
    """Runs in the child: the kernel ends it when our process dies, however that happens."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
