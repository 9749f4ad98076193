"""The sequencer's journal: the blocks that it sealed, in which order and at which time, before any chain knows them.

Takes and gives one entry per sealed block, written before anything about the block leaves the machine. An entry only
names its requests, since they come from the chains' queues again; it holds signed operations in full, since nobody else
has them. Beside them it keeps the operations that wait for a block. Never holds states or proofs: they follow from the
transition.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from zklink.operations.operation_id import OperationId
from zklink.operations.requests import Request, RequestKey
from zklink.primitives.keccak import keccak_words
from zklink.protocol.errors import ZkLinkError
from zklink.protocol.ids import BlockNumber, ChainId, Lane, RequestId
from zklink.schema.operations import decode_operation, encode_operation
from zklink.sequencer.operation_queue import Pending

JournalItem = RequestKey | Pending

FIRST: Final = BlockNumber(0)
"""Before the first block."""

_NO_ENTRY: Final = (ValueError, TypeError, KeyError, AttributeError, RecursionError, ZkLinkError)
"""Whatever a text that is no entry raises when it is read."""


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One sealed block: its number, lane and timestamp, the items of its slots, the hash of all its requests, and its
    block commitment, by which a checkpoint is compared with the chains.
    """

    number: BlockNumber
    lane: Lane
    timestamp: int
    items: tuple[JournalItem, ...]
    requests_hash: bytes
    commitment: bytes = b""

    @property
    def requests(self) -> tuple[RequestKey, ...]:
        """The keys of its requests."""
        return tuple(item for item in self.items if not isinstance(item, Pending))

    @property
    def signed(self) -> tuple[Pending, ...]:
        """Its signed operations and matches."""
        return tuple(item for item in self.items if isinstance(item, Pending))

    def consumes(self, lane: Lane, chain: ChainId, request_id: RequestId) -> bool:
        """Whether this block has a request of a queue or a later one."""
        return self.lane is lane and any(c == chain and i >= request_id for c, i in self.requests)


def compute_requests_hash(requests: Iterable[Request]) -> bytes:
    """The hash by which an entry recognises its requests: after a reorganisation another request can have the same
    id.
    """
    return keccak_words(*(word for request in requests for word in request.words()))


class Journal(Protocol):
    """Port: what only the sequencer knows. An append-only list of sealed blocks that can be cut at its end, and the
    operations and orders that wait. Each call happens or does not, and is durable when it returns.
    """

    def entries(self, after: BlockNumber = FIRST) -> Sequence[JournalEntry]:
        """Everything written and not cut of blocks after `after`, in order of block number."""
        ...

    def append(self, entry: JournalEntry) -> None:
        """Write an entry. Its operations wait no longer. Entries of its number and later ones, which nobody was told
        of, give way.
        """
        ...

    def cut(self, last: BlockNumber) -> None:
        """Forget all entries after block `last`; their operations wait again, before all others."""
        ...

    def waiting(self) -> Sequence[Pending]:
        """The operations and orders that wait, those first that were kept first."""
        ...

    def keep(self, pending: Pending) -> None:
        """An operation waits from now on, or an order rests."""
        ...

    def forget(self, ids: Iterable[OperationId]) -> None:
        """These wait no longer."""
        ...


class MemoryJournal:
    """A journal that lives as long as its owner; a restarted node can be given the same one."""

    def __init__(self) -> None:
        self._entries: list[JournalEntry] = []
        self._waiting: dict[OperationId, Pending] = {}

    def entries(self, after: BlockNumber = FIRST) -> Sequence[JournalEntry]:
        return tuple(self._entries[after:])

    def append(self, entry: JournalEntry) -> None:
        self._entries[entry.number - 1 :] = [entry]
        self.forget(pending.id for pending in entry.signed)

    def cut(self, last: BlockNumber) -> None:
        returned = {pending.id: pending for entry in self._entries[last:] for pending in entry.signed}
        self._waiting = returned | {id: kept for id, kept in self._waiting.items() if id not in returned}
        del self._entries[last:]

    def waiting(self) -> Sequence[Pending]:
        return tuple(self._waiting.values())

    def keep(self, pending: Pending) -> None:
        self._waiting[pending.id] = pending

    def forget(self, ids: Iterable[OperationId]) -> None:
        for id in ids:
            self._waiting.pop(id, None)


def encode_entry(entry: JournalEntry) -> str:
    """An entry as JSON."""
    items = [encode_item(item) for item in entry.items]
    hashes = entry.requests_hash.hex(), entry.commitment.hex()
    return json.dumps([entry.number, int(entry.lane), entry.timestamp, items, *hashes])


def decode_entry(text: str, number: int) -> JournalEntry:
    """The entry of block `number`. Raises ValueError with the reason if the text is none."""
    try:
        found, lane, timestamp, items, requests_hash, *more = json.loads(text)
        if found != number:
            raise ValueError(f"the entry is about block {found}")
        return JournalEntry(
            BlockNumber(number),
            Lane(lane),
            int(timestamp),
            tuple(map(decode_item, items)),
            bytes.fromhex(requests_hash),
            bytes.fromhex(*more) if more else b"",  # entries of older versions have none
        )
    except _NO_ENTRY as error:
        raise ValueError(f"no entry of a block: {error}") from error


def encode_item(item: JournalItem) -> object:
    """An item as a JSON value."""
    if not isinstance(item, Pending):
        return item
    consent = {"consent": item.consent.hex(), "owner": item.owner.hex()}
    return {"id": item.id.hex(), **consent, "operation": encode_operation(item.operation)}


def decode_item(item: Any) -> JournalItem:
    """The item of a JSON value. Raises ValueError with the reason if it is none."""
    try:
        if isinstance(item, list):
            chain, request = item
            return ChainId(int(chain)), RequestId(int(request))
        operation = decode_operation(item["operation"])
        id, consent, owner = (bytes.fromhex(item[name]) for name in ("id", "consent", "owner"))
        return Pending(id, operation, consent, owner)
    except _NO_ENTRY as error:
        raise ValueError(f"no item of a block: {error}") from error
