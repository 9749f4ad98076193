"""anvil processes, one per chain.

Takes the binary's path; gives a running process, or an error with its output. Never installs anything.
"""

import atexit
import os
import shutil
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from zklink.lab.accounts import ACCOUNT_COUNT, BALANCE_ETHER, MNEMONIC
from zklink.lab.errors import AnvilFailed, AnvilMissing, PortTaken
from zklink.lab.processes import dying_with_parent, make_folder, read_away

_READY: Final = "Listening on"
HARDFORK: Final = "cancun"
"""Options that make a local chain behave like the live chains of today."""


@dataclass(slots=True)
class AnvilProcess:
    """A running anvil. It dies with this process."""

    name: str
    url: str
    process: subprocess.Popen[str]
    folder: Path
    """Where anvil keeps the states of blocks that it no longer holds in memory."""

    def stop(self) -> None:
        """End the process, wait for it, and remove what it wrote."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def anvil_on_path() -> Path:
    """The anvil that a shell would start. Raises AnvilMissing."""
    found = shutil.which("anvil")
    if found is None:
        raise AnvilMissing
    return Path(found)


def start_anvil(binary: Path, name: str, evm_chain_id: int, *options: str, port: int = 0) -> AnvilProcess:
    """Start a chain on a port, 0 for a free one; it mines each transaction at once. Raises AnvilFailed, PortTaken."""
    folder = make_folder("anvil")
    command = [
        str(binary),
        *("--port", str(port), "--chain-id", str(evm_chain_id), "--hardfork", HARDFORK),
        *("--mnemonic", MNEMONIC, "--accounts", str(ACCOUNT_COUNT), "--balance", str(BALANCE_ETHER)),
        *("--cache-path", str(folder)),
        *options,
    ]
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # Ctrl-C ends our process, which may still want to save the chain
            preexec_fn=dying_with_parent(),
        )
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise AnvilFailed(name, str(error)) from error
    output = process.stdout
    assert output is not None
    seen: list[str] = []
    for line in output:
        seen.append(line.strip())
        if line.startswith(_READY):
            anvil = AnvilProcess(name, f"http://{line.split()[-1]}", process, folder)
            atexit.register(anvil.stop)
            # A full pipe would block anvil: read on, keep nothing.
            threading.Thread(target=read_away, args=(output,), name=f"anvil-{name}", daemon=True).start()
            return anvil
    process.wait()
    shutil.rmtree(folder, ignore_errors=True)
    if port and any("in use" in text for text in seen):
        raise PortTaken(port)
    raise AnvilFailed(name, " / ".join(text for text in seen if text)[-500:] or f"exit code {process.returncode}")


def put_on_path(binary: Path) -> None:
    """Make ape-foundry find the binary: it looks on PATH only."""
    folder = str(binary.parent)
    if folder not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = folder + os.pathsep + os.environ.get("PATH", "")
