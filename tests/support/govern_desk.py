"""Somebody who governs by the commands, on the chains of a story."""

from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from eth_account.signers.local import LocalAccount

import zklink.cli.act_sending as act_sending
import zklink.cli.govern as govern
import zklink.cli.proposals as proposals
from tests.support.ending import BLOCKS_A_DAY, Story
from zklink.l1.contract_artifacts import load_contract
from zklink.l1.deployment.government import Government
from zklink.l1.transport.client import encode_call
from zklink.l1.transport.submission import Call
from zklink.protocol.ids import DAY, ChainId


class Desk:
    """Somebody who runs the commands on the story's chains."""

    def __init__(self, story: Story, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.story, self.folder, self.away = story, folder, dict[ChainId, str]()
        self.file = folder / "d.json"
        self.file.write_text(story.system.deployment.to_json())
        for module in (act_sending, proposals):
            monkeypatch.setattr(module, "reach_bridges", self.reach)
        clients = {k: bridge.client for k, bridge in story.system.bridges.items()}
        self.government = Government(story.system.deployment, clients)

    def reach(self, *given: object) -> object:
        found = {k: bridge for k, bridge in self.story.system.bridges.items() if k not in self.away}
        return found, self.away

    def key(self, account: LocalAccount) -> str:
        path = self.folder / account.address
        path.write_text(account.key.hex())
        return str(path)

    def run(self, command: click.Command, *arguments: str, code: int = 0) -> str:
        found = CliRunner().invoke(command, [*arguments, str(self.file)])
        assert found.exit_code == code, (found.output, found.exception)
        return found.output

    def govern(self, act: str, *options: str, by: LocalAccount | None = None, code: int = 0) -> str:
        options = (*options, "--out", str(self.folder)) if act != "execute" else options
        signed = ("--account", self.key(by)) if by is not None else ()
        return self.run(govern.govern.commands[act], *options, *signed, code=code)

    def wait(self, days: int) -> None:
        for chain in self.story.system.world:
            chain.advance_time(days * DAY + 1)
            chain.mine(days * BLOCKS_A_DAY + 1)


def owner(story: Story) -> LocalAccount:
    return story.system.world.roles.governor


def send_as(client: Any, contract: str, payer: LocalAccount, call: Call) -> None:
    """Have a contract make a call."""
    assembler = client.contract(contract, load_contract("Assembler"))
    client.send(payer, encode_call(assembler, "keep", call.data))
    client.send(payer, encode_call(assembler, "send", call.to))
