"""The hashes that a chain's contracts keep, and the tip of its history (docs/protocol.md, section 8)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from zklink.primitives.keccak import keccak_words
from zklink.protocol.errors import WrongWordCount
from zklink.protocol.ids import BlockNumber
from zklink.protocol.words import PAYOUT_WORDS

ZERO_HASH: Final = bytes(32)
"""In place of a hash: nothing is owed, no such request, no such block."""


def next_queue_hash(queue_hash: bytes, words: Sequence[int]) -> bytes:
    """Append one request's words to its lane's queue; the hash before the first request is the deployment hash."""
    return keccak_words(queue_hash, *words)


def compute_owed_hash(words: Sequence[int]) -> bytes:
    """Rolling hash of the payouts of one block that a chain still owes, three words each; ZERO_HASH for none."""
    if len(words) % PAYOUT_WORDS:
        raise WrongWordCount("payouts", len(words) // PAYOUT_WORDS * PAYOUT_WORDS, len(words))
    owed_hash = ZERO_HASH
    for at in range(0, len(words), PAYOUT_WORDS):
        owed_hash = keccak_words(owed_hash, *words[at : at + PAYOUT_WORDS])
    return owed_hash


def compute_fill_key(deployment_hash: bytes, p0: int, p1: int, p2: int) -> bytes:
    """The key that identifies one payout: the hash of the deployment and all of its words (DAT-4)."""
    return keccak_words(deployment_hash, p0, p1, p2)


def next_sync_hash(sync_hash: bytes, block_commitment: bytes) -> bytes:
    """The rolling hash of block commitments; starts at the deployment hash."""
    return keccak_words(sync_hash, block_commitment)


def fold(sync_hash: bytes, commitments: Iterable[bytes]) -> bytes:
    """The sync hash after the blocks with these commitments."""
    for commitment in commitments:
        sync_hash = next_sync_hash(sync_hash, commitment)
    return sync_hash


@dataclass(frozen=True, slots=True)
class Tip:
    """The last block of a chain's history: accepted on the primary, imported on a member. `unpaid` counts the blocks of
    which the chain still owes payouts; `has_end` says on a member that its END stands, on the primary that it was
    silent once.
    """

    number: BlockNumber
    timestamp: int
    unpaid: int
    has_end: bool
    root: int
    sync_hash: bytes

    @classmethod
    def from_abi(cls, values: Sequence[Any]) -> "Tip":
        """Read the struct `Tip`."""
        number, timestamp, unpaid, has_end, root, sync_hash = values
        return cls(BlockNumber(number), timestamp, unpaid, has_end, root, bytes(sync_hash))


def genesis_tip(genesis_root: int, deployment_hash: bytes) -> Tip:
    """The history before block 1, the same on every chain."""
    return Tip(BlockNumber(0), 0, 0, False, genesis_root, deployment_hash)
