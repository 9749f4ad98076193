"""The broker: one fill per payout whatever happens in between, never beyond its inventory, repaid at execution."""

from dataclasses import dataclass, field, replace

import pytest

from tests.sequencer.requests import make_request
from zklink.broker.broker import Broker
from zklink.broker.policy import SLACK_SECONDS, FillPolicy, Tier, TokenPolicy, Verdict
from zklink.broker.records import Books, Candidate, FillOutcome, FillState, Outlook, Repayment, Settlement
from zklink.l1.transport.receipts import Receipt
from zklink.operations.payout import Payout
from zklink.operations.withdraw import Withdraw
from zklink.protocol.errors import (
    CallReverted,
    RpcUnavailable,
    TransactionRejected,
    TransactionReplaced,
    TransactionReverted,
    TransactionStuck,
)
from zklink.protocol.ids import FILL_LEAD_SECONDS, AccountId, Amount, BlockNumber, ChainId, Nonce, TokenId

A, B = ChainId(1), ChainId(2)
DEPLOYMENT = bytes([7]) * 32
NONE, FIRST = BlockNumber(0), BlockNumber(1)
SCALE = 10**12
NOW = 1_000_000
OURS = "where this broker is repaid"
FAR = NOW + SLACK_SECONDS
RECEIPT = Receipt(bytes(32), 1, bytes(32), True, 80_000, 1, None, ())
POLICY = FillPolicy({TokenId(2): TokenPolicy((Tier(Amount(1_000), 0), Tier(Amount(5_000), 4)), Amount(1))})


@dataclass
class FakeFillPort:
    """A bridge that takes a fill once; `spent` is what left the broker's inventory."""

    inventory: int = 10_000 * SCALE
    states: dict[bytes, FillState] = field(default_factory=dict)
    spent: int = 0
    loses_receipts: bool = False
    refusal: Exception | None = None
    is_overtaken: bool = False
    gas_price_wei: int = 0
    height: int = 50
    paid_us: dict[bytes, bool] = field(default_factory=dict)
    lead_seconds: int = FILL_LEAD_SECONDS
    paid_in: int = 10**9
    asked_from: list[int] = field(default_factory=list)
    filled: dict[bytes, Payout] = field(default_factory=dict)

    def gas_price(self) -> int:
        return self.gas_price_wei

    def head(self) -> int:
        return self.height

    def find_repayment(self, key: bytes, from_block: int) -> Repayment | None:
        self.asked_from.append(from_block)
        if key not in self.paid_us or from_block > self.paid_in:
            return None
        case, is_ours = self.filled[key], self.paid_us[key]
        amount = Amount(case.amount - case.fill_fee + case.compute_earned_fee(self.lead_seconds))
        return Repayment(OURS if is_ours else "another", amount, is_ours, self.lead_seconds)

    def fill_state(self, key: bytes) -> FillState:
        return self.states.get(key, FillState.OPEN)

    def l1_amount(self, token: TokenId, amount: Amount) -> int:
        return amount * SCALE

    def spendable(self, token: TokenId) -> int:
        return self.inventory - self.spent

    def fill(self, payout: Payout, l1_amount: int, block: BlockNumber) -> Receipt:
        key = payout.fill_key(DEPLOYMENT)
        assert self.fill_state(key) is FillState.OPEN
        if self.is_overtaken:
            self.states[key] = FillState.OTHERS
        if self.refusal is not None:
            raise self.refusal
        self.states[key] = FillState.MINE
        self.filled[key] = payout
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


def candidate(
    request_id: int = 1, amount: int = 1_000, fill_fee: int = 10, block: int = 1, expires: int = FAR
) -> Candidate:
    request = make_request(1, request_id, fill_fee=Amount(fill_fee))
    return Candidate(Payout.paid(request, Amount(amount)), BlockNumber(block), l1_block=100, expires=expires)


def see(heights: dict[ChainId, int], final: BlockNumber, now: int = NOW) -> Outlook:
    return Outlook(heights, now, final)


def withdrawal(amount: int) -> Candidate:
    operation = Withdraw(
        AccountId(amount), Nonce(0), 0, TokenId(2), Amount(amount), Amount(0), B, bytes(31) + b"\x07", Amount(10)
    )
    return Candidate(operation.payout(), FIRST, l1_block=None, expires=FAR)


def look(broker: Broker) -> Settlement:
    """Ask the chain about the fills that are watched, and enter the answers."""
    return broker.settle(broker.look(B, broker.watched_positions(B)))


def execute(port: FakeFillPort, case: Candidate, *, pays_us: bool) -> None:
    port.states[key_of(case)], port.paid_us[key_of(case)] = FillState.EXECUTED, pays_us
    port.filled[key_of(case)] = case.payout


def fill(broker: Broker, case: Candidate) -> None:
    broker.offer([case])
    broker.record(broker.attempt(case))


def key_of(case: Candidate) -> bytes:
    return case.payout.fill_key(DEPLOYMENT)


def test_select__confirmations_by_tier__small_first_large_later(broker: Broker) -> None:
    large, small = candidate(1, amount=5_000), candidate(2, amount=1_000)
    assert broker.offer([large, small]) == {}
    assert broker.select(B, see({A: 101}, FIRST)) is None
    assert broker.select(B, see({A: 102}, FIRST)) == small
    assert broker.select(B, see({A: 106}, FIRST)) == large
    assert broker.select(A, see({A: 106}, FIRST)) is None


def test_select__large_payout__waits_until_the_acceptance_of_its_block_is_final(broker: Broker) -> None:
    large = candidate(1, amount=5_000)
    broker.offer([large])
    assert broker.select(B, see({A: 1_000}, NONE)) is None
    assert broker.select(B, see({A: 1_000}, FIRST)) == large


def test_select__fast_withdrawal__has_no_request_to_wait_for_but_its_tier(broker: Broker, port: FakeFillPort) -> None:
    small, large = withdrawal(1_000), withdrawal(5_000)
    assert broker.offer([large, small]) == {}
    assert broker.select(B, see({}, NONE)) == small
    attempt = broker.attempt(small)
    broker.record(attempt)
    assert (attempt.outcome, attempt.l1_amount) == (FillOutcome.FILLED, 990 * SCALE)
    assert broker.select(B, see({}, NONE)) is None
    assert broker.select(B, see({}, FIRST)) == large


def test_offer__refund_and_no_fee__declined_with_the_reason(broker: Broker) -> None:
    refund = Candidate(Payout.refunded(make_request(1, 1)), BlockNumber(1), 100, FAR)
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
    lost = broker.attempt(candidate())
    broker.record(lost)
    assert (lost.outcome, lost.receipt) == (FillOutcome.FAILED, None)
    assert broker.select(B, see({A: 102}, FIRST)) == candidate()
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


def test_attempt__fill_reverts_when_mined__left_to_execution_and_others_go_on(
    broker: Broker, port: FakeFillPort
) -> None:
    refused, honest = candidate(1), candidate(2)
    broker.offer([refused, honest])
    port.refusal = TransactionReverted("b", "fill", "tokens: coin refused", b"")
    attempt = broker.attempt(refused)
    assert broker.record(attempt)
    assert (attempt.outcome, attempt.receipt) == (FillOutcome.REFUSED, None)
    assert "tokens: coin refused" in attempt.reason
    assert (broker.waiting, broker.positions) == ((honest,), ())
    assert broker.select(B, see({A: 102}, FIRST)) == honest


def test_attempt__refused_for_a_while__tried_again_behind_all_others_and_said_once(
    broker: Broker, port: FakeFillPort
) -> None:
    """A bridge that is paused fills again; a recipient that always refuses holds nobody up."""
    refused, failed = candidate(1), candidate(2)
    broker.offer([refused, failed])
    port.refusal = CallReverted("b", "fill", "pause: paused")
    said = [broker.record(broker.attempt(refused)) for _ in range(3)]
    assert said == [True, False, False]
    port.refusal = RpcUnavailable("b", "fill", 1, "gone")
    broker.record(broker.attempt(failed))
    assert list(broker.waiting) == [failed, refused]
    broker.offer([candidate(3)])
    assert list(broker.waiting) == [failed, candidate(3), refused]
    port.refusal = None
    for expected in (failed, candidate(3), refused):
        assert broker.select(B, see({A: 102}, FIRST)) == expected
        assert broker.record(broker.attempt(expected))
    assert len(broker.positions) == 3


def test_retract__payout_is_refused_at_present__is_not_tried_again(broker: Broker, port: FakeFillPort) -> None:
    broker.offer([candidate()])
    port.refusal = CallReverted("b", "fill", "pause: paused")
    broker.record(broker.attempt(candidate()))
    broker.retract(NONE)
    assert broker.waiting == ()


def test_attempt__refused_because_somebody_was_faster__said_so(broker: Broker, port: FakeFillPort) -> None:
    broker.offer([candidate()])
    port.refusal, port.is_overtaken = CallReverted("b", "fill", "fill: done"), True
    assert broker.attempt(candidate()).outcome is FillOutcome.TAKEN


def test_settle__executed_payout__position_is_closed(broker: Broker, port: FakeFillPort) -> None:
    broker.offer([candidate()])
    broker.record(broker.attempt(candidate()))
    assert look(broker) == Settlement((), ())
    execute(port, candidate(), pays_us=True)
    assert [position.key for position in look(broker).repaid] == [key_of(candidate())]
    assert broker.open_positions(B) == ()
    assert look(broker) == Settlement((), ())
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


@pytest.mark.parametrize(
    "failure",
    [
        TransactionRejected("b", "fill", "insufficient funds for gas * price + value"),
        TransactionStuck("b", "fill", 7, (bytes(32),)),
        TransactionReplaced("b", "fill", 7, (bytes(32),)),
        RpcUnavailable("b", "eth_estimateGas", 6, "connection refused"),
        ValueError("a decoder's own"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_attempt__any_failure__the_next_payout_is_tried_and_this_one_after_it(
    broker: Broker, port: FakeFillPort, failure: Exception
) -> None:
    first, second = candidate(1), candidate(2)
    broker.offer([first, second])
    port.refusal = failure
    attempt = broker.attempt(first)
    broker.record(attempt)
    assert attempt.outcome is FillOutcome.FAILED and str(failure) in attempt.reason
    assert broker.select(B, see({A: 102}, FIRST)) == second
    port.refusal = None
    for expected in (second, first):
        chosen = broker.select(B, see({A: 102}, FIRST))
        assert chosen == expected
        broker.record(broker.attempt(chosen))
    assert len(broker.positions) == 2


def test_attempt__node_fails_before_anything_is_sent__nothing_is_in_doubt(
    broker: Broker, port: FakeFillPort, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(token: TokenId) -> int:
        raise RpcUnavailable("b", "eth_call", 1, "gone")

    monkeypatch.setattr(port, "spendable", fail)
    broker.offer([candidate()])
    attempt = broker.attempt(candidate())
    assert (attempt.outcome, attempt.is_unclear, port.spent) == (FillOutcome.FAILED, False, 0)
    assert attempt.reason and broker.record(attempt)
    assert (broker.waiting, broker.positions) == ((candidate(),), ())


def test_record__failed_after_its_block_was_unsealed__is_not_offered_again(broker: Broker, port: FakeFillPort) -> None:
    broker.offer([candidate()])
    port.refusal = RpcUnavailable("b", "fill", 1, "gone")
    attempt = broker.attempt(candidate())
    broker.retract(NONE)
    broker.record(attempt)
    assert broker.waiting == ()


def test_attempt__gas_dearer_than_the_fee__waits_until_it_is_cheaper(port: FakeFillPort) -> None:
    """Gas 100,000 at 30 gwei, a coin at 2,500 units: 7.5 units, rounded up to 8."""
    terms = TokenPolicy((Tier(Amount(1_000), 0),), Amount(1), coin_prices={B: 2_500})
    broker = Broker(DEPLOYMENT, {B: port}, FillPolicy({TokenId(2): terms}, fill_gas=100_000), {A: 3, B: 3})
    first, second = candidate(1, fill_fee=7), candidate(2, fill_fee=8)
    assert broker.offer([first, second]) == {}
    port.gas_price_wei = 30 * 10**9
    attempt = broker.attempt(first)
    broker.record(attempt)
    assert (attempt.outcome, attempt.reason) == (FillOutcome.TOO_DEAR, "of the fee, 7, it earns 7, and the gas costs 8")
    assert broker.waiting == (second, first)
    assert broker.attempt(second).outcome is FillOutcome.FILLED
    port.gas_price_wei = 28 * 10**9
    assert broker.attempt(first).outcome is FillOutcome.FILLED


def test_select__expires_with_its_block__not_filled_before_its_acceptance_is_final(broker: Broker) -> None:
    """A user can make such a payout on purpose: any reseal refunds or drops it, and the fill is never repaid."""
    soon = candidate(1, expires=NOW)
    later = candidate(2, expires=FAR)
    leaving = Candidate(withdrawal(1_000).payout, FIRST, None, expires=NOW + SLACK_SECONDS - 1)
    broker.offer([soon, leaving, later])
    assert broker.select(B, see({A: 1_000}, NONE)) == later
    assert broker.select(B, see({A: 1_000}, NONE, now=NOW + 1)) is None
    assert broker.select(B, see({A: 1_000}, FIRST)) == soon


class TestLead:
    """A fill earns its fee in proportion to its lead before the payment."""

    def test_select__the_chain_has_the_block__it_pays_any_moment_so_nothing_is_filled(self, broker: Broker) -> None:
        broker.offer([candidate(1, block=1), candidate(2, block=2)])
        assert broker.select(B, replace(see({A: 102}, FIRST), paying={B: FIRST})) == candidate(2, block=2)
        assert broker.select(B, replace(see({A: 102}, FIRST), paying={A: FIRST})) == candidate(1, block=1)

    def test_select__leads_were_short__small_fees_wait_and_large_ones_are_filled(
        self, broker: Broker, port: FakeFillPort
    ) -> None:
        port.lead_seconds = 1
        fill(broker, candidate(1))
        execute(port, candidate(1), pays_us=True)
        look(broker)
        small, large = candidate(2, fill_fee=11), candidate(3, fill_fee=12)
        assert broker.offer([small, large]) == {}, "leads may grow again"
        assert broker.select(B, see({A: 102}, FIRST)) == large
        assert broker.waiting == (small, large)

    def test_note_executed__leads_were_short_for_a_while__is_tried_again_after_as_many_payouts_as_count(
        self, broker: Broker, port: FakeFillPort
    ) -> None:
        """Who fills nothing sees no lead: an expectation that nothing could mend would end all fills for good."""
        port.lead_seconds = 1
        for request in range(1, 4):
            fill(broker, candidate(request))
            execute(port, candidate(request), pays_us=True)
            look(broker)
        outlook, tried = see({A: 102}, FIRST), []
        for block in range(2, 7):
            left = candidate(block + 10, block=block)
            broker.offer([left])
            tried.append(broker.select(B, outlook) == left)
            missed = broker.note_executed(B, BlockNumber(block))
            assert missed == ((left, Verdict.FILL if tried[-1] else Verdict.SHORT_LEAD),)
        assert tried == [False, False, False, True, True]

    def test_note_executed__a_stranger_fills_a_block_with_small_fees__one_lead_is_forgotten_and_one_fill_tries(
        self, broker: Broker, port: FakeFillPort
    ) -> None:
        """Else a block of payouts that cost next to nothing has the next block's filled at a loss, all of them."""
        port.lead_seconds = 1
        for request in range(1, 4):
            fill(broker, candidate(request))
            execute(port, candidate(request), pays_us=True)
            look(broker)
        outlook = see({A: 102}, FIRST)
        for block in range(2, 5):
            broker.offer([candidate(10 * block + each, block=block) for each in range(5)])
            assert broker.select(B, outlook) is None and broker.leads.expect(B) == 1
            assert len(broker.note_executed(B, BlockNumber(block))) == 5
        first, second = candidate(50, block=5), candidate(51, block=5)
        broker.offer([first, second])
        assert broker.select(B, outlook) == first
        broker.record(broker.attempt(first))
        assert broker.select(B, outlook) is None, "nobody knows yet what the first one earns"
        execute(port, first, pays_us=True)
        look(broker)
        assert broker.select(B, outlook) is None and broker.leads.expect(B) == 1
        assert not broker.leads.is_trying(B) and broker.waiting == (second,)

    def test_note_executed__turn_never_came_or_the_chain_had_the_block__the_verdict_before_counts(
        self, broker: Broker
    ) -> None:
        first, second, late = candidate(1), candidate(2), replace(candidate(3), l1_block=102)
        broker.offer([late, first, second])
        assert broker.select(B, see({A: 103}, NONE)) == first
        assert broker.select(B, replace(see({A: 103}, NONE), paying={B: FIRST})) is None
        assert broker.note_executed(B, FIRST) == ((late, Verdict.WAIT), (first, Verdict.FILL), (second, None))
        assert broker.note_executed(B, FIRST) == ()

    def test_attempt__what_the_lead_earns_does_not_pay_for_the_gas__too_dear(self, port: FakeFillPort) -> None:
        terms = TokenPolicy((Tier(Amount(1_000), 0),), Amount(1), coin_prices={B: 2_500})
        broker = Broker(DEPLOYMENT, {B: port}, FillPolicy({TokenId(2): terms}, fill_gas=100_000), {A: 3, B: 3})
        port.gas_price_wei = 30 * 10**9
        attempt = broker.attempt(candidate(fill_fee=15), lead_seconds=6)
        assert attempt.outcome is FillOutcome.TOO_DEAR
        assert attempt.reason == "of the fee, 15, it earns 7, and the gas costs 8"
        assert broker.attempt(candidate(fill_fee=16), lead_seconds=6).outcome is FillOutcome.FILLED

    @pytest.mark.parametrize(("lead", "earned"), [(0, 0), (3, 2), (6, 5), (12, 10), (500, 10)])
    def test_books__repaid__say_who_was_repaid_and_how_much(
        self, broker: Broker, port: FakeFillPort, lead: int, earned: int
    ) -> None:
        port.lead_seconds = lead
        fill(broker, candidate(1))
        fill(broker, candidate(2, amount=500))
        execute(port, candidate(1), pays_us=True)
        (position,) = look(broker).repaid
        assert position.repayment == Repayment(OURS, Amount(990 + earned), True, lead)
        assert (position.net, position.earned) == (990, earned)
        assert broker.books() == {(B, TokenId(2)): Books(990 + 490, 490, 990 + earned, earned, 2, 2 * 80_000)}

    def test_books__a_repayment_is_lost__as_before_it(self, broker: Broker, port: FakeFillPort) -> None:
        fill(broker, candidate())
        execute(port, candidate(), pays_us=True)
        look(broker)
        port.states[key_of(candidate())] = FillState.MINE
        look(broker)
        assert broker.books() == {(B, TokenId(2)): Books(990, 990, 0, 0, 1, 80_000)}
        port.states.clear()
        look(broker)
        assert broker.books() == {}


class TestReorganisation:
    def test_look__fill_lost__struck_out_and_offered_again(self, broker: Broker, port: FakeFillPort) -> None:
        fill(broker, candidate())
        port.states.clear()
        assert [position.key for position in look(broker).lost] == [key_of(candidate())]
        assert (broker.positions, broker.waiting) == ((), (candidate(),))
        assert broker.select(B, see({A: 102}, FIRST)) == candidate()
        broker.record(broker.attempt(candidate()))
        assert len(broker.open_positions(B)) == 1

    def test_look__fill_lost_and_its_block_unsealed__not_offered_again_until_it_is_sealed(
        self, broker: Broker, port: FakeFillPort
    ) -> None:
        fill(broker, candidate())
        broker.retract(NONE)
        port.states.clear()
        assert len(look(broker).lost) == 1
        assert (broker.positions, broker.waiting) == ((), ())
        broker.offer([candidate()])
        assert broker.waiting == (candidate(),)

    def test_look__fill_lost_after_its_block_was_sealed_again__offered_again(
        self, broker: Broker, port: FakeFillPort
    ) -> None:
        fill(broker, candidate())
        broker.retract(NONE)
        broker.offer([candidate()])
        port.states.clear()
        look(broker)
        assert broker.waiting == (candidate(),)

    def test_look__lost_and_somebody_else_filled__struck_out(self, broker: Broker, port: FakeFillPort) -> None:
        fill(broker, candidate())
        port.states[key_of(candidate())] = FillState.OTHERS
        assert len(look(broker).lost) == 1
        assert (broker.positions, broker.waiting) == ((), ())

    def test_look__lost_and_executed_for_somebody_else__never_booked_as_repaid(
        self, broker: Broker, port: FakeFillPort
    ) -> None:
        fill(broker, candidate())
        execute(port, candidate(), pays_us=False)
        settlement = look(broker)
        assert (settlement.repaid, len(settlement.lost)) == ((), 1)
        assert (broker.positions, broker.waiting) == ((), ())

    def test_look__executed_but_the_node_shows_no_payment__stays_open(self, broker: Broker, port: FakeFillPort) -> None:
        fill(broker, candidate())
        port.states[key_of(candidate())] = FillState.EXECUTED
        assert look(broker) == Settlement((), ())
        assert len(broker.open_positions(B)) == 1
        assert port.asked_from == [RECEIPT.block_number, 0]

    def test_look__repayment_lost__open_again_until_it_is_deep(self, broker: Broker, port: FakeFillPort) -> None:
        fill(broker, candidate())
        execute(port, candidate(), pays_us=True)
        assert len(look(broker).repaid) == 1
        port.states[key_of(candidate())] = FillState.MINE
        assert look(broker) == Settlement((), ())
        assert len(broker.open_positions(B)) == 1
        execute(port, candidate(), pays_us=True)
        assert len(look(broker).repaid) == 1
        port.height += 1
        look(broker)
        assert len(broker.watched_positions(B)) == 1
        port.height += 1
        look(broker)
        assert broker.watched_positions(B) == ()
        assert [position.is_repaid for position in broker.positions] == [True]

    def test_look__fill_and_execution_were_mined_again_earlier__repayment_is_found(
        self, broker: Broker, port: FakeFillPort
    ) -> None:
        fill(broker, candidate())
        execute(port, candidate(), pays_us=True)
        port.paid_in = RECEIPT.block_number - 1
        assert [position.key for position in look(broker).repaid] == [key_of(candidate())]

    def test_look__a_node_behind_the_fill_shows_none__stays_on_the_books(
        self, broker: Broker, port: FakeFillPort
    ) -> None:
        fill(broker, candidate())
        port.states.clear()
        port.height = RECEIPT.block_number - 1
        assert look(broker) == Settlement((), ())
        assert len(broker.open_positions(B)) == 1

    @pytest.mark.parametrize("is_unsealed", [True, False])
    def test_look__a_node_shows_no_fill_and_then_does__is_on_the_books_again(
        self, broker: Broker, port: FakeFillPort, is_unsealed: bool
    ) -> None:
        """Also where its block was unsealed, so that nobody tries the payout again."""
        fill(broker, candidate())
        if is_unsealed:
            broker.retract(NONE)
        port.states.clear()
        assert len(look(broker).lost) == 1
        port.states[key_of(candidate())] = FillState.MINE
        settlement = look(broker)
        assert ([position.key for position in settlement.found], settlement.lost) == ([key_of(candidate())], ())
        assert (len(broker.open_positions(B)), broker.waiting) == (1, ())
        assert [position.is_retracted for position in broker.positions] == [is_unsealed]
        execute(port, candidate(), pays_us=True)
        assert len(look(broker).repaid) == 1


class TestUnclearFill:
    """An attempt failed, and its transaction may be mined yet."""

    @pytest.fixture
    def lost(self, broker: Broker, port: FakeFillPort) -> None:
        broker.offer([candidate()])
        port.refusal = TransactionStuck("b", "fill", 7, (bytes(32),))
        attempt = broker.attempt(candidate())
        broker.record(attempt)
        assert attempt.is_unclear
        port.refusal = None

    @pytest.mark.usefixtures("lost")
    @pytest.mark.parametrize("is_unsealed", [True, False])
    def test_look__mined_later__is_on_the_books_though_nobody_tries_again(
        self, broker: Broker, port: FakeFillPort, is_unsealed: bool
    ) -> None:
        if is_unsealed:
            broker.retract(NONE)
        assert look(broker) == Settlement((), ())
        port.states[key_of(candidate())] = FillState.MINE
        assert [position.key for position in look(broker).found] == [key_of(candidate())]
        assert (len(broker.open_positions(B)), broker.waiting) == (1, ())

    @pytest.mark.usefixtures("lost")
    def test_look__mined_and_executed_at_once__booked_as_repaid(self, broker: Broker, port: FakeFillPort) -> None:
        execute(port, candidate(), pays_us=True)
        broker.record(broker.attempt(candidate()))
        settlement = look(broker)
        assert (len(settlement.found), len(settlement.repaid)) == (1, 1)
        assert [position.is_repaid for position in broker.positions] == [True]
        assert look(broker) == Settlement((), ())

    @pytest.mark.usefixtures("lost")
    def test_look__executed_for_somebody_else__asked_for_until_that_is_final(
        self, broker: Broker, port: FakeFillPort
    ) -> None:
        execute(port, candidate(), pays_us=False)
        for _ in range(2):
            assert look(broker) == Settlement((), ())
            assert len(broker.watched_positions(B)) == 1
            port.height += 1
        look(broker)
        assert (broker.watched_positions(B), broker.positions) == ((), ())

    @pytest.mark.usefixtures("lost")
    def test_attempt__found_by_the_next_one__is_on_the_books_once(self, broker: Broker, port: FakeFillPort) -> None:
        port.states[key_of(candidate())] = FillState.MINE
        broker.record(broker.attempt(candidate()))
        assert look(broker) == Settlement((), ())
        assert len(broker.watched_positions(B)) == len(broker.positions) == 1

    def test_record__fails_after_its_block_was_unsealed__is_asked_for(self, broker: Broker, port: FakeFillPort) -> None:
        broker.offer([candidate()])
        port.loses_receipts = True
        attempt = broker.attempt(candidate())
        broker.retract(NONE)
        broker.record(attempt)
        assert len(look(broker).found) == 1
        assert [position.is_retracted for position in broker.positions] == [True]
