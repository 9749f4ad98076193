"""What a sealed block is for one chain, in the bridge's structs. Pure; nothing here is chosen, everything is read off
the block.
"""

from collections.abc import Sequence
from typing import Final

from zklink.protocol.bridge_blocks import CommitBlock, ExecuteBlock, ProveBlock
from zklink.protocol.commitment import pack_counts
from zklink.protocol.ids import ChainId
from zklink.sequencer.sealed_block import SealedBlock

DATA_SLICE: Final = 0


def encode_commit(sealed: SealedBlock, chain: ChainId, primary: ChainId) -> CommitBlock:
    """The chain's own slice in full, on the primary the layer-2-only data too, and claims about every other slice that
    is not empty, ascending; the owners' signatures for the key changes of the own slice.
    """
    block = sealed.block
    held = (chain, DATA_SLICE) if chain == primary else (chain,)
    others = [k for k, count in enumerate(block.header.counts) if count and k not in held]
    return CommitBlock(
        lane=block.lane,
        timestamp=block.header.timestamp,
        counts=pack_counts(block.header.counts),
        new_root=block.header.new_root,
        commitment=block.inputs.commitment,
        words=block.slices[chain],
        data=block.slices[DATA_SLICE] if chain == primary else (),
        slice_hashes=tuple(block.slice_hashes[k] for k in others),
        evaluations=tuple(block.evaluations[k] for k in others),
        signatures=sealed.consents(chain),
    )


def encode_prove(sealed: SealedBlock, chain: ChainId, proof: Sequence[int]) -> ProveBlock:
    """The chain's record of the block with the one proof that serves every chain."""
    return ProveBlock(sealed.stored[chain], sealed.block.inputs, tuple(proof))


def encode_execute(sealed: SealedBlock, chain: ChainId) -> ExecuteBlock:
    """The chain's record of the block with the payouts of its own slice."""
    words = tuple(word for payout in sealed.payouts(chain) for word in payout.words())
    return ExecuteBlock(sealed.stored[chain], words)
