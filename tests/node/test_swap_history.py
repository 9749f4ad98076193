"""The timeline: a node's events folded into one record per swap."""

import pytest

from tests.sequencer.operations import deposit
from tests.sequencer.requests import make_request
from zklink.broker.records import FillOutcome
from zklink.history.swaps import Timeline
from zklink.node.events import (
    BlockProven,
    BlockSealed,
    BlockVouched,
    BrokerRepaid,
    ChainMoved,
    Event,
    FillTried,
    RequestConfirmed,
    Result,
    RolledBack,
)
from zklink.operations.payout import Payout
from zklink.protocol.ids import Amount, BlockNumber, ChainId, Lane, RequestId
from zklink.sequencer.lifecycle import GENESIS_COUNTERS, Counters
from zklink.transition.swap import SwapOutcome

A, B = ChainId(1), ChainId(2)
KEY = A, RequestId(1)
ONE = BlockNumber(1)
REQUEST = make_request()
PAID = Result(KEY, SwapOutcome(True, None, Amount(900)), Payout.paid(REQUEST, Amount(900)))
CONFIRMED = RequestConfirmed(1.0, REQUEST, 7, bytes(32))
SEALED = BlockSealed(2.0, ONE, Lane.SWAP, 5_000, (PAID,))


def progress(accepted: int, executed: int) -> Counters:
    return Counters(BlockNumber(accepted), BlockNumber(executed))


@pytest.fixture
def timeline() -> Timeline:
    return Timeline((A, B))


def feed(timeline: Timeline, *events: Event) -> None:
    for event in events:
        timeline.take(event)


def test_take__whole_life_of_a_swap__every_time_is_kept(timeline: Timeline) -> None:
    feed(
        timeline,
        CONFIRMED,
        SEALED,
        FillTried(3.0, KEY, B, FillOutcome.FILLED),
        BlockProven(4.0, ONE, 0.5, 1.5),
        BlockVouched(5.0, ONE),
        ChainMoved(6.0, B, GENESIS_COUNTERS, progress(1, 0)),
        ChainMoved(7.0, A, GENESIS_COUNTERS, progress(1, 1)),
        ChainMoved(8.0, B, progress(1, 0), progress(1, 1)),
        BrokerRepaid(9.0, KEY, B, "0x7", Amount(9), 1),
    )
    record = timeline.swaps[KEY]
    assert (record.confirmed_at, record.sealed_at, record.filled_at, record.proven_at) == (1.0, 2.0, 3.0, 4.0)
    assert (record.vouched_at, record.accepted_at) == (5.0, {A: 7.0, B: 6.0})
    assert record.accepted_everywhere_at((A, B)) == 7.0
    assert (record.paid_at, record.repaid_at, record.is_refund) == (8.0, 9.0, False)
    assert timeline.blocks[ONE].proof_seconds == 1.5


def test_take__repayment_seen_before_the_counters__was_the_execution(timeline: Timeline) -> None:
    executed = ChainMoved(9.0, B, progress(1, 0), progress(1, 1))
    filled = FillTried(3.0, KEY, B, FillOutcome.FILLED)
    feed(timeline, CONFIRMED, SEALED, filled, BrokerRepaid(8.0, KEY, B, "0x7", Amount(9), 1), executed)
    assert (timeline.swaps[KEY].paid_at, timeline.swaps[KEY].repaid_at) == (8.0, 8.0)


def test_take__payout_executed_on_the_other_chain_only__not_paid_yet(timeline: Timeline) -> None:
    feed(timeline, CONFIRMED, SEALED, ChainMoved(5.0, A, GENESIS_COUNTERS, progress(1, 1)))
    assert timeline.swaps[KEY].paid_at is None
    assert timeline.swaps[KEY].accepted_everywhere_at((A, B)) is None


def test_take__attempt_without_a_fill__is_no_fill(timeline: Timeline) -> None:
    feed(timeline, CONFIRMED, SEALED, FillTried(3.0, KEY, B, FillOutcome.NO_INVENTORY))
    assert timeline.swaps[KEY].filled_at is None


def test_take__refund__paid_on_the_source(timeline: Timeline) -> None:
    refund = Result(KEY, SwapOutcome(False, None, Amount(0)), Payout.refunded(REQUEST))
    feed(timeline, CONFIRMED, BlockSealed(2.0, ONE, Lane.SWAP, 5_000, (refund,)))
    feed(timeline, ChainMoved(5.0, A, GENESIS_COUNTERS, progress(1, 1)))
    assert (timeline.swaps[KEY].is_refund, timeline.swaps[KEY].paid_at) == (True, 5.0)


def test_take__rolled_back__swap_waits_again(timeline: Timeline) -> None:
    feed(timeline, CONFIRMED, SEALED, ChainMoved(5.0, A, GENESIS_COUNTERS, progress(1, 0)))
    feed(timeline, RolledBack(6.0, BlockNumber(0), "a reorganisation"))
    record = timeline.swaps[KEY]
    assert (record.block, record.sealed_at, record.payout, record.accepted_at) == (None, None, None, {})
    assert timeline.blocks == {}


def test_take__a_reorganisation_takes_the_block__counts_from_when_it_is_there_again(timeline: Timeline) -> None:
    feed(
        timeline,
        CONFIRMED,
        SEALED,
        ChainMoved(5.0, B, GENESIS_COUNTERS, progress(1, 1)),
        ChainMoved(6.0, B, progress(1, 1), progress(0, 0)),
        ChainMoved(7.0, B, progress(0, 0), progress(1, 0)),
    )
    record = timeline.swaps[KEY]
    assert (record.accepted_at, record.paid_at) == ({B: 7.0}, None)


def test_take__events_of_the_account_lane__leave_the_swaps_alone(timeline: Timeline) -> None:
    deposited = RequestConfirmed(1.0, deposit(1, 1), 7, bytes(32))
    block = BlockSealed(2.5, BlockNumber(2), Lane.ACCOUNT, 5_001, (), (KEY,), (bytes(32),))
    feed(timeline, CONFIRMED, deposited, SEALED, block)
    feed(timeline, FillTried(3.0, (ChainId(0), 1 << 32), B, FillOutcome.FILLED))
    assert list(timeline.swaps) == [KEY]
    assert timeline.swaps[KEY].filled_at is None
    assert (timeline.blocks[BlockNumber(2)].items, timeline.swaps[KEY].block) == (2, ONE)
