"""The history in a database: after a restart it is there at once, and what no longer holds is taken back."""

from dataclasses import replace

import pytest
from sqlalchemy import update

from tests.node.test_read_model import (
    DEPLOYMENT,
    HASH,
    ID,
    KEY,
    ONE,
    OTHER_HASH,
    PAID,
    PRIMARY,
    REQUEST,
    A,
    B,
    accept,
    confirm,
    feed,
    move,
    receipt,
    state,
)
from tests.sequencer.requests import make_request
from tests.storage.conftest import Open, Outage
from zklink.history.feed import Topic
from zklink.history.transfer_record import How, TransferState
from zklink.node.events import BlockProven, BlockSealed, OperationAccepted, OperationDropped, QueuesRead
from zklink.protocol.errors import RecordBroken
from zklink.protocol.ids import AccountId, BlockNumber, Lane, Nonce, RequestId
from zklink.storage.database import Database
from zklink.storage.history import SqlHistory
from zklink.storage.tables import history_blocks, history_transfers

TWO = BlockNumber(2)


def open_history(database: Database) -> SqlHistory:
    return SqlHistory(database, DEPLOYMENT)


def queues(last: int) -> QueuesRead:
    return QueuesRead(9.0, A, {Lane.SWAP: RequestId(last), Lane.ACCOUNT: RequestId(0)})


def test_restart__whole_life__everything_is_there_at_once(reopen: Open) -> None:
    history = open_history(reopen())
    feed(history, confirm(), PAID, BlockProven(3.0, ONE, 1.0, 1.0), accept(PRIMARY), accept(B), move(B, 1, 1))
    history.show([receipt(How.PAY)])
    feed(history, OperationAccepted(1.0, ID, "Transfer", AccountId(3), Nonce(4)), OperationDropped(2.0, ID, "expired"))
    again = open_history(reopen())
    assert state(again) is TransferState.ARRIVED
    assert again.transfers_by_hash(HASH) == history.transfers_by_hash(HASH)
    assert again.counters() == history.counters()
    block, operation = again.block(ONE), again.operation(ID)
    assert block is not None and block.is_proven
    assert operation is not None and operation.reason == "expired"


def test_restart__in_the_middle_of_pages__the_next_page_goes_on(reopen: Open) -> None:
    history = open_history(reopen())
    for i in range(1, 6):
        feed(history, confirm(make_request(request_id=i, queued_at=1_000 + i // 2)))
        feed(history, BlockSealed(2.0, BlockNumber(i), Lane.ACCOUNT, 5_000, commitment=bytes([i])))
    swaps, blocks = history.transfers_of(REQUEST.recipient, None, 2), history.blocks(None, 2)
    again = open_history(reopen())
    feed(again, confirm(make_request(request_id=6, queued_at=2_000)))
    rest = again.transfers_of(REQUEST.recipient, swaps.next, 9)
    assert [record.key[1] for record in (*swaps.entries, *rest.entries)] == [5, 4, 3, 2, 1]
    assert [entry.number for entry in again.blocks(blocks.next, 9).entries] == [3, 2, 1]


def test_take__repeated_after_a_restart__nothing_changes_and_nobody_is_told(reopen: Open) -> None:
    events = confirm(), PAID, BlockProven(3.0, ONE, 1.0, 1.0), OperationAccepted(1.0, ID, "T", AccountId(3), Nonce(4))
    feed(open_history(reopen()), *events)
    again = open_history(reopen())
    before = again.transfers_by_hash(HASH), again.block(ONE), again.operation(ID)
    feed(again, *events, replace(PAID, at=9.0))
    assert (again.transfers_by_hash(HASH), again.block(ONE), again.operation(ID)) == before
    assert again.feed.since(0) == []


def test_take__queue_shorter_than_before_the_restart__the_rest_is_taken_back(reopen: Open) -> None:
    feed(open_history(reopen()), confirm(), confirm(make_request(request_id=2), OTHER_HASH))
    again = open_history(reopen())
    feed(again, confirm(), queues(1))
    assert again.transfers_by_hash(OTHER_HASH) == ()
    assert [record.key for record in again.transfers_of(REQUEST.recipient, None, 9).entries] == [KEY]


def test_take__other_block_of_a_known_number__it_and_all_later_ones_are_gone(reopen: Open) -> None:
    feed(open_history(reopen()), confirm(), PAID, BlockSealed(2.0, TWO, Lane.ACCOUNT, 5_000, commitment=b"2"))
    again = open_history(reopen())
    feed(again, BlockSealed(2.0, ONE, Lane.ACCOUNT, 6_000, commitment=b"other"))
    assert state(again) is TransferState.QUEUED
    assert [entry.commitment for entry in again.blocks(None, 9).entries] == [b"other"]


def test_cut__journal_that_ends_earlier__blocks_above_are_gone(reopen: Open) -> None:
    feed(open_history(reopen()), confirm(), PAID, BlockSealed(2.0, TWO, Lane.ACCOUNT, 5_000))
    again = open_history(reopen())
    again.cut(ONE)
    assert [entry.number for entry in again.blocks(None, 9).entries] == [1]
    again.cut(BlockNumber(0))
    assert state(again) is TransferState.QUEUED


def test_take__database_gone_for_a_while__written_in_order_when_it_is_back(database: Database, outage: Outage) -> None:
    history = open_history(database)
    with outage():
        history.take(confirm())
        history.take(PAID)
        history.show([receipt(How.FILL)])
        assert not history.flush()
        assert history.feed.since(0) == []
    assert state(history) is TransferState.ARRIVED
    told = history.feed.since(0)
    assert told is not None
    assert [notice.topic for notice in told] == [Topic.TRANSFERS, Topic.BLOCKS, Topic.TRANSFERS, Topic.TRANSFERS]


def test_blocks__row_that_is_no_block__refused_with_its_table(database: Database) -> None:
    history = open_history(database)
    feed(history, confirm(), PAID)
    with database.transaction() as connection:
        connection.execute(update(history_blocks).values(entry="{}"))
        connection.execute(update(history_transfers).values(record="nonsense"))
    with pytest.raises(RecordBroken, match="history_blocks"):
        history.blocks(None, 9)
    with pytest.raises(RecordBroken, match="history_transfers"):
        history.transfer(KEY)
