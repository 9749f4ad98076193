"""A node as an operator runs it: a process of its own on anvils, with a settings file; it can be killed at any time."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from zklink.devnet.system import LocalSystem

PROGRAM = str(Path(sys.executable).with_name("zklink"))
PATIENCE_SECONDS = 240.0
PAUSE_SECONDS = 0.1


def wait_for(is_done: Callable[[], bool], what: Callable[[], str]) -> None:
    """Wait until something is so; fails with `what` if that never comes."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not is_done():
        assert time.monotonic() < end, what()
        time.sleep(PAUSE_SECONDS)


def free_port() -> int:
    """A port that nobody has now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@dataclass
class NodeProcess:
    """A folder with settings, keys and a database, and the process that runs on it, if one does."""

    system: LocalSystem
    folder: Path
    port: int
    processes: int = 1
    program: str = PROGRAM
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    others: list[subprocess.Popen[bytes]] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        roles = self.system.world.roles
        (self.folder / "deployment.json").write_text(self.system.deployment.to_json())
        accounts = {"sequencer": roles.sequencer, "broker": roles.broker}
        accounts |= {f"validator{n}": account for n, account in enumerate(roles.validators)}
        accounts |= {f"watcher{n}": account for n, account in enumerate(roles.watchers)}
        for name, account in accounts.items():
            (self.folder / name).write_text(account.key.hex())
        groups = {kind: [f"{kind}{n}" for n in range(3)] for kind in ("validator", "watcher")}
        self.settings.write_text(
            f'deployment = "deployment.json"\n{self.chain_settings}'
            f'[keys]\nsequencer = "sequencer"\nbroker = "broker"\n'
            f"validators = {json.dumps(groups['validator'])}\nwatchers = {json.dumps(groups['watcher'])}\n"
            f'[database]\nurl = "sqlite:///{self.folder}/node.db"\n'
            f"[prover]\nprocesses = {self.processes}\nlease_seconds = 20\n"
            f"[http]\nport = {self.port}\n"
        )

    @property
    def chain_settings(self) -> str:
        """The part of the settings that says how chains are reached."""
        return "".join(
            f'[chains.{chain.profile.name}]\nnodes = ["{chain.node_url}"]\nis_local = true\n'
            f"confirmations = {chain.profile.confirmations}\nblock_time_seconds = {chain.profile.block_time_seconds}\n"
            for chain in self.system.world
        )

    @property
    def settings(self) -> Path:
        return self.folder / "node.toml"

    @property
    def log(self) -> str:
        """Everything that was logged."""
        return (self.folder / "log").read_text()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, *command: str) -> None:
        """Start the node, or another program of the package on this folder."""
        self.process = self._run(*(command or ("node", "--config", str(self.settings))))

    def start_prover(self, name: str) -> subprocess.Popen[bytes]:
        """Start a prover for the node, a process that knows nothing but its address."""
        self.others.append(self._run("prover", "--node", self.url, "--name", name))
        return self.others[-1]

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def end(self) -> int:
        """Ask it to end; gives the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def close(self) -> None:
        """End everything that still runs."""
        for process in (self.process, *self.others):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()

    def ask(self, path: str) -> httpx.Response | None:
        """The answer to a question; None if nobody answers."""
        with suppress(httpx.HTTPError):
            return httpx.get(f"{self.url}{path}", timeout=5)
        return None

    def wait_ready(self) -> None:
        """Wait until the node says that it is ready."""
        wait_for(lambda: (answer := self.ask("/ready")) is not None and answer.status_code == 200, self.describe)

    def describe(self) -> str:
        """What a failure shows."""
        health = self.ask("/health")
        return f"{None if health is None else health.text}\n{self.log[-3_000:]}"

    def _run(self, *arguments: str) -> subprocess.Popen[bytes]:
        environment: dict[str, Any] = {**os.environ, "PYTHONUNBUFFERED": "1"}
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [self.program, *arguments], cwd=self.folder, stdout=log, stderr=log, env=environment
            )
