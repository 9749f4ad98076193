"""Folds a node's events, and what chains show, into the rows of its history.

Takes one transaction; every method gives what it changes, and nothing for what is already there. Never opens a
transaction and never tells anybody.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from sqlalchemy import Connection, delete, func, insert, select, update

from zklink.history.feed import Topic
from zklink.history.read_model import BlockEntry, OperationEntry
from zklink.history.transfer_record import MoneyReceipt, TransferRecord
from zklink.node.events import (
    BlockProven,
    BlockSealed,
    ChainFrozen,
    ChainMoved,
    Event,
    OperationAccepted,
    OperationDropped,
    QueuesRead,
    RequestConfirmed,
    RequestsLost,
    Result,
    RolledBack,
    SignedItem,
)
from zklink.operations.operation_id import OperationId
from zklink.operations.requests import RequestKey
from zklink.operations.swap import SwapRequest
from zklink.protocol.ids import BlockNumber, ChainId, Lane
from zklink.sequencer.lifecycle import GENESIS_COUNTERS, Counters
from zklink.storage.records import decode_record, encode_record
from zklink.storage.tables import (
    history_addresses,
    history_blocks,
    history_chains,
    history_operations,
    history_receipts,
    history_transfers,
)

Change = tuple[Topic, RequestKey | BlockNumber | OperationId | ChainId]

FIRST_PLACE: Final = 0


class HistoryRows:
    """The rows, within one transaction."""

    def __init__(self, connection: Connection, deployment_hash: bytes) -> None:
        self._connection, self._deployment_hash = connection, deployment_hash

    def take(self, event: Event) -> Iterator[Change]:
        """Fold one event in."""
        match event:
            case RequestConfirmed(_, SwapRequest() as request, l1_block, tx_hash):
                yield from self._confirm(TransferRecord(request, tx_hash, l1_block))
            case RequestsLost(_, Lane.SWAP, chain, first):
                self._lose(chain, first)
            case QueuesRead(_, chain, last):
                self._lose(chain, last[Lane.SWAP] + 1)
            case OperationAccepted(_, id, kind, account, nonce):
                yield from self._note(SignedItem(id, kind, account, nonce), is_again=True)
            case OperationDropped(_, id, reason):
                yield from self._put_operation(id, block=None, reason=reason)
            case BlockSealed():
                yield from self._seal(event)
            case BlockProven(_, number):
                yield from self._prove(number)
            case ChainMoved(_, chain, _, after):
                yield Topic.CHAINS, chain
                yield from self._move(chain, after)
            case ChainFrozen(_, chain):
                yield Topic.CHAINS, chain
            case RolledBack(_, to_block):
                yield from self.roll_back(to_block)

    def show(self, receipts: Iterable[MoneyReceipt]) -> Iterator[Change]:
        """Keep receipts."""
        for receipt in receipts:
            name, text = receipt.key or name_request(receipt.request), encode_record(receipt)
            digest = hashlib.sha256(text.encode()).digest()
            table = history_receipts
            known = select(table.c.name).where(table.c.name == name, table.c.digest == digest)
            if self._connection.execute(known).one_or_none() is not None:
                continue
            row = {"name": name, "digest": digest, "l1_block": receipt.l1_block, "receipt": text}
            self._connection.execute(insert(table).values(**row))
            paid = history_transfers.c.payout_key == receipt.key
            chain, number = receipt.request or (0, 0)
            named = (history_transfers.c.chain == chain) & (history_transfers.c.request == number)
            found = select(history_transfers.c.chain, history_transfers.c.request)
            for place in self._connection.execute(found.where(named if receipt.request else paid)):
                yield Topic.TRANSFERS, (place.chain, place.request)

    def roll_back(self, to_block: BlockNumber) -> Iterator[Change]:
        """Blocks above `to_block` are gone."""
        table = history_blocks
        query = select(table.c.entry).where(table.c.number > to_block).order_by(table.c.number.desc())
        entries = [decode_record(BlockEntry, text) for text in self._connection.execute(query).scalars()]
        self._connection.execute(delete(table).where(table.c.number > to_block))
        for entry in entries:
            yield Topic.BLOCKS, entry.number
            for key in entry.requests if entry.lane is Lane.SWAP else ():
                record = self._find_transfer(key)
                if record is not None and record.block == entry.number:
                    self._put_transfer(replace(record, block=None, payout=None, payout_key=b"", refund_reason=None))
                    yield Topic.TRANSFERS, key
            for id in entry.operations:
                yield from self._put_operation(id, block=None)

    # -- swaps ---------------------------------------------------------------------------------------------------------

    def _confirm(self, record: TransferRecord) -> Iterator[Change]:
        chain, request = record.key
        known = self._find_transfer(record.key)
        fresh = None if known is None else TransferRecord(known.request, known.tx_hash, known.l1_block)
        if fresh == record:
            return
        self._lose_one(record.key)
        row = {"chain": chain, "request": request, "tx_hash": record.tx_hash, "record": encode_record(record)}
        self._connection.execute(insert(history_transfers).values(**row))
        for address in {record.request.recipient, record.request.refund_to}:
            place = {"address": address, "queued_at": record.request.queued_at, "chain": chain, "request": request}
            self._connection.execute(insert(history_addresses).values(**place))
        yield Topic.TRANSFERS, record.key

    def _lose(self, chain: ChainId, first: int) -> None:
        for table in (history_transfers, history_addresses):
            self._connection.execute(delete(table).where(table.c.chain == chain, table.c.request >= first))

    def _lose_one(self, key: RequestKey) -> None:
        for table in (history_transfers, history_addresses):
            self._connection.execute(delete(table).where(table.c.chain == key[0], table.c.request == key[1]))

    def _find_transfer(self, key: RequestKey) -> TransferRecord | None:
        table = history_transfers
        query = select(table.c.record).where(table.c.chain == key[0], table.c.request == key[1])
        text = self._connection.execute(query).scalar_one_or_none()
        return None if text is None else decode_record(TransferRecord, text)

    def _put_transfer(self, record: TransferRecord) -> None:
        table, (chain, request) = history_transfers, record.key
        change = update(table).where(table.c.chain == chain, table.c.request == request)
        self._connection.execute(change.values(payout_key=record.payout_key or None, record=encode_record(record)))

    # -- blocks --------------------------------------------------------------------------------------------------------

    def _seal(self, event: BlockSealed) -> Iterator[Change]:
        keys = event.requests or tuple(result.key for result in event.results)
        known = self._find_block(event.number)
        if known is not None and known.commitment != event.commitment:
            yield from self.roll_back(BlockNumber(event.number - 1))
            known = None
        if known is None:
            place = event.number, event.lane, event.timestamp, event.root, event.commitment
            entry = BlockEntry(*place, keys, event.operations)
            self._connection.execute(insert(history_blocks).values(number=event.number, entry=encode_record(entry)))
            yield Topic.BLOCKS, event.number
        for result in event.results:
            yield from self._decide(event.number, result)
        for item in event.signed:
            yield from self._note(item)
            yield from self._put_operation(item.id, block=event.number)

    def _decide(self, number: BlockNumber, result: Result) -> Iterator[Change]:
        record = self._find_transfer(result.key)
        key = result.payout.fill_key(self._deployment_hash)
        if record is None or (record.block, record.payout_key) == (number, key):
            return
        reason = result.outcome.reason
        self._put_transfer(replace(record, block=number, payout=result.payout, payout_key=key, refund_reason=reason))
        yield Topic.TRANSFERS, result.key

    def _prove(self, number: BlockNumber) -> Iterator[Change]:
        entry = self._find_block(number)
        if entry is not None and not entry.is_proven:
            change = update(history_blocks).where(history_blocks.c.number == number)
            self._connection.execute(change.values(entry=encode_record(replace(entry, is_proven=True))))
            yield Topic.BLOCKS, number

    def _find_block(self, number: BlockNumber) -> BlockEntry | None:
        query = select(history_blocks.c.entry).where(history_blocks.c.number == number)
        text = self._connection.execute(query).scalar_one_or_none()
        return None if text is None else decode_record(BlockEntry, text)

    def _move(self, chain: ChainId, after: Counters) -> Iterator[Change]:
        """What is in blocks whose status changed."""
        before = read_counters(self._connection).get(chain, GENESIS_COUNTERS)
        table = history_chains
        self._connection.execute(delete(table).where(table.c.chain == chain))
        row = {"chain": chain, "accepted": after.accepted, "executed": after.executed}
        self._connection.execute(insert(table).values(**row))
        low = min(before.executed, after.executed, before.accepted, after.accepted)
        high = max(after.accepted, before.accepted)
        numbers = history_blocks.c.number
        query = select(history_blocks.c.entry).where(numbers > low, numbers <= high).order_by(numbers)
        for text in self._connection.execute(query).scalars().all():
            entry = decode_record(BlockEntry, text)
            if before.status(entry.number) == after.status(entry.number):
                continue
            yield Topic.BLOCKS, entry.number
            if entry.lane is Lane.SWAP:
                yield from ((Topic.TRANSFERS, key) for key in entry.requests)
            yield from ((Topic.OPERATIONS, id) for id in entry.operations)

    # -- operations ----------------------------------------------------------------------------------------------------

    def _note(self, item: SignedItem, *, is_again: bool = False) -> Iterator[Change]:
        """An operation is seen: for the first time, or once more after it was dropped."""
        table = history_operations
        if self._connection.execute(select(table.c.id).where(table.c.id == item.id)).one_or_none() is not None:
            if is_again:
                yield from self._put_operation(item.id, reason="")
            return
        last = self._connection.execute(select(func.max(table.c.place))).scalar_one_or_none()
        place = FIRST_PLACE if last is None else last + 1
        entry = OperationEntry(item.id, item.kind, item.account, item.nonce, place)
        row = {"id": item.id, "place": place, "account": item.account, "entry": encode_record(entry)}
        self._connection.execute(insert(table).values(**row))
        yield Topic.OPERATIONS, item.id

    def _put_operation(self, id: OperationId, **changes: object) -> Iterator[Change]:
        table = history_operations
        text = self._connection.execute(select(table.c.entry).where(table.c.id == id)).scalar_one_or_none()
        if text is None:
            return
        before = decode_record(OperationEntry, text)
        after = replace(before, **changes)  # type: ignore[arg-type]  # fields of it
        if after != before:
            self._connection.execute(update(table).where(table.c.id == id).values(entry=encode_record(after)))
            yield Topic.OPERATIONS, id


def name_request(key: RequestKey | None) -> bytes:
    """How a receipt of a cancelled request is filed: shorter than any payout's key."""
    chain, request = key or (0, 0)
    return bytes([chain]) + request.to_bytes(8, "big")


def read_counters(connection: Connection) -> dict[ChainId, Counters]:
    """How far each chain is."""
    rows = connection.execute(select(history_chains)).all()
    return {ChainId(row.chain): Counters(BlockNumber(row.accepted), BlockNumber(row.executed)) for row in rows}
