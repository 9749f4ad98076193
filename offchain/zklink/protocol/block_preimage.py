"""The preimages of a block's commitment, as a chain computes them from its calldata (docs/protocol.md, sections 7 and
8).

Takes a block in either form and its place in the history; gives a BlockPreimage, what follows from one, and the block
in the form for a member. Anyone who has the primary's calldata can do so, without a proof and without the operator.
Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from zklink.primitives.keccak import keccak_words
from zklink.protocol.bridge_blocks import Block, FullBlock, MemberBlock
from zklink.protocol.commitment import (
    BlockHeader,
    PublicInputs,
    aggregate,
    challenge,
    compute_block_commitment,
    compute_block_hash,
    evaluate_header,
)
from zklink.protocol.errors import WrongWordCount
from zklink.protocol.ids import SLICE_COUNT, BlockNumber, ChainId
from zklink.protocol.slices import EMPTY_SLICE_HASH, compute_slice_hash, evaluate

DATA_SLICE: Final = 0


@dataclass(frozen=True, slots=True)
class BlockPlace:
    """The place of a block in the history; `domain` is its lane's."""

    domain: int
    number: BlockNumber
    old_root: int


@dataclass(frozen=True, slots=True)
class BlockPreimage:
    """The preimages of a block's commitment, without its words: `header` is h0..h4, `values` are V_0(z)..V_8(z)."""

    header: tuple[int, ...]
    commitment: int
    slice_hashes: tuple[bytes, ...]
    header_value: int
    values: tuple[int, ...]

    def block_commitment(self) -> bytes:
        """The block commitment that these preimages give."""
        return compute_block_commitment(self._block_hash(), self.header_value, self.values)

    def inputs(self) -> PublicInputs:
        """The public inputs that the block's proof must have."""
        lambda_ = challenge(self.block_commitment())
        y = aggregate(self.header_value, self.values, lambda_)
        return PublicInputs(self.commitment, challenge(self._block_hash()), lambda_, y)

    def _block_hash(self) -> bytes:
        return keccak_words(*self.header, self.commitment, *self.slice_hashes)


def compute_full_preimage(full: FullBlock, place: BlockPlace) -> BlockPreimage:
    """The preimages of a block with all its words; WrongWordCount unless they are as many as its counts say."""
    return _compute(full.block, place, dict(enumerate(full.slices)), (), ())


def compute_member_preimage(member: MemberBlock, chain: ChainId, place: BlockPlace) -> BlockPreimage:
    """The preimages of a block in the form for `chain`; WrongWordCount unless its words and claims are as many as its
    counts ask for.
    """
    return _compute(member.block, place, {int(chain): member.words}, member.slice_hashes, member.evaluations)


def compute_member_block(full: FullBlock, preimage: BlockPreimage, chain: ChainId) -> MemberBlock:
    """A block in the form for `chain`."""
    others = [k for k, count in enumerate(full.block.slice_counts()) if count and k != chain]
    return MemberBlock(
        block=full.block,
        words=full.slices[chain],
        slice_hashes=tuple(preimage.slice_hashes[k] for k in others),
        evaluations=tuple(preimage.values[k] for k in others),
    )


def _compute(
    block: Block,
    place: BlockPlace,
    held: Mapping[int, tuple[int, ...]],
    slice_hashes: tuple[bytes, ...],
    evaluations: tuple[int, ...],
) -> BlockPreimage:
    counts = block.slice_counts()
    header = BlockHeader(place.domain, place.number, block.timestamp, counts, place.old_root, block.new_root)
    claimed = [k for k, count in enumerate(counts) if count and k not in held]
    for what, expected, found in (
        *((f"slice {k}", counts[k], len(words)) for k, words in held.items()),
        ("slice hashes", len(claimed), len(slice_hashes)),
        ("evaluations", len(claimed), len(evaluations)),
    ):
        if found != expected:
            raise WrongWordCount(what, expected, found)
    hashes = [EMPTY_SLICE_HASH] * SLICE_COUNT
    for k, slice_hash in zip(claimed, slice_hashes, strict=True):
        hashes[k] = slice_hash
    for k, words in held.items():
        hashes[k] = compute_slice_hash(words)
    z = challenge(compute_block_hash(header, block.commitment, hashes))
    values = [0] * SLICE_COUNT
    for k, value in zip(claimed, evaluations, strict=True):
        values[k] = value
    for k, words in held.items():
        values[k] = evaluate(words, z)
    return BlockPreimage(
        header=header.elements(),
        commitment=block.commitment,
        slice_hashes=tuple(hashes),
        header_value=evaluate_header(header, z),
        values=tuple(values),
    )
