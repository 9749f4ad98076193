"""What a sequencer must remember and no chain can tell it yet: which requests it sealed, in which order, at which
time.

Takes and gives one entry per sealed block, written before anything about the block leaves the machine. Requests,
states and proofs are not in it: they follow from the chains' queues and from the transition.
"""

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from zklink.operations.swap import SwapRequest
from zklink.primitives.keccak import keccak_words
from zklink.protocol.errors import JournalBroken
from zklink.protocol.ids import BlockNumber, ChainId, RequestId


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One sealed block: its number, its timestamp, its requests in slot order and the hash of all they say."""

    number: BlockNumber
    timestamp: int
    requests: tuple[tuple[ChainId, RequestId], ...]
    requests_hash: bytes


def compute_requests_hash(requests: Iterable[SwapRequest]) -> bytes:
    """What an entry keeps of its requests, to know them again: a chain can put another one under the same id."""
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
    """One JSON line per entry. A cut rewrites the file beside the old one and replaces it, so a crash leaves one of
    the two.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        if path.exists():
            written = path.read_text()
            complete = written[: written.rfind("\n") + 1]
            if (
                complete != written
            ):  # the crash came before `append` returned: nothing about that block has left the machine
                path.write_text(complete)

    def entries(self) -> Sequence[JournalEntry]:
        if not self._path.exists():
            return ()
        lines = self._path.read_text().splitlines()
        entries = [_decode(line, number) for number, line in enumerate(lines, start=1)]
        return tuple(entries)

    def append(self, entry: JournalEntry) -> None:
        with self._path.open("a") as file:
            file.write(_encode(entry))
            file.flush()
            os.fsync(file.fileno())

    def cut(self, last: BlockNumber) -> None:
        kept = self.entries()[:last]
        beside = self._path.with_suffix(".new")
        with beside.open("w") as file:
            file.writelines(_encode(entry) for entry in kept)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)


def _encode(entry: JournalEntry) -> str:
    return json.dumps([entry.number, entry.timestamp, entry.requests, entry.requests_hash.hex()]) + "\n"


def _decode(line: str, number: int) -> JournalEntry:
    try:
        found, timestamp, requests, requests_hash = json.loads(line)
        entry = JournalEntry(
            BlockNumber(int(found)),
            int(timestamp),
            tuple((ChainId(int(chain)), RequestId(int(request))) for chain, request in requests),
            bytes.fromhex(requests_hash),
        )
    except (ValueError, TypeError) as error:
        raise JournalBroken(number, str(error)) from error
    if entry.number != number:
        raise JournalBroken(number, f"the line is about block {entry.number}")
    return entry
