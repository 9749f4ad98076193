"""What a sealed block is for one chain, in the bridge's structs. Pure; nothing here is chosen, everything is read off
the block.
"""

from collections.abc import Sequence

from zklink.l1.structs import CommitBlock, ExecuteBlock, ProveBlock
from zklink.protocol.commitment import pack_counts
from zklink.protocol.ids import ChainId
from zklink.sequencer.sealed import SealedBlock


def encode_commit(sealed: SealedBlock, chain: ChainId) -> CommitBlock:
    """The chain's own slice in full, and claims about every other chain that has a slice, ascending."""
    block = sealed.block
    others = [k for k, count in enumerate(block.header.counts) if count and k != chain]
    return CommitBlock(
        timestamp=block.header.timestamp,
        counts=pack_counts(block.header.counts),
        new_root=block.header.new_root,
        commitment=block.inputs.commitment,
        words=block.slices[chain],
        slice_hashes=tuple(block.slice_hashes[k] for k in others),
        evaluations=tuple(block.evaluations[k] for k in others),
    )


def encode_prove(sealed: SealedBlock, chain: ChainId, proof: Sequence[int]) -> ProveBlock:
    """The chain's record of the block with the one proof that serves every chain."""
    return ProveBlock(sealed.stored[chain], sealed.block.inputs, tuple(proof))


def encode_execute(sealed: SealedBlock, chain: ChainId) -> ExecuteBlock:
    """The chain's record of the block with the payouts of its own slice."""
    words = tuple(word for payout in sealed.payouts(chain) for word in payout.words())
    return ExecuteBlock(sealed.stored[chain], words)
