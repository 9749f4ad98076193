"""A block of the primary in its place: every slice in full, and what follows from them.

Takes a block with all its words and the block before; gives its sync hash, which binds everything except the proof and
the consents, and the block in each form in which somebody wants it. Pure; never decides whether a chain took it.
"""

from dataclasses import dataclass

from zklink.protocol.block_preimage import BlockPlace, BlockPreimage, compute_full_preimage, compute_member_block
from zklink.protocol.bridge_blocks import FullBlock, MemberBlock
from zklink.protocol.bridge_hashes import next_sync_hash
from zklink.protocol.domain import compute_lane_domain
from zklink.protocol.ids import BlockNumber, ChainId
from zklink.protocol.slices import select_payouts
from zklink.transition.replay.replay_block import PublishedBlock


@dataclass(frozen=True, slots=True)
class AcceptedBlock:
    """A block, and the sync hashes before and after it."""

    number: BlockNumber
    full: FullBlock
    preimage: BlockPreimage
    block_commitment: bytes
    previous_sync_hash: bytes
    sync_hash: bytes

    @property
    def old_root(self) -> int:
        """The root before the block."""
        return self.preimage.header[3]

    @property
    def root(self) -> int:
        """The root after the block."""
        return self.full.block.new_root

    def published(self) -> PublishedBlock:
        """The block as it is replayed."""
        return PublishedBlock(self.full.block.lane, self.number, self.old_root, self.root, self.full.slices)

    def member_block(self, chain: ChainId) -> MemberBlock:
        """The block as a member imports it."""
        return compute_member_block(self.full, self.preimage, chain)

    def payouts(self, chain: ChainId) -> tuple[int, ...]:
        """The words of what a chain owes for the block, in the slice's order. Raises WrongRecordKind,
        WrongWordCount.
        """
        return select_payouts(self.full.slices[chain])


def open_block(full: FullBlock, number: int, old_root: int, sync_hash: bytes, deployment_hash: bytes) -> AcceptedBlock:
    """The block `number` after the one with this root and sync hash. Raises WrongWordCount unless it has as many words
    as its counts say, FieldOutOfRange or NotAScalar for a header that is none.
    """
    place = BlockPlace(compute_lane_domain(deployment_hash, full.block.lane), BlockNumber(number), old_root)
    preimage = compute_full_preimage(full, place)
    commitment = preimage.block_commitment()
    after = next_sync_hash(sync_hash, commitment)
    return AcceptedBlock(BlockNumber(number), full, preimage, commitment, sync_hash, after)
