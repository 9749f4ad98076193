"""The hashes that a bridge keeps (docs/protocol.md, section 8)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from zklink.primitives.keccak import keccak_words
from zklink.protocol.commitment import PublicInputs
from zklink.protocol.errors import WrongWordCount
from zklink.protocol.ids import BlockNumber
from zklink.protocol.words import PAYOUT_WORDS, REQUEST_WORDS

ZERO_HASH: Final = bytes(32)
EMPTY_PAYOUTS_HASH: Final = ZERO_HASH


def next_queue_hash(queue_hash: bytes, words: Sequence[int]) -> bytes:
    """Append one request's five words to the queue; the hash before the first request is the deployment hash."""
    return keccak_words(queue_hash, *_check_count("request", words, REQUEST_WORDS))


def next_payouts_hash(payouts_hash: bytes, words: Sequence[int]) -> bytes:
    """Append one payout's three words; starts at EMPTY_PAYOUTS_HASH."""
    return keccak_words(payouts_hash, *_check_count("payout", words, PAYOUT_WORDS))


def compute_payouts_hash(payouts: Sequence[Sequence[int]]) -> bytes:
    """Hash of all payouts of one chain's slice, in order."""
    payouts_hash = EMPTY_PAYOUTS_HASH
    for words in payouts:
        payouts_hash = next_payouts_hash(payouts_hash, words)
    return payouts_hash


def compute_fill_key(domain: int, words: Sequence[int]) -> bytes:
    """What identifies one payout for its broker: the domain and all of its words."""
    return keccak_words(domain, *_check_count("payout", words, PAYOUT_WORDS))


def next_sync_hash(sync_hash: bytes, block_commitment: bytes) -> bytes:
    """The rolling hash of block commitments; starts at the deployment hash."""
    return keccak_words(sync_hash, block_commitment)


def compute_inputs_hash(inputs: PublicInputs) -> bytes:
    """keccak256(abi(C, z, lambda, y))."""
    return keccak_words(*inputs.as_tuple())


@dataclass(frozen=True, slots=True)
class StoredBlock:
    """What a bridge keeps the hash of for each block. `counts` is packed as h2 of the header."""

    number: BlockNumber
    timestamp: int
    counts: int
    root: int
    request_count: int
    payouts_hash: bytes
    inputs_hash: bytes
    sync_hash: bytes

    def hash(self) -> bytes:
        """The stored block hash."""
        return keccak_words(
            self.number,
            self.timestamp,
            self.counts,
            self.root,
            self.request_count,
            self.payouts_hash,
            self.inputs_hash,
            self.sync_hash,
        )


_BLANK = StoredBlock(BlockNumber(0), 0, 0, 0, 0, ZERO_HASH, ZERO_HASH, ZERO_HASH)


def genesis_block(genesis_root: int, deployment_hash: bytes) -> StoredBlock:
    """Block 0 of a deployment, the same on every chain."""
    return replace(_BLANK, root=genesis_root, sync_hash=deployment_hash)


def _check_count(what: str, words: Sequence[int], expected: int) -> Sequence[int]:
    if len(words) != expected:
        raise WrongWordCount(what, expected, len(words))
    return words
