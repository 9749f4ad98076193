"""Four anvils with the ids of test networks, and programs of this project beside them, each a process with a log."""

import os
import runpy
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import click
from click.testing import CliRunner

from tests.deploying.filled import ROOT, name_nodes
from zklink.cli.main import main
from zklink.devnet.world import World
from zklink.l1.transport.chain_profile import ChainProfile
from zklink.protocol.ids import ChainId

PROGRAMS = Path(sys.executable).parent
PATIENCE_SECONDS = 300.0
PAUSE_SECONDS = 0.05
SHOWN = 3_000
"""Characters of a log that a failure shows."""

NETWORKS = (
    ChainProfile("sepolia", ChainId(1), 11155111, 0.5, 1, "ETH"),
    ChainProfile("amoy", ChainId(2), 80002, 0.5, 1, "POL"),
    ChainProfile("bsc-testnet", ChainId(3), 97, 0.5, 1, "BNB"),
    ChainProfile("fuji", ChainId(4), 43113, 0.5, 1, "AVAX"),
)


@dataclass
class Stage:
    """The chains and a folder, in which every program leaves its log. `variables` are those that programs get."""

    world: World
    folder: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    running: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def run(self, program: str, *arguments: str, code: int = 0) -> str:
        """The output of a command that ends with this code."""
        done = subprocess.run(
            [str(PROGRAMS / program), *arguments],
            cwd=ROOT,
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        with self._log("commands").open("a") as log:
            log.write(f"$ {program} {' '.join(arguments)}\n{done.stdout}\n")
        assert done.returncode == code, done.stdout
        return done.stdout

    def ape(self, script: str, *arguments: str) -> str:
        """The output of `ape run SCRIPT`, without a process of its own."""
        code, said = self.try_ape(script, *arguments)
        assert code == 0, said
        return said

    def try_ape(self, script: str, *arguments: str) -> tuple[int, str]:
        """The exit code and the output of `ape run SCRIPT`."""
        command: click.Command = runpy.run_path(str(ROOT / "scripts" / f"{script}.py"))["cli"]
        return self._invoke(command, f"ape run {script}", arguments)

    def zklink(self, *arguments: str) -> str:
        """The output of a command of the package, without a process of its own."""
        code, said = self._invoke(main, "zklink", arguments)
        assert code == 0, said
        return said

    def _invoke(self, command: click.Command, name: str, arguments: tuple[str, ...]) -> tuple[int, str]:
        found = CliRunner().invoke(command, arguments, env={**name_nodes(self.world), **self.variables})
        why = "" if found.exception is None else f"{found.exception!r}\n"
        with self._log("commands").open("a") as log:
            log.write(f"$ {name} {' '.join(arguments)}\n{found.output}\n{why}")
        return found.exit_code, found.output + why

    def start(self, name: str, folder: Path, *arguments: str) -> None:
        """Start a program of the package that goes on running."""
        with self._log(name).open("ab") as log:
            self.running[name] = subprocess.Popen(
                [str(PROGRAMS / "zklink"), *arguments], cwd=folder, env=self._environment(), stdout=log, stderr=log
            )

    def end(self, name: str, by: signal.Signals = signal.SIGTERM) -> int:
        """End a program; gives its exit code."""
        process = self.running.pop(name)
        process.send_signal(by)
        return process.wait(PATIENCE_SECONDS)

    def close(self) -> None:
        """End everything that still runs, and show the logs' ends, which pytest prints for a test that has failed."""
        for process in self.running.values():
            process.kill()
            process.wait()
        self.world.stop_clocks()
        for log in sorted(self.folder.glob("*.log")):
            print(f"--- {log.name}\n{log.read_text()[-SHOWN:]}")

    def wait(self, is_done: Callable[[], bool], what: str) -> None:
        """Wait until something is so; fails if that never comes, or if a program has ended by itself."""
        end = time.monotonic() + PATIENCE_SECONDS
        while not is_done():
            ended = [name for name, process in self.running.items() if process.poll() is not None]
            assert not ended, f"{ended} ended while the test waited for {what}"
            assert time.monotonic() < end, what
            time.sleep(PAUSE_SECONDS)

    def read_log(self, name: str) -> str:
        """Everything that a program has said."""
        path = self._log(name)
        return path.read_text() if path.exists() else ""

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def _environment(self) -> dict[str, str]:
        return {**os.environ, **name_nodes(self.world), **self.variables, "PYTHONUNBUFFERED": "1"}
