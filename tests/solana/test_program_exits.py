"""An owner's exits on Solana, as the client's `exits` sends them: opened, refunded, paid once, and what waits."""

from functools import partial
from types import SimpleNamespace
from typing import Any, cast

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
from zklink.protocol.facts import Accepted, Group
from zklink.protocol.ids import BlockNumber
from zklink.prover.source import Statement
from zklink.recovery import program_exits
from zklink.recovery.exit_places import ChainEnd
from zklink.recovery.exit_proofs import ExitOrder
from zklink.solana.client.bridge import SolanaBridge
from zklink.solana.client.sending import Sender

POOR = key_of("poor").pubkey()
LAST = Accepted(BlockNumber(7), b"\7" * 32)


class Scene:
    """A bridge with 9,000 of a token and an open request, at a node whose slots pass while somebody waits."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.site: Site = open_ledger_site()[0]
        self.ends = Ends(History(self.site))
        deposit(self.site, l1_amount=9_000)
        sender = Actor(self.site).importer._sender
        self.site.machine.chain.set_automine(True)  # type: ignore[attr-defined]
        bridge = SolanaBridge(sender.node, bytes(self.site.id), bytes(self.site.bridge))
        self.bridges, self.said = {SOLANA: bridge}, list[str]()
        monkeypatch.setattr(program_exits, "Sender", partial(Sender, pause=sender._pause))
        plan = SimpleNamespace(layer2_decimals=6, symbol="SRM")
        programs = {SOLANA: SimpleNamespace(program=str(self.site.id))}
        self.deployment: Any = SimpleNamespace(programs=programs, token=lambda token: plan)

    def end(self) -> None:
        """Both groups' END stands."""
        self.ends.raise_end(0, *Group)
        self.site.machine.chain.finalize()  # type: ignore[attr-defined]

    def order(self, account: int, recipient: bytes, amount: int, is_signed: int) -> ExitOrder:
        """A proven exit."""
        found, state = Proven(account, SRM, SOLANA, recipient, amount, is_signed=is_signed), self.site.state()
        statement = found.x0, found.recipient_lo, found.x1
        proof = prover(Statement.EXIT).forge((state["exit_domain"], state["exit_root"], *statement)).evm()
        return ExitOrder.of(Exit(*statement, cast("tuple[int, ...]", tuple(proof))))

    def leave(self, *orders: ExitOrder) -> bool:
        """The broker sends them."""
        keypair = self.site.broker
        return program_exits.leave_programs(self.deployment, self.bridges, orders, keypair, self.said.append)

    def find_end(self) -> ChainEnd:
        """Where it ends, as the client finds it."""
        return program_exits.find_program_ends(self.bridges, LAST)[SOLANA]


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    """A chain that has not ended."""
    return Scene(monkeypatch)


def test_leave__chain_that_has_not_ended__waits_and_says_so(scene: Scene) -> None:
    assert not scene.leave()
    assert len(scene.said) == 1 and scene.said[0].startswith("solana: waiting, exits do not open yet: ")
    assert scene.find_end() == ChainEnd(LAST, False)


def test_leave__end_stands__opened_refunded_and_each_exit_paid_once(scene: Scene) -> None:
    scene.end()
    genesis = Accepted(BlockNumber(0), scene.site.deployment_hash)
    assert scene.find_end() == ChainEnd(genesis, True)
    user = scene.site.user.pubkey()
    before = scene.site.balance(SRM, user)
    assert scene.leave()
    assert scene.site.balance(SRM, user) - before == 9_000 and scene.said[1:] == ["solana: 1 request paid back"]
    assert scene.find_end() == ChainEnd(genesis, True)
    scene.said.clear()
    assert scene.leave() and scene.said == [], "nothing is sent twice"
    assert scene.site.books(SRM)["custody"] == 0


def test_leave__exits_of_several__own_and_signed_are_paid_and_a_strangers_is_refused(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The refund is kept back, so that there is something to pay from."""
    monkeypatch.setattr(program_exits._Way, "refund_requests", lambda way: None)
    scene.end()
    scene.leave()
    broker = bytes(scene.site.broker.pubkey())
    held = scene.site.balance(SRM, scene.site.broker.pubkey())
    orders = [
        scene.order(3, broker, 4_000, 0),
        scene.order(4, bytes(POOR), 1_000, 1),
        scene.order(5, bytes(scene.site.user.pubkey()), 500, 0),
    ]
    scene.said.clear()
    with pytest.raises(ExitsRefused, match="whom it pays, may send it"):
        scene.leave(*orders)
    assert scene.site.balance(SRM, scene.site.broker.pubkey()) - held == 4_000
    assert scene.site.books(SRM) | {"custody": 4_000, "owed": 1_000} == scene.site.books(SRM)
    assert scene.said[-1].startswith("solana: token 1 of account 4 is owed, and waits: ")
    assert not scene.leave(*orders[:2])
    scene.site.make_holding(POOR, scene.site.mints[SRM])
    assert scene.leave(*orders[:2])
    assert scene.site.balance(SRM, POOR) == 1_000 and scene.site.books(SRM)["owed"] == 0
    assert scene.site.balance(SRM, scene.site.broker.pubkey()) - held == 4_000
