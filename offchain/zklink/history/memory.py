"""The history in this process: folds a node's events, and what chains show, into records that anybody may read.

Takes events on one thread (hand `take` to `Node.listen`), glimpses and receipts on any; gives records on any thread. It
is never stored, which is enough for a network that lives as long as its process; `zklink.storage.history` keeps the
same in a database. Never asks a node or a chain.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from threading import RLock

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
    RequestConfirmed,
    RequestsLost,
    RolledBack,
)
from zklink.operations.operation_id import OperationId
from zklink.operations.requests import RequestKey
from zklink.operations.swap import SwapRequest
from zklink.protocol.ids import AccountId, BlockNumber, ChainId, Lane
from zklink.sequencer.lifecycle import Counters


class MemoryHistory:
    """A History (see `zklink.history.read_model`) of one node."""

    def __init__(self, deployment_hash: bytes, run: str = "00000000") -> None:
        self.feed = Feed(run)
        self._deployment_hash = deployment_hash
        self._lock = RLock()
        self._transfers: dict[RequestKey, TransferRecord] = {}
        self._glimpses = Glimpses()
        self._by_hash: dict[bytes, list[RequestKey]] = {}
        self._by_address: dict[bytes, list[tuple[int, int]]] = {}
        self._by_payout: dict[bytes, RequestKey] = {}
        self._receipts: dict[bytes | RequestKey, tuple[MoneyReceipt, ...]] = {}
        self._blocks: dict[BlockNumber, BlockEntry] = {}
        self._operations: dict[OperationId, OperationEntry] = {}
        self._in_order: list[OperationId] = []
        self._of_account: dict[AccountId, list[OperationId]] = {}
        self._counters: dict[ChainId, Counters] = {}

    # -- what comes in -------------------------------------------------------------------------------------------------

    def take(self, event: Event) -> None:
        """Fold one event in."""
        with self._lock:
            changed = list(self._fold(event))
        for topic, key in changed:
            self.feed.tell(topic, key)  # type: ignore[arg-type]  # the topic says which kind of key it is

    def see(self, chain: ChainId, glimpses: Iterable[Glimpse]) -> None:
        """What a chain shows now of requests without confirmations: all of them, instead of those before."""
        new = self._glimpses.see(chain, glimpses)
        for key in new:
            self.feed.tell(Topic.TRANSFERS, key)

    def show(self, receipts: Iterable[MoneyReceipt]) -> None:
        """Receipts that have their chain's confirmations."""
        changed = []
        with self._lock:
            for receipt in receipts:
                name: bytes | RequestKey = receipt.key or receipt.request or b""
                known = self._receipts.get(name, ())
                if receipt in known:
                    continue
                self._receipts[name] = (*known, receipt)
                key = receipt.request or self._by_payout.get(receipt.key)
                if key in self._transfers:
                    changed.append(key)
        for key in changed:
            self.feed.tell(Topic.TRANSFERS, key)

    # -- what is asked -------------------------------------------------------------------------------------------------

    def counters(self) -> Mapping[ChainId, Counters]:
        with self._lock:
            return dict(self._counters)

    def transfers_by_hash(self, tx_hash: bytes) -> Sequence[TransferRecord]:
        with self._lock:
            keys = self._by_hash.get(tx_hash, ())
            confirmed = [self._complete(self._transfers[key]) for key in keys]
            known = {record.key for record in confirmed}
            fresh = self._glimpses.by_hash(tx_hash)
            return (*confirmed, *(record for record in fresh if record.key not in known))

    def transfer(self, key: RequestKey) -> TransferRecord | None:
        with self._lock:
            if key in self._transfers:
                return self._complete(self._transfers[key])
            return self._glimpses.find(key)

    def transfers_of(self, address: bytes, before: tuple[int, int] | None, limit: int) -> Page[TransferRecord]:
        with self._lock:
            places = self._by_address.get(address, [])
            found = _take_page(places, before, limit)
            keys = [_key_of(place) for place in found]
            return Page([self._complete(self._transfers[key]) for key in keys], _next(places, found))

    def operation(self, id: OperationId) -> OperationEntry | None:
        with self._lock:
            return self._operations.get(id)

    def operations(self, account: AccountId | None, before: tuple[int, int] | None, limit: int) -> Page[OperationEntry]:
        with self._lock:
            ids = self._in_order if account is None else self._of_account.get(account, [])
            end = len(ids) if before is None else bisect_left(ids, before[0], key=lambda id: self._operations[id].place)
            entries = [self._operations[id] for id in reversed(ids[max(end - limit, 0) : end])]
            is_last = not entries or entries[-1].id == ids[0]
            return Page(entries, None if is_last else (entries[-1].place, 0))

    def block(self, number: BlockNumber) -> BlockEntry | None:
        with self._lock:
            return self._blocks.get(number)

    def blocks(self, before: tuple[int, int] | None, limit: int) -> Page[BlockEntry]:
        with self._lock:
            top = len(self._blocks) if before is None else min(before[0] - 1, len(self._blocks))
            numbers = range(max(top, 0), max(top - limit, 0), -1)
            entries = [self._blocks[BlockNumber(number)] for number in numbers]
            is_last = not entries or entries[-1].number == 1
            return Page(entries, None if is_last else (entries[-1].number, 0))

    # -- folding -------------------------------------------------------------------------------------------------------

    def _fold(self, event: Event) -> Iterator[tuple[Topic, object]]:
        match event:
            case RequestConfirmed(_, SwapRequest() as request, l1_block, tx_hash):
                self._confirm(TransferRecord(request, tx_hash, l1_block))
                yield Topic.TRANSFERS, event.key
            case RequestsLost(_, Lane.SWAP, chain, first):
                self._lose(chain, first)
            case OperationAccepted(_, id, kind, account, nonce):
                self._note(id, kind, account, nonce)
                yield Topic.OPERATIONS, id
            case OperationDropped(_, id, reason) if id in self._operations:
                self._operations[id] = replace(self._operations[id], block=None, reason=reason)
                yield Topic.OPERATIONS, id
            case BlockSealed():
                yield from self._seal(event)
            case BlockProven(_, number) if number in self._blocks:
                self._blocks[number] = replace(self._blocks[number], is_proven=True)
                yield Topic.BLOCKS, number
            case ChainMoved(_, chain, before, after):
                self._counters[chain] = after
                yield Topic.CHAINS, chain
                yield from self._move(before, after)
            case ChainFrozen(_, chain):
                yield Topic.CHAINS, chain
            case RolledBack(_, to_block):
                yield from self._roll_back(to_block)

    def _confirm(self, record: TransferRecord) -> None:
        self._forget(record.key)
        self._transfers[record.key] = record
        self._by_hash.setdefault(record.tx_hash, []).append(record.key)
        for address in {record.request.recipient, record.request.refund_to}:
            places = self._by_address.setdefault(address, [])
            place = _place_of(record.request)
            places.insert(bisect_left(places, place), place)

    def _lose(self, chain: ChainId, first: int) -> None:
        for key in [key for key in self._transfers if key[0] == chain and key[1] >= first]:
            self._forget(key)

    def _forget(self, key: RequestKey) -> None:
        record = self._transfers.pop(key, None)
        if record is None:
            return
        self._by_hash[record.tx_hash].remove(key)
        for address in {record.request.recipient, record.request.refund_to}:
            self._by_address[address].remove(_place_of(record.request))

    def _note(self, id: OperationId, kind: str, account: AccountId | None, nonce: object) -> None:
        known = self._operations.get(id)
        if known is not None:  # handed in again after it was dropped
            self._operations[id] = replace(known, reason="")
            return
        self._operations[id] = OperationEntry(id, kind, account, nonce, len(self._in_order))  # type: ignore[arg-type]
        self._in_order.append(id)
        if account is not None:
            self._of_account.setdefault(account, []).append(id)

    def _seal(self, event: BlockSealed) -> Iterator[tuple[Topic, object]]:
        keys = event.requests or tuple(result.key for result in event.results)
        entry = BlockEntry(
            event.number, event.lane, event.timestamp, event.root, event.commitment, keys, event.operations
        )
        self._blocks[event.number] = entry
        yield Topic.BLOCKS, event.number
        for result in event.results:
            record, key = self._transfers[result.key], result.payout.fill_key(self._deployment_hash)
            reason = result.outcome.reason
            self._by_payout[key] = result.key
            self._transfers[result.key] = replace(
                record, block=event.number, payout=result.payout, payout_key=key, refund_reason=reason
            )
            yield Topic.TRANSFERS, result.key
        for item in event.signed:
            self._note(item.id, item.kind, item.account, item.nonce)
            self._operations[item.id] = replace(self._operations[item.id], block=event.number)
            yield Topic.OPERATIONS, item.id

    def _move(self, before: Counters, after: Counters) -> Iterator[tuple[Topic, object]]:
        """What is in blocks whose status changed."""
        low = min(before.executed, after.executed, before.accepted, after.accepted)
        for number in range(low + 1, max(after.accepted, before.accepted) + 1):
            entry = self._blocks.get(BlockNumber(number))
            if entry is None or before.status(entry.number) == after.status(entry.number):
                continue
            yield Topic.BLOCKS, entry.number
            if entry.lane is Lane.SWAP:
                yield from ((Topic.TRANSFERS, key) for key in entry.requests)
            yield from ((Topic.OPERATIONS, id) for id in entry.operations)

    def _roll_back(self, to_block: BlockNumber) -> Iterator[tuple[Topic, object]]:
        for number in range(len(self._blocks), to_block, -1):
            entry = self._blocks.pop(BlockNumber(number))
            yield Topic.BLOCKS, entry.number
            for key in entry.requests if entry.lane is Lane.SWAP else ():
                if key in self._transfers:
                    self._transfers[key] = replace(
                        self._transfers[key], block=None, payout=None, payout_key=b"", refund_reason=None
                    )
                    yield Topic.TRANSFERS, key
            for id in entry.operations:
                self._operations[id] = replace(self._operations[id], block=None)
                yield Topic.OPERATIONS, id

    def _complete(self, record: TransferRecord) -> TransferRecord:
        receipts = (*self._receipts.get(record.key, ()), *self._receipts.get(record.payout_key or b"\0", ()))
        return replace(record, receipts=receipts) if receipts else record


def _place_of(request: SwapRequest) -> tuple[int, int]:
    """Where a swap stands among those of its address: by its time, then by its chain and number."""
    return request.queued_at, request.source << 64 | request.request_id


def _key_of(place: tuple[int, int]) -> RequestKey:
    return ChainId(place[1] >> 64), place[1] & (1 << 64) - 1  # type: ignore[return-value]


def _take_page(places: list[tuple[int, int]], before: tuple[int, int] | None, limit: int) -> list[tuple[int, int]]:
    """At most `limit` ascending places below `before`, the highest first."""
    end = len(places) if before is None else bisect_left(places, before)
    return places[max(end - limit, 0) : end][::-1]


def _next(places: list[tuple[int, int]], found: list[tuple[int, int]]) -> tuple[int, int] | None:
    return None if not found or found[-1] == places[0] else found[-1]
