"""The preimages of a block's sync hash, as a chain computes them from its calldata (docs/protocol.md, sections 7 and
8).

Takes a CommitBlock and its place in the history; gives a BlockPreimage, and the hashes that follow from one. Anyone who
has a chain's calldata can do so, without a proof and without the operator. Pure.
"""

from dataclasses import dataclass
from typing import Final

from zklink.primitives.keccak import keccak_words
from zklink.protocol.bridge_blocks import BlockPreimage, CommitBlock
from zklink.protocol.bridge_hashes import next_sync_hash
from zklink.protocol.commitment import (
    BlockHeader,
    challenge,
    compute_block_commitment,
    compute_block_hash,
    evaluate_header,
    unpack_counts,
)
from zklink.protocol.errors import WrongWordCount
from zklink.protocol.ids import SLICE_COUNT, BlockNumber, ChainId
from zklink.protocol.slices import EMPTY_SLICE_HASH, compute_slice_hash, evaluate

DATA_SLICE: Final = 0


@dataclass(frozen=True, slots=True)
class BlockPlace:
    """The place of a block in the history, and the chain that was given it; `domain` is its lane's."""

    chain: ChainId
    is_primary: bool
    domain: int
    number: BlockNumber
    old_root: int
    previous_sync_hash: bytes


def compute_preimage(block: CommitBlock, place: BlockPlace) -> BlockPreimage:
    """The preimages of the block's sync hash; WrongWordCount unless there are as many claims as the counts ask for."""
    counts = unpack_counts(block.counts)
    header = BlockHeader(place.domain, place.number, block.timestamp, counts, place.old_root, block.new_root)
    held = {int(place.chain): block.words} | ({DATA_SLICE: block.data} if place.is_primary else {})
    claimed = [k for k, count in enumerate(counts) if count and k not in held]
    for what, claims in (("slice hashes", block.slice_hashes), ("evaluations", block.evaluations)):
        if len(claims) != len(claimed):
            raise WrongWordCount(what, len(claimed), len(claims))
    hashes = [EMPTY_SLICE_HASH] * SLICE_COUNT
    for k, slice_hash in zip(claimed, block.slice_hashes, strict=True):
        hashes[k] = slice_hash
    for k, words in held.items():
        hashes[k] = compute_slice_hash(words)
    z = challenge(compute_block_hash(header, block.commitment, hashes))
    values = [0] * SLICE_COUNT
    for k, value in zip(claimed, block.evaluations, strict=True):
        values[k] = value
    for k, words in held.items():
        values[k] = evaluate(words, z)
    return BlockPreimage(
        previous_sync_hash=place.previous_sync_hash,
        header=header.elements(),
        commitment=block.commitment,
        slice_hashes=tuple(hashes),
        header_value=evaluate_header(header, z),
        values=tuple(values),
    )


def compute_opened_commitment(preimage: BlockPreimage) -> bytes:
    """The block commitment that these preimages give."""
    block_hash = keccak_words(*preimage.header, preimage.commitment, *preimage.slice_hashes)
    return compute_block_commitment(block_hash, preimage.header_value, preimage.values)


def compute_opened_sync_hash(preimage: BlockPreimage) -> bytes:
    """The sync hash that these preimages give."""
    return next_sync_hash(preimage.previous_sync_hash, compute_opened_commitment(preimage))
