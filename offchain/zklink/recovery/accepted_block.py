"""A block as the primary's calldata gives it: every slice in full, and what follows from them.

Takes the header, words and proof of a block and its place; gives its hashes, the claims that a member wants of it, and
its sync hash, which binds everything except the proof and the consents. Pure; never decides whether a chain took it.
"""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Final

from zklink.operations.payout import PAYOUT_KINDS, Payout
from zklink.primitives.keccak import WORD_BYTES, keccak256
from zklink.protocol.bridge_hashes import next_sync_hash
from zklink.protocol.commitment import (
    BlockHeader,
    challenge,
    compute_block_commitment,
    compute_block_hash,
    evaluate_header,
    unpack_counts,
)
from zklink.protocol.domain import compute_lane_domain
from zklink.protocol.errors import WrongRecordKind, WrongWordCount
from zklink.protocol.ids import WORD_BITS, BlockNumber, ChainId, Kind, Lane
from zklink.protocol.slices import evaluate
from zklink.transition.block_frame import Slices
from zklink.transition.replay.replay_block import PublishedBlock
from zklink.transition.replay.replay_records import ACCOUNT_FORMATS, SWAP_FORMATS

_SIZES: Final = {int(kind): words * WORD_BYTES for kind, (words, _) in {**SWAP_FORMATS, **ACCOUNT_FORMATS}.items()}
"""The bytes of a record in a chain's slice, by its kind."""

_KIND_BYTE: Final = WORD_BYTES - WORD_BITS // 8
CONSENT_BYTES: Final = 65
"""A key change's consent: r, s, v."""


@dataclass(frozen=True, slots=True)
class GivenBlock:
    """A block as a call gives it: its header without place, its proof, and the words of all slices in order."""

    lane: Lane
    timestamp: int
    counts: int
    new_root: int
    commitment: int
    proof: tuple[int, ...]
    words: bytes

    @property
    def word_counts(self) -> tuple[int, ...]:
        """The words of each slice."""
        return unpack_counts(self.counts)


@dataclass(frozen=True, slots=True)
class Tip:
    """The end of a history so far: what the next block's place follows from."""

    number: BlockNumber
    root: int
    sync_hash: bytes


@dataclass(frozen=True, slots=True)
class AcceptedBlock:
    """A block in its place. `slice_hashes` and `values` are of slices 0..8; `consents` are those of the primary's key
    changes, 65 bytes each.
    """

    given: GivenBlock
    before: Tip
    tip: Tip
    block_commitment: bytes
    slice_hashes: tuple[bytes, ...]
    values: tuple[int, ...]
    consents: bytes = b""

    @property
    def number(self) -> BlockNumber:
        """The block's number."""
        return self.tip.number

    def slice_bytes(self, chain: int) -> bytes:
        """The words of a chain's slice (0: the layer-2-only data), 32 bytes each."""
        return cut_slices(self.given)[chain]

    def slices(self) -> Slices:
        """The words of all slices."""
        return tuple(map(split_words, cut_slices(self.given)))

    def published(self) -> PublishedBlock:
        """The block as it is replayed."""
        return PublishedBlock(self.given.lane, self.number, self.before.root, self.tip.root, self.slices())

    def payouts(self, chain: ChainId) -> list[Payout]:
        """What the chain owes for the block, in the slice's order. Raises ProtocolError for words that are none."""
        records = find_records(self.slice_bytes(chain), PAYOUT_KINDS)
        return [Payout.from_words(split_words(record)) for record in records]

    def claims(self, chain: ChainId) -> list[int]:
        """The claims that a member wants: the hashes of the other slices that have words, then their values."""
        others = [k for k, count in enumerate(self.given.word_counts) if count and k != chain]
        return [int.from_bytes(self.slice_hashes[k], "big") for k in others] + [self.values[k] for k in others]


def open_block(given: GivenBlock, before: Tip, deployment_hash: bytes, consents: bytes = b"") -> AcceptedBlock:
    """The block after `before`. Raises WrongWordCount unless there are as many words as the counts say, and what a
    header's fields raise.
    """
    number = BlockNumber(before.number + 1)
    domain = compute_lane_domain(deployment_hash, given.lane)
    header = BlockHeader(domain, number, given.timestamp, given.word_counts, before.root, given.new_root)
    slices = cut_slices(given)
    hashes = tuple(
        keccak256(count.to_bytes(WORD_BYTES, "big") + words)
        for count, words in zip(header.counts, slices, strict=True)
    )
    block_hash = compute_block_hash(header, given.commitment, hashes)
    z = challenge(block_hash)
    values = tuple(evaluate(split_words(words), z) for words in slices)
    commitment = compute_block_commitment(block_hash, evaluate_header(header, z), values)
    tip = Tip(number, given.new_root, next_sync_hash(before.sync_hash, commitment))
    return AcceptedBlock(given, before, tip, commitment, hashes, values, consents)


def cut_slices(given: GivenBlock) -> list[bytes]:
    """The words of slices 0..8. Raises WrongWordCount."""
    counts = given.word_counts
    if len(given.words) != WORD_BYTES * sum(counts):
        raise WrongWordCount("words of all slices", sum(counts), len(given.words) // WORD_BYTES)
    slices, at = [], 0
    for count in counts:
        slices.append(given.words[at : at + count * WORD_BYTES])
        at += count * WORD_BYTES
    return slices


def split_words(data: bytes) -> tuple[int, ...]:
    """Words of 32 bytes as numbers."""
    return tuple(int.from_bytes(data[at : at + WORD_BYTES], "big") for at in range(0, len(data), WORD_BYTES))


def join_words(words: Sequence[int]) -> bytes:
    """Numbers as words of 32 bytes."""
    return b"".join(word.to_bytes(WORD_BYTES, "big") for word in words)


def split_records(data: bytes) -> list[bytes]:
    """The records of a chain's slice: the kind of each says its length. Raises WrongRecordKind."""
    records, at = [], 0
    while at < len(data):
        kind = data[at + _KIND_BYTE]
        if kind not in _SIZES:
            raise WrongRecordKind(tuple(map(Kind, _SIZES)), kind)
        records.append(data[at : at + _SIZES[kind]])
        at += _SIZES[kind]
    return records


def find_records(data: bytes, kinds: Container[int]) -> list[bytes]:
    """The records of some kinds in a chain's slice, in order. Raises WrongRecordKind."""
    return [record for record in split_records(data) if record[_KIND_BYTE] in kinds]


def count_key_changes(given: GivenBlock, primary: ChainId) -> int:
    """The key changes of a block, which stand in the primary's slice; each has a consent."""
    if given.lane is not Lane.ACCOUNT:
        return 0
    return len(find_records(cut_slices(given)[primary], (Kind.CHANGE_PUB_KEY,)))
