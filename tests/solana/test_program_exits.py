"""An owner's exits on Solana: own and signed ones are paid once, a stranger's is refused, and one whose recipient has
no account of the token is owed until it has, and holds up no other.
"""

from types import SimpleNamespace
from typing import Any

import pytest

from tests.solana.test_bringing import Actor
from tests.support.drafts.escape import Exit as Proven
from tests.support.solana.account_doors import deposit
from tests.support.solana.blocks import History
from tests.support.solana.ends import Ends
from tests.support.solana.founding import SOLANA, SRM, prover
from tests.support.solana.machine import key_of
from tests.support.solana.on_ledger import open_ledger_site
from tests.support.solana.site import Site
from zklink.l1.contracts.bridge_structs import Exit
from zklink.protocol.errors import ExitsRefused
from zklink.protocol.facts import Group
from zklink.prover.source import Statement
from zklink.recovery.exit_proofs import ExitOrder
from zklink.recovery.program_way import ProgramWay
from zklink.solana.client.bridge import SolanaBridge
from zklink.solana.interface import end_instructions

POOR = key_of("poor").pubkey()


class Scene:
    """A bridge with 9,000 of a token, whose exits are open; the broker leaves."""

    def __init__(self) -> None:
        self.site: Site = open_ledger_site()[0]
        deposit(self.site, l1_amount=9_000)
        actor = Actor(self.site)
        sender, chain = actor.importer._sender, self.site.machine.chain  # type: ignore[attr-defined]
        chain.set_automine(True)
        Ends(History(self.site)).raise_end(0, *Group)
        actor.importer._sender.send("begin_exodus", [self._encode_exodus(actor)])
        chain.finalize()
        bridge = SolanaBridge(sender.node, bytes(self.site.id), bytes(self.site.bridge))
        place = {"bridge": bridge, "program": actor.program, "name": "solana"}
        view: Any = SimpleNamespace(**place, deployment_hash=self.site.deployment_hash)
        plan = SimpleNamespace(layer2_decimals=6, symbol="SRM")
        read: Any = SimpleNamespace(deployment=SimpleNamespace(token=lambda token: plan))
        self.way, self.said = ProgramWay(view, read, SOLANA, sender), list[str]()

    def order(self, account: int, recipient: bytes, amount: int, is_signed: int) -> ExitOrder:
        """A proven exit."""
        found, state = Proven(account, SRM, SOLANA, recipient, amount, is_signed=is_signed), self.site.state()
        statement = found.x0, found.recipient_lo, found.x1
        proof = prover(Statement.EXIT).forge((state["exit_domain"], state["exit_root"], *statement)).evm()
        return ExitOrder.of(Exit(*statement, tuple(proof)))

    def leave(self, *orders: ExitOrder) -> None:
        """The broker sends them."""
        self.said.clear()
        self.way.send_exits(orders, self.said.append)

    def _encode_exodus(self, actor: Actor) -> Any:
        return actor.program.encode(end_instructions.BEGIN_EXODUS, {"bridge": actor.program.bridge})


def test_send_exits__of_several__each_by_itself_and_once() -> None:
    scene = Scene()
    site, broker = scene.site, scene.site.broker.pubkey()
    held = site.balance(SRM, broker)
    poor = scene.order(4, bytes(POOR), 1_000, 1)
    strangers, own = scene.order(5, bytes(site.user.pubkey()), 500, 0), scene.order(3, bytes(broker), 4_000, 0)
    with pytest.raises(ExitsRefused) as refused:
        scene.leave(poor, strangers, own)
    assert len(refused.value.refused) == 2 and "whom it pays, may send it" in refused.value.refused[1]
    assert (site.balance(SRM, broker) - held, site.books(SRM)["owed"]) == (4_000, 1_000)
    with pytest.raises(ExitsRefused):
        scene.leave(poor, own)
    assert scene.said == ["solana: token 1 of account 3 has left already"]
    site.make_holding(POOR, site.mints[SRM])
    scene.leave(poor, own)
    assert scene.said[0] == "solana: token 1 of account 4 has left already: what was owed is paid"
    assert (site.balance(SRM, POOR), site.balance(SRM, broker) - held) == (1_000, 4_000)
    assert (site.books(SRM)["custody"], site.books(SRM)["owed"]) == (4_000, 0)
