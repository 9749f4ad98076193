"""Settings as the operator and the members of groups write them: a signer each, and a node that asks those signers."""

import json
import re
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
from eth_account.signers.local import LocalAccount

from tests.deploying.stage import Stage

ANSWERS = re.compile(r"signer 0x\w+ answers on port (\d+)")
RUNS = re.compile(r"health and metrics are on port (\d+)")


@dataclass(frozen=True)
class Member:
    """A validator or a watcher."""

    role: str
    key: LocalAccount

    @property
    def name(self) -> str:
        return f"{self.role}-{self.key.address[2:8]}"


class Operation:
    """An operator's and the members' machines: folders with settings, keys and databases."""

    def __init__(self, stage: Stage, record: Path) -> None:
        self.stage, self.record, self.secret = stage, record, secrets.token_hex(16)
        self.places: dict[Member, str] = {}
        self.url = ""

    def start_node(self, folder: Path) -> None:
        """Start the node on a folder and wait until it works."""
        said = len(self.stage.read_log("node"))
        self.stage.start("node", folder, "node", "--config", "node.toml")

        def is_ready() -> bool:
            found = RUNS.search(self.stage.read_log("node")[said:])
            if found is None:
                return False
            self.url = f"http://127.0.0.1:{found.group(1)}"
            with suppress(httpx.HTTPError):
                return httpx.get(f"{self.url}/ready", timeout=5).status_code == 200
            return False

        self.stage.wait(is_ready, "the node")

    def start_signers(self, members: Sequence[Member]) -> None:
        """Start signers and wait until they answer."""
        for member in members:
            folder = self._folder(member.name, member.key)
            (folder / "signer.toml").write_text(
                f'role = "{member.role}"\ndeployment = "{self.record}"\nkey = "key"\nsecret_file = "secret"\n'
                f"{self._chains}[http]\nport = 0\n"
            )
            self.stage.start(member.name, folder, "signer", "--config", "signer.toml")
        for member in members:
            self.stage.wait(lambda member=member: bool(self._port(member)), f"{member.name}'s port")  # type: ignore[misc]
            self.places[member] = f"http://127.0.0.1:{self._port(member)}"

    def end_signer(self, member: Member) -> None:
        """A member's machine is gone."""
        assert self.stage.end(member.name) == 0
        del self.places[member]

    def write_node(self, folder: Path, sequencer: LocalAccount) -> None:
        """The operator's machine: everything but the database."""
        folder.mkdir()
        (folder / "sequencer").write_text(sequencer.key.hex())
        (folder / "secret").write_text(self.secret)
        self.write_settings(folder)

    def write_settings(self, folder: Path) -> None:
        """The node's settings, with the signers that there are."""
        signers = {
            f"{role}s": [
                {"url": url, "address": member.key.address}
                for member, url in self.places.items()
                if member.role == role
            ]
            for role in ("validator", "watcher")
        }
        listed = "".join(
            f"{group} = [{', '.join(_inline(place) for place in places)}]\n" for group, places in signers.items()
        )
        (folder / "node.toml").write_text(
            f'deployment = "{self.record}"\n{self._chains}[keys]\nsequencer = "sequencer"\n'
            f'[signers]\nsecret_file = "secret"\n{listed}'
            f'[database]\nurl = "sqlite:///node.db"\n[prover]\nprocesses = 1\n[http]\nport = 0\n'
        )

    @property
    def _chains(self) -> str:
        return "".join(
            f'[chains.{chain.name}]\nnodes = ["{chain.node_url}"]\nconfirmations = {chain.profile.confirmations}\n'
            "block_time_seconds = 1.0\n"
            for chain in self.stage.world
        )

    def _folder(self, name: str, key: LocalAccount) -> Path:
        folder = self.stage.folder / name
        folder.mkdir()
        (folder / "key").write_text(key.key.hex())
        (folder / "secret").write_text(self.secret)
        return folder

    def _port(self, member: Member) -> str:
        found = ANSWERS.search(self.stage.read_log(member.name))
        return found.group(1) if found else ""


def _inline(place: dict[str, str]) -> str:
    return "{ " + ", ".join(f"{key} = {json.dumps(value)}" for key, value in place.items()) + " }"
