"""The sequencer's journal: the blocks that it sealed, in which order and at which time, before any chain knows them.

Takes and gives one entry per sealed block, written before anything about the block leaves the machine. An entry only
names its requests, since they come from the chains' queues again; it holds signed operations in full, since nobody else
has them. Never holds states or proofs: they follow from the transition.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from zklink.files import LineFile
from zklink.operations.requests import Request, RequestKey
from zklink.primitives.keccak import keccak_words
from zklink.protocol.errors import JournalBroken, ZkLinkError
from zklink.protocol.ids import BlockNumber, ChainId, Lane, RequestId
from zklink.schema.operations import decode_operation, encode_operation
from zklink.sequencer.operation_queue import Pending

JournalItem = RequestKey | Pending

_NO_ENTRY: Final = (ValueError, TypeError, KeyError, AttributeError, RecursionError, ZkLinkError)
"""Whatever a line that is no entry raises when it is read."""


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One sealed block: its number, lane and timestamp, the items of its slots, and the hash of all its requests."""

    number: BlockNumber
    lane: Lane
    timestamp: int
    items: tuple[JournalItem, ...]
    requests_hash: bytes

    @property
    def requests(self) -> tuple[RequestKey, ...]:
        """The keys of its requests."""
        return tuple(item for item in self.items if not isinstance(item, Pending))


def compute_requests_hash(requests: Iterable[Request]) -> bytes:
    """The hash by which an entry recognises its requests: after a reorganisation another request can have the same
    id.
    """
    return keccak_words(*(word for request in requests for word in request.words()))


class Journal(Protocol):
    """Port: an append-only list that can be cut at its end."""

    def entries(self) -> Sequence[JournalEntry]:
        """Everything written and not cut, in order of block number."""
        ...

    def append(self, entry: JournalEntry) -> None:
        """Write an entry; durable when this returns."""
        ...

    def cut(self, last: BlockNumber) -> None:
        """Forget all entries after block `last`."""
        ...


class MemoryJournal:
    """A journal that lives as long as its owner; a restarted node can be given the same one."""

    def __init__(self) -> None:
        self._entries: list[JournalEntry] = []

    def entries(self) -> Sequence[JournalEntry]:
        return tuple(self._entries)

    def append(self, entry: JournalEntry) -> None:
        self._entries.append(entry)

    def cut(self, last: BlockNumber) -> None:
        del self._entries[last:]


class FileJournal:
    """One JSON line per entry (see `LineFile` for what a crash or a full disk leaves). A cut puts a whole new file in
    the place of the old one.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._file = path, LineFile(path)

    def entries(self) -> Sequence[JournalEntry]:
        """Raises JournalBroken, FileUnreadable."""
        entries, position = [], 0
        for number, line in enumerate(self._file.lines(), start=1):
            try:
                entries.append(_decode(line, number))
            except _NO_ENTRY as error:
                raise JournalBroken(str(self._path), number, position, str(error)) from error
            position += len(line) + 1
        return tuple(entries)

    def append(self, entry: JournalEntry) -> None:
        """Raises FileNotWritten; then the journal has nothing of the entry."""
        self._file.append(_encode(entry))

    def cut(self, last: BlockNumber) -> None:
        """Raises FileNotWritten; then nothing is cut."""
        self._file.replace([_encode(entry) for entry in self.entries()[:last]])


def _encode(entry: JournalEntry) -> bytes:
    items = [_encode_item(item) for item in entry.items]
    return json.dumps([entry.number, int(entry.lane), entry.timestamp, items, entry.requests_hash.hex()]).encode()


def _encode_item(item: JournalItem) -> object:
    if not isinstance(item, Pending):
        return item
    consent = {"consent": item.consent.hex(), "owner": item.owner.hex()}
    return {"id": item.id.hex(), **consent, "operation": encode_operation(item.operation)}


def _decode(line: bytes, number: int) -> JournalEntry:
    """The entry of a line, which is about this block. Raises one of _NO_ENTRY."""
    found, lane, timestamp, items, requests_hash = json.loads(line.decode())
    if found != number:
        raise ValueError(f"the line is about block {found}")
    return JournalEntry(
        BlockNumber(number), Lane(lane), int(timestamp), tuple(map(_decode_item, items)), bytes.fromhex(requests_hash)
    )


def _decode_item(item: Any) -> JournalItem:
    if isinstance(item, list):
        chain, request = item
        return ChainId(int(chain)), RequestId(int(request))
    operation = decode_operation(item["operation"])
    id, consent, owner = (bytes.fromhex(item[name]) for name in ("id", "consent", "owner"))
    return Pending(id, operation, consent, owner)
