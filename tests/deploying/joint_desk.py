"""Somebody who governs a deployment of two networks and a Solana chain, by the commands alone."""

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from eth_account.signers.local import LocalAccount
from solders.keypair import Keypair

from tests.deploying.solana import OWNER, SLOTS_A_DAY, SOL, Built
from tests.deploying.testnets import GOVERNOR
from zklink.cli import act_sending, program_sending, proposals
from zklink.cli.govern import govern
from zklink.devnet.solana.people import Desk as People
from zklink.devnet.solana.people import key_of
from zklink.l1.contracts.timelock import TimelockClient
from zklink.protocol.ids import DAY, ChainId
from zklink.solana.client.sending import Sender
from zklink.upkeep.program_government import ProgramGovernment

ANYBODY = key_of("anybody")


class JointDesk:
    """`file` is the deployment's record. `away` are reasons of networks that do not answer."""

    def __init__(self, built: Built, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.built, self.folder, self.away = built, folder, dict[ChainId, str]()
        self.deployment, self.networks = built.dossier.deployment, built.star.networks
        self.file = folder / "pair.json"
        self.file.write_text(built.dossier.to_json())
        for k, place in self.deployment.chains.items():
            client = self.networks.clients[k]
            client.transfer(self.networks.deployer, GOVERNOR.address, 10**18)
            TimelockClient(client, place.timelock).accept_ownership(GOVERNOR)
        People(built.star.chain, ANYBODY).fund(ANYBODY.pubkey(), SOL)
        for module in (act_sending, proposals):
            monkeypatch.setattr(module, "reach_bridges", self.reach)
        monkeypatch.setattr(program_sending, "open_node", lambda *given: built.star.desk().node)
        monkeypatch.setattr(program_sending, "open_sender", self.open_sender)

    def reach(self, *given: object) -> object:
        bridges = self.deployment.bridges(self.networks.clients)
        return {k: bridge for k, bridge in bridges.items() if k not in self.away}, dict(self.away)

    def open_sender(self, government: ProgramGovernment, payer: Keypair) -> Sender:
        return Sender(government.node, payer, pause=lambda seconds: self.built.star.chain.mine(3))

    def govern(self, act: str, *options: str, by: LocalAccount | None = GOVERNOR, code: int = 0) -> str:
        signed = () if by is None else ("--account", self._key(by))
        more = () if act == "execute" else ("--out", str(self.folder))
        return self.run(govern.commands[act], *options, *signed, *more, code=code)

    def program(self, act: str, *options: str, by: Keypair = OWNER, code: int = 0) -> str:
        program = govern.commands["program"]
        assert isinstance(program, click.Group)
        path = self.folder / f"{by.pubkey()}.json"
        path.write_text(json.dumps(list(bytes(by))))
        return self.run(program.commands[act], *options, "--keypair", str(path), code=code)

    def proposals(self, *options: str, code: int = 0) -> str:
        return self.run(proposals.proposals, *options, code=code)

    def run(self, command: click.Command, *arguments: str, code: int = 0) -> str:
        self.built.star.chain.finalize()
        found = CliRunner().invoke(command, [*arguments, str(self.file)])
        assert found.exit_code == code, (found.output, found.exception)
        self.built.star.chain.finalize()
        return found.output

    def wait(self, days: int) -> None:
        """Time passes, with as many blocks and slots as the windows need."""
        for chain in self.networks.world:
            chain.advance_time(days * DAY + 1)
            chain.mine(days * self.deployment.chains[chain.profile.chain_id].blocks_per_day + 1)
        solana = self.built.star.chain
        solana.mine(days * SLOTS_A_DAY + 1)
        solana.advance_time(days * DAY + 1)
        solana.finalize()

    def _key(self, account: LocalAccount) -> str:
        path = self.folder / account.address
        path.write_text(account.key.hex())
        return str(path)
