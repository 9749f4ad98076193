"""The history in a node's database: at once there after a restart, with the same places.

Takes events on one thread, glimpses and receipts on any; gives records on any thread. What is handed in is written in
the order in which it came, in one transaction for all that waits; while the database fails it waits in this process,
and a node that starts again repeats whatever was not written. Never asks a node or a chain.
"""

import logging
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from threading import RLock
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Select, select, tuple_

from zklink.history.feed import Feed, Topic
from zklink.history.glimpses import Glimpses
from zklink.history.read_model import BlockEntry, OperationEntry, Page
from zklink.history.transfer_record import Glimpse, MoneyReceipt, TransferRecord
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
    RolledBack,
)
from zklink.operations.operation_id import OperationId
from zklink.operations.requests import RequestKey
from zklink.protocol.errors import DatabaseFailed, RecordBroken
from zklink.protocol.ids import AccountId, BlockNumber, ChainId
from zklink.sequencer.lifecycle import Counters
from zklink.storage.database import Database
from zklink.storage.history_rows import Change, HistoryRows, name_request, read_counters
from zklink.storage.records import decode_record
from zklink.storage.tables import (
    history_addresses,
    history_blocks,
    history_operations,
    history_receipts,
    history_transfers,
)

log = logging.getLogger(__name__)

R = TypeVar("R")

AT_ONCE: Final = 256
"""Events that one transaction takes."""

TOLD: Final = (
    BlockProven,
    BlockSealed,
    ChainFrozen,
    ChainMoved,
    OperationAccepted,
    OperationDropped,
    QueuesRead,
    RequestConfirmed,
    RequestsLost,
    RolledBack,
)
"""The events that a history is about."""


class SqlHistory:
    """A History (see `zklink.history.read_model`). If it `is_eager`, it writes each event as it comes; otherwise when
    somebody asks, or calls `flush`. Methods that give records raise DatabaseFailed, and RecordBroken for a row that is
    none.
    """

    def __init__(
        self, database: Database, deployment_hash: bytes, run: str = "00000000", *, is_eager: bool = True
    ) -> None:
        self.feed = Feed(run)
        self._database, self._deployment_hash, self._is_eager = database, deployment_hash, is_eager
        self._glimpses = Glimpses()
        self._lock = RLock()
        self._coming: deque[Event | tuple[MoneyReceipt, ...]] = deque()
        self._fails = False

    # -- what comes in -------------------------------------------------------------------------------------------------

    def take(self, event: Event) -> None:
        """Fold one event in, now or as soon as the database takes it."""
        if isinstance(event, TOLD):
            self._put(event)

    def see(self, chain: ChainId, glimpses: Iterable[Glimpse]) -> None:
        """What a chain shows now of requests without confirmations: all of them, instead of those before."""
        for key in self._glimpses.see(chain, glimpses):
            self.feed.tell(Topic.TRANSFERS, key)

    def show(self, receipts: Iterable[MoneyReceipt]) -> None:
        """Receipts that have their chain's confirmations."""
        shown = tuple(receipts)
        if shown:
            self._put(shown)

    def cut(self, last: BlockNumber) -> None:
        """Forget blocks above `last`, the end of the journal: the node was killed before it could say that they are
        gone. Raises DatabaseFailed.
        """
        self._write(lambda rows: list(rows.roll_back(last)))

    def flush(self) -> bool:
        """Write what waits; says whether nothing waits any more."""
        with self._lock:
            while self._coming:
                some = list(islice(self._coming, AT_ONCE))
                try:
                    self._write(lambda rows, some=some: [c for item in some for c in _fold(rows, item)])
                except DatabaseFailed as error:
                    if not self._fails:
                        log.warning("the history waits for the database: %s", error)
                    self._fails = True
                    return False
                self._fails = False
                for _ in some:
                    self._coming.popleft()
            return True

    # -- what is asked -------------------------------------------------------------------------------------------------

    def counters(self) -> Mapping[ChainId, Counters]:
        self._catch_up()
        with self._database.reading() as connection:
            return read_counters(connection)

    def transfers_by_hash(self, tx_hash: bytes) -> Sequence[TransferRecord]:
        self._catch_up()
        table = history_transfers
        query = select(table.c.record).where(table.c.tx_hash == tx_hash).order_by(table.c.chain, table.c.request)
        with self._database.reading() as connection:
            confirmed = _read_transfers(connection, query)
        known = {record.key for record in confirmed}
        return (*confirmed, *(record for record in self._glimpses.by_hash(tx_hash) if record.key not in known))

    def transfer(self, key: RequestKey) -> TransferRecord | None:
        self._catch_up()
        table = history_transfers
        query = select(table.c.record).where(table.c.chain == key[0], table.c.request == key[1])
        with self._database.reading() as connection:
            found = _read_transfers(connection, query)
        return found[0] if found else self._glimpses.find(key)

    def transfers_of(self, address: bytes, before: tuple[int, int] | None, limit: int) -> Page[TransferRecord]:
        self._catch_up()
        places, table = history_addresses.c, history_transfers
        order = places.queued_at, places.chain, places.request
        query = select(table.c.record).join(
            history_addresses, (places.chain == table.c.chain) & (places.request == table.c.request)
        )
        query = query.where(places.address == address)
        if before is not None:
            query = query.where(tuple_(*order) < tuple_(before[0], before[1] >> 64, before[1] & (1 << 64) - 1))
        query = query.order_by(*(column.desc() for column in order)).limit(limit + 1)
        with self._database.reading() as connection:
            return _cut_page(_read_transfers(connection, query), limit, _place_of)

    def operation(self, id: OperationId) -> OperationEntry | None:
        self._catch_up()
        with self._database.reading() as connection:
            query = select(history_operations.c.entry).where(history_operations.c.id == id)
            found = _read(connection, query, OperationEntry, history_operations.name)
        return found[0] if found else None

    def operations(self, account: AccountId | None, before: tuple[int, int] | None, limit: int) -> Page[OperationEntry]:
        self._catch_up()
        table = history_operations
        query = select(table.c.entry).order_by(table.c.place.desc()).limit(limit + 1)
        if account is not None:
            query = query.where(table.c.account == account)
        if before is not None:
            query = query.where(table.c.place < before[0])
        with self._database.reading() as connection:
            found = _read(connection, query, OperationEntry, table.name)
        return _cut_page(found, limit, lambda entry: (entry.place, 0))

    def block(self, number: BlockNumber) -> BlockEntry | None:
        self._catch_up()
        with self._database.reading() as connection:
            query = select(history_blocks.c.entry).where(history_blocks.c.number == number)
            found = _read(connection, query, BlockEntry, history_blocks.name)
        return found[0] if found else None

    def blocks(self, before: tuple[int, int] | None, limit: int) -> Page[BlockEntry]:
        self._catch_up()
        table = history_blocks
        query = select(table.c.entry).order_by(table.c.number.desc()).limit(limit + 1)
        if before is not None:
            query = query.where(table.c.number < before[0])
        with self._database.reading() as connection:
            found = _read(connection, query, BlockEntry, table.name)
        return _cut_page(found, limit, lambda entry: (entry.number, 0))

    # -- inside --------------------------------------------------------------------------------------------------------

    def _put(self, item: Event | tuple[MoneyReceipt, ...]) -> None:
        with self._lock:
            self._coming.append(item)
        if self._is_eager:
            self.flush()

    def _catch_up(self) -> None:
        if self._coming:
            self.flush()

    def _write(self, change: Any) -> None:
        with self._lock, self._database.transaction() as connection:
            changes: list[Change] = change(HistoryRows(connection, self._deployment_hash))
        for topic, key in changes:
            self.feed.tell(topic, key)


def _fold(rows: HistoryRows, item: Event | tuple[MoneyReceipt, ...]) -> Iterable[Change]:
    return rows.show(item) if isinstance(item, tuple) else rows.take(item)


def _read(connection: Connection, query: Select[Any], kind: type[R], table: str) -> list[R]:
    try:
        return [decode_record(kind, text) for text in connection.execute(query).scalars()]
    except ValueError as error:
        raise RecordBroken(table, "?", str(error)) from error


def _read_transfers(connection: Connection, query: Select[Any]) -> list[TransferRecord]:
    """Swaps with what chains have shown of their money."""
    found = _read(connection, query, TransferRecord, history_transfers.name)
    table = history_receipts
    names = [name for record in found for name in (name_request(record.key), record.payout_key)]
    shown = select(table.c.name, table.c.receipt).where(table.c.name.in_(names)).order_by(table.c.l1_block)
    receipts: dict[bytes, list[MoneyReceipt]] = {}
    for row in connection.execute(shown) if found else ():
        receipts.setdefault(bytes(row.name), []).append(decode_record(MoneyReceipt, row.receipt))
    return [
        replace(
            record,
            receipts=(*receipts.get(name_request(record.key), ()), *receipts.get(record.payout_key or b"\0", ())),
        )
        for record in found
    ]


def _cut_page(found: list[R], limit: int, place_of: Any) -> Page[R]:
    """A page of entries of which one too many was read."""
    entries = found[:limit]
    return Page(entries, place_of(entries[-1]) if len(found) > limit else None)


def _place_of(record: TransferRecord) -> tuple[int, int]:
    return record.request.queued_at, record.key[0] << 64 | record.key[1]
