"""A sealed block as every chain will see it.

Takes a block of the transition and what was sealed before it; gives, per chain, the stored block, the requests it
consumes and the payouts it owes. Pure: the same block gives the same bytes on every machine, so that a restarted
sequencer goes on where it stopped.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from zklink.operations.swap import SwapPayout, SwapRequest
from zklink.protocol.chain import StoredBlock, compute_inputs_hash, compute_payouts_hash, genesis_block, next_sync_hash
from zklink.protocol.commitment import pack_counts
from zklink.protocol.domain import compute_swap_domain
from zklink.protocol.ids import BlockNumber, ChainId
from zklink.protocol.presets import Preset
from zklink.state.state import State
from zklink.transition.block import Block


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a sequencer must know of its deployment. `chains` ascending, the primary among them."""

    preset: Preset
    deployment_hash: bytes
    primary: ChainId
    chains: tuple[ChainId, ...]

    @property
    def domain(self) -> int:
        """The swap lane's domain."""
        return compute_swap_domain(self.deployment_hash)


@dataclass(frozen=True, slots=True)
class SealedBlock:
    """A block, the state after it, and the record that each chain keeps the hash of."""

    block: Block
    state: State
    stored: Mapping[ChainId, StoredBlock]

    @property
    def number(self) -> BlockNumber:
        return self.block.header.number

    @property
    def requests(self) -> tuple[SwapRequest, ...]:
        """All requests in slot order."""
        return tuple(request for request, _ in self.block.slots)

    def payouts(self, chain: ChainId) -> tuple[SwapPayout, ...]:
        """What `chain` owes for this block, in slice order."""
        return tuple(payout for _, payout in self.block.slots if payout.chain == chain)

    def is_concerned(self, chain: ChainId) -> bool:
        """Whether `chain` has a slice in this block; execution anywhere waits for the acknowledgement of every such
        chain.
        """
        return self.block.header.counts[chain] > 0


@dataclass(frozen=True, slots=True)
class SealedGenesis:
    """What stands before block 1: the genesis state and block 0 of every chain."""

    state: State
    stored: Mapping[ChainId, StoredBlock]


def compute_genesis(state: State, parameters: Parameters) -> SealedGenesis:
    """Block 0, the same on every chain."""
    stored = genesis_block(state.root, parameters.deployment_hash)
    return SealedGenesis(state, dict.fromkeys(parameters.chains, stored))


def compute_sealed(block: Block, state: State, previous: Mapping[ChainId, StoredBlock]) -> SealedBlock:
    """Seal `block`, whose result is `state`, on top of the stored blocks `previous`."""
    return SealedBlock(block, state, {chain: _compute_stored(block, chain, last) for chain, last in previous.items()})


def _compute_stored(block: Block, chain: ChainId, last: StoredBlock) -> StoredBlock:
    requests = sum(request.source == chain for request, _ in block.slots)
    payouts: Sequence[Sequence[int]] = [payout.words() for _, payout in block.slots if payout.chain == chain]
    return StoredBlock(
        number=block.header.number,
        timestamp=block.header.timestamp,
        counts=pack_counts(block.header.counts),
        root=block.header.new_root,
        request_count=last.request_count + requests,
        payouts_hash=compute_payouts_hash(payouts),
        inputs_hash=compute_inputs_hash(block.inputs),
        sync_hash=next_sync_hash(last.sync_hash, block.block_commitment),
    )
