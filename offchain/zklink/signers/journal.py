"""What a signer must remember when it is started again, so that it keeps its word: its last ACC, its seals of blocks
above that, and its END.

Takes and gives one record, which is on the disk before a signature leaves the signer. Never grows with the history.
"""

import json
from dataclasses import dataclass
from typing import Any, Protocol

from zklink.protocol.facts import Accepted
from zklink.protocol.ids import BlockNumber


@dataclass(frozen=True, slots=True)
class Sealed:
    """A block that a validator has sealed, and the sync hashes before and after it."""

    number: BlockNumber
    timestamp: int
    previous: bytes
    sync_hash: bytes

    @property
    def place(self) -> Accepted:
        """The history with this block."""
        return Accepted(self.number, self.sync_hash)

    @property
    def parent(self) -> Accepted:
        """The history that it builds on."""
        return Accepted(BlockNumber(self.number - 1), self.previous)


@dataclass(frozen=True, slots=True)
class Given:
    """A signer's word: for ACC, for seals of blocks above it, and for END."""

    accepted: Accepted
    seals: tuple[Sealed, ...] = ()
    end: Accepted | None = None


class SignerJournal(Protocol):
    """Port: the place of one record."""

    def load(self) -> Given | None:
        """What was saved last; None if nothing was."""
        ...

    def save(self, given: Given) -> None:
        """Keep a record; durable when this returns."""
        ...


class MemorySignerJournal:
    """Lives as long as its owner; a signer that is started again can be given the same one."""

    def __init__(self) -> None:
        self._given: Given | None = None

    def load(self) -> Given | None:
        return self._given

    def save(self, given: Given) -> None:
        self._given = given


def encode_given(given: Given) -> str:
    """A word as JSON."""
    seals = [[s.number, s.timestamp, s.previous.hex(), s.sync_hash.hex()] for s in given.seals]
    end = None if given.end is None else _encode_place(given.end)
    return json.dumps({"accepted": _encode_place(given.accepted), "seals": seals, "end": end})


def _encode_place(place: Accepted) -> object:
    return [place.number, place.sync_hash.hex()]


def decode_given(text: str) -> Given:
    """The word of a JSON text. Raises ValueError with the reason if it is none."""
    try:
        value = json.loads(text)
        end = value["end"]
        seals = tuple(
            Sealed(BlockNumber(int(number)), int(timestamp), _hash(previous), _hash(sync_hash))
            for number, timestamp, previous, sync_hash in value["seals"]
        )
        return Given(_decode_place(value["accepted"]), seals, None if end is None else _decode_place(end))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError(f"no word of a signer: {error}") from error


def _decode_place(value: Any) -> Accepted:
    number, sync_hash = value
    return Accepted(BlockNumber(int(number)), _hash(sync_hash))


def _hash(value: str) -> bytes:
    found = bytes.fromhex(value)
    if len(found) != 32:
        raise ValueError(f"{value} is no hash")
    return found
