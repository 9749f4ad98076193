"""The submitter on model chains that lose receipts and refuse calls: nothing is sent twice, and in the end everything
is taken and paid.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sequencer.conftest import CHAINS, PRIMARY
from tests.sequencer.model import ModelChain, acknowledge
from tests.sequencer.test_decision import GENESIS, NOW, offer, seal
from tests.support.tries import tries
from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.transport.receipts import BlockInfo, Receipt
from zklink.lab.accounts import funded_account
from zklink.protocol.bridge_blocks import AcceptCall, ImportCall
from zklink.protocol.bridge_hashes import ZERO_HASH, Tip, compute_owed_hash
from zklink.protocol.errors import HistoryDiverged, RpcUnavailable
from zklink.protocol.ids import BlockNumber, ChainId
from zklink.sequencer.bridge_calls import ExecuteCall, encode_action
from zklink.sequencer.decision import Accept, Action, ChainView, Execute, Import
from zklink.sequencer.horizon import Horizon
from zklink.sequencer.submitter import FinalView, HistoryGate, Sent, Submitter

A, B, C = CHAINS
RECEIPT = Receipt(bytes(32), 1, bytes(32), True, 100_000, 1, None, ())
BLOCKS = seal([[1], [2], [3], [1, 2]])
NUMBERS = tuple(block.number for block in BLOCKS)
HORIZON = offer(4, 4, 0, BLOCKS)


@dataclass
class ModelGate:
    """A model chain as a gate. `mishaps` are drawn from one per action: ok, lost (an effect, no receipt), refused
    (no effect).
    """

    model: ModelChain
    mishaps: list[str] = field(default_factory=list)

    @property
    def chain(self) -> ChainId:
        return self.model.chain

    def view(self, horizon: Horizon) -> ChainView:
        return self.model.view()

    def final(self) -> FinalView | None:
        return FinalView(NOW, self.model.tip)

    def send(self, actions: Sequence[Action], horizon: Horizon) -> Sequence[Sent]:
        return [self._send(action, horizon) for action in actions]

    def _send(self, action: Action, horizon: Horizon) -> Sent:
        mishap = self.mishaps.pop() if self.mishaps else "ok"
        error = RpcUnavailable("model", "eth_getTransactionReceipt", 1, mishap)
        if mishap == "refused":
            return Sent(action, None, error)
        self.model.apply(action, horizon)
        return Sent(action, None, error) if mishap == "lost" else Sent(action, RECEIPT)


def gate(chain: ChainId, mishaps: list[str] | None = None) -> ModelGate:
    return ModelGate(ModelChain(chain, PRIMARY, GENESIS), mishaps or [])


MISHAPS = st.lists(st.sampled_from(["ok", "lost", "refused"]), max_size=12)


class TestDeliveryLaw:
    """Whatever receipts are lost and calls refused, every chain takes every block once and pays every payout once."""

    @tries(50)
    @given(st.tuples(MISHAPS, MISHAPS, MISHAPS))
    def test_advance__any_mishaps__each_step_once(self, mishaps: tuple[list[str], ...]) -> None:
        gates = {chain: gate(chain, list(drawn)) for chain, drawn in zip(CHAINS, mishaps, strict=True)}
        for _ in range(40):
            known = gates[PRIMARY].model.tip.number
            horizon = replace(HORIZON, acknowledged=[acknowledge(BLOCKS[known - 1].record)] if known else [])
            for one in gates.values():
                Submitter(one).advance(horizon)
        for one in gates.values():
            assert (one.model.tip.number, one.model.left) == (len(BLOCKS), {})
            taken = [n for action in one.model.log if not isinstance(action, Execute) for n in action.blocks]
            assert taken == list(NUMBERS)


def test_advance__nothing_to_do__sends_nothing() -> None:
    primary = gate(B)
    first = Submitter(primary).advance(HORIZON)
    assert [sent.action for sent in first.sent] == [Accept(NUMBERS, pays=True)]
    second = Submitter(primary).advance(HORIZON)
    assert (second.sent, second.counters.accepted, second.counters.executed) == ((), 4, 4)
    assert second.final == FinalView(NOW, primary.model.tip)


def test_advance__member__is_not_asked_what_is_final() -> None:
    assert Submitter(gate(A)).advance(HORIZON).final is None


def test_advance__history_is_not_ours__nothing_is_sent() -> None:
    primary = gate(B)
    Submitter(primary).advance(HORIZON)
    with pytest.raises(HistoryDiverged):
        Submitter(primary).advance(offer(3, 3, 0, [*BLOCKS[:2], *seal([[1], [2], [1]])[2:]]))


def test_advance__node_lags_behind_the_settled_blocks__is_asked_again_later() -> None:
    settled = Horizon(PRIMARY, BLOCKS[2].record, BLOCKS[3:], {NUMBERS[3]: ()})
    lagging = gate(B)
    assert Submitter(lagging).advance(settled).sent == ()


def test_encode_action__each_kind__carries_what_the_chain_asks_for() -> None:
    horizon = replace(HORIZON, acknowledged=[acknowledge(BLOCKS[3].record)])
    [evidence] = horizon.acknowledged
    accepted = encode_action(Accept(NUMBERS[:2], pays=True), B, horizon)
    assert isinstance(accepted, AcceptCall)
    assert [full.slices for full in accepted.blocks] == [block.block.slices for block in BLOCKS[:2]]
    assert accepted.seal == horizon.vouched[NUMBERS[1]].seal
    imported = encode_action(Import(NUMBERS[:2], True, evidence), A, horizon)
    assert isinstance(imported, ImportCall)
    assert imported.later == tuple(block.record.commitment for block in BLOCKS[2:])
    assert [member.words for member in imported.blocks] == [block.block.slices[A] for block in BLOCKS[:2]]
    executed = encode_action(Execute(NUMBERS[0], 0, 1), B, horizon)
    assert executed == ExecuteCall(NUMBERS[0], BLOCKS[0].payout_words(B), 1)


# -- what the gate asks a real chain -----------------------------------------------------------------------------------


@dataclass
class ChainBooks:
    """A history and an end as a bridge's client gives them; remembers what is asked."""

    tip_number: int = 4
    unpaid: int = 0
    debts: dict[int, bytes] = field(default_factory=dict)
    height: int = 50
    mined_in: int = 51
    asked: list[tuple[str, int | None]] = field(default_factory=list)

    def gate(self) -> HistoryGate:
        client = SimpleNamespace(
            head=lambda: BlockInfo(self.height, bytes(32), bytes(32), NOW),
            confirmed_height=lambda: 7,
            block=lambda number: BlockInfo(number, bytes(32), bytes(32), NOW),
            profile=SimpleNamespace(name="b"),
            send_all=lambda account, requests: [replace(RECEIPT, block_number=self.mined_in) for _ in requests],
        )
        bridge = SimpleNamespace(
            chain_id=B,
            history=SimpleNamespace(tip=self.tip, owed=self.owed, encode_execute=lambda *call: call),
            end=SimpleNamespace(is_frozen=self.is_frozen),
            client=client,
        )
        return HistoryGate(cast(BridgeClient, cast(Any, bridge)), funded_account(0))

    def tip(self, block: int | None = None) -> Tip:
        self.asked.append(("tip", block))
        model = ModelChain(B, PRIMARY, GENESIS, BLOCKS[: self.tip_number])
        return replace(model.tip, unpaid=self.unpaid)

    def is_frozen(self, block: int | None = None) -> bool:
        self.asked.append(("is_frozen", block))
        return False

    def owed(self, number: int, block: int | None = None) -> bytes:
        self.asked.append((f"owed {number}", block))
        return self.debts.get(number, ZERO_HASH)


def test_view__nothing_is_owed__no_block_is_asked_for() -> None:
    books = ChainBooks()
    view = books.gate().view(HORIZON)
    assert (view.owed, view.counters.executed) == ({}, 4)
    assert books.asked == [("tip", 50), ("is_frozen", 50)]


def test_view__some_blocks_owe__found_among_those_that_pay_there_all_at_one_height() -> None:
    """Blocks 1 and 4 pay on chain 2."""
    debt = compute_owed_hash(BLOCKS[3].payout_words(B))
    books = ChainBooks(unpaid=1, debts={4: debt})
    view = books.gate().view(HORIZON)
    assert (view.owed, view.counters.executed) == ({BlockNumber(4): debt}, 3)
    assert books.asked == [("tip", 50), ("is_frozen", 50), ("owed 1", 50), ("owed 4", 50)]


def test_view__node_is_behind_what_was_just_mined__says_nothing() -> None:
    """Else a call that has taken effect would be sent again."""
    books = ChainBooks()
    gate = books.gate()
    gate.view(HORIZON)
    gate.send([Execute(NUMBERS[0], 0, 1)], HORIZON)
    for books.height in (49, 50):
        with pytest.raises(RpcUnavailable, match=f"block {books.height}, behind block 51"):
            gate.view(HORIZON)
    books.height = 51
    assert gate.view(HORIZON).tip.number == 4


def test_final__what_has_the_confirmations__time_and_tip_of_that_block() -> None:
    books = ChainBooks()
    final = books.gate().final()
    assert final is not None and (final.timestamp, final.tip.number, books.asked) == (NOW, 4, [("tip", 7)])
