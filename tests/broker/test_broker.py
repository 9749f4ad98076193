"""The broker: one fill per payout whatever happens in between, never beyond its inventory, repaid at execution."""

from dataclasses import dataclass, field

import pytest

from tests.sequencer.requests import make_request
from zklink.broker.broker import Broker, Candidate, FillOutcome, FillState
from zklink.broker.policy import FillPolicy, Tier, TokenPolicy, Verdict
from zklink.l1.transport.receipts import Receipt
from zklink.operations.payout import Payout
from zklink.operations.withdraw import Withdraw
from zklink.protocol.errors import CallReverted, RpcUnavailable, TransactionReverted, ZkLinkError
from zklink.protocol.ids import AccountId, Amount, BlockNumber, ChainId, Nonce, TokenId

A, B = ChainId(1), ChainId(2)
DEPLOYMENT = bytes([7]) * 32
NONE, FIRST = BlockNumber(0), BlockNumber(1)
SCALE = 10**12
RECEIPT = Receipt(bytes(32), 1, bytes(32), True, 80_000, 1, None, ())
POLICY = FillPolicy({TokenId(2): TokenPolicy((Tier(Amount(1_000), 0), Tier(Amount(5_000), 4)), Amount(1))})


@dataclass
class FakeFillPort:
    """A bridge that takes a fill once; `spent` is what left the broker's inventory."""

    inventory: int = 10_000 * SCALE
    states: dict[bytes, FillState] = field(default_factory=dict)
    spent: int = 0
    loses_receipts: bool = False
    refusal: ZkLinkError | None = None
    is_overtaken: bool = False

    def fill_state(self, key: bytes) -> FillState:
        return self.states.get(key, FillState.OPEN)

    def l1_amount(self, token: TokenId, amount: Amount) -> int:
        return amount * SCALE

    def spendable(self, token: TokenId) -> int:
        return self.inventory - self.spent

    def fill(self, payout: Payout, l1_amount: int) -> Receipt:
        key = payout.fill_key(DEPLOYMENT)
        assert self.fill_state(key) is FillState.OPEN
        if self.is_overtaken:
            self.states[key] = FillState.OTHERS
        if self.refusal is not None:
            raise self.refusal
        self.states[key] = FillState.MINE
        self.spent += l1_amount
        if self.loses_receipts:
            raise RpcUnavailable("b", "eth_getTransactionReceipt", 1, "gone")
        return RECEIPT


@pytest.fixture
def port() -> FakeFillPort:
    return FakeFillPort()


@pytest.fixture
def broker(port: FakeFillPort) -> Broker:
    return Broker(DEPLOYMENT, {B: port}, POLICY, {A: 3, B: 3})


def candidate(request_id: int = 1, amount: int = 1_000, fill_fee: int = 10, block: int = 1) -> Candidate:
    request = make_request(1, request_id, fill_fee=Amount(fill_fee))
    return Candidate(Payout.paid(request, Amount(amount)), BlockNumber(block), l1_block=100)


def withdrawal(amount: int) -> Candidate:
    operation = Withdraw(
        AccountId(amount), Nonce(0), 0, TokenId(2), Amount(amount), Amount(0), B, bytes(31) + b"\x07", Amount(10)
    )
    return Candidate(operation.payout(), FIRST, l1_block=None)


def key_of(case: Candidate) -> bytes:
    return case.payout.fill_key(DEPLOYMENT)


def test_select__confirmations_by_tier__small_first_large_later(broker: Broker) -> None:
    large, small = candidate(1, amount=5_000), candidate(2, amount=1_000)
    assert broker.offer([large, small]) == {}
    assert broker.select(B, {A: 101}, FIRST) is None
    assert broker.select(B, {A: 102}, FIRST) == small
    assert broker.select(B, {A: 106}, FIRST) == large
    assert broker.select(A, {A: 106}, FIRST) is None


def test_select__large_payout__waits_until_the_primary_has_accepted_its_block(broker: Broker) -> None:
    large = candidate(1, amount=5_000)
    broker.offer([large])
    assert broker.select(B, {A: 1_000}, NONE) is None
    assert broker.select(B, {A: 1_000}, FIRST) == large


def test_select__fast_withdrawal__has_no_request_to_wait_for_but_its_tier(broker: Broker, port: FakeFillPort) -> None:
    small, large = withdrawal(1_000), withdrawal(5_000)
    assert broker.offer([large, small]) == {}
    assert broker.select(B, {}, NONE) == small
    attempt = broker.attempt(small)
    broker.record(attempt)
    assert (attempt.outcome, attempt.l1_amount) == (FillOutcome.FILLED, 990 * SCALE)
    assert broker.select(B, {}, NONE) is None
    assert broker.select(B, {}, FIRST) == large


def test_offer__refund_and_no_fee__declined_with_the_reason(broker: Broker) -> None:
    refund = Candidate(Payout.refunded(make_request(1, 1)), BlockNumber(1), 100)
    free = candidate(2, fill_fee=0)
    assert broker.offer([refund, free]) == {refund: Verdict.NOT_FILLABLE, free: Verdict.NO_FEE}
    assert broker.waiting == ()


def test_attempt__open_payout__recipient_gets_the_net_amount(broker: Broker, port: FakeFillPort) -> None:
    broker.offer([candidate()])
    attempt = broker.attempt(candidate())
    broker.record(attempt)
    assert (attempt.outcome, attempt.l1_amount, attempt.receipt) == (FillOutcome.FILLED, 990 * SCALE, RECEIPT)
    assert port.spent == 990 * SCALE
    assert [position.net for position in broker.open_positions(B)] == [990]
    assert broker.waiting == ()


def test_attempt__receipt_lost__found_as_ours_and_not_filled_twice(broker: Broker, port: FakeFillPort) -> None:
    broker.offer([candidate()])
    port.loses_receipts = True
    with pytest.raises(RpcUnavailable):
        broker.attempt(candidate())
    assert broker.select(B, {A: 102}, FIRST) == candidate()
    attempt = broker.attempt(candidate())
    broker.record(attempt)
    assert (attempt.outcome, attempt.receipt) == (FillOutcome.FOUND_FILLED, None)
    assert port.spent == 990 * SCALE
    assert len(broker.open_positions(B)) == 1


@pytest.mark.parametrize(
    ("state", "outcome"), [(FillState.OTHERS, FillOutcome.TAKEN), (FillState.EXECUTED, FillOutcome.TOO_LATE)]
)
def test_attempt__somebody_was_faster__no_position(
    broker: Broker, port: FakeFillPort, state: FillState, outcome: FillOutcome
) -> None:
    broker.offer([candidate()])
    port.states[key_of(candidate())] = state
    attempt = broker.attempt(candidate())
    broker.record(attempt)
    assert attempt.outcome is outcome
    assert (broker.positions, broker.waiting, port.spent) == ((), (), 0)


def test_attempt__not_enough_inventory__nothing_sent_and_tried_again_after_the_others(
    broker: Broker, port: FakeFillPort
) -> None:
    first, second = candidate(1), candidate(2)
    broker.offer([first, second])
    port.inventory = 989 * SCALE
    attempt = broker.attempt(first)
    broker.record(attempt)
    assert (attempt.outcome, port.spent) == (FillOutcome.NO_INVENTORY, 0)
    assert broker.waiting == (second, first)


@pytest.mark.parametrize(
    "refusal",
    [CallReverted("b", "fill", "tokens: coin refused"), TransactionReverted("b", "fill", "tokens: coin refused", b"")],
)
def test_attempt__fill_refused__left_to_execution_and_others_go_on(
    broker: Broker, port: FakeFillPort, refusal: ZkLinkError
) -> None:
    refused, honest = candidate(1), candidate(2)
    broker.offer([refused, honest])
    port.refusal = refusal
    attempt = broker.attempt(refused)
    broker.record(attempt)
    assert (attempt.outcome, attempt.receipt) == (FillOutcome.REFUSED, None)
    assert "tokens: coin refused" in attempt.reason
    assert (broker.waiting, broker.positions) == ((honest,), ())
    assert broker.select(B, {A: 102}, FIRST) == honest


def test_attempt__refused_because_somebody_was_faster__said_so(broker: Broker, port: FakeFillPort) -> None:
    broker.offer([candidate()])
    port.refusal, port.is_overtaken = CallReverted("b", "fill", "fill: done"), True
    assert broker.attempt(candidate()).outcome is FillOutcome.TAKEN


def test_settle__executed_payout__position_is_closed(broker: Broker, port: FakeFillPort) -> None:
    broker.offer([candidate()])
    broker.record(broker.attempt(candidate()))
    assert broker.find_repaid(B, broker.open_positions(B)) == ()
    port.states[key_of(candidate())] = FillState.EXECUTED
    broker.settle(broker.find_repaid(B, broker.open_positions(B)))
    assert broker.open_positions(B) == ()
    assert [position.is_repaid for position in broker.positions] == [True]


def test_retract__blocks_unsealed__waiting_goes_and_what_is_filled_stays(broker: Broker) -> None:
    filled, waiting, kept = candidate(1, block=2), candidate(2, block=2), candidate(3, block=1)
    broker.offer([filled, waiting, kept])
    broker.record(broker.attempt(filled))
    broker.retract(BlockNumber(1))
    assert broker.waiting == (kept,)
    assert len(broker.open_positions(B)) == 1
    broker.offer([filled])
    assert broker.waiting == (kept,)
