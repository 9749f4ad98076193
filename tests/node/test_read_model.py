"""What any History does: a node's events and the chains' receipts become records that anybody may read.

`history` gives the implementations in turn; a new one joins the list and passes the same tests.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.sequencer.requests import make_request
from zklink.history.feed import Feed, Notice, Topic
from zklink.history.memory import MemoryHistory
from zklink.history.read_model import History
from zklink.history.transfer_record import Glimpse, How, MoneyReceipt, TransferState
from zklink.node.events import (
    BlockProven,
    BlockSealed,
    ChainMoved,
    Event,
    OperationAccepted,
    OperationDropped,
    RequestConfirmed,
    RequestsLost,
    Result,
    RolledBack,
    SignedItem,
)
from zklink.operations.operation_id import OperationId
from zklink.operations.payout import Payout
from zklink.operations.swap import SwapRequest
from zklink.protocol.ids import AccountId, Amount, BlockNumber, ChainId, Lane, Nonce, RequestId
from zklink.sequencer.lifecycle import GENESIS_COUNTERS, Counters
from zklink.storage.history import SqlHistory
from zklink.transition.swap import RefundReason, SwapOutcome

A, B, PRIMARY = ChainId(1), ChainId(2), ChainId(3)
DEPLOYMENT = bytes([9]) * 32
ONE = BlockNumber(1)
HASH, OTHER_HASH = bytes([1]) * 32, bytes([2]) * 32
REQUEST = make_request()
KEY = A, RequestId(1)
PAYOUT = Payout.paid(REQUEST, Amount(900))
PAID = BlockSealed(2.0, ONE, Lane.SWAP, 5_000, (Result(KEY, SwapOutcome(True, None, Amount(900)), PAYOUT),))
REFUNDED = BlockSealed(
    2.0,
    ONE,
    Lane.SWAP,
    5_000,
    (Result(KEY, SwapOutcome(False, RefundReason.BELOW_MINIMUM, Amount(900)), Payout.refunded(REQUEST)),),
)
ID, OTHER_ID = OperationId(bytes([5]) * 32), OperationId(bytes([6]) * 32)

IMPLEMENTATIONS: dict[str, Callable[[pytest.FixtureRequest], History]] = {
    "memory": lambda _: MemoryHistory(DEPLOYMENT),
    "database": lambda request: SqlHistory(request.getfixturevalue("database"), DEPLOYMENT),
    "database, written later": lambda request: SqlHistory(
        request.getfixturevalue("database"), DEPLOYMENT, is_eager=False
    ),
}


@pytest.fixture(params=IMPLEMENTATIONS)
def history(request: pytest.FixtureRequest) -> History:
    return IMPLEMENTATIONS[request.param](request)


def confirm(request: SwapRequest = REQUEST, tx_hash: bytes = HASH) -> RequestConfirmed:
    return RequestConfirmed(1.0, request, 7, tx_hash)


def feed(history: History, *events: Event) -> None:
    for event in events:
        history.take(event)
    history.counters()  # whoever writes later has written now


def move(chain: ChainId, before: int, after: int) -> ChainMoved:
    counters = [Counters(BlockNumber(number), BlockNumber(number)) for number in (before, after)]
    return ChainMoved(3.0, chain, *counters)


def accept(chain: ChainId) -> ChainMoved:
    return ChainMoved(3.0, chain, GENESIS_COUNTERS, Counters(ONE, BlockNumber(0)))


def receipt(how: How, payout: Payout = PAYOUT) -> MoneyReceipt:
    return MoneyReceipt(how, payout.chain, payout.fill_key(DEPLOYMENT), OTHER_HASH, 40, "0x" + "11" * 20, 900)


def state(history: History, is_frozen: bool = False) -> TransferState:
    record = history.transfers_by_hash(HASH)[0]
    return record.state(history.counters(), PRIMARY, is_frozen)


def numbers(notices: list[Notice] | None) -> list[int]:
    assert notices is not None
    return [notice.number for notice in notices]


def test_transfers_by_hash__never_shown__empty(history: History) -> None:
    assert history.transfers_by_hash(HASH) == ()


def test_see__request_without_confirmations__seen_until_it_is_confirmed(history: History) -> None:
    history.see(A, [Glimpse(REQUEST, HASH, 7)])
    assert state(history) is TransferState.SEEN
    feed(history, confirm())
    assert state(history) is TransferState.QUEUED
    assert len(history.transfers_by_hash(HASH)) == 1


def test_see__gone_from_its_chain__unknown_again(history: History) -> None:
    history.see(A, [Glimpse(REQUEST, HASH, 7)])
    history.see(A, [])
    assert history.transfers_by_hash(HASH) == ()
    assert history.transfer(KEY) is None


def test_state__whole_life__arrived_only_with_a_receipt_of_the_destination(history: History) -> None:
    found = []
    for event in (confirm(), PAID, accept(PRIMARY), accept(B), move(B, 1, 1)):
        feed(history, event)
        found.append(state(history))
    assert [name.value for name in found] == ["queued", "sealed", "accepted", "imported", "executed"]
    history.show([receipt(How.PAY)])
    assert state(history) is TransferState.ARRIVED
    assert history.transfers_by_hash(HASH)[0].payout == PAYOUT


@pytest.mark.parametrize(
    ("how", "expected"),
    [(How.FILL, TransferState.ARRIVED), (How.PAY, TransferState.ARRIVED), (How.OWE, TransferState.OWED)],
)
def test_show__receipt_of_a_payout__decides_the_state(history: History, how: How, expected: TransferState) -> None:
    feed(history, confirm(), PAID)
    history.show([receipt(how), receipt(how)])
    assert state(history) is expected
    assert len(history.transfers_by_hash(HASH)[0].receipts) == 1


def test_show__before_the_block_is_known_here__counts_once_it_is(history: History) -> None:
    history.show([receipt(How.FILL)])
    feed(history, confirm())
    assert state(history) is TransferState.QUEUED
    feed(history, PAID)
    assert state(history) is TransferState.ARRIVED


def test_show__refund_on_the_source__refunded(history: History) -> None:
    feed(history, confirm(), REFUNDED, move(B, 0, 1), move(A, 0, 1))
    assert state(history) is TransferState.EXECUTED
    history.show([receipt(How.REFUND, Payout.refunded(REQUEST))])
    assert state(history) is TransferState.REFUNDED
    assert history.transfers_by_hash(HASH)[0].refund_reason is RefundReason.BELOW_MINIMUM


def test_state__source_frozen_without_a_block__stopped_and_then_cancelled(history: History) -> None:
    feed(history, confirm())
    assert state(history, is_frozen=True) is TransferState.STOPPED
    history.show([replace(receipt(How.CANCEL), key=b"", request=KEY)])
    assert state(history, is_frozen=True) is TransferState.CANCELLED


def test_take__rolled_back__waits_again_and_its_receipts_do_not_count(history: History) -> None:
    feed(history, confirm(), PAID)
    history.show([receipt(How.FILL)])
    feed(history, RolledBack(4.0, BlockNumber(0), "too old"))
    assert state(history) is TransferState.QUEUED
    assert history.block(ONE) is None
    feed(history, PAID)
    assert state(history) is TransferState.ARRIVED


def test_take__requests_lost__forgotten_from_the_first_one_on(history: History) -> None:
    later = make_request(request_id=2)
    feed(history, confirm(), confirm(later, OTHER_HASH), RequestsLost(2.0, Lane.SWAP, A, RequestId(2)))
    assert history.transfers_by_hash(OTHER_HASH) == ()
    assert [record.key for record in history.transfers_of(REQUEST.recipient, None, 9).entries] == [KEY]


def test_take__confirmed_anew_in_another_transaction__found_by_that_alone(history: History) -> None:
    feed(history, confirm(), confirm(tx_hash=OTHER_HASH))
    assert history.transfers_by_hash(HASH) == ()
    assert len(history.transfers_by_hash(OTHER_HASH)) == 1


def test_transfers_of__pages__newest_first_each_once(history: History) -> None:
    for i in range(1, 8):
        feed(history, confirm(make_request(request_id=i, queued_at=1_000 + i // 2)))
    found: list[int] = []
    before: tuple[int, int] | None = None
    for _ in range(4):
        page = history.transfers_of(REQUEST.recipient, before, 2)
        found += [record.key[1] for record in page.entries]
        before = page.next
    assert found == [7, 6, 5, 4, 3, 2, 1]
    assert before is None
    assert history.transfers_of(bytes(32), None, 2).entries == []


def test_operation__whole_life__waiting_then_in_its_block(history: History) -> None:
    feed(history, OperationAccepted(1.0, ID, "Transfer", AccountId(3), Nonce(4)))
    waiting = history.operation(ID)
    assert waiting is not None and (waiting.kind, waiting.account, waiting.block) == ("Transfer", AccountId(3), None)
    items = (SignedItem(ID, "Transfer", AccountId(3), Nonce(4)), SignedItem(OTHER_ID, "OrderMatch", None, None))
    sealed = BlockSealed(2.0, ONE, Lane.ACCOUNT, 5_000, operations=(ID, OTHER_ID), signed=items, root=77)
    feed(history, sealed, BlockProven(3.0, ONE, 1.0, 1.0))
    taken, block = history.operation(ID), history.block(ONE)
    assert taken is not None and taken.block == ONE
    assert block is not None and (block.root, block.is_proven, block.operations) == (77, True, (ID, OTHER_ID))
    assert [entry.id for entry in history.operations(None, None, 9).entries] == [OTHER_ID, ID]
    assert [entry.id for entry in history.operations(AccountId(3), None, 9).entries] == [ID]


def test_operation__dropped_and_handed_in_again__its_reason_goes(history: History) -> None:
    accepted = OperationAccepted(1.0, ID, "Transfer", AccountId(3), Nonce(4))
    feed(history, accepted, OperationDropped(2.0, ID, "expired"))
    dropped = history.operation(ID)
    assert dropped is not None and dropped.reason == "expired"
    feed(history, accepted)
    again = history.operation(ID)
    assert again is not None and again.reason == ""
    assert len(history.operations(None, None, 9).entries) == 1


def test_blocks__pages__newest_first(history: History) -> None:
    for number in range(1, 6):
        feed(history, BlockSealed(2.0, BlockNumber(number), Lane.ACCOUNT, 5_000))
    first = history.blocks(None, 3)
    second = history.blocks(first.next, 3)
    assert [entry.number for entry in first.entries] == [5, 4, 3]
    assert ([entry.number for entry in second.entries], second.next) == ([2, 1], None)


def test_feed__what_changes__told_in_order_to_those_who_listen(history: History) -> None:
    told: list[Notice] = []
    leave = history.feed.listen(told.append)
    feed(history, confirm(), PAID, accept(B))
    leave()
    leave()
    feed(history, move(PRIMARY, 0, 1))
    topics = [(notice.topic, notice.key) for notice in told]
    sealed = [(Topic.BLOCKS, ONE), (Topic.TRANSFERS, KEY)]
    assert topics == [(Topic.TRANSFERS, KEY), *sealed, (Topic.CHAINS, B), *sealed]
    since = history.feed.since(told[1].number)
    assert since is not None and since[:4] == told[2:]


def test_since__no_longer_kept_or_never_was__none() -> None:
    kept = Feed(kept=2)
    for number in range(1, 5):
        kept.tell(Topic.BLOCKS, BlockNumber(number))
    assert numbers(kept.since(2)) == [3, 4]
    assert kept.since(4) == []
    assert kept.since(1) is None
    assert kept.since(5) is None


def test_latest__of_a_topic__each_once_the_last_change_first() -> None:
    feed = Feed()
    for number in (1, 2, 1, 3):
        feed.tell(Topic.BLOCKS, BlockNumber(number))
    feed.tell(Topic.CHAINS, ChainId(4))
    assert feed.latest(Topic.BLOCKS, 10) == [3, 1, 2]
    assert feed.latest(Topic.BLOCKS, 2) == [3, 1]
    assert feed.latest(Topic.TRANSFERS, 2) == []
