"""The submitter on model bridges that lose receipts and refuse calls: nothing is sent twice, and in the end
everything is executed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sequencer.conftest import CHAINS, PRIMARY
from tests.sequencer.model import ModelBridge
from tests.sequencer.test_decision import BASE, seal
from tests.support.tries import tries
from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.transport.receipts import Receipt
from zklink.lab.accounts import funded_account
from zklink.protocol.errors import HistoryDiverged, RpcUnavailable
from zklink.protocol.ids import BlockNumber, ChainId
from zklink.sequencer.decision import Action, ChainView, Commit, Execute, Horizon, Prove, Revert
from zklink.sequencer.submitter import BridgeGate, Sent, Submitter

A, B, C = CHAINS
RECEIPT = Receipt(bytes(32), 1, bytes(32), True, 100_000, 1, None, ())
BLOCKS = seal([[1], [2], [3], [1, 2]])
NUMBERS = tuple(block.number for block in BLOCKS)
COMMITTED = dict.fromkeys(CHAINS, NUMBERS[-1])
HORIZON = Horizon(PRIMARY, BASE, BLOCKS, dict.fromkeys(NUMBERS, ()), COMMITTED)


@dataclass
class ModelGate:
    """A model bridge as a gate. `mishaps` are drawn from one per action: ok, lost (an effect, no receipt), refused
    (no effect).
    """

    bridge: ModelBridge
    mishaps: list[str] = field(default_factory=list)

    @property
    def chain(self) -> ChainId:
        return self.bridge.chain

    def view(self, horizon: Horizon) -> ChainView:
        return self.bridge.view()

    def is_ours(self, number: BlockNumber, horizon: Horizon) -> bool:
        return number == 0 or self.bridge.sync_hash(number) == horizon.block(number).stored[self.chain].sync_hash

    def send(self, actions: Sequence[Action], horizon: Horizon) -> Sequence[Sent]:
        return [self._send(action, horizon) for action in actions]

    def _send(self, action: Action, horizon: Horizon) -> Sent:
        mishap = self.mishaps.pop() if self.mishaps else "ok"
        error = RpcUnavailable("model", "eth_getTransactionReceipt", 1, mishap)
        if mishap == "refused":
            return Sent(action, None, error)
        self.bridge.apply(action, list(horizon.blocks))
        return Sent(action, None, error) if mishap == "lost" else Sent(action, RECEIPT)


MISHAPS = st.lists(st.sampled_from(["ok", "lost", "refused"]), max_size=12)


class TestDeliveryLaw:
    """Whatever receipts are lost and calls refused, each step takes effect once on every chain, and every block is
    executed.
    """

    @tries(50)
    @given(st.tuples(MISHAPS, MISHAPS, MISHAPS))
    def test_advance__any_mishaps__each_step_once(self, mishaps: tuple[list[str], ...]) -> None:
        gates = {
            chain: ModelGate(ModelBridge(chain, PRIMARY), list(drawn))
            for chain, drawn in zip(CHAINS, mishaps, strict=True)
        }
        for _ in range(40):
            for gate in gates.values():
                Submitter(gate).advance(HORIZON)
                for source in gates.values():
                    if source is not gate and source.bridge.accepted:
                        number = BlockNumber(source.bridge.accepted)
                        gate.bridge.receive(source.chain, number, source.bridge.sync_hash(number))
        for gate in gates.values():
            assert gate.bridge.executed == len(BLOCKS)
            for kind in (Commit, Prove, Execute):
                steps = [number for action in gate.bridge.log if isinstance(action, kind) for number in action.blocks]
                assert steps == list(NUMBERS)


def test_advance__nothing_to_do__sends_nothing() -> None:
    gate = ModelGate(ModelBridge(B, PRIMARY))
    submitter = Submitter(gate)
    first = submitter.advance(Horizon(PRIMARY, BASE, BLOCKS, {}, COMMITTED))
    assert [sent.action for sent in first.sent] == [Commit(NUMBERS)]
    assert submitter.advance(Horizon(PRIMARY, BASE, BLOCKS, {}, COMMITTED)).sent == ()


def test_advance__blocks_unsealed_meanwhile__reverts_and_nothing_else_in_the_same_call() -> None:
    gate = ModelGate(ModelBridge(A, PRIMARY))
    Submitter(gate).advance(HORIZON)
    other = Horizon(PRIMARY, BASE, [*BLOCKS[:2], *seal([[1], [2], [1]])[2:]], dict.fromkeys(NUMBERS[:3], ()), COMMITTED)
    advance = Submitter(gate).advance(other)
    assert [sent.action for sent in advance.sent] == [Revert(NUMBERS[1])]
    assert [sent.action for sent in Submitter(gate).advance(other).sent] == [Prove(NUMBERS[:2]), Commit(NUMBERS[2:3])]


def test_advance__foreign_block_accepted__nothing_is_sent() -> None:
    bridge = ModelBridge(PRIMARY, PRIMARY)
    for action in (Commit(NUMBERS[:1]), Prove(NUMBERS[:1])):
        bridge.apply(action, seal([[3]]))
    with pytest.raises(HistoryDiverged):
        Submitter(ModelGate(bridge)).advance(HORIZON)
    assert len(bridge.log) == 2


def test_is_ours__node_has_not_seen_the_commit_yet__is_asked_again_instead_of_called_foreign() -> None:
    profile = SimpleNamespace(name="polygon")
    lagging = SimpleNamespace(
        chain_id=A, stored_block_hash=lambda number: bytes(32), client=SimpleNamespace(profile=profile)
    )
    gate = BridgeGate(cast(BridgeClient, lagging), funded_account(0))
    with pytest.raises(RpcUnavailable):
        gate.is_ours(NUMBERS[0], HORIZON)


@dataclass
class KnowingBridge:
    """Just enough of a bridge: it knows messages, whatever its node says about logs, for it is never asked."""

    accepted: int = 0
    executed: int = 0
    known: set[tuple[ChainId, BlockNumber]] = field(default_factory=set)
    counted: dict[ChainId, int] = field(default_factory=dict)
    on_question: Callable[["KnowingBridge"], None] = lambda bridge: None
    chain_id = A

    def status(self) -> SimpleNamespace:
        return SimpleNamespace(committed=3, proven=3, accepted=self.accepted, executed=self.executed)

    def is_frozen(self) -> bool:
        return False

    def acknowledged(self, chain: ChainId) -> int:
        return self.counted.get(chain, 0)

    def is_message_known(self, source: ChainId, number: BlockNumber, sync_hash: bytes) -> bool:
        self.on_question(self)
        return (source, number) in self.known and sync_hash == HORIZON.stored(A, number).sync_hash

    def announced(self) -> list[tuple[ChainId, BlockNumber]]:
        return list(BridgeGate(cast(Any, self), funded_account(0)).view(HORIZON).announced)


def test_view__messages_of_the_primary__the_newest_that_the_bridge_knows() -> None:
    bridge = KnowingBridge()
    assert bridge.announced() == []
    bridge.known = {(PRIMARY, NUMBERS[0]), (PRIMARY, NUMBERS[1])}
    assert bridge.announced() == [(PRIMARY, NUMBERS[1])]
    bridge.known = {(PRIMARY, NUMBERS[0])}  # a reorganisation takes the newer one back
    assert bridge.announced() == [(PRIMARY, NUMBERS[0])]
    bridge.accepted = 1
    assert bridge.announced() == []


def test_view__messages_of_another_chain__only_those_that_an_execution_waits_for() -> None:
    concerned = [block.number for block in BLOCKS[:3] if block.is_concerned(C)]
    bridge = KnowingBridge(known={(C, number) for number in NUMBERS})
    for bridge.accepted in range(4):
        awaited = any(number <= bridge.accepted for number in concerned)
        assert bridge.announced() == ([(C, BlockNumber(bridge.accepted))] if awaited else [])
    bridge.counted = {C: 3}
    assert concerned and bridge.announced() == []


def test_view__message_arrives_while_it_is_asked_for__counts_already() -> None:
    def arrive(bridge: KnowingBridge) -> None:
        bridge.known, bridge.counted = {(PRIMARY, NUMBERS[2])}, {PRIMARY: 3}

    assert KnowingBridge(on_question=arrive).announced() == []
