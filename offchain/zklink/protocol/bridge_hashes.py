"""The hashes that a bridge keeps (docs/protocol.md, section 8)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from zklink.primitives.keccak import keccak_words
from zklink.protocol.commitment import PublicInputs
from zklink.protocol.errors import WrongWordCount
from zklink.protocol.ids import BlockNumber, Lane
from zklink.protocol.words import PAYOUT_WORDS

ZERO_HASH: Final = bytes(32)
EMPTY_PAYOUTS_HASH: Final = ZERO_HASH


def next_queue_hash(queue_hash: bytes, words: Sequence[int]) -> bytes:
    """Append one request's words to its lane's queue; the hash before the first request is the deployment hash."""
    return keccak_words(queue_hash, *words)


def next_payouts_hash(payouts_hash: bytes, words: Sequence[int]) -> bytes:
    """Append one payout's three words; starts at EMPTY_PAYOUTS_HASH."""
    return keccak_words(payouts_hash, *_check_count("payout", words, PAYOUT_WORDS))


def compute_payouts_hash(payouts: Sequence[Sequence[int]]) -> bytes:
    """Hash of all payouts of one chain's slice, in order."""
    payouts_hash = EMPTY_PAYOUTS_HASH
    for words in payouts:
        payouts_hash = next_payouts_hash(payouts_hash, words)
    return payouts_hash


def compute_fill_key(deployment_hash: bytes, p0: int, p1: int, p2: int) -> bytes:
    """The key that identifies one payout: the hash of the deployment and all of its words (DAT-4)."""
    return keccak_words(deployment_hash, p0, p1, p2)


def next_sync_hash(sync_hash: bytes, block_commitment: bytes) -> bytes:
    """The rolling hash of block commitments; starts at the deployment hash."""
    return keccak_words(sync_hash, block_commitment)


def compute_inputs_hash(inputs: PublicInputs) -> bytes:
    """keccak256(abi(C, z, lambda, y))."""
    return keccak_words(*inputs.as_tuple())


@dataclass(frozen=True, slots=True)
class StoredBlock:
    """The record of a block, of which a bridge keeps the hash. `counts` is packed as h2 of the header; block 0 has lane
    0.

    `swap_requests` and `account_requests` count the requests of this chain's queues up to and including the block.
    """

    number: BlockNumber
    timestamp: int
    lane: int
    counts: int
    root: int
    swap_requests: int
    account_requests: int
    payouts_hash: bytes
    inputs_hash: bytes
    sync_hash: bytes

    def consumed(self, lane: Lane) -> int:
        """How many requests of a lane's queue are consumed up to and including this block."""
        return self.swap_requests if lane is Lane.SWAP else self.account_requests

    def hash(self) -> bytes:
        """The stored block hash."""
        return keccak_words(
            self.number,
            self.timestamp,
            self.lane,
            self.counts,
            self.root,
            self.swap_requests,
            self.account_requests,
            self.payouts_hash,
            self.inputs_hash,
            self.sync_hash,
        )


_BLANK = StoredBlock(BlockNumber(0), 0, 0, 0, 0, 0, 0, ZERO_HASH, ZERO_HASH, ZERO_HASH)


def genesis_block(genesis_root: int, deployment_hash: bytes) -> StoredBlock:
    """Block 0 of a deployment, the same on every chain."""
    return replace(_BLANK, root=genesis_root, sync_hash=deployment_hash)


def _check_count(what: str, words: Sequence[int], expected: int) -> Sequence[int]:
    if len(words) != expected:
        raise WrongWordCount(what, expected, len(words))
    return words
