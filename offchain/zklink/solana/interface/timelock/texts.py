"""Proposed calls as bytes: as the owner hands them in, and as they stand in a proposal's account. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from zklink.primitives.keccak import keccak256
from zklink.solana.interface.timelock.accounts import MAX_CALL_ACCOUNTS, MAX_CALLS

SIGNS: Final = 1
WRITES: Final = 2
PINNED: Final = 4
"""Marks of an account."""
_KEY: Final = 32


@dataclass(frozen=True, slots=True)
class Named:
    """An account of a call. `pin` is the keccak256 of what it must hold when the call is made; empty for anything."""

    key: bytes
    is_signer: bool = False
    is_writable: bool = False
    pin: bytes = b""


@dataclass(frozen=True, slots=True)
class ProposedCall:
    """A call of a program, its address of 32 bytes. Only the timelock and its purse can sign."""

    program: bytes
    accounts: tuple[Named, ...]
    data: bytes


def encode_calls(calls: Sequence[ProposedCall]) -> bytes:
    """The calls, one after the other; ValueError for none, or more than a proposal has."""
    if not 0 < len(calls) <= MAX_CALLS:
        raise ValueError(f"{len(calls)} calls, not 1 to {MAX_CALLS}")
    return b"".join(map(_encode, calls))


def _encode(call: ProposedCall) -> bytes:
    if len(call.accounts) > MAX_CALL_ACCOUNTS or len(call.data) >= 1 << 16 or len(call.program) != _KEY:
        raise ValueError(f"a call of {len(call.accounts)} accounts and {len(call.data)} bytes")
    accounts = b"".join(map(_encode_account, call.accounts))
    return call.program + bytes([len(call.accounts)]) + accounts + len(call.data).to_bytes(2, "little") + call.data


def _encode_account(account: Named) -> bytes:
    if len(account.key) != _KEY or len(account.pin) not in (0, _KEY):
        raise ValueError("an account has 32 bytes, and so has a hash")
    marks = account.is_signer * SIGNS | account.is_writable * WRITES | bool(account.pin) * PINNED
    return bytes([marks]) + account.key + account.pin


def decode_calls(text: bytes, count: int) -> tuple[ProposedCall, ...]:
    """So many calls; ValueError for bytes that are none."""
    reader = _Reader(text)
    calls = tuple(reader.read_call() for _ in range(count))
    if reader.at != len(text):
        raise ValueError("bytes after the last call")
    return calls


def pin_of(data: bytes) -> bytes:
    """The pin of an account that holds these bytes."""
    return keccak256(data)


class _Reader:
    __slots__ = ("at", "text")

    def __init__(self, text: bytes) -> None:
        self.text, self.at = text, 0

    def take(self, size: int) -> bytes:
        found = self.text[self.at : self.at + size]
        if len(found) != size:
            raise ValueError("a call breaks off")
        self.at += size
        return found

    def read_call(self) -> ProposedCall:
        program, count = self.take(_KEY), self.take(1)[0]
        accounts = tuple(self.read_account() for _ in range(count))
        return ProposedCall(program, accounts, self.take(int.from_bytes(self.take(2), "little")))

    def read_account(self) -> Named:
        marks, key = self.take(1)[0], self.take(_KEY)
        if marks > SIGNS | WRITES | PINNED:
            raise ValueError(f"marks {marks} of an account")
        return Named(key, bool(marks & SIGNS), bool(marks & WRITES), self.take(_KEY) if marks & PINNED else b"")
